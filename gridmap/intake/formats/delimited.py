"""CSV and its relatives, by pyarrow, with the line number of every row."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from gridmap.core.i18n import N_
from gridmap.intake.errors import BadOption, DamagedFile, EmptyFile, NoHeader, TooLarge
from gridmap.intake.formats.scan import Scan, as_utf8, encoding_of
from gridmap.intake.guards import MAX_LINE_BYTES, check_column_count
from gridmap.intake.headers import looks_like_data, unique_headers

DELIMITERS = (",", ";", "\t", "|")
_HEAD_BYTES = 2 << 20
_SAMPLE_RECORDS = 50
_BLOCK_BYTES = 8 << 20
MAX_RAGGED_ROWS = 200_000
"""Rows that do not fit the header; with more of them the header, not the rows, is wrong."""


@dataclass(frozen=True)
class Dialect:
    """How a text file is laid out.

    Attributes:
        headers: names of the columns, unique, as the file has them otherwise.
        repeated: names that stand there more than once.
        body: offset of the first byte after the header, in UTF-8.
        body_line: lines before that byte.
    """

    encoding: str
    delimiter: str
    headers: tuple[str, ...]
    repeated: tuple[str, ...]
    body: int
    body_line: int
    sample: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class DelimitedRows:
    """All rows that fit the header, as text, and those that do not."""

    dialect: Dialect
    table: pa.Table
    line: NDArray[np.int64]
    ragged_line: NDArray[np.int64]
    ragged_fields: NDArray[np.int32]
    ragged_text: list[str]


def dialect_of(path: Path, scanned: Scan, encoding: str | None, delimiter: str | None) -> Dialect:
    """Find encoding, delimiter and header.

    Raises:
        UnreadableFile: no text, no header, no rows, or too wide.
    """
    if delimiter is not None and delimiter not in DELIMITERS:
        raise BadOption(option="--delimiter", value=delimiter, why="use , ; | or a tab.")
    found = encoding_of(path, scanned, encoding)
    with _utf8_bytes(path, found) as file:
        head = file.read(_HEAD_BYTES)
    mark = 3 if head.startswith(b"\xef\xbb\xbf") else 0
    text = head[mark:].decode("utf-8", "ignore")
    blank = len(text) - len(text.lstrip("\r\n"))
    text = text[blank:]
    if not text.strip():
        raise EmptyFile(file=path.name)
    separator = delimiter or _sniff_delimiter(text)
    records = list(_records(path, text, separator, _SAMPLE_RECORDS + 1))
    header, header_length = records[0]
    check_column_count(path.name, len(header))
    if looks_like_data(header):
        raise NoHeader(file=path.name, line=", ".join(header[:6]))
    lead = text[:header_length]
    start = head[mark:].decode("utf-8", "ignore")[:blank]
    headers, repeated = unique_headers(header)
    return Dialect(
        encoding=found,
        delimiter=separator,
        headers=headers,
        repeated=repeated,
        body=mark + len(start.encode()) + len(lead.encode()),
        body_line=_count_lines(start) + _count_lines(lead),
        sample=tuple(tuple(row) for row, _ in records[1:] if len(row) == len(header)),
    )


def read_delimited(path: Path, scanned: Scan, dialect: Dialect) -> DelimitedRows:
    """Read all rows as text.

    Raises:
        UnreadableFile: a quote that is never closed, a record that is too long, or no rows.
    """
    ragged = [0]

    def keep(_: pa.csv.InvalidRow) -> str:
        ragged[0] += 1
        return "skip" if ragged[0] <= MAX_RAGGED_ROWS else "error"

    with _utf8_bytes(path, dialect.encoding) as file:
        file.seek(dialect.body)
        try:
            table = pa.csv.read_csv(
                file,
                read_options=pa.csv.ReadOptions(
                    column_names=list(dialect.headers), block_size=_BLOCK_BYTES
                ),
                parse_options=pa.csv.ParseOptions(
                    delimiter=dialect.delimiter,
                    newlines_in_values=scanned.quotes > 0,
                    invalid_row_handler=keep,
                ),
                convert_options=pa.csv.ConvertOptions(
                    column_types=dict.fromkeys(dialect.headers, pa.string()),
                    strings_can_be_null=False,
                ),
            )
        except pa.ArrowInvalid as error:
            raise _refusal(path, error) from None
    return _with_lines(path, scanned, dialect, table, has_ragged=ragged[0] > 0)


def _refusal(path: Path, error: pa.ArrowInvalid) -> Exception:
    text = str(error)
    if "straddl" in text:
        return TooLarge(
            file=path.name,
            what=f"a row of more than {_BLOCK_BYTES >> 20} MB",
            limit=f"{MAX_LINE_BYTES >> 20} MB",
            way_out="Is a quotation mark missing?",
        )
    if "Expected" in text and "columns, got" in text:
        why = N_("too many rows have more or fewer fields than the header")
        return DamagedFile(file=path.name, format="CSV", why=why)
    if "Empty CSV" in text:
        return EmptyFile(file=path.name)
    return DamagedFile(file=path.name, format="CSV", why=text.splitlines()[0][:200])


def _with_lines(
    path: Path, scanned: Scan, dialect: Dialect, table: pa.Table, *, has_ragged: bool
) -> DelimitedRows:
    rows = table.num_rows
    ends = scanned.newlines + (0 if scanned.ends_with_newline else 1)
    plain = dialect.encoding.startswith("utf-8") and not has_ragged
    if plain and ends - dialect.body_line == rows and scanned.returns in (0, scanned.newlines):
        line = np.arange(rows, dtype=np.int64) + dialect.body_line + 1
        none = np.empty(0, np.int64)
        return DelimitedRows(dialect, table, line, none, none.astype(np.int32), [])
    from gridmap.intake.formats.lines import records_of  # compiled code: only where needed

    with _utf8_bytes(path, dialect.encoding) as file:
        file.seek(dialect.body)
        body = file.read()
    records = records_of(np.frombuffer(body, dtype=np.uint8), dialect.delimiter)
    if records.open_quote_line >= 0:
        raise DamagedFile(
            file=path.name,
            format="CSV",
            why=N_("a quotation mark opens on line %d and is never closed")
            % (records.open_quote_line + dialect.body_line + 1),
        )
    fits = records.fields == len(dialect.headers)
    line = records.line + dialect.body_line + 1
    if int(fits.sum()) != rows:
        raise DamagedFile(file=path.name, format="CSV", why=N_("its quotation marks do not add up"))
    odd = np.flatnonzero(~fits)
    texts = [
        body[records.start[i] : records.end[i]].decode("utf-8", "replace") for i in odd.tolist()
    ]
    return DelimitedRows(dialect, table, line[fits], line[odd], records.fields[odd], texts)


@contextmanager
def _utf8_bytes(path: Path, encoding: str) -> Iterator[pa.NativeFile]:
    """Yield the file's text in UTF-8, seekable."""
    if encoding.startswith("utf-8"):
        with pa.OSFile(str(path)) as file:
            yield file
        return
    with as_utf8(path, encoding) as copy, pa.PythonFile(copy, mode="r") as file:
        yield file


