"""What a file becomes: options going in, arrays of usable rows and rejects coming out.

All arrays of one result have the same length and order: one entry per usable row. `line` is the
number a person would count: the line in a text file as an editor shows it (the header is line 1),
the row in a sheet (the header is row 1), the feature's number + 1 in other formats.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridmap.intake.rejects import Rejects

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]
Times = NDArray[np.datetime64]


@dataclass(frozen=True)
class ReadOptions:
    """How to read a file: None means find out.

    Attributes:
        crs: `EPSG:26971`, `26971`, `gcj02` or `bd09`; wins over what the file says.
        layer: name of the layer or sheet, where a file holds several.
        encoding: of text files; else UTF-8 with or without BOM, or GB18030.
        delimiter: of text files; one of `,` `;` tab `|`.
    """

    crs: str | None = None
    layer: str | None = None
    encoding: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True)
class Columns:
    """Which column of the file holds what, and how to read it. None: not in the file, or not said.

    Attributes:
        x: longitude or easting.
        y: latitude or northing.
        geometry: WKT text of the geometry (areas in CSV).
        grid_code: the code of the grid a row says it lies in.
        address: text that a place may have too.
        time: when it happened; a date alone is its whole local day.
        time_end: end of a span.
        category: the source's word for what happened.
        id: the source's own id of the row.
        name: name of a place, resource or area.
        kind: kind of a place, resource or area.
        code: the code of an area.
        count: number of people.
        dwellings: dwellings in a building.
        status: whether a resource works.
        identity: a person's identity number.
        phone: a person's telephone number.
        detail: what the address leaves open: staircase, door.
        note: free text about a person.
        since: the first day in a dwelling.
        until: the first day no longer in it.
        code_format: as in Python, applied to whole numbers: `17031{:03d}`.
        time_format: as in strptime: `%d/%m/%Y`.
        tz: zone of times without an offset: `America/Chicago`.
        category_value: one word for all rows, in place of `category`.
        source: name of where the file comes from.
    """

    x: str | None = None
    y: str | None = None
    geometry: str | None = None
    grid_code: str | None = None
    address: str | None = None
    time: str | None = None
    time_end: str | None = None
    category: str | None = None
    id: str | None = None
    name: str | None = None
    kind: str | None = None
    code: str | None = None
    count: str | None = None
    dwellings: str | None = None
    status: str | None = None
    identity: str | None = None
    phone: str | None = None
    detail: str | None = None
    note: str | None = None
    since: str | None = None
    until: str | None = None
    code_format: str | None = None
    time_format: str | None = None
    tz: str | None = None
    category_value: str | None = None
    source: str | None = None


@dataclass(frozen=True)
class Guess:
    """One column that was recognised by its header: `field` of Columns, `column` of the file."""

    field: str
    column: str


@dataclass(frozen=True)
class Note:
    """Something worth saying about a file that was read all the same.

    Attributes:
        code: stable, for programs.
        message: English sentence with named parts, marked for translation.
        fields: values of the named parts.
    """

    code: str
    message: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the English sentence."""
        return self.message % self.fields


@dataclass(frozen=True)
class FileShape:
    """What a page shows before the mapping is chosen.

    Attributes:
        format: csv, xlsx, geojson, gpkg, shp or parquet.
        headers: names of the columns, without the geometry.
        sample: up to 20 rows as text, in the order of the headers.
        rows: how many rows there are; None when finding out would take reading all of it.
        geometry: whether every row may carry a geometry of its own.
        crs: the system the file names, e.g. `EPSG:32615`; None when it names none.
        layers: names of layers or sheets; the first is read unless another one is asked for.
        encoding: of text files.
        delimiter: of text files.
    """

    file_name: str
    sha256: str
    format: str
    headers: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    rows: int | None
    geometry: bool
    crs: str | None
    layers: tuple[str, ...] = ()
    encoding: str | None = None
    delimiter: str | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Origin:
    """What every result says about its file.

    Attributes:
        read: rows seen, the rejected ones included.
        crs: the system of the original coordinates: `EPSG:4326`, `gcj02` …; '' without any.
        converted: whether lon and lat were computed from other originals.
        duplicate_in_file: rows left out because an equal row with the same id came before.
        columns: those that were used, with the headers as the file has them.
        guesses: which of them were recognised, not named.
    """

    file_name: str
    sha256: str
    format: str
    read: int
    crs: str
    converted: bool
    duplicate_in_file: int
    notes: tuple[Note, ...]
    columns: Columns
    guesses: tuple[Guess, ...]


