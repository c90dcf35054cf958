"""Seals: nothing that is committed late is missed, and what was changed is named."""

import shutil

import pytest
from sqlalchemy import create_engine, text

from gridmap.audit import seal_files, seals
from gridmap.audit.actions import record
from gridmap.audit.verify import verify
from gridmap.core.actor import SYSTEM
from gridmap.core.database import transaction
from gridmap.core.keys import named_key


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "seals"


@pytest.fixture
def trail(fresh_database, folder):
    """Nine rows in three seals."""
    for number in range(9):
        write(number)
        if number % 3 == 2:
            seals.seal_all(folder=folder)
    return fresh_database


def write(number: int) -> None:
    with transaction(SYSTEM) as session:
        record(session, SYSTEM, "trial.done", subject=("trial", number), number=number)


def faults(folder) -> list[tuple]:
    with transaction(SYSTEM) as session:
        report = verify(session, named_key(seals.KEY), folder=folder)
    return [(fault.kind, *fault.fields.values()) for fault in report.faults]


def tamper(urls, *statements: str) -> None:
    """Change rows as only a superuser can: past triggers and policies."""
    engine = create_engine(urls["postgres"])
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def ids(urls) -> list[int]:
    with transaction(SYSTEM) as session:
        return list(session.scalars(text("SELECT id FROM audit_events ORDER BY id")))


def test_an_untouched_trail_is_as_it_was_sealed(trail, folder):
    write(9)

    with transaction(SYSTEM) as session:
        report = verify(session, named_key(seals.KEY), folder=folder)

    assert (report.rows, report.seals, report.unsealed, report.faults) == (10, 3, 1, [])


def test_a_row_that_is_committed_after_later_rows_were_sealed_is_sealed_too(trail, folder):
    engine = create_engine(trail["app"])
    with engine.connect() as slow:
        slow.exec_driver_sql("SET application_name = 'slow'")
        token = "SELECT set_config('gridmap.token', %s, true)"
        from gridmap.core.database import token_of

        slow.exec_driver_sql(token, (token_of(SYSTEM),))
        slow.exec_driver_sql(
            "INSERT INTO audit_events (actor, action, subject_type, subject_id, detail)"
            " VALUES ('', 'trial.slow', 'trial', 'slow', '{}')"
        )
        write(9)  # a higher id, committed first
        assert seals.seal_all(folder=folder) == []  # nothing above the one that still runs
        slow.commit()
    engine.dispose()

    [seal] = seals.seal_all(folder=folder)

    assert seal.count == 2
    assert faults(folder) == []


def test_rows_of_transactions_that_ended_are_sealed_while_an_older_one_goes_on(trail, folder):
    engine = create_engine(trail["app"])
    write(9)
    with engine.connect() as slow:
        slow.exec_driver_sql("SELECT pg_current_xact_id()")
        write(10)

        [seal] = seals.seal_all(folder=folder)

        slow.rollback()
    engine.dispose()
    assert seal.count == 1
    assert seals.seal_all(folder=folder)[0].count == 1
    assert faults(folder) == []


@pytest.mark.parametrize(
    "statement",
    [
        "actor = 'another'", "action = 'trial.undone'", "at = at + interval '1 microsecond'",
        "subject_id = '77'", "detail = '{\"number\": 5}'", "account_id = 77", "roles = '{auditor}'",
        "scope = '{}'", "outcome = 'seen'", "grid_code = '99'", "purpose = ''", "address = ''",
        "class = 'reveal'", "xid = (xid::text::bigint + 1)::text::xid8",
    ],
)  # fmt: skip
def test_a_changed_row_is_named(trail, folder, statement):
    row = ids(trail)[4]

    tamper(trail, f"UPDATE audit_events SET {statement} WHERE id = {row}")

    assert faults(folder) == [("row_changed", row)]


def test_a_missing_row_is_named_with_its_seal(trail, folder):
    row = ids(trail)[4]

    tamper(trail, f"DELETE FROM audit_events WHERE id = {row}")

    assert faults(folder) == [("row_missing", row, 2)]


def test_rows_that_changed_places_are_named(trail, folder):
    some, other = ids(trail)[1], ids(trail)[7]

    tamper(
        trail,
        f"UPDATE audit_events SET id = -1 WHERE id = {some}",
        f"UPDATE audit_events SET id = {some} WHERE id = {other}",
        f"UPDATE audit_events SET id = {other} WHERE id = -1",
    )

    assert faults(folder) == [("rows_reordered", some, other)]


def test_contents_that_changed_places_are_named(trail, folder):
    some, other = ids(trail)[1], ids(trail)[7]

    tamper(
        trail,
        "CREATE TEMPORARY TABLE kept AS SELECT * FROM audit_events",
        *(
            f"UPDATE audit_events a SET subject_id = k.subject_id, detail = k.detail"
            f" FROM kept k WHERE a.id = {one} AND k.id = {two}"
            for one, two in ((some, other), (other, some))
        ),
    )

    assert faults(folder) == [("row_changed", some), ("row_changed", other)]


COPY = (
    "INSERT INTO audit_events (id, at, actor, action, subject_type, subject_id, detail, xid)"
    " SELECT {id}, at, actor, action, subject_type, subject_id, detail, {xid} FROM audit_events"
    " WHERE id = {source}"
)


