"""True areas and lengths of shapes in longitude and latitude, for all of them at once."""

from typing import TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Geometries: TypeAlias = NDArray[np.object_]

RADIUS_M = 6_378_137.0
"""Equatorial radius of WGS84."""

ECCENTRICITY = 0.081_819_190_842_621_49
"""First eccentricity of WGS84."""


def area_m2(geometries: Geometries) -> Floats:
    """Return the area of polygons on the WGS84 ellipsoid.

    An edge is a straight line in longitude and latitude, as GEOS and the locator mean it. So the
    areas of a partition's parts sum to that of the whole, wherever its edges carry vertices, and
    two borders on one line enclose nothing. Geodesics between the same vertices enclose areas
    that differ by less than 0.01 % for shapes with edges up to 10 km, 0.1 % up to 100 km.

    Args:
        geometries: shape (n,). Polygons and multipolygons, longitude and latitude in degrees; not
            across the antimeridian.

    Returns:
        shape (n,), square metres; 0 for anything else, NaN for None.
    """
    parts, owner = shapely.get_parts(geometries, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    is_hole = np.concatenate([[False], part[1:] == part[:-1]])[: part.size]
    signed = np.where(is_hole, -1.0, 1.0) * _ring_areas(rings)
    areas = np.zeros(np.shape(geometries))
    np.add.at(areas, owner[part], signed)
    areas[shapely.is_missing(geometries)] = np.nan
    return areas


def length_m(geometries: Geometries) -> Floats:
    """Return the length of lines, or of all rings of polygons, on the WGS84 ellipsoid.

    Measured on a map that is true to scale along the middle latitude of each shape: within 0.1 %
    for shapes up to 10 km across, 1 % up to 100 km, at latitudes below 60 degrees.

    Args:
        geometries: shape (n,). Longitude and latitude in degrees; not across the antimeridian.

    Returns:
        shape (n,), metres; 0 for points and empty shapes, NaN for None.
    """
    bounds = shapely.bounds(geometries)
    middle = np.sin(np.radians((bounds[:, 1] + bounds[:, 3]) / 2))
    scale = np.sqrt((1 - middle**2) / (1 - (ECCENTRICITY * middle) ** 2))
    projected = np.array(geometries, dtype=object)
    coordinates, owner = shapely.get_coordinates(projected, return_index=True)
    stretch = np.maximum(scale[owner], 1e-6)
    x = RADIUS_M * np.radians(coordinates[:, 0]) * stretch
    y = _northing(coordinates[:, 1]) / stretch
    lengths: Floats = shapely.length(shapely.set_coordinates(projected, np.stack([x, y], axis=1)))
    return lengths


def _ring_areas(rings: Geometries) -> Floats:
    """Return the area inside each ring: the sum of eastward steps times their mean northing.

    The mean along an edge by Simpson's rule, exact to 1e-10 for edges up to a degree.
    """
    places, ring = shapely.get_coordinates(rings, return_index=True)
    edge = np.flatnonzero(ring[1:] == ring[:-1])
    north = _northing(places[:, 1])
    middle = _northing((places[edge, 1] + places[edge + 1, 1]) / 2)
    origin = north[np.searchsorted(ring, ring[edge])]  # any constant; this one keeps the digits
    mean = (north[edge] + 4 * middle + north[edge + 1]) / 6 - origin
    east = RADIUS_M * np.radians(places[edge + 1, 0] - places[edge, 0])
    return np.abs(np.bincount(ring[edge], weights=east * mean, minlength=rings.size))


def _northing(latitude: Floats) -> Floats:
    """Return y of the cylindrical equal-area projection, in metres, of latitudes in degrees.

    Source: Snyder (1987), Map Projections: A Working Manual, eq. 3-12 and 10-14.
    """
    e, sine = ECCENTRICITY, np.sin(np.radians(latitude))
    q = (1 - e**2) * (sine / (1 - (e * sine) ** 2) + np.arctanh(e * sine) / e)
    northing: Floats = RADIUS_M * q / 2
    return northing