@dataclass(frozen=True)
class _Rows:
    """What all results have in common; see Origin for the pass-through properties."""

    origin: Origin
    rejects: Rejects
    line: Integers

    def __len__(self) -> int:
        return int(self.line.size)

    @property
    def file_name(self) -> str:
        """Name of the file without folders."""
        return self.origin.file_name

    @property
    def sha256(self) -> str:
        """Hash of the file's bytes, hexadecimal."""
        return self.origin.sha256

    @property
    def read(self) -> int:
        """Rows seen: len(self) + duplicate_in_file + len(rejects)."""
        return self.origin.read

    @property
    def duplicate_in_file(self) -> int:
        """Rows left out because an equal row with the same id came before."""
        return self.origin.duplicate_in_file

    @property
    def crs(self) -> str:
        """The system of the original coordinates; '' without any."""
        return self.origin.crs

    @property
    def notes(self) -> tuple[Note, ...]:
        """What is worth saying about the file."""
        return self.origin.notes


@dataclass(frozen=True)
class IncidentRows(_Rows):
    """Incidents, each located by a point, a grid code or an address.

    Attributes:
        source_id: the file's id, or a hash of the row's content and its number among equal rows.
        lon: WGS84 degrees; NaN where the row has no point.
        lat: likewise.
        x_original: as the file has it, in `crs`; NaN where the row has no point.
        y_original: likewise.
        grid_code: '' where the row names none; None when the file has no such column.
        address: likewise, normalised.
        occurred_from: datetime64[us], UTC.
        occurred_to: exclusive end; NaT means a moment.
        word: the source's word for the category; '' where it has none.
    """

    source_id: Texts
    lon: Floats
    lat: Floats
    x_original: Floats
    y_original: Floats
    grid_code: Texts | None
    address: Texts | None
    occurred_from: Times
    occurred_to: Times
    word: Texts


@dataclass(frozen=True)
class PointRows(_Rows):
    """Places or resources. Texts are '' where a row or the file has none; dwellings then -1."""

    source_id: Texts
    lon: Floats
    lat: Floats
    x_original: Floats
    y_original: Floats
    grid_code: Texts | None
    name: Texts
    kind: Texts
    address: Texts
    status: Texts
    dwellings: Integers


@dataclass(frozen=True)
class AreaRows(_Rows):
    """Divisions or grids.

    Attributes:
        code: text, never empty, unique.
        geometry: shapely MultiPolygons, WGS84, two dimensions, valid; None where a division has
            none.
        repaired: whether the border had to be repaired.
        moved_m2: area that the repair changed, square metres.
    """

    code: Texts
    name: Texts
    kind: Texts
    geometry: Texts
    repaired: Flags
    moved_m2: Floats


@dataclass(frozen=True)
class PopulationRows(_Rows):
    """Numbers of people, by grid code or at points (then grid_code is None)."""

    grid_code: Texts | None
    lon: Floats
    lat: Floats
    count: Floats


@dataclass(frozen=True)
class ResidentRows(_Rows):
    """Who lives where: a person and a residence a row. Texts are '' where a row has none.

    Attributes:
        source_id: the file's id, or a digest of the row's content: never to be stored as it is.
        identity: digits and letters only, in capitals; checked where it has 18 places.
        phone: digits only, with + before a country's number.
        address: normalised, so that it can be found among the places; '' without one.
        kind: registered, resident or temporary.
        since: datetime64[D], NaT where the row does not say it.
        until: the first day no longer there; NaT while it lasts.
    """

    source_id: Texts
    lon: Floats
    lat: Floats
    grid_code: Texts | None
    address: Texts
    name: Texts
    identity: Texts
    phone: Texts
    detail: Texts
    note: Texts
    kind: Texts
    since: Times
    until: Times
