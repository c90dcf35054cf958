"""Excel books, by openpyxl, row by row; values as text, formulas as their last result."""

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
import pyarrow as pa
from defusedxml.common import DefusedXmlException
from openpyxl.cell.cell import Cell
from openpyxl.cell.read_only import ReadOnlyCell

from gridmap.core.i18n import N_
from gridmap.intake.errors import DamagedFile, EmptyFile, NoHeader, NoSuchLayer
from gridmap.intake.formats.sink import Sink
from gridmap.intake.guards import check_column_count
from gridmap.intake.headers import looks_like_data, unique_headers

_BATCH_ROWS = 20_000
_MAX_TITLE_ROWS = 10

Row = tuple[int, list[str]]


def read_sheet(path: Path, *, layer: str | None, limit: int | None, folder: Path) -> dict[str, Any]:
    """Read one sheet; write its rows to the folder; return what else there is to say."""
    if not openpyxl.DEFUSEDXML:
        raise RuntimeError("defusedxml is missing")
    try:
        with path.open("rb") as file:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            return _read_book(path.name, book, layer, limit, folder)
    except (DefusedXmlException, ParseError, ValueError, KeyError) as error:
        why = N_("its parts are not what Excel writes: %s") % type(error).__name__
        raise DamagedFile(file=path.name, format="Excel", why=why) from None


def _read_book(
    file: str, book: openpyxl.Workbook, layer: str | None, limit: int | None, folder: Path
) -> dict[str, Any]:
    names = [sheet.title for sheet in book.worksheets]
    if not names or (layer is not None and layer not in names):
        raise NoSuchLayer(file=file, layer=layer or "", layers=", ".join(names[:30]))
    sheet = book[layer or names[0]]
    sheet.reset_dimensions()
    rows = _rows(sheet)
    headers, repeated, skipped, first = _header(file, rows)
    with Sink(folder, file, limit) as sink:
        _write_all(file, sink, len(headers), first, rows)
    notes = []
    if skipped:
        message = N_("%(count)s rows above the header are left out.")
        if skipped == 1:
            message = N_("One row above the header is left out.")
        notes = [{"code": "title_rows", "message": message, "fields": {"count": skipped}}]
    return {
        "format": "xlsx",
        "headers": headers,
        "repeated": repeated,
        "geometry": False,
        "crs": None,
        "layers": names,
        "rows": None if sink.full else sink.rows,
        "notes": notes,
    }


def _rows(sheet: Any) -> Iterator[Row]:
    """Yield the number and the texts of each row that is not empty."""
    for number, cells in enumerate(sheet.iter_rows(), 1):
        texts = [_text(cell) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        if texts:
            yield number, texts


def _header(
    file: str, rows: Iterator[Row]
) -> tuple[tuple[str, ...], tuple[str, ...], int, list[Row]]:
    """Return headers, repeated ones, title rows above them, and rows read too far.

    A row with a single text above wider ones is a title.
    """
    titles = 0
    pending: list[Row] = []
    for number, texts in rows:
        pending.append((number, texts))
        if sum(map(bool, texts)) > 1 or len(pending) > _MAX_TITLE_ROWS:
            break
    if not pending:
        raise EmptyFile(file=file)
    widest = max(len(texts) for _, texts in pending)
    while len(pending[titles][1]) == 1 and widest > 1:
        titles += 1
    header = pending[titles][1]
    check_column_count(file, len(header))
    if looks_like_data(header):
        raise NoHeader(file=file, line=", ".join(header[:6]))
    headers, repeated = unique_headers(header)
    return headers, repeated, titles, pending[titles + 1 :]


def _write_all(
    file: str, sink: Sink, width: int, first: Sequence[Row], rows: Iterator[Row]
) -> None:
    block: list[Row] = list(first)
    for row in rows:
        if len(row[1]) > width:
            why = N_("a row reaches beyond the last header")
            raise DamagedFile(file=f"{file} ({row[0]})", format="Excel", why=why)
        block.append(row)
        if len(block) >= (sink.limit or _BATCH_ROWS):
            _write(sink, width, block)
            block = []
            if sink.full:
                return
    _write(sink, width, block)


def _write(sink: Sink, width: int, block: Sequence[Row]) -> None:
    padded = [texts + [""] * (width - len(texts)) for _, texts in block]
    columns = [pa.array([row[i] for row in padded], pa.large_string()) for i in range(width)]
    sink.write(columns, None, pa.array([number for number, _ in block], pa.int64()))


def _text(cell: Cell | ReadOnlyCell | Any) -> str:
    """Return what a cell shows, in plain forms: ISO dates, numbers without grouping."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return _moment(value, str(cell.number_format))
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)


def _moment(value: dt.datetime, number_format: str) -> str:
    """Return a date alone when the cell shows no hour and has none."""
    shows_time = "h" in number_format.lower()
    if not shows_time and value.time() == dt.time():
        return value.date().isoformat()
    return value.isoformat(sep=" ")
