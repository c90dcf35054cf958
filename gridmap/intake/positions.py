"""Where the rows of a table lie: by a point, a grid code or an address."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from gridmap.core.i18n import N_
from gridmap.intake.addresses import MAX_ADDRESS_LENGTH, normalise_address
from gridmap.intake.checks import RowChecks
from gridmap.intake.codes import read_codes, read_texts
from gridmap.intake.columns import OPTIONS, required
from gridmap.intake.errors import BadSystem, MissingColumn, NoSystem, SwappedAxes
from gridmap.intake.headers import listed
from gridmap.intake.rows import Columns, Note, ReadOptions
from gridmap.intake.systems import WGS84, System, system_of, to_wgs84
from gridmap.intake.tables import Table
from gridmap.intake.values import as_numbers, is_empty, trimmed

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]

_MOST = 0.5


@dataclass(frozen=True)
class Positions:
    """Where rows lie; all arrays have shape (n,).

    Attributes:
        lon: WGS84 degrees; NaN without a point.
        lat: likewise.
        x: as the file has it, in `crs`; NaN without a point.
        y: likewise.
        crs: name of the system; '' without any point.
        converted: whether lon and lat were computed.
        grid_code: '' where a row names none; None without such a column.
        address: likewise, normalised.
    """

    lon: Floats
    lat: Floats
    x: Floats
    y: Floats
    crs: str
    converted: bool
    grid_code: Texts | None
    address: Texts | None
    notes: tuple[Note, ...]


def read_positions(
    table: Table, columns: Columns, options: ReadOptions, checks: RowChecks
) -> Positions:
    """Read where each row lies; a row that says it in no way is a failure.

    Raises:
        UnreadableFile: no column says it, or the numbers and their system cannot go together.
    """
    by_point = columns.x is not None or columns.y is not None or table.geometry is not None
    if not by_point and columns.grid_code is None and columns.address is None:
        raise MissingColumn(
            file=table.file_name,
            what=N_("where a row lies: coordinates, a grid code or an address"),
            option="--x and --y, --grid-code or --address",
            headers=listed(table.headers),
        )
    points = _no_points(len(table))
    if by_point:
        points = _read_points(table, columns, options, checks)
    has_point = ~np.isnan(points.x)
    grid_code = address = None
    if columns.grid_code is not None:
        grid_code = read_codes(
            table.columns[columns.grid_code],
            columns.grid_code,
            columns.code_format,
            checks,
            ~has_point,
            may_be_empty=by_point or columns.address is not None,
        )
    if columns.address is not None:
        address = _addresses(table, columns.address, checks)
    _check_somewhere(columns, checks, has_point, grid_code, address)
    return replace(points, grid_code=grid_code, address=address)


def _no_points(n: int) -> Positions:
    nan = np.full(n, np.nan)
    return Positions(nan, nan, nan, nan, "", False, None, None, ())


def _read_points(
    table: Table, columns: Columns, options: ReadOptions, checks: RowChecks
) -> Positions:
    """Read points and convert them; codes and addresses are left open."""
    x, y = _numbers(table, columns, checks)
    half = np.isnan(x) | np.isnan(y)
    if half.any():
        x, y = np.where(half, np.nan, x), np.where(half, np.nan, y)
    notes: list[Note] = []
    system = system_of_table(table, options, notes)
    refuse_wrong_numbers(table, columns, x, y, system, given=options.crs is not None)
    lon, lat = to_wgs84(x, y, system)
    headers = (columns.x, columns.y)
    for bad, header in zip(_out_of_range(x, lon, lat), headers, strict=True):
        checks.fail(
            bad,
            "coordinate_out_of_range",
            column=header or "",
            value=table.columns[header] if header else None,
            detail=system.name,
        )
    return Positions(lon, lat, x, y, system.name, not system.identical, None, None, tuple(notes))


def _addresses(table: Table, header: str, checks: RowChecks) -> Texts:
    text = read_texts(table.columns[header], header, checks, limit=MAX_ADDRESS_LENGTH)
    return normalise_address(text)


def _check_somewhere(
    columns: Columns,
    checks: RowChecks,
    has_point: Flags,
    grid_code: Texts | None,
    address: Texts | None,
) -> None:
    somewhere = has_point.copy()
    for texts in (grid_code, address):
        if texts is not None:
            somewhere |= texts != ""
    if columns.address is not None and columns.x is None and columns.grid_code is None:
        checks.fail(~somewhere, "no_address", column=columns.address)
    checks.fail(~somewhere, "no_position", column=columns.x or columns.grid_code or "")


def _numbers(table: Table, columns: Columns, checks: RowChecks) -> tuple[Floats, Floats]:
    """Return x and y as the file has them; NaN where there are none."""
    if columns.x is None and columns.y is None and table.geometry is not None:
        return _points(table.geometry, checks)
    values = []
    for field in ("x", "y"):
        header = required(table.file_name, columns, field, table.headers)
        column = table.columns[header]
        number, unreadable = as_numbers(column)
        checks.fail(unreadable, "coordinate_unreadable", column=header, value=column)
        odd = ~np.isfinite(number) & ~unreadable & _is_filled(column, number)
        checks.fail(odd, "coordinate_not_finite", column=header, value=column)
        values.append(np.where(np.isfinite(number), number, np.nan))
    return values[0], values[1]


def _is_filled(column: pa.ChunkedArray, number: Floats) -> Flags:
    """Tell which values are there at all; nulls and empty texts are not."""
    if np.isfinite(number).all():
        return np.ones(number.size, dtype=bool)
    filled = column.is_valid().to_numpy()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        filled = filled & ~is_empty(trimmed(column))
    return np.asarray(filled, dtype=bool)


def _points(geometry: pa.ChunkedArray, checks: RowChecks) -> tuple[Floats, Floats]:
    wkb = geometry.to_numpy(zero_copy_only=False)
    shapes = shapely.from_wkb(wkb, on_invalid="ignore")
    missing = np.array(geometry.is_null().to_numpy(), dtype=bool)
    checks.fail(shapely.is_missing(shapes) & ~missing, "geometry_unreadable")
    single = (shapely.get_type_id(shapes) == 4) & (shapely.get_num_geometries(shapes) == 1)
    shapes[single] = shapely.get_geometry(shapes[single], 0)
    kind = shapely.get_type_id(shapes)
    names = np.array([type_name(number) for number in range(8)], dtype=object)
    other = (kind > 0) & ~shapely.is_missing(shapes)
    checks.fail(other, "geometry_not_a_point", value=names[np.clip(kind, 0, 7)])
    x, y = shapely.get_x(shapes), shapely.get_y(shapes)
    infinite = (kind == 0) & ~shapely.is_empty(shapes) & ~(np.isfinite(x) & np.isfinite(y))
    checks.fail(infinite, "coordinate_not_finite", value=np.full(x.size, "", dtype=object))
    good = np.isfinite(x) & np.isfinite(y)
    return np.where(good, x, np.nan), np.where(good, y, np.nan)


def type_name(number: int) -> str:
    """Return the name of a shapely type number."""
    return str(shapely.GeometryType(number).name).title() if 0 <= number <= 7 else ""


def system_of_table(table: Table, options: ReadOptions, notes: list[Note]) -> System:
    """Return the system that the user names, else the file's, else WGS84.

    Raises:
        BadSystem: it cannot be used.
    """
    if options.crs is not None:
        system = system_of(options.crs)
        if table.crs is not None and system.name not in {"gcj02", "bd09"}:
            try:
                said = system_of(table.crs).name
            except BadSystem:
                said = table.crs[:60]
            if said != system.name:
                message = N_("The file says %(said)s; %(used)s is used as --crs asks.")
                notes.append(Note("crs_overridden", message, {"said": said, "used": system.name}))
        return system
    return system_of(table.crs) if table.crs else WGS84


def refuse_wrong_numbers(
    table: Table, columns: Columns, x: Floats, y: Floats, system: System, *, given: bool
) -> None:
    """Refuse a file most of whose numbers cannot be what they are said to be."""
    here = ~np.isnan(x) & ~np.isnan(y)
    if not system.degrees or not here.any():
        return
    impossible = here & ((np.abs(x) > 180) | (np.abs(y) > 90))
    if np.count_nonzero(impossible) <= _MOST * np.count_nonzero(here):
        return
    row = int(np.flatnonzero(impossible)[0])
    fields = {"file": table.file_name, "x": f"{x[row]:g}", "y": f"{y[row]:g}"}
    swapped = here & (np.abs(x) <= 90) & (np.abs(y) <= 180)
    if swapped.sum() > _MOST * here.sum():
        names = {"x_column": columns.x or OPTIONS["x"], "y_column": columns.y or OPTIONS["y"]}
        raise SwappedAxes(**fields, **names)
    if given:
        why = N_("its numbers are degrees, and those of the file are not. Check --crs.")
        raise BadSystem(crs=system.name, why=why)
    raise NoSystem(**fields)


def _out_of_range(x: Floats, lon: Floats, lat: Floats) -> tuple[Flags, Flags]:
    """Tell which longitudes and latitudes of points are none (NaN: it could not be converted)."""
    here = ~np.isnan(x)
    with np.errstate(invalid="ignore"):
        return here & ~(np.abs(lon) <= 180), here & ~(np.abs(lat) <= 90)
