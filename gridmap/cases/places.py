"""Cases follow the grids: what happens to them when borders are drawn anew."""

from sqlalchemy.orm import Session

from gridmap.cases import queries
from gridmap.cases.models import Case
from gridmap.grids.displaced import (
    ByRule,
    displaced,
    list_moved,
    move_by_rule,
    rows_by_rule,
)
from gridmap.grids.located_queries import link
from gridmap.grids.news import GridsChanged, Redrawn


def follow_grids(news: GridsChanged) -> None:
    """Give cases the grid in which they lie now, with their clocks and their history.

    Closed ones too: each may be opened again, and their history is seen by whoever sees the
    place. Open ones are listed with the change, for a person to look at. A step that somebody
    makes meanwhile waits for us, or we for it.
    """
    if news.redrawn is None:
        return
    session, redrawn = news.session, news.redrawn
    concerned = [*redrawn.gone_ids, *redrawn.moved_ids]
    open_ids = queries.lock_open_cases(session, concerned)
    moved = _move(session, redrawn)
    listed = [row for row in moved if row.id in open_ids]
    list_moved(session, redrawn, "cases", listed, by_rule=False)


def _move(session: Session, redrawn: Redrawn) -> list[ByRule]:
    """Move cases, clocks and events; returns those that moved by their point."""
    found = displaced(session, Case, redrawn)
    by_rule = rows_by_rule(session, Case, redrawn)
    if found.ids.size:
        link(session, Case, found.ids, found.links)
    move_by_rule(session, Case, by_rule)
    list_moved(session, redrawn, "cases", by_rule, by_rule=True)
    ids = [*found.ids.tolist(), *(row.id for row in by_rule)]
    queries.move_history(session, ids)
    columns = zip(found.ids.tolist(), found.old_ids.tolist(), found.old_codes.tolist(),
                  found.links.grid_ids.tolist(), found.links.grid_codes.tolist(),
                  strict=True)  # fmt: skip
    return [ByRule(*column) for column in columns]
