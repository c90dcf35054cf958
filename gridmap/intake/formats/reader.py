"""The program that `isolated.py` starts: one order on standard input, one answer on output."""

import ctypes
import json
import re
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from gridmap.intake.errors import UnreadableFile
from gridmap.intake.guards import MAX_UNPACKED_BYTES

Answer = dict[str, Any]
_PR_SET_PDEATHSIG = 1


def _reader(format_: str) -> Callable[..., Answer]:
    """Return the reader of a format; only its libraries are loaded."""
    if format_ == "parquet":
        from gridmap.intake.formats.columnar import read_parquet

        return read_parquet
    if format_ == "zip":
        from gridmap.intake.formats.archives import read_archive

        return read_archive
    from gridmap.intake.formats.vector import read_vector

    return read_vector


def _reason(error: Exception, order: dict[str, Any]) -> str:
    """Return what a library says, on one line, without paths of this machine."""
    text = " ".join(str(error).split()) or type(error).__name__
    for path in (order["path"], order["folder"]):
        text = text.replace(path, Path(path).name)
    return re.sub(r"(/[\w.~-]+){2,}", "…", text)[:160]


def _die_with_parent() -> None:
    """Ask Linux to end this process when the one that started it is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> int:
    """Read as ordered; print the answer as one line of JSON."""
    _die_with_parent()
    order = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_UNPACKED_BYTES, MAX_UNPACKED_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pa.set_cpu_count(1)
    name = Path(order["path"]).name
    try:
        answer = _reader(order["format"])(
            Path(order["path"]),
            format_=order["format"],
            layer=order["layer"],
            limit=order["limit"],
            folder=Path(order["folder"]),
        )
    except UnreadableFile as error:
        answer = {"error": type(error).__name__, "fields": error.fields}
    except Exception as error:
        fields = {"file": name, "format": order["format"], "why": _reason(error, order)}
        answer = {"error": "DamagedFile", "fields": fields}
    sys.stdout.write(json.dumps(answer, default=str) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
