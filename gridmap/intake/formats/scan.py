"""One pass over a text file's bytes: its hash, its encoding, its line ends."""

import codecs
import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from gridmap.intake.errors import BadEncoding, BadOption, DamagedFile, TooLarge
from gridmap.intake.guards import MAX_LINE_BYTES

CHUNK_BYTES = 4 << 20
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass(frozen=True)
class Scan:
    """What the bytes of a file look like.

    Attributes:
        sha256: hexadecimal.
        utf8: whether all bytes are UTF-8.
        newlines: number of line feeds.
        returns: number of carriage returns.
        quotes: number of double quotes.
        nuls: number of NUL bytes.
        ends_with_newline: whether the last byte is a line feed.
    """

    sha256: str
    size: int
    utf8: bool
    newlines: int
    returns: int
    quotes: int
    nuls: int
    ends_with_newline: bool


def scan(path: Path, *, limit_lines: bool = True) -> Scan:
    """Read a file once, in chunks.

    Args:
        path: an ordinary file.
        limit_lines: refuse a line longer than MAX_LINE_BYTES as soon as it is met.

    Raises:
        TooLarge: such a line.
    """
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    utf8 = True
    size = newlines = returns = quotes = nuls = since_newline = 0
    chunk = b""
    with path.open("rb") as file:
        while part := file.read(CHUNK_BYTES):
            chunk = part
            digest.update(chunk)
            size += len(chunk)
            quotes += chunk.count(b'"')
            nuls += chunk.count(b"\0")
            returns += chunk.count(b"\r")
            utf8 = utf8 and _decodes(decoder, chunk)
            newlines += chunk.count(b"\n")
            longest, since_newline = _longest_line(chunk, since_newline)
            if limit_lines and longest > MAX_LINE_BYTES and b"\r" not in chunk:
                raise TooLarge(
                    file=path.name,
                    what=f"a line of more than {MAX_LINE_BYTES >> 20} MB",
                    limit=f"{MAX_LINE_BYTES >> 20} MB",
                    way_out="Is it a table with one row a line? Export it again.",
                )
    return Scan(
        sha256=digest.hexdigest(),
        size=size,
        utf8=utf8 and _decodes(decoder, b"", final=True),
        newlines=newlines,
        returns=returns,
        quotes=quotes,
        nuls=nuls,
        ends_with_newline=chunk.endswith(b"\n"),
    )


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    if chunk.isascii() and not final and decoder.getstate() == (b"", 0):
        return True
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _longest_line(chunk: bytes, before: int) -> tuple[int, int]:
    """Return the longest line seen if it is long at all, and the bytes after the last line end.

    A line of more than MAX_LINE_BYTES leaves a whole block of half that size without a line end.
    """
    last = chunk.rfind(b"\n")
    after = len(chunk) - last - 1 if last >= 0 else before + len(chunk)
    half = MAX_LINE_BYTES // 2
    starts = range(0, len(chunk), half)
    if last >= 0 and all(chunk.find(b"\n", start, start + half) >= 0 for start in starts):
        return 0, after
    ends = np.flatnonzero(np.frombuffer(chunk, dtype=np.uint8) == ord("\n"))
    if not ends.size:
        return after, after
    longest = max(int(ends[0]) + before, int(np.diff(ends).max(initial=0)), after)
    return longest, after


def encoding_of(path: Path, scanned: Scan, wanted: str | None) -> str:
    """Decide which encoding a text file is in.

    GB18030 decodes nearly any bytes, so it is believed only when most of what it yields are
    everyday characters (those of GB 2312); Latin-1 text does not pass.

    Raises:
        BadEncoding: neither UTF-8 nor believable GB18030.
        BadOption: the encoding that was asked for does not exist.
    """
    if wanted is not None:
        try:
            name = codecs.lookup(wanted).name
        except LookupError:
            raise BadOption(option="--encoding", value=wanted, why="it is unknown.") from None
        return "utf-8-sig" if name == "utf-8" else name
    with path.open("rb") as file:
        head = file.read(CHUNK_BYTES)
    for mark, name in _BOMS.items():
        if head.startswith(mark) and (scanned.utf8 or name == "utf-16"):
            return name
    if scanned.utf8:
        return "utf-8"
    if scanned.nuls == 0 and _is_everyday_chinese(head):
        return "gb18030"
    raise BadEncoding(file=path.name)


def _is_everyday_chinese(head: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("gb18030")("strict")
    try:
        text = decoder.decode(head)
    except UnicodeDecodeError:
        return False
    wide = "".join(filter(lambda character: ord(character) > 127, text[:200_000]))
    everyday = wide.encode("gb2312", "ignore").decode("gb2312")
    return len(wide) > 0 and len(everyday) >= 0.9 * len(wide)


def as_utf8(path: Path, encoding: str) -> IO[bytes]:
    """Return a temporary file (deleted when closed) with the same text in UTF-8.

    Raises:
        BadEncoding: bytes that are no text in this encoding.
        DamagedFile: there is no room for the copy.
    """
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                copy.write(decoder.decode(chunk).encode())
        copy.write(decoder.decode(b"", final=True).encode())
    except UnicodeError:
        copy.close()
        raise BadEncoding(file=path.name) from None
    except OSError as error:
        copy.close()
        raise DamagedFile(file=path.name, format="text", why=str(error.strerror)) from None
    copy.seek(0)
    return copy
