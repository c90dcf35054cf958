"""Divisions and grids out of a file."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.analysis.areas import area_m2
from gridmap.analysis.polygons import (
    NO_SHAPE,
    NOT_AN_AREA,
    NOT_FINITE,
    NOTHING_LEFT,
    OUT_OF_RANGE,
    repair_polygons,
)
from gridmap.core.i18n import N_
from gridmap.intake.assembly import keeper, open_source
from gridmap.intake.checks import RowChecks
from gridmap.intake.codes import read_codes
from gridmap.intake.columns import required
from gridmap.intake.errors import MissingColumn
from gridmap.intake.headers import listed
from gridmap.intake.ids import repeated_codes
from gridmap.intake.labels import MAX_NAME_LENGTH, read_labels, read_words
from gridmap.intake.positions import refuse_wrong_numbers, system_of_table, type_name
from gridmap.intake.rows import AreaRows, Columns, Note, ReadOptions
from gridmap.intake.systems import System, to_wgs84
from gridmap.intake.tables import Table
from gridmap.intake.values import is_empty, trimmed

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Shapes = NDArray[np.object_]

_REASONS = {
    NOT_FINITE: "coordinate_not_finite",
    OUT_OF_RANGE: "coordinate_out_of_range",
    NOT_AN_AREA: "geometry_not_an_area",
    NOTHING_LEFT: "geometry_beyond_repair",
}
"""Reasons of `analysis.polygons` as codes of rejects; a missing shape is judged here."""


def read_areas(
    path: Path, columns: Columns, options: ReadOptions, *, kind: str = "grids"
) -> AreaRows:
    """Read grids, or divisions (`kind`), which may come without a border.

    Raises:
        UnreadableFile: the file as a whole cannot be used.
    """
    source = open_source(kind, path, columns, options)
    table, columns = source.table, source.columns
    header = required(table.file_name, columns, "code", table.headers)
    checks = RowChecks.of(len(table))
    everyone = np.ones(len(table), dtype=bool)
    code = read_codes(table.columns[header], header, columns.code_format, checks, everyone)
    borders = _borders(table, columns, options, checks, may_lack=kind == "divisions")
    name = read_labels(table, columns.name, checks, limit=MAX_NAME_LENGTH)
    words = read_words(table, columns.kind, checks)
    repeats = repeated_codes(table, code, checks, header)
    kept = keeper(checks.ok & ~repeats)
    return AreaRows(
        origin=replace(
            source.origin(None, repeats & checks.ok, _notes(borders, checks)),
            crs=borders.system.name if borders.system else "",
            converted=borders.system is not None and not borders.system.identical,
        ),
        rejects=checks.rejects(table.headers, table.columns, table.line, table.ragged),
        line=kept(table.line),
        code=kept(code),
        name=kept(name),
        kind=kept(words),
        geometry=kept(borders.shapes),
        repaired=kept(borders.repaired),
        moved_m2=kept(borders.moved_m2),
    )


@dataclass(frozen=True)
class _Borders:
    """Borders of all rows; None where a row has none."""

    shapes: Shapes
    repaired: Flags
    moved_m2: Floats
    system: System | None
    notes: tuple[Note, ...]


def _notes(borders: _Borders, checks: RowChecks) -> tuple[Note, ...]:
    told = borders.repaired & checks.ok
    if not told.any():
        return borders.notes
    if np.count_nonzero(told) == 1:
        message = N_("One border was invalid and has been repaired; it moved %(area)s m².")
    else:
        message = N_("%(count)s borders were invalid and have been repaired; it moved %(area)s m².")
    area = f"{float(borders.moved_m2[told].sum()):.2f}"
    fields = {"count": int(np.count_nonzero(told)), "area": area}
    return (*borders.notes, Note("borders_repaired", message, fields))


def _borders(
    table: Table, columns: Columns, options: ReadOptions, checks: RowChecks, *, may_lack: bool
) -> _Borders:
    n = len(table)
    raw = _shapes(table, columns, checks)
    if raw is None:
        if not may_lack:
            raise MissingColumn(
                file=table.file_name,
                what=N_("the border"),
                option="--geometry",
                headers=listed(table.headers),
            )
        none = np.full(n, None, dtype=object)
        return _Borders(none, np.zeros(n, dtype=bool), np.zeros(n), None, ())
    notes: list[Note] = []
    system = system_of_table(table, options, notes)
    bounds = shapely.bounds(raw)
    given = options.crs is not None
    refuse_wrong_numbers(table, columns, bounds[:, 0], bounds[:, 1], system, given=given)
    degrees = _in_degrees(raw, system)
    outcome = repair_polygons(degrees)
    kinds, of_kind = np.unique(shapely.get_type_id(raw), return_inverse=True)
    shown = np.array([type_name(kind) for kind in kinds], dtype=object)[of_kind]
    for problem, code in _REASONS.items():
        checks.fail(outcome.problem == problem, code, value=shown, detail=system.name)
    if not may_lack:
        checks.fail(outcome.problem == NO_SHAPE, "geometry_missing")
    moved = np.zeros(n)
    changed = outcome.repaired
    if changed.any():
        before, after = area_m2(degrees[changed]), area_m2(outcome.geometries[changed])
        moved[changed] = np.abs(after - before)
    return _Borders(outcome.geometries, changed, moved, system, tuple(notes))


def _shapes(table: Table, columns: Columns, checks: RowChecks) -> Shapes | None:
    """Return the rows' shapes as the file has them, or None when it has no place for them."""
    if columns.geometry is not None:
        text = trimmed(table.columns[columns.geometry])
        values = text.to_numpy(zero_copy_only=False)
        filled = ~is_empty(text)
        values = np.where(filled, values, None)
        shapes = shapely.from_wkt(values, on_invalid="ignore")
    elif table.geometry is not None:
        filled = np.array(table.geometry.is_valid().to_numpy(), dtype=bool)
        shapes = shapely.from_wkb(
            table.geometry.to_numpy(zero_copy_only=False), on_invalid="ignore"
        )
    else:
        return None
    checks.fail(filled & shapely.is_missing(shapes), "geometry_unreadable")
    return np.asarray(shapely.force_2d(shapes), dtype=object)


def _in_degrees(shapes: Shapes, system: System) -> Shapes:
    if system.identical:
        return shapes
    coordinates = shapely.get_coordinates(shapes)
    lon, lat = to_wgs84(coordinates[:, 0], coordinates[:, 1], system)
    moved = shapely.set_coordinates(shapes.copy(), np.stack([lon, lat], axis=1))
    return np.asarray(moved, dtype=object)
