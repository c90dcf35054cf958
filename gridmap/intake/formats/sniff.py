"""What a file is by its first bytes; its name does not count."""

from pathlib import Path

from gridmap.core.i18n import N_
from gridmap.intake.errors import DamagedFile, UnknownFormat

_HEAD_BYTES = 65536
_KNOWN = (
    (b"PK\x03\x04", "zip"),
    (b"PAR1", "parquet"),
    (b"SQLite format 3\x00", "gpkg"),
    (b"\x00\x00\x27\x0a", "shp"),
)
_REFUSED = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", N_("an old Excel file (.xls) or a locked one")),
    (b"PK\x05\x06", N_("an empty archive")),
    (b"\x1f\x8b", N_("a gzip archive")),
    (b"BZh", N_("a bzip2 archive")),
    (b"\xfd7zXZ\x00", N_("an xz archive")),
    (b"7z\xbc\xaf\x27\x1c", N_("a 7-Zip archive")),
    (b"Rar!", N_("a RAR archive")),
    (b"%PDF", N_("a PDF document")),
    (b"fgb\x03", N_("a FlatGeobuf file")),
    (b"\x89PNG", N_("an image")),
    (b"\xff\xd8\xff", N_("an image")),
    (b"II*\x00", N_("an image")),
    (b"MM\x00*", N_("an image")),
    (b"ARROW1", N_("an Arrow file")),
)


def format_of(path: Path) -> str:
    """Return csv, geojson, gpkg, parquet, shp or zip (an Excel book or a zipped shapefile).

    Raises:
        UnknownFormat: the bytes are something else.
        DamagedFile: they are no text and nothing that we know.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    for magic, name in _KNOWN:
        if head.startswith(magic):
            return name
    for magic, what in _REFUSED:
        if head.startswith(magic):
            raise UnknownFormat(file=path.name, what=what)
    return _text_format(path, head)


def _text_format(path: Path, head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "csv"
    if path.suffix.lower() in {".dbf", ".shx", ".prj", ".cpg"} and b"\0" in head:
        raise UnknownFormat(file=path.name, what=N_("a part of a shapefile without its .shp"))
    if head.count(b"\0") > len(head) // 100:
        raise DamagedFile(file=path.name, format="CSV", why=N_("it is binary, not text"))
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"{", b"[{")):
        return "geojson"
    if text.startswith(b"<"):
        raise UnknownFormat(file=path.name, what=N_("XML or HTML (KML, GML, VRT …)"))
    return "csv"
