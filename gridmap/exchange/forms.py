"""The form on which somebody says how a file is to be read."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from flask_babel import gettext

from gridmap.core.clock import day_written
from gridmap.core.errors import BadRequest
from gridmap.core.i18n import N_
from gridmap.exchange.requests import ImportRequest
from gridmap.exchange.uploads import Upload
from gridmap.intake import Columns, ReadOptions

_POINT = ("x", "y")
COLUMNS: dict[str, tuple[str, ...]] = {
    "divisions": ("code", "name", "kind"),
    "grids": ("code", "name", "kind"),
    "incidents": (*_POINT, "grid_code", "address", "time", "time_end", "category", "id"),
    "places": (*_POINT, "address", "id", "name", "kind", "dwellings"),
    "resources": (*_POINT, "id", "name", "kind", "status"),
    "population": ("grid_code", "count", *_POINT),
    "residents": (
        "name", "identity", "phone", "address", *_POINT, "grid_code", "detail", "note", "kind",
        "since", "until", "id",
    ),
}  # fmt: skip
"""Kind of import → columns that it may have, in the order of the form."""

EXTRAS: dict[str, tuple[str, ...]] = {
    "divisions": ("code_format", "crs"),
    "grids": ("code_format", "crs"),
    "incidents": ("category_value", "crs", "time_format", "tz", "code_format", "source"),
    "places": ("crs", "source"),
    "resources": ("crs", "source"),
    "population": ("day", "code_format", "source"),
    "residents": ("day", "crs", "code_format", "source"),
}

LABELS = {
    "x": N_("x, longitude or easting"),
    "y": N_("y, latitude or northing"),
    "grid_code": N_("Code of the grid"),
    "address": N_("Address"),
    "time": N_("Time, or its beginning"),
    "time_end": N_("End of the time"),
    "category": N_("Category"),
    "id": N_("Number at the source"),
    "name": N_("Name"),
    "kind": N_("Kind"),
    "code": N_("Code"),
    "count": N_("Number of people"),
    "dwellings": N_("Dwellings"),
    "status": N_("Whether it works"),
    "identity": N_("Identity number"),
    "phone": N_("Telephone number"),
    "detail": N_("Staircase, door"),
    "note": N_("Note"),
    "since": N_("First day there"),
    "until": N_("First day no longer there"),
    "code_format": N_("Form of codes"),
    "crs": N_("Coordinate system"),
    "category_value": N_("One category for all rows"),
    "time_format": N_("Form of times"),
    "tz": N_("Time zone"),
    "source": N_("Name of the source"),
    "day": N_("Day that the rows hold for, or from"),
}
HINTS = {
    "x": N_("Empty when the rows name a grid or an address"),
    "grid_code": N_("Where there is no point"),
    "address": N_("Where there is neither; found among the places"),
    "time_end": N_("Of things that were noticed later"),
    "id": N_("Makes a row unique; without it, its content does"),
    "code_format": N_("For whole numbers, as in 17031{:03d}"),
    "crs": N_("EPSG:4326 when empty; EPSG codes, gcj02, bd09"),
    "category_value": N_("In place of a column"),
    "time_format": N_("As in %d/%m/%Y; found out when empty"),
    "tz": N_("As in Asia/Shanghai; the city's when empty"),
    "source": N_("The file's name when empty"),
}
_LONGEST = 200


@dataclass(frozen=True)
class ImportForm:
    """What stands in the form."""

    columns: Columns
    options: ReadOptions
    day: date | None = None
    repair: bool = False
    scope: str = ""

    @property
    def named_elsewhere(self) -> bool:
        """Whether rows say their grid or address instead of a point."""
        columns = self.columns
        return columns.x is None and (columns.grid_code or columns.address) is not None

    def value(self, name: str) -> str:
        """Return what stands in a field."""
        if name == "day":
            return self.day.isoformat() if self.day else ""
        found: Any = {**asdict(self.columns), **asdict(self.options)}.get(name)
        return found or ""

    def request(self, upload: Upload, *, dry_run: bool = False) -> ImportRequest:
        """Return the import that the form asks for."""
        return ImportRequest(
            kind=upload.kind,
            path=upload.path,
            columns=self.columns,
            options=self.options,
            file_name=upload.file_name,
            repair=self.repair,
            day=self.day,
            dry_run=dry_run,
            scope=self.scope,
        )


_OPTION = re.compile(r"--([a-z]+(?:-[a-z]+)*)")


def in_words_of_the_page(sentence: str) -> str:
    """Put the form's labels in place of the command line's options."""

    def label(found: re.Match[str]) -> str:
        name = found[1].replace("-", "_")
        name = {"date": "day"}.get(name, name)
        return f"“{gettext(LABELS[name])}”" if name in LABELS else found[0]

    return _OPTION.sub(label, sentence)


def field_at_fault(sentence: str) -> str | None:
    """Return the form's field that a sentence of the command line names first."""
    found = _OPTION.search(sentence)
    name = found[1].replace("-", "_") if found else None
    return name if name in LABELS else None


def parse(kind: str, given: Mapping[str, str]) -> ImportForm:
    """Read the fields of a form.

    Raises:
        BadRequest: a field is too long, or the day is none.
    """
    values = {name: given.get(name, "").strip() for name in (*COLUMNS[kind], *EXTRAS[kind])}
    for name, value in values.items():
        if len(value) > _LONGEST:
            raise BadRequest(field=gettext(LABELS[name]), why=gettext("this is too long."))
    day = values.pop("day", "")
    crs = values.pop("crs", "") or None
    return ImportForm(
        columns=replace(Columns(), **{name: value or None for name, value in values.items()}),
        options=ReadOptions(crs=crs, layer=given.get("layer") or None),
        day=day_written(day, field=gettext(LABELS["day"])) if day else None,
        repair=given.get("repair") == "1",
        scope=given.get("scope", "").strip(),
    )
