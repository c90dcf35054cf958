"""Archives: Excel books, and shapefiles in a zip; checked before anything is unpacked."""

import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

from gridmap.core.i18n import N_
from gridmap.intake.errors import DamagedFile, NoSuchLayer, TooLarge, UnknownFormat
from gridmap.intake.guards import MAX_RATIO, MAX_UNPACKED_BYTES

_MAX_MEMBERS = 10_000
_SMALL_BYTES = 16 << 20
"""Members up to this size may be packed as tightly as they like."""
_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_COPY_BYTES = 1 << 20


def read_archive(
    path: Path, *, format_: str, layer: str | None, limit: int | None, folder: Path
) -> dict[str, Any]:
    """Read an Excel book or a zipped shapefile; write its rows to the folder."""
    del format_
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        check_members(path.name, members)
        names = {member.filename for member in members}
        is_book = "xl/workbook.xml" in names
        shapefile = None if is_book else _unpack_shapefile(path.name, archive, layer, folder)
    if is_book:
        from gridmap.intake.formats.sheets import read_sheet

        return read_sheet(path, layer=layer, limit=limit, folder=folder)
    from gridmap.intake.formats.vector import read_vector

    source, layers = shapefile or (path, [])
    answer = read_vector(source, format_="shp", layer=None, limit=limit, folder=folder)
    return {**answer, "layers": layers}


def check_members(file: str, members: list[zipfile.ZipInfo]) -> None:
    """Refuse an archive that is a bomb, or whose paths lead out of it.

    Raises:
        UnreadableFile: too many or too large members, absolute or climbing paths, encryption.
    """
    way_out = N_("Pack the file itself, and nothing else.")
    if len(members) > _MAX_MEMBERS:
        what = N_("too many files in the archive")
        raise TooLarge(file=file, what=what, limit=f"{_MAX_MEMBERS}", way_out=way_out)
    unpacked = sum(member.file_size for member in members)
    bomb = any(
        member.file_size > _SMALL_BYTES
        and member.file_size > MAX_RATIO * max(member.compress_size, 1)
        for member in members
    )
    if unpacked > MAX_UNPACKED_BYTES or bomb:
        raise TooLarge(
            file=file,
            what=N_("an archive that unpacks to far more than it seems"),
            limit=f"{MAX_UNPACKED_BYTES >> 30} GB, 1 : {MAX_RATIO}",
            way_out=N_("Save it again from the program that made it, or as CSV."),
        )
    for member in members:
        pure = PurePosixPath(member.filename.replace("\\", "/"))
        if pure.is_absolute() or ".." in pure.parts or ":" in (pure.parts or ("",))[0]:
            why = N_("a path in the archive leads out of it")
            raise DamagedFile(file=file, format="ZIP", why=why)
        if member.flag_bits & 1:
            why = N_("the archive is locked with a password")
            raise DamagedFile(file=file, format="ZIP", why=why)


def _unpack_shapefile(
    file: str, archive: zipfile.ZipFile, layer: str | None, folder: Path
) -> tuple[Path, list[str]]:
    """Unpack one shapefile's parts under a name of our own; return it and all that are there."""
    members = {
        member.filename: member
        for member in archive.infolist()
        if not member.is_dir() and not member.filename.startswith("__MACOSX/")
    }
    stems = {
        name[:-4]: PurePosixPath(name).stem for name in members if name.lower().endswith(".shp")
    }
    if not stems:
        what = N_("an archive without an Excel book or a shapefile")
        raise UnknownFormat(file=file, what=what)
    layers = sorted(stems.values())
    wanted = [stem for stem, name in stems.items() if layer is None or name == layer]
    if not wanted or (layer is None and len(stems) > 1):
        raise NoSuchLayer(file=file, layer=layer or "", layers=", ".join(layers[:30]))
    lower = {name.lower(): member for name, member in members.items()}
    target = folder / "unpacked"
    target.mkdir()
    for part in _PARTS:
        member = lower.get(f"{wanted[0]}{part}".lower())
        if member is not None:
            with archive.open(member) as source, (target / f"layer{part}").open("wb") as copy:
                while chunk := source.read(_COPY_BYTES):
                    copy.write(chunk)
    return target / "layer.shp", layers
