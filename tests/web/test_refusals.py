"""What was refused is on record, and nobody is told more for it."""

import pytest
from sqlalchemy import text


@pytest.fixture
def refused(session):
    """What stands on record as refused: action, page and the code that was asked for."""

    def rows():
        return [
            tuple(row)
            for row in session.execute(
                text("SELECT action, subject_id, grid_code FROM audit_events "
                     "WHERE outcome = 'refused' ORDER BY id")
            )
        ]  # fmt: skip

    return rows


def test_a_scope_of_others_is_on_record(client_as, refused):
    client_as("planner", "990101").get("/map/figures?scope=990102")

    assert refused() == [("page.refused", "maps.figures", "990102")]


def test_a_grid_of_others_is_on_record(client_as, refused):
    client_as("planner", "990101").get("/grids/990102001001000/card")

    assert refused() == [("page.refused", "maps.card", "990102001001000")]


def test_a_missing_permission_is_on_record(client_as, refused):
    answer = client_as("planner", "990101").post("/import", data={"kind": "grids"})

    assert answer.status_code == 403
    assert refused() == [("page.refused", "exchange.upload", "")]


def test_what_does_not_exist_and_who_is_not_signed_in_leave_nothing(client_as, stranger, refused):
    client_as("planner", "990101").get("/map/figures?scope=990101999")
    client_as("planner", "").get("/grids/77/card")
    stranger.get("/map/figures?scope=990102")

    assert refused() == []


def test_a_code_of_any_length_is_kept_short(client_as, refused):
    client_as("planner", "990101").get("/map/figures?scope=" + "8" * 5000)

    assert [len(row[2]) for row in refused()] == [40]
