"""A study as a file for other programs."""

import json
from pathlib import Path

import shapely
from sqlalchemy.orm import Session

from gridmap.grids.locator import current_grids
from gridmap.hotspots.studies import Study


def as_geojson(session: Session, found: Study) -> str:
    """Return a FeatureCollection: the grids of the study, their figures as properties."""
    answer = found.as_json()
    grids = current_grids(session)
    shapes = grids.table.geometries[grids.positions(found.grid_ids)]
    names = found.names.tolist()
    features = [
        {
            "type": "Feature",
            "id": figures["code"],
            "properties": {**figures, "name": name},
            "geometry": json.loads(shape),
        }
        for figures, name, shape in zip(
            answer.pop("grids"), names, shapely.to_geojson(shapes), strict=True
        )
    ]
    collection = {"type": "FeatureCollection", "gridmap": answer, "features": features}
    return json.dumps(collection, ensure_ascii=False, allow_nan=False)


def write_geojson(session: Session, found: Study, path: Path) -> None:
    """Write a study to a file, whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(as_geojson(session, found), encoding="utf-8")
    part.replace(path)
