"""Signs that a file's coordinates are not what they are said to be: told, never repaired."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from gridmap.core.i18n import N_
from gridmap.intake.china import (
    bd09_from_wgs84,
    gcj02_from_wgs84,
    wgs84_from_bd09,
    wgs84_from_gcj02,
)
from gridmap.intake.rows import Note

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]
Bounds = tuple[float, float, float, float]
Locate = Callable[[Floats, Floats], Texts]

LEAD = 0.3
"""By how much another system must fit the rows' own codes better, as a share of the rows."""
_SAMPLE = 20_000
_FEW, _MANY = 0.1, 0.5
_MARGIN_DEGREES = 0.1
_SHOWN = {"EPSG:4326": "WGS84", "EPSG:4490": "CGCS2000", "gcj02": "GCJ-02", "bd09": "BD-09"}


def diagnose(
    lon: Floats,
    lat: Floats,
    *,
    bounds: Bounds | None,
    own_codes: Texts | None = None,
    locate: Locate | None = None,
    crs: str = "EPSG:4326",
) -> list[Note]:
    """Compare points with the grids they should lie in; say what looks wrong, repair nothing.

    Args:
        lon: shape (n,), WGS84 degrees as they were read; NaN where there is no point.
        lat: likewise.
        bounds: of all grids: west, south, east, north; None when there is no grid.
        own_codes: shape (n,), the grid or division code that each row names; '' where it names
            none.
        locate: gives the code of the grid that covers each point; '' without one.
        crs: the system that the points were read in; projected ones are not doubted.

    Returns:
        Notes with the codes swapped_axes, far_outside, at_zero and fits_better_as.
    """
    here = np.flatnonzero(~np.isnan(lon) & ~np.isnan(lat))
    if not here.size:
        return []
    notes = list(_at_zero(lon[here], lat[here]))
    if bounds is not None:
        notes += _against_bounds(lon[here], lat[here], bounds)
    if own_codes is not None and locate is not None and crs in _SHOWN:
        coded = here[own_codes[here] != ""]
        step = max(1, coded.size // _SAMPLE)
        rows = coded[::step][:_SAMPLE]
        if rows.size:
            notes += _against_codes(lon[rows], lat[rows], own_codes[rows], locate, crs)
    return notes


def _at_zero(lon: Floats, lat: Floats) -> Iterator[Note]:
    count = int(np.count_nonzero((lon == 0) & (lat == 0)))
    if count:
        message = N_("%(count)s rows lie at 0, 0, off Africa: most likely they have no coordinate.")
        if count == 1:
            message = N_("One row lies at 0, 0, off Africa: most likely it has no coordinate.")
        yield Note("at_zero", message, {"count": count})


def _inside(lon: Floats, lat: Floats, bounds: Bounds, margin: float) -> Flags:
    west, south, east, north = bounds
    inside: Flags = (lon >= west - margin) & (lon <= east + margin)
    return inside & (lat >= south - margin) & (lat <= north + margin)


def _against_bounds(lon: Floats, lat: Floats, bounds: Bounds) -> list[Note]:
    west, south, east, north = bounds
    margin = max(east - west, north - south, _MARGIN_DEGREES)
    as_read = _inside(lon, lat, bounds, 0.0).mean()
    swapped = _inside(lat, lon, bounds, 0.0).mean()
    if as_read < _FEW and swapped > _MANY:
        message = N_(
            "Longitude and latitude seem to be swapped: %(share)s %% of the points lie among the "
            "grids the other way round. Undo the import and swap --x and --y."
        )
        return [Note("swapped_axes", message, {"share": round(100 * float(swapped))})]
    far = ~_inside(lon, lat, bounds, margin)
    count = int(far.sum())
    if not count:
        return []
    row = int(np.flatnonzero(far)[0])
    message = N_(
        "%(count)s of %(total)s points lie far outside all grids (for example %(lon)s, %(lat)s). "
        "Check the coordinate system and the grids."
    )
    example = {"lon": f"{lon[row]:.5f}", "lat": f"{lat[row]:.5f}"}
    return [Note("far_outside", message, {"count": count, "total": lon.size, **example})]


def _against_codes(lon: Floats, lat: Floats, own: Texts, locate: Locate, crs: str) -> list[Note]:
    fit = _fit(locate(lon, lat), own)
    best, best_fit = crs, fit
    for other, there in _others(lon, lat, crs):
        other_fit = _fit(locate(*there), own)
        if other_fit > best_fit:
            best, best_fit = other, other_fit
    if best_fit - fit < LEAD:
        return []
    message = N_(
        "Read as %(other)s, %(other_fit)s %% of the points lie in the grid that their row names; "
        "as %(crs)s, %(fit)s %%. If the coordinates are %(other)s, undo the import and name the "
        "system with --crs %(option)s."
    )
    fields = {
        "other": _SHOWN[best],
        "other_fit": round(100 * best_fit),
        "crs": _SHOWN[crs],
        "fit": round(100 * fit),
        "option": best,
    }
    return [Note("fits_better_as", message, fields)]


def _others(lon: Floats, lat: Floats, crs: str) -> Iterator[tuple[str, tuple[Floats, Floats]]]:
    """Yield the points as other systems would place the same numbers."""
    if crs == "gcj02":
        lon, lat = gcj02_from_wgs84(lon, lat)
    elif crs == "bd09":
        lon, lat = bd09_from_wgs84(lon, lat)
    if crs in {"gcj02", "bd09"}:
        yield "EPSG:4326", (lon, lat)
    if crs != "gcj02":
        yield "gcj02", wgs84_from_gcj02(lon, lat)
    if crs != "bd09":
        yield "bd09", wgs84_from_bd09(lon, lat)


def _fit(found: Texts, own: Texts) -> float:
    """Return the share of points that lie in the grid, or division, that their row names."""
    codes, names = found.astype("U"), own.astype("U")
    inside = (codes != "") & np.char.startswith(codes, names)
    return float(inside.mean())
