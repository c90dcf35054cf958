"""A small picture of borders before and after: paths of an SVG, no map needed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.core.geometry import Geometries

WIDTH = 560.0
TALLEST = 480.0
EDGE = 12.0


@dataclass(frozen=True)
class Shape:
    """One area: its path, and where its name may stand."""

    code: str
    path: str
    x: float
    y: float


@dataclass(frozen=True)
class Picture:
    """Areas before and after, in pixels from the top left."""

    width: int
    height: int
    before: list[Shape]
    after: list[Shape]


def picture_of(
    before: Geometries, before_codes: Sequence[str], after: Geometries, after_codes: Sequence[str]
) -> Picture:
    """Draw borders before and after a change to one scale; shapes in longitude and latitude."""
    west, south, east, north = shapely.total_bounds(np.concatenate([before, after]))
    shrink = float(np.cos(np.radians((south + north) / 2)))
    wide, high = max((east - west) * shrink, 1e-9), max(north - south, 1e-9)
    scale = min((WIDTH - 2 * EDGE) / wide, (TALLEST - 2 * EDGE) / high)

    def on_paper(places: NDArray[np.float64]) -> NDArray[np.float64]:
        x = EDGE + (places[:, 0] - west) * shrink * scale
        y = EDGE + (north - places[:, 1]) * scale
        return np.column_stack([x, y])

    return Picture(
        width=round(wide * scale + 2 * EDGE),
        height=round(high * scale + 2 * EDGE),
        before=_shapes(shapely.transform(before, on_paper), before_codes),
        after=_shapes(shapely.transform(after, on_paper), after_codes),
    )


def _shapes(drawn: Geometries, codes: Sequence[str]) -> list[Shape]:
    points = shapely.point_on_surface(drawn)
    return [
        Shape(code, _path(shape), round(shapely.get_x(point), 1), round(shapely.get_y(point), 1))
        for shape, code, point in zip(drawn.tolist(), codes, points.tolist(), strict=True)
    ]


def _path(shape: shapely.Geometry) -> str:
    rings = shapely.get_rings(shape)
    return "".join(
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in shapely.get_coordinates(ring)[:-1]) + "Z"
        for ring in rings.tolist()
    )
