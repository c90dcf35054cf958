"""Drawings as GeoJSON: lines along which grids are cut, or polygons of the new ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
import shapely.geometry

from gridmap.analysis.polygons import repair_polygons
from gridmap.core.geometry import Geometries
from gridmap.grids.redraw_errors import NothingDrawn

MOST_PLACES = 20_000
"""More vertices than a drawing by hand has; each costs time while grids wait."""


@dataclass(frozen=True)
class Drawing:
    """Either lines or polygons, in WGS84 degrees.

    Attributes:
        lines: shape (k,). LineStrings; empty where polygons are drawn.
        polygons: shape (m,). Valid polygons.
        codes: m texts: the grid that a polygon is meant for; '' where none is named.
    """

    lines: Geometries
    polygons: Geometries
    codes: list[str]


def read_drawing(found: Any) -> Drawing:
    """Read a GeoJSON object: a geometry, a feature or a collection.

    Raises:
        NothingDrawn: it holds neither lines nor usable polygons.
    """
    features = list(_features(found))
    try:
        shapes = np.array([shapely.geometry.shape(shape) for shape, _ in features], dtype=object)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError,
            shapely.GEOSException) as problem:  # fmt: skip
        raise NothingDrawn from problem
    codes = np.array([code for _, code in features], dtype=object)
    if not shapes.size or shapely.get_num_coordinates(shapes).sum() > MOST_PLACES:
        raise NothingDrawn
    is_line = np.isin(shapely.get_type_id(shapes), [1, 2, 5])
    lines = shapely.get_parts(shapely.force_2d(shapes[is_line]))
    lines = lines[shapely.length(lines) > 0]
    made = repair_polygons(shapes[~is_line])
    if made.problem.astype(bool).any() or not (lines.size or made.geometries.size):
        raise NothingDrawn
    _require_degrees(lines)
    return Drawing(lines, made.geometries, codes[~is_line].tolist())


def _features(found: Any) -> list[tuple[Any, str]]:
    """Return (geometry, code) of whatever GeoJSON object it is."""
    if not isinstance(found, Mapping):
        return []
    if found.get("type") == "FeatureCollection":
        listed = found.get("features")
        if not isinstance(listed, list):
            return []
        return [pair for one in listed for pair in _features(one)]
    if found.get("type") == "Feature":
        properties = found.get("properties")
        code = properties.get("code") if isinstance(properties, Mapping) else None
        return [(found.get("geometry"), str(code or ""))]
    return [(found, "")]


def _require_degrees(lines: Geometries) -> None:
    places = shapely.get_coordinates(lines)
    if not np.isfinite(places).all() or (np.abs(places) > [180.0, 90.0]).any():
        raise NothingDrawn
