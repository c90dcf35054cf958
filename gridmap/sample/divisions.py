"""Who belongs where: grids into communities, streets, districts; codes and names of all.

Codes follow the Chinese scheme: 2, 4, 6, 9 and 12 digits, a grid three more. 99 is the number
of no province, so that no code of the sample can meet a real one.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from gridmap.sample import names
from gridmap.sample.blocks import Blocks, shared_borders
from gridmap.sample.names import NameMaker
from gridmap.sample.quarters import Quarter
from gridmap.sample.skeleton import Skeleton

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]
Texts = npt.NDArray[np.object_]

PROVINCE_CODE = "99"
CITY_CODE = "9901"
GRIDS_PER_COMMUNITY = 9
GRIDS_PER_STREET = 60

_DISTRICTS = (
    ("Yunjing 云井", 0.0, 0.08, True), ("Songling 松岭", -0.1, 0.66, True),
    ("Mingjing 明镜", 0.62, 0.30, True), ("Meipu 梅浦", -0.72, 0.30, True),
    ("Nandu 南渡", -0.35, -0.55, False), ("Xinyao 新曜", 0.50, -0.60, False),
)  # fmt: skip


@dataclass(frozen=True)
class Divisions:
    """The areas above the grid, from the province down."""

    code: Texts
    name: Texts
    kind: Texts
    geometry: Shapes
    """In the system of the grids that were given: the union of them."""


@dataclass(frozen=True)
class Membership:
    """Where each grid belongs, and what it is called."""

    community: Ints
    """shape (n,): position of its community, in the order of the codes."""
    code: Texts
    community_code: Texts
    latin: Texts
    """Name of the community in Latin letters."""
    signs: Texts
    number: Ints
    """Its number within the community, from 1."""


def found_divisions(
    blocks: Blocks, quarters: list[Quarter], skeleton: Skeleton, naming: NameMaker
) -> tuple[Membership, Divisions]:
    """Group grids into communities, these into streets and districts, and number all.

    Args:
        blocks: the grids on the plane.
        quarters: what `blocks.quarter` points to.
        skeleton: the river parts the districts.
        naming: gives the names.

    Returns:
        The membership of each grid, and the divisions; their geometries are left empty
        (`with_borders` draws them from the grids as they will be stored).
    """
    xy = shapely.get_coordinates(shapely.centroid(blocks.shapes))
    district, street, community = _group(xy, blocks, quarters, skeleton)
    street_of = _value_of_group(community, street)
    district_of = _value_of_group(street, district)
    street_number = _numbers(_centres(xy, street), district_of)
    community_number = _numbers(_centres(xy, community), street_of)
    grid_number = _numbers(xy, community)
    district_code = np.array([f"{CITY_CODE}{i + 2:02d}" for i in range(len(_DISTRICTS))], object)
    street_code = _append(district_code[district_of], street_number)
    community_code = _append(street_code[street_of], community_number)
    grid_code = _append(community_code[community], grid_number)
    street_names = [naming.next() for _ in street_code]
    community_names = [naming.next() for _ in community_code]
    rows = [(PROVINCE_CODE, names.PROVINCE, "province"), (CITY_CODE, names.CITY, "city")]
    rows += [(str(district_code[i]), _DISTRICTS[i][0], "district") for i in np.unique(district)]
    rows += _named(street_code, street_names, "street")
    rows += _named(community_code, community_names, "community")
    code, name, kind = (np.array(column, dtype=object) for column in zip(*rows, strict=True))
    rank = np.argsort(np.argsort(community_code))
    return (
        Membership(
            community=rank[community],
            code=grid_code,
            community_code=community_code[community],
            latin=np.array([latin for latin, _ in community_names], object)[community],
            signs=np.array([signs for _, signs in community_names], object)[community],
            number=grid_number,
        ),
        Divisions(code, name, kind, geometry=np.full(code.size, None, dtype=object)),
    )


def with_borders(divisions: Divisions, grid_codes: Texts, grids: Shapes) -> Divisions:
    """Return the divisions with their borders drawn: each the union of its grids."""
    order = np.argsort(grid_codes)
    codes, shapes = grid_codes[order].astype(str), grids[order]
    area: dict[str, object] = {}
    for length in (12, 9, 6, 4, 2):
        prefix = codes.astype(f"U{length}")
        firsts = np.flatnonzero(np.append(True, prefix[1:] != prefix[:-1]))
        merged = [shapely.coverage_union_all(part) for part in np.split(shapes, firsts[1:])]
        codes, shapes = prefix[firsts], np.array(merged, dtype=object)
        area.update(zip(codes.tolist(), merged, strict=True))
    geometry = np.array([area[code] for code in divisions.code], dtype=object)
    return Divisions(divisions.code, divisions.name, divisions.kind, geometry)


def _group(
    xy: Floats, blocks: Blocks, quarters: list[Quarter], skeleton: Skeleton
) -> tuple[Ints, Ints, Ints]:
    """Return the district, street and community of each grid, numbered from 0.

    Districts and streets keep quarters whole; each is one piece as far as waters allow.
    """
    shared = shared_borders(blocks.shapes)
    used, quarter = np.unique(blocks.quarter, return_inverse=True)
    between = _borders_between(quarter, shared)
    of_quarter = _districts([quarters[i] for i in used], skeleton)
    of_quarter = _connect(of_quarter, np.zeros(used.size, dtype=np.int64), between)
    district = of_quarter[quarter]
    street = _pieces(xy, district, quarter, size=GRIDS_PER_STREET)
    of_quarter = _connect(_value_of_group(quarter, street), of_quarter, between)
    street = np.unique(of_quarter[quarter], return_inverse=True)[1]
    community = _pieces(xy, street, np.arange(len(xy)), size=GRIDS_PER_COMMUNITY)
    community = _connect(community, street, shared)
    community = np.unique(community, return_inverse=True)[1]
    return district, street, community


def _named(codes: Texts, found: list[tuple[str, str]], kind: str) -> list[tuple[str, str, str]]:
    """Return code, name and kind of divisions in the order of their codes."""
    return sorted((c, names.join(*n), kind) for c, n in zip(codes, found, strict=True))


def _districts(quarters: list[Quarter], skeleton: Skeleton) -> Ints:
    """Return each quarter's district: the nearest centre on the same bank of the river."""
    xy = np.array([(q.shape.centroid.x, q.shape.centroid.y) for q in quarters])
    course = shapely.get_coordinates(skeleton.course)
    order = np.argsort(course[:, 0])
    north = xy[:, 1] > np.interp(xy[:, 0], course[order, 0], course[order, 1])
    centres = np.array([(x, y) for _, x, y, _ in _DISTRICTS]) * skeleton.radius
    northern = np.array([bank for *_, bank in _DISTRICTS])
    distance = np.hypot(*np.moveaxis(xy[:, None] - centres[None], 2, 0))
    distance[north[:, None] != northern[None]] = np.inf
    nearest: Ints = np.argmin(distance, axis=1)
    return nearest


