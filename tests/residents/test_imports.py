"""Bringing residents in: encrypted, linked, counted once, taken back whole."""

import pytest
from sqlalchemy import text

from gridmap.core.actor import SYSTEM
from gridmap.exchange.actions import undo_import
from tests.factories import (
    IDENTITIES,
    centre,
    chessboard_code,
    import_chessboard,
    import_residents,
)

ANN = ("Ann Lee", IDENTITIES[0], "555 0100", *centre(0, 0), "Room 7", "resident", "2020-01-01")


def count(session, table):
    return session.scalar(text(f"SELECT count(*) FROM {table}"))


@pytest.fixture
def grids(session, tmp_path):
    return import_chessboard(tmp_path)


def test_persons_are_linked_encrypted_and_counted(session, grids, tmp_path):
    result = import_residents(
        tmp_path, [ANN, ("Bob", "", "", *centre(1, 1)), ("Cid", "", "", 125, 40)]
    )

    assert (result.stored, result.linked, result.unlinked) == (3, 2, 1)
    stored = session.execute(text("SELECT name, identity, phone, grid_code FROM residents "
                                  "ORDER BY id")).all()  # fmt: skip
    assert [row.grid_code for row in stored] == [chessboard_code(0, 0), chessboard_code(1, 1), ""]
    everything = str(session.execute(text("SELECT residents::text, residences::text FROM "
                     "residents JOIN residences ON resident_id = residents.id")).all())  # fmt: skip
    for secret in ("Ann Lee", "5550100", "555 0100", IDENTITIES[0], "Room"):
        assert secret.encode().hex() not in everything
        assert secret not in everything
    counts = session.execute(text("SELECT grids.code, n, source FROM grid_population "
                                  "JOIN grids ON grids.id = grid_id ORDER BY 1")).all()  # fmt: skip
    assert counts == [(chessboard_code(0, 0), 1, "residents"),
                      (chessboard_code(1, 1), 1, "residents")]  # fmt: skip


def test_the_same_file_twice_adds_nothing(session, grids, tmp_path):
    import_residents(tmp_path, [ANN, ("Bob", "", "", *centre(1, 1))])

    again = import_residents(tmp_path, [ANN, ("Bob", "", "", *centre(1, 1))])

    assert (again.stored, again.duplicate) == (0, 2)
    assert count(session, "residents") == count(session, "residences") == 2


def test_rows_with_one_identity_number_are_one_person(session, grids, tmp_path):
    result = import_residents(tmp_path, [
        (*ANN[:3], *centre(0, 0), "", "registered", "2010-01-01"),
        (*ANN[:3], *centre(3, 3), "", "temporary", "2021-01-01"),
    ])  # fmt: skip

    assert result.stored == 2
    assert session.scalars(text("SELECT grid_code FROM residents")).all() == [chessboard_code(3, 3)]
    assert session.execute(text("SELECT g.code, n FROM grid_population p JOIN grids g ON "
                                "g.id = grid_id WHERE n > 0")).all() == [
        (chessboard_code(3, 3), 1)]  # fmt: skip


def test_a_second_residence_of_a_kind_at_the_same_time_is_left_out(session, grids, tmp_path):
    import_residents(tmp_path, [ANN])

    again = import_residents(tmp_path, [
        ("Ann Lee", IDENTITIES[0], "", *centre(2, 2), "", "resident", "2021-01-01"),
        ("Bob", IDENTITIES[1], "", *centre(2, 2), "", "resident", "2021-01-01"),
        ("Bob", IDENTITIES[1], "", *centre(3, 2), "", "resident", "2021-02-01"),
    ])  # fmt: skip

    assert (again.stored, again.duplicate) == (1, 2)
    assert count(session, "residents") == 2


def test_undo_takes_persons_and_counts_back(session, grids, tmp_path):
    result = import_residents(tmp_path, [ANN])

    _, rows = undo_import(SYSTEM, result.batch)

    assert rows == 1
    assert count(session, "residents") == count(session, "residences") == 0
    assert session.scalar(text("SELECT sum(n) FROM grid_population")) == 0


def test_a_dry_run_stores_nothing(session, grids, tmp_path):
    result = import_residents(tmp_path, [ANN], dry_run=True)

    assert (result.stored, result.batch) == (1, None)
    assert count(session, "residents") == 0


def test_imported_counts_go_before_those_of_the_register(session, grids, tmp_path):
    from datetime import date

    import numpy as np

    from gridmap.exchange.actions import import_file
    from gridmap.exchange.requests import ImportRequest
    from gridmap.grids.queries import people_in
    from gridmap.intake import Columns
    from tests.factories import write_csv

    import_residents(tmp_path, [ANN, ("Bob", "", "", *centre(1, 1))])
    path = write_csv(tmp_path / "p.csv", ("grid_code", "count"), [(chessboard_code(0, 0), 90)])
    import_file(SYSTEM, ImportRequest("population", path, Columns(), day=date(2015, 1, 1)))
    ids = dict(session.execute(text("SELECT code, id FROM grids")).all())

    found = people_in(
        session, np.array([ids[chessboard_code(0, 0)], ids[chessboard_code(1, 1)]]),
        on=date(2100, 1, 1),
    )  # fmt: skip

    assert found.tolist() == [90, 1]


def test_a_coordinator_imports_into_own_grids_only(session, grids, tmp_path, actor_as):
    actor = actor_as("coordinator", chessboard_code(0, 0)[:12])

    done = import_residents(
        tmp_path, [ANN, ("Bob", "", "", *centre(1, 1)), ("Cid", "", "", 125, 40)], actor=actor
    )

    assert (done.linked, done.unlinked, done.rejected) == (1, 1, 1)
    codes = session.scalars(text("SELECT grid_code FROM residents ORDER BY id")).all()
    assert codes == [chessboard_code(0, 0), chessboard_code(0, 0)[:12]]


def test_who_may_not_add_persons_is_refused_before_the_file_is_read(
    session, grids, tmp_path, actor_as
):
    from gridmap.auth.errors import NotAllowed

    with pytest.raises(NotAllowed):
        import_residents(tmp_path, [ANN], actor=actor_as("administrator", ""))


def test_residents_follow_their_grid(session, tmp_path):
    import_residents(tmp_path, [ANN])
    assert session.scalars(text("SELECT grid_code FROM residents")).all() == [""]

    done = import_chessboard(tmp_path)
    assert session.scalars(text("SELECT grid_code FROM residents")).all() == [chessboard_code(0, 0)]

    undo_import(SYSTEM, done.batch)
    assert session.scalars(text("SELECT grid_code FROM residents")).all() == [""]


def test_rejects_are_their_owners_alone(session, grids, tmp_path):
    from pathlib import Path

    result = import_residents(tmp_path, [ANN, ("", "", "", *centre(1, 1))])

    assert result.rejected == 1
    assert Path(result.rejects_file).stat().st_mode & 0o777 == 0o600