def _records(path: Path, text: str, delimiter: str, limit: int) -> Iterator[tuple[list[str], int]]:
    """Yield the first records, each with the number of characters up to its end."""
    lines = io.StringIO(text, newline="")
    pieces: list[int] = [0]

    def counted() -> Iterator[str]:
        for line in lines:
            pieces[0] += len(line)
            yield line

    try:
        for number, row in enumerate(csv.reader(counted(), delimiter=delimiter)):
            if row:
                yield row, pieces[0]
            if number >= limit:
                return
    except csv.Error as error:
        raise DamagedFile(file=path.name, format="CSV", why=str(error)) from None


def _count_lines(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _sniff_delimiter(text: str) -> str:
    """Return the delimiter that splits the first lines into equally many fields, and most."""

    def quality(delimiter: str) -> tuple[float, int]:
        try:
            rows = csv.reader(io.StringIO(text[:65536], newline=""), delimiter=delimiter)
            widths = [len(row) for _, row in zip(range(_SAMPLE_RECORDS), rows, strict=False) if row]
        except csv.Error:
            return 0.0, 0
        width, times = Counter(widths).most_common(1)[0]
        return (times / len(widths) if width > 1 else 0.0), widths[0]

    return max(DELIMITERS, key=quality)


def split_ragged(texts: Sequence[str], delimiter: str, width: int) -> list[list[str]]:
    """Split rows that do not fit, for the report: short ones padded, the surplus joined."""
    rows = []
    for text in texts:
        fields = next(csv.reader([text], delimiter=delimiter), [])
        head = [*fields[: width - 1], delimiter.join(fields[width - 1 :])]
        rows.append([*head, *[""] * (width - len(head))])
    return rows
