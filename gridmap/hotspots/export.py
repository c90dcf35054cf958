"""A study as a file for other programs."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from gridmap.core.errors import BadRequest
from gridmap.hotspots.borders import grids_of
from gridmap.hotspots.studies import Study

DRIVERS = {".geojson": "GeoJSON", ".json": "GeoJSON", ".gpkg": "GPKG"}


def study_frame(session: Session, found: Study) -> Any:
    """Return a geopandas.GeoDataFrame: the grids of the study with their figures, EPSG:4326."""
    import geopandas  # slow to load: only exports need it

    grids = grids_of(session, found.question)
    shapes = grids.table.geometries[grids.positions(found.grid_ids)]
    frame = geopandas.GeoDataFrame(found.as_json()["grids"], geometry=shapes, crs=4326)
    frame.insert(1, "name", found.names)
    return frame.set_index(frame["code"].rename(None))


def as_geojson(session: Session, found: Study) -> str:
    """Return a FeatureCollection; what holds for all of it stands under `gridmap`."""
    answer = found.as_json()
    del answer["grids"]
    collection = study_frame(session, found).to_geo_dict(na="null")
    return json.dumps({"gridmap": answer, **collection}, ensure_ascii=False, allow_nan=False)


def write_study(session: Session, found: Study, path: Path) -> None:
    """Write a study to a file, whole or not at all: GeoJSON, or GeoPackage by its ending.

    Raises:
        BadRequest: the ending names no format that we write, or the folder cannot be written.
    """
    driver = DRIVERS.get(path.suffix.lower())
    if driver is None:
        raise BadRequest(field="--out", why="a name that ends in .geojson or .gpkg.")
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        if driver == "GeoJSON":
            part.write_text(as_geojson(session, found), encoding="utf-8")
        else:
            study_frame(session, found).to_file(part, driver=driver, layer="hotspots")
        part.replace(path)
    except OSError as problem:
        why = f"{path} cannot be written ({problem.strerror})."
        raise BadRequest(field="--out", why=why) from problem
    finally:
        part.unlink(missing_ok=True)
