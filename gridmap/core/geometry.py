"""Geometries as the browser's maps and the database take them."""

import numpy as np
import numpy.typing as npt
import shapely

EARTH_RADIUS_M = 6_378_137.0
MAX_LATITUDE = 85.051128
"""Beyond it the square web map ends."""

Geometries = npt.NDArray[np.object_]


def web_mercator(lonlat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Project longitude and latitude, shape (n, 2) in degrees, to EPSG:3857 metres."""
    lat = np.radians(np.clip(lonlat[:, 1], -MAX_LATITUDE, MAX_LATITUDE))
    x = EARTH_RADIUS_M * np.radians(lonlat[:, 0])
    y = EARTH_RADIUS_M * np.log(np.tan(np.pi / 4 + lat / 2))
    return np.column_stack([x, y])


def to_web_mercator(geometries: Geometries) -> Geometries:
    """Project WGS84 geometries to EPSG:3857."""
    return np.asarray(shapely.transform(geometries, web_mercator), dtype=object)


def ewkb(geometries: Geometries, srid: int) -> Geometries:
    """Return the geometries as PostGIS reads them in a binary COPY; None stays None."""
    stamped = shapely.set_srid(geometries, srid)
    return np.asarray(shapely.to_wkb(stamped, include_srid=True), dtype=object)
