"""Tables for spreadsheets: CSV and Excel, in which no cell is taken for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA = tuple("=+-@\t\r\n＝＋－＠")
WIDTH = 24
LONGEST_CELL = 32_000
"""Excel holds 32,767 characters in a cell."""


def safe_cell(value: str) -> str:
    """Keep a spreadsheet from taking a text for a formula; Chinese ones take wide signs too."""
    return "'" + value if value.startswith(FORMULA) else value


def as_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a CSV file that Excel opens as UTF-8; None is an empty cell."""
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow([safe_cell(name) for name in header])
    writer.writerows([_text(value) for value in row] for row in rows)
    return "\ufeff" + target.getvalue()


def _text(value: object) -> object:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return safe_cell(value) if isinstance(value, str) else "" if value is None else value


def as_xlsx(title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return an Excel file of one sheet; instants are written without a zone."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    for column in range(1, len(header) + 1):
        sheet.column_dimensions[get_column_letter(column)].width = WIDTH
    head = [WriteOnlyCell(sheet, value=name) for name in header]
    for cell in head:
        cell.font = Font(bold=True)
    sheet.append(head)
    for row in rows:
        sheet.append([_plain(value) for value in row])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _plain(value: object) -> object:
    """Return what openpyxl can hold; it writes every text that begins with = as a formula."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, str):
        return safe_cell("".join(c for c in value[:LONGEST_CELL] if c >= " " or c in "\t\n"))
    return value
