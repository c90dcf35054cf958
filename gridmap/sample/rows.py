"""The city as rows, in the form in which intake hands over a file: the way in is the same."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gridmap.grids.borders import multipolygons
from gridmap.intake import (
    AreaRows,
    Columns,
    IncidentRows,
    PointRows,
    PopulationRows,
    ResidentRows,
)
from gridmap.intake.addresses import normalise_address
from gridmap.intake.rejects import Rejects
from gridmap.intake.rows import Origin
from gridmap.sample.city import City
from gridmap.sample.patterns import KINDS
from gridmap.sample.persons import draw_residents

Texts = npt.NDArray[np.object_]
FILE_NAME = "sample city"


@dataclass(frozen=True)
class CityRows:
    """One entry a batch, without the base map, which no file brings."""

    divisions: AreaRows
    grids: AreaRows
    places: PointRows
    population: PopulationRows
    resources: PointRows
    incidents: IncidentRows
    residents: ResidentRows


def fingerprint(city: City) -> str:
    """Return a hash that stands for the city in place of that of a file."""
    said = f"{city.seed} {city.grids.code.size} {city.incidents.kind.size} {city.first}"
    return hashlib.sha256(said.encode()).hexdigest()


def city_rows(city: City) -> CityRows:
    """Return everything but the base map as rows."""
    grids, made = city.grids, city.incidents
    words = np.array([kind.word for kind in KINDS], dtype=object)
    return CityRows(
        divisions=_areas(city, city.divisions.code, city.divisions.name, city.divisions.kind,
                         city.divisions.geometry),
        grids=_areas(city, grids.code, grids.name, grids.kind, grids.geometry),
        places=_points(city, city.places, address=city.places.address,
                       dwellings=city.places.dwellings),
        population=PopulationRows(
            **_common(city, grids.code.size), grid_code=grids.code,
            lon=np.full(grids.code.size, np.nan), lat=np.full(grids.code.size, np.nan),
            count=grids.residents,
        ),
        resources=_points(city, city.resources, status=city.resources.status),
        incidents=IncidentRows(
            **_common(city, made.kind.size), source_id=made.source_id, lon=made.lon, lat=made.lat,
            x_original=made.lon, y_original=made.lat, grid_code=None, address=None,
            occurred_from=made.occurred_from, occurred_to=made.occurred_to, word=words[made.kind],
        ),
        residents=_residents(city),
    )  # fmt: skip


def _areas(city: City, code: Texts, name: Texts, kind: Texts, geometry: Texts) -> AreaRows:
    n = code.size
    return AreaRows(
        **_common(city, n),
        code=code,
        name=name,
        kind=kind,
        geometry=multipolygons(geometry),
        repaired=np.zeros(n, dtype=bool),
        moved_m2=np.zeros(n),
    )


def _points(city: City, points: Any, **more: npt.NDArray[Any]) -> PointRows:
    """Return rows of places or resources; what they have besides comes as `more`."""
    n = points.kind.size
    none = np.full(n, "", dtype=object)
    rest = {"address": none, "status": none, "dwellings": np.full(n, -1)} | more
    return PointRows(
        **_common(city, n),
        source_id=points.source_id,
        lon=points.lon,
        lat=points.lat,
        x_original=points.lon,
        y_original=points.lat,
        grid_code=None,
        name=points.name,
        kind=points.kind,
        **rest,
    )


def _residents(city: City) -> ResidentRows:
    drawn = draw_residents(city)
    n = drawn.name.size
    addresses = pa.chunked_array([pa.array(drawn.address, type=pa.string())])
    return ResidentRows(
        **_common(city, n),
        **{**vars(drawn), "address": normalise_address(addresses)},
        grid_code=None,
        note=np.full(n, "", dtype=object),
        until=np.full(n, np.datetime64("NaT", "D")),
    )


def _common(city: City, n: int) -> dict[str, Any]:
    """Return what all rows have: an origin, no rejects, line numbers."""
    nothing = np.empty(0, dtype=object)
    origin = Origin(
        file_name=FILE_NAME,
        sha256=fingerprint(city),
        format="sample",
        read=n,
        crs="EPSG:4326",
        converted=False,
        duplicate_in_file=0,
        notes=(),
        columns=Columns(),
        guesses=(),
    )
    rejects = Rejects(np.empty(0, dtype=np.int64), nothing, nothing, nothing, nothing, pa.table({}))
    return {"origin": origin, "rejects": rejects, "line": np.arange(2, n + 2)}