def test_a_row_that_was_added_to_the_past_is_named(trail, folder):
    last = ids(trail)[-1]

    tamper(trail, COPY.format(id=last + 500, xid="xid", source=ids(trail)[0]))

    assert faults(folder) == [("row_added", last + 500)]


def test_a_row_with_an_old_time_is_named_even_when_it_was_sealed_since(trail, folder):
    last = ids(trail)[-1]
    tamper(
        trail,
        COPY.format(id=last + 1, xid="pg_current_xact_id()", source=last),
        f"UPDATE audit_events SET at = at - interval '3 days' WHERE id = {last + 1}",
    )

    seals.seal_all(folder=folder)

    assert faults(folder) == [("row_late", last + 1, 4)]


def test_a_cut_tail_is_named(trail, folder):
    gone = ids(trail)[6:]

    tamper(
        trail,
        f"DELETE FROM audit_events WHERE id >= {gone[0]}",
        "DELETE FROM audit_seals WHERE number = 3",
    )

    assert faults(folder)[0][:2] == ("tail_cut", 3)
    assert faults(folder)[1:] == [("row_missing", row, 3) for row in gone]


def test_a_tail_that_was_cut_and_grown_again_is_named(trail, folder):
    gone = ids(trail)[6:]
    tamper(
        trail,
        f"DELETE FROM audit_events WHERE id >= {gone[0]}",
        "DELETE FROM audit_seals WHERE number = 3",
    )
    write(99)

    seals.seal_all(folder=folder)

    assert ("seal_swapped", 3) in {fault[:2] for fault in faults(folder)}


def test_swapped_seals_are_named(trail, folder):
    tamper(
        trail,
        "UPDATE audit_seals SET number = -1 WHERE number = 1",
        "UPDATE audit_seals SET number = 1 WHERE number = 2",
        "UPDATE audit_seals SET number = 2 WHERE number = -1",
    )

    assert {fault[:2] for fault in faults(folder)} == {("seal_changed", 1), ("seal_changed", 2)}


def test_a_missing_seal_is_named_and_its_rows_are_checked_by_the_copy(trail, folder):
    row = ids(trail)[4]

    tamper(
        trail,
        "DELETE FROM audit_seals WHERE number = 2",
        f"UPDATE audit_events SET actor = 'another' WHERE id = {row}",
    )

    assert faults(folder) == [("seal_missing", 2), ("row_changed", row)]


def test_a_seal_made_without_the_key_is_named(trail, folder):
    tamper(trail, "UPDATE audit_seals SET root = sha256('forged') WHERE number = 2")

    assert ("seal_changed", 2) in faults(folder)


def test_a_changed_file_is_named(trail, folder):
    [file] = folder.glob("*.jsonl")
    lines = file.read_text().splitlines()

    file.write_text("\n".join([lines[0], lines[2].replace('"number":3', '"number":2')]) + "\n")

    named = {fault[0] for fault in faults(folder)}
    assert named == {"line_unreadable", "copy_missing"}


def test_a_crash_before_the_copy_is_made_up_for(trail, folder):
    shutil.rmtree(folder)
    assert ("copy_missing", 1) in faults(folder)

    seals.seal_all(folder=folder)

    assert faults(folder) == []


def test_a_line_that_was_torn_by_a_crash_does_not_spoil_the_next(trail, folder):
    [file] = folder.glob("*.jsonl")
    whole = file.read_text()
    file.write_text(whole[:-40])

    seals.seal_all(folder=folder)

    assert [seal.number for _, seal in seal_files.read(folder) if seal] == [1, 2, 3]
    assert [fault[0] for fault in faults(folder)] == ["line_unreadable"]


def test_after_a_move_to_a_cluster_with_lower_numbers_every_row_is_sealed(trail, folder):
    write(9)
    later = "(pg_current_xact_id()::text::bigint + 1000000)::text::xid8"
    tamper(  # as a restored database looks: transactions of the other cluster had higher numbers
        trail,
        f"INSERT INTO audit_seals SELECT 4, at, '', 0, '', root, mac, {later}, 0, mac"
        " FROM audit_seals WHERE number = 3",
        f"UPDATE audit_events SET xid = {later} WHERE subject_id = '9'",
    )

    counts = [seal.count for seal in seals.seal_all(folder=folder)]
    write(10)
    counts += [seal.count for seal in seals.seal_all(folder=folder)]

    assert counts == [1, 1]
    assert seals.seal_all(folder=folder) == []


def test_many_rows_are_sealed_in_several_seals(fresh_database, folder, monkeypatch):
    monkeypatch.setattr(seals, "MOST_ROWS", 4)
    for number in range(10):
        write(number)

    made = seals.seal_all(folder=folder)

    assert [seal.count for seal in made] == [4, 4, 2]
    assert faults(folder) == []


def test_the_command_exits_with_1_when_something_was_changed(trail, run, tmp_path, monkeypatch):
    monkeypatch.setattr(seal_files, "seal_folder", lambda: tmp_path / "seals")
    assert run("audit", "verify").exit_code == 0

    tamper(trail, f"DELETE FROM audit_events WHERE id = {ids(trail)[0]}")
    done = run("audit", "verify")

    assert done.exit_code == 1
    assert f"Row {ids(trail)[0] - 1} is missing" in done.output
