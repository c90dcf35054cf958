"""The roll-up by month: what a set of incidents adds to it or takes from it, and merging that in.

Counts are kept added up month by month, so a window of whole months costs two array elements a
grid. Merging is done in arrays: a million incidents touch about a hundred thousand rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.core.bulk import Column, copy_rows

Ids = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]

ALL_CATEGORIES = 0
KEYS_AT_ONCE = 40_000
"""Bounds the memory of a merge, however long the span of months is."""
_TOTAL = "n.cumulative[cardinality(n.cumulative)]"
_HEADER = 5
"""Big-endian int4 words before the elements in what `array_send` returns."""


@dataclass(frozen=True)
class MonthCounts:
    """Incidents per category, grid and local month: equally long arrays of shape (m,).

    Attributes:
        months: counted from January 1970 = 0.
        grid_ids: −1 for unlinked ones, whose code is ''.
        counts: may be negative: incidents that went.
    """

    category_ids: Ids
    grid_ids: Ids
    grid_codes: Texts
    months: Ids
    counts: Ids

    def __neg__(self) -> "MonthCounts":
        """Return the same incidents as going."""
        return MonthCounts(
            self.category_ids, self.grid_ids, self.grid_codes, self.months, -self.counts
        )

    def __add__(self, other: "MonthCounts") -> "MonthCounts":
        """Return both changes as one."""
        return MonthCounts(
            np.concatenate([self.category_ids, other.category_ids]),
            np.concatenate([self.grid_ids, other.grid_ids]),
            np.concatenate([self.grid_codes, other.grid_codes]),
            np.concatenate([self.months, other.months]),
            np.concatenate([self.counts, other.counts]),
        )


def local_months(occurred_from: npt.NDArray[np.datetime64], zone: str) -> Ids:
    """Return the local month of each instant (datetime64[us], UTC), January 1970 = 0."""
    import pandas as pd  # slow to load, and only imports need it

    stamps = pd.DatetimeIndex(occurred_from).tz_localize("UTC").tz_convert(zone).tz_localize(None)
    return stamps.to_numpy().astype("datetime64[M]").astype(np.int64)


def count_months(months: Ids, grid_ids: Ids, grid_codes: Texts, category_ids: Ids) -> MonthCounts:
    """Count rows, all arrays of shape (n,); unlinked rows carry grid id −1."""
    ids, first, grid_index = np.unique(grid_ids, return_index=True, return_inverse=True)
    base = int(months.min(initial=0))
    span = int(months.max(initial=0)) - base + 1
    key = (category_ids * span + (months - base)) * max(ids.size, 1) + grid_index
    keys, counts = np.unique(key, return_counts=True)
    grids, rest = keys % max(ids.size, 1), keys // max(ids.size, 1)
    return MonthCounts(
        category_ids=rest // span,
        grid_ids=ids[grids],
        grid_codes=grid_codes[first][grids],
        months=rest % span + base,
        counts=counts,
    )


def month_counts_of(session: Session, ids: Ids, *, zone: str) -> MonthCounts:
    """Return what some incidents are worth as they stand now."""
    return from_rows(
        session.execute(
            text(
                "SELECT category_id, coalesce(grid_id, -1), grid_code, "
                f"{MONTH} AS month, count(*) FROM incidents WHERE id = ANY(:ids) "
                "GROUP BY 1, 2, 3, 4"
            ),
            {"zone": zone, "ids": ids.tolist()},
        ).all()
    )


MONTH = (
    "(extract(year FROM occurred_from AT TIME ZONE :zone) * 12 "
    "+ extract(month FROM occurred_from AT TIME ZONE :zone) - 23641)::int"
)
"""The local month in SQL; 23641 = 1970 · 12 + 1."""


def from_rows(rows: Sequence[Any]) -> MonthCounts:
    """Make counts of rows (category_id, grid_id, grid_code, month, n)."""
    columns = list(zip(*rows, strict=True)) or [()] * 5
    category, grid, code, month, n = columns
    return MonthCounts(
        np.array(category, dtype=np.int64),
        np.array(grid, dtype=np.int64),
        np.array(code, dtype=object),
        np.array(month, dtype=np.int64),
        np.array(n, dtype=np.int64),
    )


def merge(session: Session, changes: MonthCounts) -> None:
    """Add changes to the roll-up, per category and for all together."""
    if not changes.counts.size:
        return
    import pandas as pd  # slow to load, and only changes need it

    code_index, codes = pd.factorize(changes.grid_codes)
    grid_ids = np.full(codes.size, -1, dtype=np.int64)
    grid_ids[code_index] = changes.grid_ids
    category = np.concatenate([changes.category_ids, np.full(code_index.size, ALL_CATEGORIES)])
    key = category * codes.size + np.tile(code_index, 2)
    keys, row = np.unique(key, return_inverse=True)
    months, counts = np.tile(changes.months, 2), np.tile(changes.counts, 2)
    session.execute(
        text(
            'CREATE TEMP TABLE merged_months (category_id int4, grid_code text COLLATE "C", '
            "grid_id int4, first_month int4, cumulative int4[]) ON COMMIT DROP"
        )
    )
    order = np.argsort(row, kind="stable")
    row, months, counts = row[order], months[order], counts[order]
    for start in range(0, keys.size, KEYS_AT_ONCE):
        part = keys[start : start + KEYS_AT_ONCE]
        here = slice(*np.searchsorted(row, [start, start + part.size]))
        wanted = _Keys(part // codes.size, codes[part % codes.size], grid_ids[part % codes.size])
        _merge_part(session, wanted, row[here] - start, months[here], counts[here])
    session.execute(
        text(
            "DELETE FROM incident_months m USING merged_months n WHERE m.category_id = "
            f"n.category_id AND m.grid_code = n.grid_code AND {_TOTAL} = 0"
        )
    )
    session.execute(
        text(
            f"INSERT INTO incident_months SELECT * FROM merged_months n WHERE {_TOTAL} <> 0 "
            "ON CONFLICT (category_id, grid_code) DO UPDATE "
            "SET first_month = excluded.first_month, cumulative = excluded.cumulative"
        )
    )
    session.execute(text("DROP TABLE merged_months"))


@dataclass(frozen=True)
class _Keys:
    """Rows of the roll-up: equally long arrays, sorted by category."""

    categories: Ids
    codes: Texts
    grid_ids: Ids


def _merge_part(session: Session, keys: _Keys, row: Ids, months: Ids, counts: Ids) -> None:
    stored = _stored(session, keys)
    first = min([int(months.min()), *(group.first for group in stored)])
    end = max([int(months.max()) + 1, *(group.first + group.sums.shape[1] for group in stored)])
    span = end - first
    place = row * span + (months - first)
    added = np.bincount(place, weights=counts, minlength=keys.categories.size * span)
    sums = np.cumsum(added.reshape(-1, span), axis=1).astype(np.int64)
    for group in stored:
        offset, length = group.first - first, group.sums.shape[1]
        sums[group.rows, offset : offset + length] += group.sums
        sums[group.rows, offset + length :] += group.sums[:, -1:]
    copy_rows(
        session,
        "merged_months",
        {
            "category_id": Column("int4", keys.categories),
            "grid_code": Column("text", keys.codes),
            "grid_id": Column("int4", keys.grid_ids, keys.grid_ids < 0),
            "first_month": Column("int4", np.full(keys.categories.size, first)),
            "cumulative": Column("int4[]", sums),
        },
    )


@dataclass(frozen=True)
class _Group:
    """Stored rows that begin with the same month and are equally long."""

    first: int
    rows: Ids
    sums: Ids


def _stored(session: Session, keys: _Keys) -> list[_Group]:
    """Return what the roll-up has of some keys, grouped by their span."""
    import pandas as pd

    found = pd.DataFrame(
        session.execute(
            text(
                "SELECT category_id, grid_code, first_month, array_send(cumulative) "
                "FROM incident_months WHERE category_id BETWEEN :lowest AND :highest "
                "AND grid_code = ANY(:codes)"
            ),
            {
                "lowest": int(keys.categories[0]),
                "highest": int(keys.categories[-1]),
                "codes": list(set(keys.codes.tolist())),
            },
        ).all(),
        columns=["category", "code", "first", "sums"],
    )
    wanted = pd.DataFrame(
        {"category": keys.categories, "code": keys.codes, "row": np.arange(keys.codes.size)}
    )
    found = found.merge(wanted, on=["category", "code"]) if len(found) else found
    if not len(found):
        return []
    groups = []
    for _, part in found.groupby(["first", found["sums"].map(len)]):
        words = np.frombuffer(b"".join(part["sums"]), dtype=">i4").reshape(len(part), -1)
        sums = words[:, _HEADER + 1 :: 2].astype(np.int64)
        groups.append(_Group(int(part["first"].iloc[0]), part["row"].to_numpy(np.int64), sums))
    return groups


def forget_empty(session: Session, grid_codes: list[str]) -> None:
    """Delete what is kept of grids in which no incident is any more."""
    session.execute(
        text(
            "DELETE FROM incident_months WHERE grid_code = ANY(:codes) "
            "AND cumulative[cardinality(cumulative)] = 0"
        ),
        {"codes": grid_codes},
    )


def rebuild(session: Session, zone: str) -> None:
    """Count everything anew: after the city's time zone changed."""
    session.execute(text("DELETE FROM incident_months"))
    merge(
        session,
        from_rows(
            session.execute(
                text(
                    "SELECT category_id, coalesce(grid_id, -1), grid_code, "
                    f"{MONTH} AS month, count(*) FROM incidents GROUP BY 1, 2, 3, 4"
                ),
                {"zone": zone},
            ).all()
        ),
    )
