"""Coordinate systems by name, and the way from each to WGS84."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyproj
import pyproj.network
from numpy.typing import NDArray
from pyproj.exceptions import CRSError, ProjError

from gridmap.core.i18n import N_
from gridmap.intake.china import wgs84_from_bd09, wgs84_from_gcj02
from gridmap.intake.errors import BadSystem

Floats = NDArray[np.float64]

pyproj.network.set_network_enabled(active=False)  # type: ignore[attr-defined]

_SAME_AS_WGS84 = {4326, 4490, 4979, 4480}
"""WGS84 and CGCS2000: they differ by less than the accuracy of any incident."""
_SECRET = {
    "Beijing 1954": N_(
        "the way from Beijing 1954 to WGS84 is not public; the usual formulas are off by tens of "
        "metres. Ask the survey office for CGCS2000 (EPSG:4490) or WGS84 coordinates."
    ),
    "Xian 1980": N_(
        "the way from Xian 1980 to WGS84 is not public; the usual formulas are off by tens of "
        "metres. Ask the survey office for CGCS2000 (EPSG:4490) or WGS84 coordinates."
    ),
    "New Beijing": N_(
        "the way from New Beijing to WGS84 is not public; the usual formulas are off by tens of "
        "metres. Ask the survey office for CGCS2000 (EPSG:4490) or WGS84 coordinates."
    ),
}
_SHIFTED = {"gcj02": wgs84_from_gcj02, "bd09": wgs84_from_bd09}
_NAME = re.compile(r"(?:(?P<authority>[A-Za-z]{2,10}):{1,2})?(?P<code>\d{4,6})")


@dataclass(frozen=True)
class System:
    """A coordinate system.

    Attributes:
        name: `EPSG:26971`, `gcj02`, `bd09`, or what the file calls it.
        degrees: whether its numbers are longitudes and latitudes.
        identical: whether its numbers are those of WGS84.
    """

    name: str
    degrees: bool
    identical: bool
    crs: pyproj.CRS | None


WGS84 = System("EPSG:4326", degrees=True, identical=True, crs=None)


def system_of(text: str) -> System:
    """Return the system that a user or a file names.

    Args:
        text: `EPSG:26971`, `26971`, `gcj02`, `BD-09`, `ESRI:…`; from files also WKT or PROJJSON.

    Raises:
        BadSystem: unknown, not flat, or one that cannot be converted with honest accuracy.
    """
    name = text.strip()
    shifted = re.sub(r"[\s_-]", "", name).lower()
    if shifted in _SHIFTED:
        return System(shifted, degrees=True, identical=False, crs=None)
    crs = _parsed(name)
    _refuse_secret(crs, name)
    if crs.is_compound or (crs.is_projected and len(crs.axis_info) > 2):
        crs = crs.to_2d() if not crs.is_compound else crs.sub_crs_list[0]
    if not (crs.is_projected or crs.is_geographic):
        raise BadSystem(crs=name[:60], why=N_("it is no system of points on a map."))
    code = crs.to_epsg(min_confidence=70)
    label = f"EPSG:{code}" if code else (crs.to_string() if len(crs.to_string()) < 40 else crs.name)
    if code in _SAME_AS_WGS84 or crs.name in {"WGS 84 (CRS84)", "WGS 84 longitude-latitude"}:
        return System("EPSG:4326" if code != 4490 else label, True, True, None)
    return System(label, degrees=crs.is_geographic, identical=False, crs=crs)


def _parsed(name: str) -> pyproj.CRS:
    match = _NAME.fullmatch(name)
    try:
        if match:
            return pyproj.CRS.from_authority(match["authority"] or "EPSG", int(match["code"]))
        if name.startswith("{") or re.match(r"[A-Z_0-9]+\s*\[", name):
            return pyproj.CRS.from_user_input(name)
        if name.upper() in {"CRS84", "OGC:CRS84", "WGS84", "WGS 84"}:
            return pyproj.CRS.from_epsg(4326)
    except (CRSError, ProjError, ValueError):
        pass
    why = N_("it is unknown. Use a code such as EPSG:4326, or gcj02 or bd09.")
    raise BadSystem(crs=name[:60], why=why)


def _refuse_secret(crs: pyproj.CRS, name: str) -> None:
    datum: Any = crs.datum
    description = f"{datum.name if datum else ''} {crs.name} {crs.geodetic_crs}".replace("_", " ")
    for secret, why in _SECRET.items():
        if secret.lower() in description.lower():
            raise BadSystem(crs=name[:60], why=why)


def to_wgs84(x: Floats, y: Floats, system: System) -> tuple[Floats, Floats]:
    """Return longitudes and latitudes in degrees; NaN where a point cannot be converted.

    Args:
        x: shape (n,); easting or longitude.
        y: shape (n,); northing or latitude.
        system: of x and y.
    """
    if system.identical:
        return x, y
    if system.name in _SHIFTED:
        return _SHIFTED[system.name](x, y)
    transformer = pyproj.Transformer.from_crs(system.crs, 4326, always_xy=True)
    lon, lat = transformer.transform(x, y)
    finite = np.isfinite(lon) & np.isfinite(lat)
    return np.where(finite, lon, np.nan), np.where(finite, lat, np.nan)
