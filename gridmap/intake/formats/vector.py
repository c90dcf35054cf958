"""GeoJSON, GeoPackage and shapefiles, by GDAL with one driver and nothing else."""

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
from pyogrio import _ogr

from gridmap.core.i18n import N_
from gridmap.intake.errors import DamagedFile, NoSuchLayer, UnknownFormat
from gridmap.intake.formats.sink import Sink
from gridmap.intake.guards import check_column_count
from gridmap.intake.headers import unique_headers

_DRIVERS = {"geojson": "GeoJSON", "gpkg": "GPKG", "shp": "ESRI Shapefile"}
_SIBLINGS = (".shx", ".dbf", ".prj", ".cpg")
_BATCH_ROWS = 20_000
_GPKG_TABLES = ("gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys")


def read_vector(
    path: Path, *, format_: str, layer: str | None, limit: int | None, folder: Path
) -> dict[str, Any]:
    """Read a layer; write its rows to the folder; return what else there is to say."""
    keep_one_driver(_DRIVERS[format_])
    if format_ == "gpkg":
        check_geopackage(path)
    source = _plain_copy(path, format_, folder)
    layers, chosen = _layers(path.name, source, layer) if format_ == "gpkg" else ([], None)
    options: dict[str, Any] = {"DATE_AS_STRING": "YES"} if format_ == "geojson" else {}
    with (
        pyogrio.open_arrow(
            str(source), layer=chosen, use_pyarrow=True, batch_size=_BATCH_ROWS, **options
        ) as (meta, batches),
        Sink(folder, path.name, limit) as sink,
    ):
        schema = batches.schema
        where = _geometry_index(schema, meta)
        check_column_count(path.name, len(schema))
        names = [name for i, name in enumerate(schema.names) if i != where]
        headers, repeated = unique_headers(names)
        for batch in batches:
            _write(sink, batch, where)
            if sink.full:
                break
        if not sink.rows:
            _write(sink, pa.RecordBatch.from_pylist([], schema), where)
    return {
        "format": format_,
        "headers": headers,
        "repeated": repeated,
        "geometry": where is not None,
        "crs": meta["crs"] if format_ != "geojson" or _names_system(source) else None,
        "layers": layers,
        "rows": _feature_count(source, chosen) if sink.full else sink.rows,
        "notes": [],
    }


def _write(sink: Sink, batch: pa.RecordBatch, where: int | None) -> None:
    columns = [batch.column(i) for i in range(batch.num_columns) if i != where]
    geometry = None if where is None else batch.column(where).cast(pa.large_binary())
    first = sink.rows + 2
    line = pa.array(np.arange(first, first + batch.num_rows))
    sink.write(columns, geometry, line)


def _geometry_index(schema: pa.Schema, meta: dict[str, Any]) -> int | None:
    name = meta["geometry_name"] or "wkb_geometry"
    if meta["geometry_type"] is None or name not in schema.names:
        return None
    return int(schema.get_all_field_indices(name)[-1])


def _feature_count(source: Path, layer: str | None) -> int | None:
    count = int(pyogrio.read_info(str(source), layer=layer)["features"])
    return count if count >= 0 else None


def _layers(file: str, source: Path, layer: str | None) -> tuple[list[str], str]:
    """Return the layers of a GeoPackage and the chosen one: the first unless one is named."""
    layers = [str(name) for name in pyogrio.list_layers(str(source))[:, 0]]
    if not layers:
        raise DamagedFile(file=file, format="GeoPackage", why=N_("it has no layer"))
    chosen = layer or layers[0]
    if chosen not in layers:
        raise NoSuchLayer(file=file, layer=chosen, layers=", ".join(layers[:30]))
    return layers, chosen


def keep_one_driver(name: str) -> None:
    """Take all drivers but one away from GDAL.

    Raises:
        RuntimeError: others are left; better no file than one read by the wrong driver.
    """
    others = [driver for driver in pyogrio.list_drivers() if driver != name]
    pyogrio.set_gdal_config_options(
        {
            "GDAL_SKIP": ",".join(others),
            "OGR_SKIP": ",".join(others),
            "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
            "GDAL_HTTP_TIMEOUT": "1",
            "OGR_GEOJSON_MAX_OBJ_SIZE": "200",
            "OGR_SQLITE_LOAD_EXTENSIONS": "",
            "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",
        }
    )
    _ogr._register_drivers()
    left = set(pyogrio.list_drivers())
    if left != {name}:
        raise RuntimeError(f"GDAL kept {sorted(left - {name})[:5]}")


def _plain_copy(path: Path, format_: str, folder: Path) -> Path:
    """Give the file a harmless name with the suffix of its format, by symbolic links."""
    source = folder / f"{path.stem if path.stem.isidentifier() else 'layer'}.{format_}"
    source.symlink_to(path)
    if format_ == "shp":
        present = {p.suffix.lower(): p for p in path.parent.glob(f"{_literal(path.stem)}.*")}
        missing = [s for s in (".shx", ".dbf") if s not in present]
        if missing:
            what = N_("a shapefile without its .shx and .dbf files")
            raise UnknownFormat(file=path.name, what=what)
        for suffix in _SIBLINGS:
            if suffix in present and present[suffix].resolve().is_file():
                source.with_suffix(suffix).symlink_to(present[suffix].resolve())
    return source


def _literal(stem: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in stem)


def _names_system(path: Path) -> bool:
    """Tell whether a GeoJSON file names its system; GDAL says WGS84 otherwise."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
        file.seek(max(0, path.stat().st_size - (1 << 12)))
        return b'"crs"' in head or b'"crs"' in file.read()


def check_geopackage(path: Path) -> None:
    """Refuse a GeoPackage whose tables are not plain tables.

    A view or a computed column runs foreign SQL when it is read: it may never end, or call
    functions that touch other files.

    Raises:
        UnreadableFile: such a table, no GeoPackage, or a damaged one.
    """
    connection = sqlite3.connect(f"file:{_quoted(path)}?mode=ro&immutable=1", uri=True)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.set_progress_handler(_give_up_after(2_000_000), 1000)
        kinds = dict(connection.execute("SELECT name, type FROM sqlite_master").fetchall())
        if kinds.get("gpkg_contents") is None:
            raise UnknownFormat(file=path.name, what=N_("an SQLite database, no GeoPackage"))
        sql = dict(connection.execute("SELECT name, sql FROM sqlite_master").fetchall())
        named = (
            connection.execute("SELECT table_name FROM gpkg_contents").fetchmany(1000)
            if _is_plain(kinds, sql, "gpkg_contents")
            else []
        )
        wanted = {*_GPKG_TABLES, *(str(row[0]) for row in named)}
        if not all(_is_plain(kinds, sql, name) for name in wanted if name in kinds):
            raise DamagedFile(
                file=path.name,
                format="GeoPackage",
                why=N_("it holds views or computed columns in place of plain tables"),
            )
    except sqlite3.Error as error:
        raise DamagedFile(file=path.name, format="GeoPackage", why=str(error)) from None
    finally:
        connection.close()


def _is_plain(kinds: dict[str, str], sql: dict[str, str], name: str) -> bool:
    text = " ".join(str(sql.get(name) or "").upper().split())
    computed = "GENERATED ALWAYS" in text or " AS (" in text or " AS(" in text
    return kinds.get(name) == "table" and text.startswith("CREATE TABLE") and not computed


def _give_up_after(steps: int) -> Any:
    left = [steps // 1000]

    def one_more() -> int:
        left[0] -= 1
        return int(left[0] <= 0)

    return one_more


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(str(path))
