"""Parquet and GeoParquet, by pyarrow, batch by batch."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gridmap.core.i18n import N_
from gridmap.intake.errors import DamagedFile, NoSuchColumn
from gridmap.intake.formats.sink import Sink
from gridmap.intake.guards import check_column_count
from gridmap.intake.headers import unique_headers

_BATCH_ROWS = 20_000


def read_parquet(
    path: Path, *, format_: str, layer: str | None, limit: int | None, folder: Path
) -> dict[str, Any]:
    """Read all rows; write them to the folder; return what else there is to say."""
    del layer
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        check_column_count(path.name, len(schema))
        geometry, crs = _geometry_of(path.name, schema)
        usable = [i for i, field in enumerate(schema) if _is_flat(field.type) and i != geometry]
        left_out = [
            field.name
            for i, field in enumerate(schema)
            if not _is_flat(field.type) and i != geometry
        ]
        headers, repeated = unique_headers(schema.field(i).name for i in usable)
        with Sink(folder, path.name, limit) as sink:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS):
                _write(sink, batch, usable, geometry)
                if sink.full:
                    break
            if not sink.rows:
                _write(sink, pa.RecordBatch.from_pylist([], schema), usable, geometry)
        total = file.metadata.num_rows
    notes = []
    if left_out:
        message = N_("Columns with lists or structures are left out: %(columns)s.")
        fields = {"columns": ", ".join(left_out[:20])}
        notes.append({"code": "nested_columns", "message": message, "fields": fields})
    return {
        "format": format_,
        "headers": headers,
        "repeated": repeated,
        "geometry": geometry is not None,
        "crs": crs,
        "layers": [],
        "rows": total,
        "notes": notes,
    }


def _is_flat(kind: pa.DataType) -> bool:
    return not (
        pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    )


def _write(sink: Sink, batch: pa.RecordBatch, usable: list[int], geometry: int | None) -> None:
    columns = [_plain(batch.column(i)) for i in usable]
    wkb = None if geometry is None else batch.column(geometry).cast(pa.large_binary())
    first = sink.rows + 2
    line = pa.array(np.arange(first, first + batch.num_rows))
    sink.write(columns, wkb, line)


def _plain(column: pa.Array) -> pa.Array:
    kind = column.type
    return column.cast(kind.value_type) if pa.types.is_dictionary(kind) else column


def _geometry_of(file: str, schema: pa.Schema) -> tuple[int | None, str | None]:
    """Return the place and the system of the geometry column of a GeoParquet file."""
    raw = (schema.metadata or {}).get(b"geo")
    if raw is None:
        return None, None
    try:
        said = json.loads(raw)
        name = said["primary_column"]
        column = said["columns"][name]
        encoding = column.get("encoding", "WKB")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        why = N_("its geometry is not described as GeoParquet demands")
        raise DamagedFile(file=file, format="GeoParquet", why=why) from None
    if name not in schema.names:
        raise NoSuchColumn(file=file, column=name, headers=", ".join(schema.names[:30]))
    if encoding != "WKB":
        why = N_("its geometry is not WKB; save it with the encoding WKB")
        raise DamagedFile(file=file, format="GeoParquet", why=why)
    crs = column.get("crs", "OGC:CRS84")
    return schema.get_field_index(name), json.dumps(crs) if isinstance(crs, dict) else crs
