"""What is derived from borders when they are stored."""

import numpy as np
import shapely

from gridmap.core.geometry import to_web_mercator
from gridmap.grids import borders


def test_a_border_that_the_web_map_cannot_show_keeps_its_points():
    polar = np.array([shapely.box(0, 89.9, 1, 90), shapely.box(0, 50, 1, 51)], dtype=object)

    low = borders.simplified(to_web_mercator(borders.multipolygons(polar)))

    assert not shapely.is_empty(low).any()
    assert set(shapely.get_type_id(low)) == {shapely.GeometryType.MULTIPOLYGON}
    assert shapely.area(low)[1] > 0


def test_grids_at_a_pole_can_be_stored(session, tmp_path):
    from gridmap.core.actor import SYSTEM
    from gridmap.exchange.actions import import_file
    from gridmap.exchange.requests import ImportRequest
    from gridmap.intake import Columns
    from tests.factories import write_grids

    path = write_grids(tmp_path / "polar.geojson", {"N1": shapely.box(0, 89.9, 1, 90)})

    assert import_file(SYSTEM, ImportRequest("grids", path, Columns(code="code"))).stored == 1
