"""Excel books made by code, and changed part by part."""

import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl

Change = bytes | Callable[[bytes], bytes]


def book_bytes(rows: Sequence[Sequence[object]]) -> bytes:
    """Return a book with one sheet."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def changed_book(path: Path, changes: dict[str, Change], content: bytes | None = None) -> Path:
    """Write a book with some parts replaced."""
    source = io.BytesIO(content or book_bytes([["a", "b"], ["x", "y"]]))
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            change = changes.get(name, part)
            new.writestr(name, change(part) if callable(change) else change)
    return path
