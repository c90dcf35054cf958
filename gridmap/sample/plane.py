"""The flat plane on which the city is drawn, and the way to longitude and latitude.

The city is drawn in metres around an origin in the East China Sea, a hundred kilometres off
any coast, on the central meridian of UTM zone 51. The way back is affine: it keeps straight
lines straight, so that what lies inside a polygon on the plane lies inside it on the globe.
"""

import math

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]

ORIGIN_LON = 123.0
ORIGIN_LAT = 32.0
DECIMALS = 7
"""Of a degree: about a centimetre."""

_A = 6_378_137.0
_E2 = 0.006_694_379_990_14
_SIN2 = math.sin(math.radians(ORIGIN_LAT)) ** 2
M_PER_DEGREE_LAT = math.radians(_A * (1 - _E2) / (1 - _E2 * _SIN2) ** 1.5)
M_PER_DEGREE_LON = math.radians(
    _A / math.sqrt(1 - _E2 * _SIN2) * math.cos(math.radians(ORIGIN_LAT))
)


def to_lon_lat(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return WGS84 degrees of points on the plane, rounded to a centimetre.

    Args:
        x: shape (n,), metres east of the origin.
        y: shape (n,), metres north of it.

    Returns:
        Longitude and latitude, each of shape (n,).
    """
    lon = np.round(ORIGIN_LON + x / M_PER_DEGREE_LON, DECIMALS)
    lat = np.round(ORIGIN_LAT + y / M_PER_DEGREE_LAT, DECIMALS)
    return lon, lat


def on_globe(geometries: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return shapely geometries of the plane in WGS84; equal vertices stay equal."""

    def convert(xy: Floats) -> Floats:
        return np.column_stack(to_lon_lat(xy[:, 0], xy[:, 1]))

    moved: npt.NDArray[np.object_] = shapely.transform(geometries, convert)
    return moved
