"""Nine grids of one community, with incidents."""

import pytest

from gridmap.core.actor import SYSTEM
from tests.factories import SIDE, centre, import_incidents, square, write_grids

COMMUNITY = "990101001001"


def code(number: int) -> str:
    return f"{COMMUNITY}{number:03d}"


@pytest.fixture
def city(session, tmp_path):
    """Three by three from the north west, numbered as they lie; five incidents in each."""
    from gridmap.exchange.actions import import_file
    from gridmap.exchange.requests import ImportRequest
    from gridmap.intake import Columns

    shapes = {code(1 + k): square(k % 3, 2 - k // 3) for k in range(9)}
    path = write_grids(tmp_path / "grids.geojson", shapes)
    import_file(SYSTEM, ImportRequest("grids", path, Columns(code="code", name="name")))
    rows = []
    for k in range(9):
        x, y = centre(k % 3, 2 - k // 3)
        for j, (dx, dy) in enumerate([(0, 0), (-1, -1), (1, -1), (-1, 1), (1, 1)]):
            place = (x + dx * SIDE / 4, y + dy * SIDE / 4)
            rows.append((f"{k}-{j}", *place, f"2025-0{1 + j}-05 10:00", "theft"))
    import_incidents(tmp_path, rows)
    return session
