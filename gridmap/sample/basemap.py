"""The base map of the city: named streets, waters, parks, the railway."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from gridmap.sample import names
from gridmap.sample.names import NameMaker
from gridmap.sample.plane import on_globe
from gridmap.sample.skeleton import Skeleton, Way

Texts = npt.NDArray[np.object_]
Shapes = npt.NDArray[np.object_]
Ints = npt.NDArray[np.int64]

LANES_OF_ONE_NAME = 9


@dataclass(frozen=True)
class BaseMap:
    """Lines and areas for orientation: equally long arrays, in WGS84."""

    kind: Texts
    """street, water, park or rail."""
    name: Texts
    """'' where it has none."""
    rank: Ints
    """1 seen from afar … 4 near only."""
    geometry: Shapes


@dataclass(frozen=True)
class Streets:
    """All streets on the plane, with names: equally long arrays."""

    line: Shapes
    rank: Ints
    latin: Texts
    signs: Texts


def name_streets(ways: list[Way], naming: NameMaker) -> Streets:
    """Give every street a name; parts of one street share it, lanes nearby are numbered."""
    ways = [way for way in ways if way.rank > 0]
    named: dict[str, tuple[str, str]] = names.RINGS | names.AXES
    texts: list[tuple[str, str]] = []
    lanes = 0
    for way in ways:
        text = named.get(way.role) if way.role else None
        if text is None and way.rank == 4:
            if lanes % LANES_OF_ONE_NAME == 0:
                base = naming.next()
            text = names.lane_name(base, lanes % LANES_OF_ONE_NAME + 1)
            lanes += 1
        elif text is None:
            text = names.street_name(naming.next(), way.rank)
        if way.role:
            named[way.role] = text
        texts.append(text)
    latin, signs = zip(*texts, strict=True)
    return Streets(
        line=np.array([way.line for way in ways], dtype=object),
        rank=np.array([way.rank for way in ways], dtype=np.int64),
        latin=np.array(latin, dtype=object),
        signs=np.array(signs, dtype=object),
    )


def draw_base_map(skeleton: Skeleton, streets: Streets, park_names: list[str]) -> BaseMap:
    """Return the base map in WGS84; lanes go without a name there.

    Args:
        skeleton: the frame on the plane.
        streets: all streets, named.
        park_names: one for each park of the skeleton.
    """
    rails = [way.line for way in skeleton.ways if way.rank == 0]
    waters = [*shapely.get_parts(skeleton.river), *skeleton.ponds]
    rows: list[tuple[str, str, int, Any]] = [("water", names.LAKE, 1, skeleton.lake)]
    rows += [("water", names.RIVER if i == 0 else "", 1 + (i > 0), water) for i, water in
             enumerate(sorted(waters, key=lambda shape: -shape.area))]  # fmt: skip
    rows += [("park", name, 2, park) for name, park in
             zip(park_names, skeleton.parks, strict=True)]  # fmt: skip
    rows += [("rail", names.RAILWAY, 2, rail) for rail in rails]
    rows += _joined(streets)
    kind, name, rank, shape = zip(*rows, strict=True)
    return BaseMap(
        kind=np.array(kind, dtype=object),
        name=np.array(name, dtype=object),
        rank=np.array(rank, dtype=np.int64),
        geometry=on_globe(np.array(shape, dtype=object)),
    )


def _joined(streets: Streets) -> list[tuple[str, str, int, Any]]:
    """Return one row for each street, its parts joined; lanes without a name."""
    name = streets.latin + " " + streets.signs
    key = np.array([f"{rank} {text}" for rank, text in zip(streets.rank, name, strict=True)])
    order = np.argsort(key, kind="stable")
    first = np.flatnonzero(np.append(True, key[order][1:] != key[order][:-1]))
    parts = np.split(streets.line[order], first[1:])
    lines = [shapely.line_merge(shapely.MultiLineString(part.tolist())) for part in parts]
    return [
        ("street", str(name[i]) if streets.rank[i] < 4 else "", int(streets.rank[i]), line)
        for i, line in zip(order[first], lines, strict=True)
    ]
