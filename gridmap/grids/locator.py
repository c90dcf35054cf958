"""The locator of the grids in force, kept until they change."""

import bisect
import threading
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy.orm import Session

from gridmap.analysis.locate import GridLocator
from gridmap.analysis.neighbours import queen_pairs
from gridmap.core.city import versions
from gridmap.core.codes import AFTER_EVERYTHING
from gridmap.core.database import name_of
from gridmap.grids import queries
from gridmap.grids.queries import GridTable

Floats = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Links:
    """Where points lie: equally long arrays.

    Attributes:
        grid_ids: shape (n,); −1 where no grid covers the point.
        grid_codes: shape (n,), text; where no grid covers the point, '' or the scope of
            whoever brought it.
    """

    grid_ids: Ids
    grid_codes: npt.NDArray[np.object_]

    @property
    def unlinked(self) -> npt.NDArray[np.bool_]:
        """Return the rows without a grid."""
        return self.grid_ids < 0

    def unlinked_as(self, code: str) -> "Links":
        """Return the same with another code for rows that no grid covers."""
        return Links(self.grid_ids, np.where(self.unlinked, code, self.grid_codes))


class CurrentGrids:
    """The grids in force as arrays: the way from a point or a code to a grid."""

    def __init__(self, table: GridTable, neighbours: tuple[Ids, Ids]) -> None:
        self.table = table
        self.neighbours = tuple(self.positions(ids) for ids in neighbours)
        """Both ends of every neighbour pair, as positions in the table."""
        self._locator: GridLocator | None = None
        self._by_code = {code: position for position, code in enumerate(table.codes)}
        self._building = threading.Lock()

    def positions(self, grid_ids: Ids) -> Ids:
        """Return where grids stand in the table; −1 for one that is not in force."""
        ids = self.table.ids
        if not ids.size:
            return np.full(grid_ids.size, -1, dtype=np.int64)
        order = np.argsort(ids)
        found = np.searchsorted(ids, grid_ids, sorter=order)
        found = order[np.minimum(found, ids.size - 1)]
        return np.where(ids[found] == grid_ids, found, -1)

    def in_scope(self, scope: str) -> tuple[int, int]:
        """Return the range of positions whose codes begin with `scope` ('' = all)."""
        codes = self.table.codes
        first = bisect.bisect_left(codes, scope)
        return first, bisect.bisect_left(codes, scope + AFTER_EVERYTHING, lo=first)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Return west, south, east and north of all grids together, in degrees."""
        west, south, east, north = shapely.total_bounds(self.table.geometries)
        return float(west), float(south), float(east), float(north)

    @property
    def locator(self) -> GridLocator:
        """Return the locator; built when the first point asks for it."""
        with self._building:
            if self._locator is None:
                self._locator = GridLocator(self.table.geometries, self.table.codes.tolist())
            return self._locator

    def at_points(self, lon: Floats, lat: Floats) -> Links:
        """Link points; NaN coordinates are covered by no grid."""
        if not self.table.ids.size:
            return self._links(np.full(lon.size, -1, dtype=np.int64))
        return self._links(self.locator.locate(lon, lat))

    def of_codes(self, codes: npt.NDArray[np.object_]) -> Links:
        """Link rows by the grid code that they name; unknown codes are not linked."""
        words, inverse = np.unique(codes.astype(str), return_inverse=True)
        found = [self._by_code.get(word, -1) for word in words.tolist()]
        return self._links(np.array(found, dtype=np.int64)[inverse])

    def _links(self, positions: Ids) -> Links:
        inside = positions >= 0
        ids = np.full(positions.size, -1, dtype=np.int64)
        codes = np.full(positions.size, "", dtype=object)
        ids[inside] = self.table.ids[positions[inside]]
        codes[inside] = self.table.codes[positions[inside]]
        return Links(ids, codes)


_then: dict[tuple[str, int, date], CurrentGrids] = {}
DAYS_KEPT = 4
_kept: dict[str, tuple[int, CurrentGrids]] = {}
_keeping = threading.Lock()


def current_grids(session: Session) -> CurrentGrids:
    """Return the grids in force; read from the database only after they changed.

    Inside a transaction that changed the grids and has not said so (`core.city.bump`) yet,
    this is the state before.
    """
    (version,) = versions(session, "grids")
    database = name_of(session)
    with _keeping:
        kept = _kept.get(database)
        if kept is None or kept[0] != version:
            table, pairs = queries.current_grids(session), queries.neighbour_pairs(session)
            kept = (version, CurrentGrids(table, pairs))
            _kept[database] = kept
        return kept[1]


def grids_on(session: Session, day: date) -> CurrentGrids:
    """Return the grids that were in force on a day; those of a few days are kept."""
    (version,) = versions(session, "grids")
    key = (name_of(session), version, day)
    with _keeping:
        found = _then.get(key)
    if found is None:
        table = queries.grids_on(session, day)
        one, other = queen_pairs(table.geometries)
        found = CurrentGrids(table, (table.ids[one], table.ids[other]))
        with _keeping:
            while len(_then) >= DAYS_KEPT:
                del _then[next(iter(_then))]
            _then[key] = found
    return found