def _pieces(xy: Floats, parent: Ints, atom: Ints, *, size: int) -> Ints:
    """Cut each parent area into pieces of about `size` grids, never through an atom.

    Args:
        xy: shape (n, 2), centres of grids.
        parent: shape (n,), the area that a grid belongs to.
        atom: shape (n,), which grids must stay together.
        size: wanted number of grids in a piece.

    Returns:
        shape (n,), the number of the piece, from 0, without gaps.
    """
    _, atoms, weight = np.unique(atom, return_inverse=True, return_counts=True)
    centre = _centres(xy, atoms)
    parents = _value_of_group(atoms, parent)
    piece = np.zeros(weight.size, dtype=np.int64)
    stack = [np.flatnonzero(parents == p) for p in np.unique(parents)]
    wanted = [max(1, round(weight[part].sum() / size)) for part in stack]
    done = 0
    while stack:
        part, k = stack.pop(), wanted.pop()
        if k == 1 or part.size == 1:
            piece[part] = done
            done += 1
            continue
        at = centre[part] - np.average(centre[part], axis=0, weights=weight[part])
        axis = np.linalg.eigh(at.T @ (at * weight[part, None]))[1][:, 1]
        part = part[np.argsort(at @ axis, kind="stable")]
        share = np.cumsum(weight[part]) / weight[part].sum()
        cut = int(np.clip(np.argmin(np.abs(share - (k // 2) / k)) + 1, 1, part.size - 1))
        stack += [part[:cut], part[cut:]]
        wanted += [k // 2, k - k // 2]
    return piece[atoms]


def _borders_between(group: Ints, shared: tuple[Ints, Ints, Floats]) -> tuple[Ints, Ints, Floats]:
    """Return pairs of groups and the length of their common border, from that of the members."""
    a, b = group[shared[0]], group[shared[1]]
    apart = a != b
    n = int(group.max()) + 1
    key = np.minimum(a, b)[apart] * n + np.maximum(a, b)[apart]
    pair, where = np.unique(key, return_inverse=True)
    length = np.bincount(where, weights=shared[2][apart]).astype(np.float64)
    return pair // n, pair % n, length


def _connect(group: Ints, parent: Ints, shared: tuple[Ints, Ints, Floats]) -> Ints:
    """Give parts of a group that lie apart to the neighbour in the same parent they touch most.

    Args:
        group: shape (n,), the group of each member.
        parent: shape (n,), which a member may not leave.
        shared: pairs of members and the length of their common border.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    a, b, length = shared
    group = group.copy()
    for _ in range(4):
        same = group[a] == group[b]
        links = coo_array((np.ones(same.sum()), (a[same], b[same])), shape=(parent.size,) * 2)
        part = connected_components(links, directed=False)[1]
        sizes = np.bincount(part)[part]
        order = np.lexsort([part, -sizes, group])
        first = np.append(True, np.diff(group[order]) != 0)
        main = part[order[first]]
        astray = part != main[np.unique(group, return_inverse=True)[1]]
        ends = np.concatenate([np.stack([a, b]), np.stack([b, a])], axis=1)
        good = astray[ends[0]] & ~astray[ends[1]] & (parent[ends[0]] == parent[ends[1]])
        if not good.any():
            break
        mine, theirs = ends[0][good], ends[1][good]
        by_length = np.argsort(np.concatenate([length, length])[good], kind="stable")
        group[mine[by_length]] = group[theirs[by_length]]
    return group


def _centres(xy: Floats, group: Ints) -> Floats:
    """Return the mean position of each group."""
    n = np.bincount(group)[:, None]
    total = np.column_stack([np.bincount(group, weights=xy[:, k]) for k in (0, 1)])
    centres: Floats = total / n
    return centres


def _value_of_group(group: Ints, value: Ints) -> Ints:
    """Return the value that all members of each group share."""
    result = np.zeros(int(group.max()) + 1, dtype=np.int64)
    result[group] = value
    return result


def _numbers(xy: Floats, parent: Ints) -> Ints:
    """Number points within their parent in rows from north to south, each from west to east.

    A parent of n points has about √n rows of equally many points.
    """
    size = np.bincount(parent)[parent]
    start = np.cumsum(np.append(0, np.bincount(parent)))[parent]
    place = np.empty(parent.size, dtype=np.int64)
    place[np.lexsort([xy[:, 0], -xy[:, 1], parent])] = np.arange(parent.size)
    row = (place - start) * np.maximum(1, np.round(np.sqrt(size))).astype(np.int64) // size
    place[np.lexsort([xy[:, 0], row, parent])] = np.arange(parent.size)
    number: Ints = place - start + 1
    return number


def _append(prefix: Texts, number: Ints) -> Texts:
    """Return codes with three more digits."""
    return np.array([f"{p}{n:03d}" for p, n in zip(prefix, number, strict=True)], dtype=object)
