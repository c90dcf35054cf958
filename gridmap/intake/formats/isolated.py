"""Reads everything but CSV in a process of its own, under limits.

GDAL, openpyxl and the Parquet reader take in complicated bytes from strangers. In a process of
its own such a file can neither take the server's memory nor crash it, and GDAL knows only the one
driver that the file needs: no addresses, no virtual file systems, no formats that point to other
files. The process streams the rows into an Arrow file; this side maps it.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gridmap.core.i18n import N_
from gridmap.intake import errors
from gridmap.intake.guards import READER_MEMORY_BYTES, READER_SECONDS
from gridmap.intake.rows import Note

GEOMETRY = "geometry"
LINE = "line"
_ROOT = Path(__file__).resolve().parents[3]
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_POLL_SECONDS = 0.01


@dataclass(frozen=True)
class Isolated:
    """What the reader found; see `tables.Table`.

    Attributes:
        rows: how many rows there are in all; None when not known.
    """

    format: str
    headers: tuple[str, ...]
    repeated: tuple[str, ...]
    columns: Mapping[str, pa.ChunkedArray]
    geometry: pa.ChunkedArray | None
    line: NDArray[np.int64]
    crs: str | None
    layers: tuple[str, ...]
    rows: int | None
    notes: tuple[Note, ...]


def read_isolated(
    path: Path, format_: str, layer: str | None, limit: int | None = None
) -> Isolated:
    """Read a file in a process of its own.

    Args:
        path: real path of an ordinary file.
        format_: as `sniff.format_of` says.
        layer: of the file, or None for the first.
        limit: rows to read, or None for all.

    Raises:
        UnreadableFile: it cannot be used, or reading it takes too much memory or time.
    """
    with tempfile.TemporaryDirectory(prefix="gridmap-read-") as folder:
        order = {
            "path": str(path),
            "format": format_,
            "layer": layer,
            "limit": limit,
            "folder": folder,
        }
        answer = _run(path.name, order, folder)
        if "error" in answer:
            raise getattr(errors, answer["error"])(**{"file": path.name, **answer["fields"]})
        source = pa.memory_map(str(Path(folder) / "rows.arrow"))
        table = pa.ipc.open_file(source).read_all()
    headers = tuple(answer["headers"])
    columns = {header: table.column(i) for i, header in enumerate(headers)}
    return Isolated(
        format=answer["format"],
        headers=headers,
        repeated=tuple(answer["repeated"]),
        columns=columns,
        geometry=table.column(GEOMETRY) if answer["geometry"] else None,
        line=table.column(LINE).to_numpy().astype(np.int64),
        crs=answer["crs"],
        layers=tuple(answer["layers"]),
        rows=answer["rows"],
        notes=tuple(Note(**note) for note in answer["notes"]),
    )


def _run(file: str, order: dict[str, Any], folder: str) -> dict[str, Any]:
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(_ROOT),
        "PYTHONSAFEPATH": "1",
        "TMPDIR": folder,
        "HOME": folder,
        "LANG": "C.UTF-8",
        "PROJ_NETWORK": "OFF",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "GDAL_NUM_THREADS": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "gridmap.intake.formats.reader"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd=folder,
    )
    try:
        _send(process, order)
        _watch(process, file)
        return _answer(process, file, order["format"])
    finally:
        process.kill()
        process.communicate()


def _send(process: subprocess.Popen[bytes], order: dict[str, Any]) -> None:
    if process.stdin is not None:
        process.stdin.write(json.dumps(order).encode())
        process.stdin.close()
        process.stdin = None


def _watch(process: subprocess.Popen[bytes], file: str) -> None:
    """Wait for the end of the reader; stop it when it takes too much."""
    end = time.monotonic() + READER_SECONDS
    while process.poll() is None:
        if _resident_bytes(process.pid) > READER_MEMORY_BYTES:
            limit = f"{READER_MEMORY_BYTES >> 20} MB"
            raise errors.TooLarge(
                file=file,
                what=N_("content that unpacks to more memory than one file may take"),
                limit=limit,
                way_out=N_("Split it, or save it as CSV."),
            )
        if time.monotonic() > end:
            raise errors.TooLarge(
                file=file,
                what=N_("content that takes too long to read"),
                limit=f"{READER_SECONDS} s",
                way_out=N_("Split it, or save it as CSV."),
            )
        time.sleep(_POLL_SECONDS)


def _resident_bytes(pid: int) -> int:
    """Return the private resident memory of a process; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
        return (int(fields[1]) - int(fields[2])) * _PAGE_BYTES
    except (OSError, IndexError, ValueError):
        return 0


def _answer(process: subprocess.Popen[bytes], file: str, format_: str) -> dict[str, Any]:
    output = process.stdout.read() if process.stdout is not None else b""
    try:
        answer: dict[str, Any] = json.loads(output.splitlines()[-1])
    except (ValueError, IndexError):
        why = N_("the reader gave up on it")
        raise errors.DamagedFile(file=file, format=format_, why=why) from None
    return answer
