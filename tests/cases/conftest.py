"""A chessboard of grids, and people who work in it."""

from types import SimpleNamespace

import pytest

from gridmap.auth.sessions import actor_of
from tests.factories import centre, chessboard_code, import_chessboard
from tests.people import sign_in


@pytest.fixture
def town(session, tmp_path):
    """Two rows of grids; a coordinator of the first, two officers of it, one of the second."""
    import_chessboard(tmp_path, 2, 2)
    first, second = "990101001000", "990101001001"
    return SimpleNamespace(
        session=session,
        grid=chessboard_code(0, 0),
        other_grid=chessboard_code(0, 1),
        point=centre(0, 0),
        coordinator=actor_of(sign_in("coordinator", prefixes=(first,))),
        officer=actor_of(sign_in("field", prefixes=(first,))),
        colleague=actor_of(sign_in("field", prefixes=(first,))),
        planner=actor_of(sign_in("planner", prefixes=(first,))),
        stranger=actor_of(sign_in("coordinator", prefixes=(second,))),
    )
