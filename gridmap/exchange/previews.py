"""A look at a file on a map before it is imported: a sample of its points or borders."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from gridmap.exchange.forms import ImportForm
from gridmap.exchange.uploads import Upload
from gridmap.intake import Columns, read_areas, read_points, read_population

CAP = 2000
DEGREES = 1e5
_SMALLEST = 1e-5


@dataclass(frozen=True)
class Sample:
    """Points, or rings of borders; `total` counts what the file holds."""

    total: int
    points: list[list[int]]
    rings: list[list[int]]
    """Each ring as x, y, x, y, … like the points in 1e-5 degrees."""
    crs: str

    def as_json(self) -> dict[str, Any]:
        """Return the object that the page's map draws."""
        shown = len(self.points) or len(self.rings)
        return {
            "total": self.total,
            "shown": min(shown, self.total),
            "points": self.points,
            "rings": self.rings,
            "crs": self.crs,
        }


def sample_of(upload: Upload, form: ImportForm) -> Sample:
    """Read a file as the form says and return what a small map can show of it.

    Raises:
        UnreadableFile: it cannot be used as a whole.
    """
    path, columns, options = upload.path, form.columns, form.options
    if upload.kind in ("grids", "divisions"):
        areas = read_areas(path, columns, options, kind=upload.kind)
        shapes = areas.geometry[[shape is not None for shape in areas.geometry.tolist()]]
        return Sample(len(shapes), [], _rings(shapes), areas.crs)
    rows: Any
    if upload.kind == "population":
        rows = read_population(path, columns, options)
    else:
        where = Columns(x=columns.x, y=columns.y)
        if form.named_elsewhere:
            return Sample(0, [], [], "")
        rows = read_points(path, where, options, kind="places")
    there = np.isfinite(rows.lon) & np.isfinite(rows.lat)
    lon, lat = rows.lon[there], rows.lat[there]
    chosen = _spread(lon.size)
    return Sample(int(lon.size), _pairs(lon[chosen], lat[chosen]), [], rows.crs)


def _spread(n: int) -> npt.NDArray[np.int64]:
    """Return up to CAP positions, evenly spread over n."""
    return np.unique(np.linspace(0, n - 1, min(n, CAP)).astype(np.int64)) if n else np.empty(0, int)


def _pairs(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> list[list[int]]:
    pairs = np.column_stack([lon, lat]) * DEGREES
    found: list[list[int]] = pairs.round().astype(np.int64).tolist()
    return found


def _rings(shapes: npt.NDArray[np.object_]) -> list[list[int]]:
    """Return the outer rings of some areas, simplified to what a small map shows."""
    chosen = shapes[_spread(shapes.size)]
    if not chosen.size:
        return []
    west, south, east, north = shapely.total_bounds(chosen)
    tolerance = max(_SMALLEST, max(east - west, north - south) / 1500)
    parts = shapely.get_parts(shapely.simplify(chosen, tolerance))
    rings = []
    for part in parts:  # a handful of outlines for one small picture
        line = (shapely.get_coordinates(shapely.get_exterior_ring(part)) * DEGREES).round()
        rings.append(line.astype(np.int64).ravel().tolist())
    return rings
