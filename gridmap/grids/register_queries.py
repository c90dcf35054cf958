"""The statement behind the grids' register."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import false, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from gridmap.core.codes import AFTER_EVERYTHING
from gridmap.core.matching import matches_words
from gridmap.grids.models import Division, Grid, GridPopulation, GridVersion
from gridmap.grids.queries import counts_once, in_force


def register_page(
    session: Session, *, scope: str = "", words: str = "", limit: int = 25, offset: int = 0
) -> tuple[int, Sequence[Any]]:
    """Return how many grids in force a scope has, and one page of them, by code.

    Each row: code, name, kind, community_code, area_m2, since (date), people (newest count or
    None), batch_id.

    Args:
        session: the transaction.
        scope: beginning of the codes; '' for all.
        words: beginnings of a code, parts of a name: each must match; '' for all.
        limit: rows a page.
        offset: rows before it.
    """
    condition: list[Any] = [in_force()]
    if scope:
        condition += [Grid.code >= scope, Grid.code < scope + AFTER_EVERYTHING]
    if words:
        condition.append(matches_words(words, Grid.name, code=Grid.code))
    people = (
        select(func.sum(GridPopulation.n))
        .where(GridPopulation.grid_id == Grid.id, counts_once())
        .group_by(GridPopulation.date)
        .order_by(GridPopulation.date.desc())
        .limit(1)
        .correlate(Grid)
        .scalar_subquery()
    )
    joined = select(Grid).join(GridVersion, GridVersion.grid_id == Grid.id).where(*condition)
    total = session.scalar(select(func.count()).select_from(joined.subquery())) or 0
    rows = session.execute(
        select(Grid.code, Grid.name, Grid.kind, Grid.community_code, GridVersion.area_m2,
               func.lower(GridVersion.valid).label("since"), people.label("people"),
               Grid.batch_id)
        .join(GridVersion, GridVersion.grid_id == Grid.id)
        .where(*condition)
        .order_by(Grid.code)
        .limit(limit)
        .offset(offset)
    ).all()  # fmt: skip
    return total, rows


def names_of_grids(session: Session, codes: Iterable[str]) -> dict[str, str]:
    """Return code → name of some grids; a code that is no grid's is absent."""
    rows = session.execute(select(Grid.code, Grid.name).where(Grid.code.in_(set(codes))))
    return {code: name for code, name in rows}  # noqa: C416 - rows are no tuples to mypy


def divisions_and_grids(
    session: Session, words: str, *, prefixes: Sequence[str], limit: int = 12
) -> Sequence[Any]:
    """Return code and name of divisions, then grids, below some prefixes in which words occur."""
    parts = [
        select(
            model.code, func.coalesce(model.name, "").label("name"), literal(rank).label("rank")
        ).where(matches_words(words, model.name, code=model.code), in_scope, *more)
        for rank, model, in_scope, more in (
            (0, Division, _within(Division.code, prefixes), ()),
            (1, Grid, _within(Grid.code, prefixes), (Grid.valid_to.is_(None),)),
        )
    ]
    found = union_all(*parts).subquery()
    return session.execute(
        select(found.c.code, found.c.name)
        .order_by(found.c.rank, func.length(found.c.code), found.c.code)
        .limit(limit)
    ).all()


def _within(column: Any, prefixes: Sequence[str]) -> Any:
    return or_(false(), *(func.starts_with(column, prefix) for prefix in prefixes))
