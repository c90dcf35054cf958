"""Pages of residents: masked, revealed for a purpose, corrected, exported, erased; on record."""

from datetime import date

import pytest
from sqlalchemy import text

from gridmap.auth.accounts import Grant, add_account, grant_role
from gridmap.auth.sessions import open_session
from gridmap.core.actor import SYSTEM
from gridmap.core.database import transaction
from gridmap.exchange.actions import undo_import
from gridmap.residents import changes
from tests.factories import (
    IDENTITIES,
    centre,
    chessboard_code,
    import_chessboard,
    import_residents,
)
from tests.people import SignedIn

ANN = ("Ann Lee", IDENTITIES[0], "555 0100", *centre(0, 0), "Room 7", "resident", "2020-01-01")
BOB = ("Bob Hu", IDENTITIES[1], "555 0199", *centre(1, 1), "", "temporary", "2021-01-01")
SECRETS = ("Ann Lee", IDENTITIES[0], "5550100", "Room 7")
HERE = chessboard_code(0, 0)[:12]
PURPOSE = {"purpose": "service", "words": "help with a form"}


@pytest.fixture
def people(session, tmp_path):
    """Two residents in two communities; their numbers."""
    import_chessboard(tmp_path)
    import_residents(tmp_path, [ANN, BOB])
    return session.scalars(text("SELECT id FROM residents ORDER BY id")).all()


@pytest.fixture
def coordinator(client_as):
    return client_as("coordinator", HERE)


def events(session):
    return session.execute(
        text("SELECT action, outcome, subject_id, purpose, grid_code FROM audit_events "
             "WHERE action LIKE 'resident%' AND subject_type <> 'batch' ORDER BY id")
    ).all()  # fmt: skip


def test_the_list_is_masked_scoped_and_on_record(session, people, coordinator):
    page = coordinator.get("/residents")

    assert page.status_code == 200
    for secret in (*SECRETS, "Bob", "B**"):
        assert secret not in page.text
    assert "A**" in page.text
    assert "**00" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert events(session)[-1][:2] == ("residents.listed", "seen")


def test_a_person_is_masked_and_each_look_is_on_record(session, people, coordinator):
    page = coordinator.get(f"/residents/{people[0]}")

    assert page.status_code == 200
    assert not any(secret in page.text for secret in SECRETS)
    assert events(session)[-1] == ("resident.seen", "seen", str(people[0]), None,
                                   chessboard_code(0, 0))  # fmt: skip


def test_a_person_outside_the_scope_is_not_there(people, coordinator):
    for answer in (
        coordinator.get(f"/residents/{people[1]}"),
        coordinator.post(f"/residents/{people[1]}/reveal", data=PURPOSE),
        coordinator.post(f"/residents/{people[1]}/erase", data={"reason": "asked for it"}),
        coordinator.get("/residents/999999"),
    ):
        assert answer.status_code == 404
    assert coordinator.get("/residents?scope=99").status_code == 404


def test_a_reveal_needs_a_purpose_and_writes_it_down(session, people, coordinator):
    address = f"/residents/{people[0]}/reveal"

    for data in ({}, {"purpose": "service"}, {"purpose": "curiosity", "words": "just so"}):
        refused = coordinator.post(address, data=data)
        assert refused.status_code == 422
        assert not any(secret in refused.text for secret in SECRETS)
    shown = coordinator.post(address, data=PURPOSE)

    assert shown.status_code == 200
    assert all(secret in shown.text for secret in SECRETS)
    assert shown.headers["Cache-Control"] == "no-store"
    assert events(session)[-1] == (
        "resident.revealed", "seen", str(people[0]), "service: help with a form",
        chessboard_code(0, 0),
    )  # fmt: skip
    assert session.scalar(text("SELECT class FROM audit_events ORDER BY id DESC LIMIT 1")) == (
        "reveal"
    )


def test_a_reveal_that_cannot_be_recorded_shows_nothing(session, people, coordinator, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no record")

    monkeypatch.setattr("gridmap.residents.persons.record", fail)

    answer = coordinator.post(f"/residents/{people[0]}/reveal", data=PURPOSE)

    assert answer.status_code == 500
    assert not any(secret in answer.text for secret in SECRETS)


@pytest.mark.parametrize("role", ["field", "planner", "administrator", "auditor"])
def test_only_some_roles_reveal(people, client_as, role):
    answer = client_as(role, "").post(f"/residents/{people[0]}/reveal", data=PURPOSE)

    assert answer.status_code == 403


@pytest.mark.parametrize("role", ["planner", "administrator", "auditor"])
def test_some_roles_see_no_person_at_all(people, client_as, role):
    client = client_as(role, "")

    assert client.get("/residents").status_code == 403
    assert client.get("/staff").status_code == 403


@pytest.mark.parametrize(
    ("field", "words"),
    [("name", "ann  LEE"), ("identity", IDENTITIES[0].lower()), ("phone", "555-01 00")],
)
def test_a_complete_name_or_number_finds_a_person(session, people, coordinator, field, words):
    page = coordinator.post("/residents/search", data={"field": field, "words": words})

    assert page.status_code == 200
    assert f"/residents/{people[0]}" in page.text
    assert events(session)[-1][0] == "residents.searched"
    assert words not in str(session.execute(text("SELECT detail FROM audit_events")).all())


def test_parts_and_people_elsewhere_are_not_found(people, coordinator):
    for field, words in (("name", "Ann"), ("identity", IDENTITIES[1]), ("phone", "0100")):
        page = coordinator.post("/residents/search", data={"field": field, "words": words})
        assert "/residents/" + str(people[0]) not in page.text
        assert "/residents/" + str(people[1]) not in page.text


def test_a_correction_keeps_what_stood_before(session, people, coordinator):
    address = f"/residents/{people[0]}"
    form = {"version": "1", "phone": "555 7777", "drop_note": "1", "reason": "new phone"}

    assert coordinator.post(f"{address}/correct", data=form).status_code == 303
    assert coordinator.post(f"{address}/correct", data=form).status_code == 409  # version moved on

    held = coordinator.post(f"{address}/held", data={"form": "json", "words": "asked in person"})
    assert held.json["phone"] == "5557777"
    assert held.json["name"] == "Ann Lee"
    assert [row["phone"] for row in held.json["earlier"]] == ["5550100"]
    found = coordinator.post("/residents/search", data={"field": "phone", "words": "5557777"})
    assert address in found.text


def test_wrong_corrections_are_refused(people, coordinator):
    address = f"/residents/{people[0]}/correct"

    for form in (
        {"version": "1", "identity": "12", "reason": "typing error"},
        {"version": "1", "phone": "none", "reason": "typing error"},
        {"version": "1", "name": "x" * 300, "reason": "typing error"},
        {"version": "x", "phone": "5551234", "reason": "typing error"},
    ):
        assert coordinator.post(address, data=form).status_code == 400
    assert coordinator.post(address, data={"version": "1", "phone": "5551234"}).status_code == 422


def test_everything_held_is_given_out_as_page_and_json(session, people, coordinator):
    address = f"/residents/{people[0]}/held"

    assert coordinator.post(address, data={}).status_code == 422
    page = coordinator.post(address, data={"words": "asked in person", "form": "page"})
    file = coordinator.post(address, data={"words": "asked in person", "form": "json"})

    assert all(secret in page.text for secret in SECRETS)
    assert file.json["residences"][0]["detail"] == "Room 7"
    assert file.json["residences"][0]["since"] == "2020-01-01"
    assert events(session)[-1][0] == "resident.exported"


def test_moving_out_and_in_moves_person_and_counts(session, people, coordinator):
    address = f"/residents/{people[0]}"
    home = session.scalar(
        text("SELECT id FROM residences WHERE resident_id = :r"), {"r": people[0]}
    )

    overlapping = {"grid": chessboard_code(1, 0), "kind": "resident", "since": "2021-01-01"}
    assert coordinator.post(f"{address}/move-in", data=overlapping).status_code == 409
    out = coordinator.post(f"{address}/move-out", data={"residence": home, "on": "2021-01-01"})
    again = coordinator.post(f"{address}/move-out", data={"residence": home, "on": "2022-01-01"})
    moved = coordinator.post(f"{address}/move-in", data=overlapping)

    assert [out.status_code, again.status_code, moved.status_code] == [303, 409, 303]
    assert session.scalar(text("SELECT grid_code FROM residents WHERE id = :r"),
                          {"r": people[0]}) == chessboard_code(1, 0)  # fmt: skip
    counted = dict(session.execute(text("SELECT code, n FROM grid_population p JOIN grids g ON "
                                        "g.id = grid_id")).all())  # fmt: skip
    assert counted[chessboard_code(0, 0)] == 0
    assert counted[chessboard_code(1, 0)] == 1


def test_nobody_is_moved_into_grids_of_others(session, people, coordinator):
    answer = coordinator.post(
        f"/residents/{people[0]}/move-in",
        data={"grid": chessboard_code(1, 1), "kind": "temporary", "since": "2021-01-01"},
    )

    assert answer.status_code == 403
    assert session.scalar(text("SELECT count(*) FROM residences")) == 2


def test_erasure_takes_everything_and_says_what_stays(session, people, coordinator):
    coordinator.post(f"/residents/{people[0]}/correct",
                     data={"version": "1", "phone": "555 7777", "reason": "new phone"})  # fmt: skip

    page = coordinator.post(f"/residents/{people[0]}/erase", data={"reason": "asked for it"})

    assert page.status_code == 200
    assert "audit record" in page.text
    for table in ("residents", "residences", "resident_versions"):
        key = "id" if table == "residents" else "resident_id"
        left = session.scalar(text(f"SELECT count(*) FROM {table} WHERE {key} = :r"),
                              {"r": people[0]})  # fmt: skip
        assert left == 0, table
    assert session.execute(text("SELECT rule, rows, subject_id, reason FROM disposals")).all() == [
        ("erasure", 3, people[0], "asked for it")]  # fmt: skip
    assert coordinator.get(f"/residents/{people[0]}").status_code == 404


def test_the_auditor_learns_who_looked_by_number(session, people, coordinator, client_as):
    coordinator.post(f"/residents/{people[0]}/reveal", data=PURPOSE)
    client_as("field", "").post(f"/residents/{people[0]}/reveal", data=PURPOSE)

    page = client_as("auditor", HERE).get(f"/residents/{people[0]}/looks")

    assert page.status_code == 200
    assert "service: help with a form" in page.text
    assert "resident.revealed" in page.text
    assert not any(secret in page.text for secret in SECRETS)
    elsewhere = client_as("auditor", "77").get(f"/residents/{people[0]}/looks")
    assert "help with a form" not in elsewhere.text


def test_the_role_that_counts_reads_no_person(database_urls):
    from sqlalchemy import create_engine
    from sqlalchemy.exc import ProgrammingError

    engine = create_engine(database_urls["analysis"])
    for table in ("residents", "resident_versions", "residences", "staff", "duties", "disposals"):
        with engine.connect() as connection, pytest.raises(ProgrammingError, match="denied"):
            connection.execute(text(f"SELECT count(*) FROM {table}"))
    engine.dispose()


def test_without_a_token_nobody_is_there(database_urls, session, people):
    session.execute(text("SELECT set_config('gridmap.token', '', true)"))

    for table in ("residents", "residences", "staff", "duties", "disposals"):
        assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 0


ELSEWHERE = chessboard_code(1, 1)[:12]


@pytest.fixture
def two_homes(session, people):
    """Ann's number, with a second home, in the other community, since later."""
    session.execute(
        text("INSERT INTO residences (resident_id, source, source_id, kind, valid, key_number, "
             "grid_id, grid_code) SELECT :r, 'by hand', 'x', 'temporary', '[2022-01-01,)', "
             "key_number, g.id, g.code FROM residences, grids g WHERE resident_id = :r "
             "AND g.code = :code"),
        {"r": people[0], "code": chessboard_code(1, 1)},
    )  # fmt: skip
    return people[0]


def test_who_also_lives_elsewhere_survives_the_undo_of_an_import(session, tmp_path, actor_as):
    import_chessboard(tmp_path)
    result = import_residents(tmp_path, [ANN], actor=actor_as("coordinator", HERE))
    ann = session.scalar(text("SELECT id FROM residents"))
    session.execute(
        text("INSERT INTO residences (resident_id, source, source_id, kind, valid, key_number, "
             "grid_id, grid_code) SELECT :r, 'by hand', 'x', 'temporary', '[2022-01-01,)', 1, "
             "id, code FROM grids WHERE code = :code"),
        {"r": ann, "code": chessboard_code(1, 1)},
    )  # fmt: skip

    undo_import(actor_as("coordinator", HERE), result.batch)

    assert session.execute(text("SELECT r.grid_code, h.grid_code FROM residents r JOIN "
                                "residences h ON h.resident_id = r.id")).all() == [
        (chessboard_code(1, 1), chessboard_code(1, 1))]  # fmt: skip
    assert session.scalar(text("SELECT n FROM grid_population p JOIN grids g ON g.id = grid_id "
                               "WHERE code = :c"), {"c": chessboard_code(1, 1)}) == 1  # fmt: skip


def test_who_moves_out_of_one_scope_belongs_to_the_other(session, two_homes, coordinator):
    home = session.scalar(text("SELECT id FROM residences WHERE source = 'register' "
                               "AND resident_id = :r"), {"r": two_homes})  # fmt: skip

    done = coordinator.post(
        f"/residents/{two_homes}/move-out", data={"residence": home, "on": "2023-01-01"}
    )

    assert (done.status_code, done.location) == (303, "/residents")
    assert session.scalar(text("SELECT grid_code FROM residents WHERE id = :r"),
                          {"r": two_homes}) == chessboard_code(1, 1)  # fmt: skip


def test_a_search_over_two_scopes_is_on_record_in_both(session, people, client_as):
    searcher = client_as("coordinator", HERE, ELSEWHERE)

    searcher.post("/residents/search", data={"field": "name", "words": "Ann Lee"})

    assert session.execute(
        text("SELECT grid_code, detail ->> 'rows' FROM audit_events "
             "WHERE action = 'residents.searched' ORDER BY 1")
    ).all() == [(HERE, "1"), (ELSEWHERE, "0")]  # fmt: skip


def test_a_refusal_is_one_row_of_the_record(fresh_database, app, tmp_path):
    import_chessboard(tmp_path)
    import_residents(tmp_path, [ANN])

    def with_two_roles():
        with transaction(SYSTEM) as own:
            account = add_account(own, "two-roles")
            grant_role(own, account, Grant("field", (HERE,), date(2020, 1, 1)))
            grant_role(own, account, Grant("coordinator", (ELSEWHERE,), date(2020, 1, 1)))
            return open_session(own, account, second_factor=True)

    client = SignedIn(app, with_two_roles)
    with transaction(SYSTEM) as own:
        ann = own.scalar(text("SELECT id FROM residents"))
    answer = client.post(f"/residents/{ann}/reveal", data=PURPOSE)

    assert answer.status_code == 403
    with transaction(SYSTEM) as own:
        assert own.execute(
            text("SELECT action, grid_code FROM audit_events WHERE outcome = 'refused'")
        ).all() == [("resident.revealed", chessboard_code(0, 0))]


def test_who_reads_the_looks_at_a_person_is_on_record(session, people, client_as):
    client_as("auditor", HERE, ELSEWHERE).get(f"/residents/{people[0]}/looks")

    assert session.execute(
        text("SELECT subject_type, subject_id, grid_code, outcome FROM audit_events "
             "WHERE action = 'audit.looks_listed' ORDER BY 3")
    ).all() == [("looks", str(people[0]), HERE, "seen"),
                ("looks", str(people[0]), ELSEWHERE, "seen")]  # fmt: skip


def test_an_import_is_taken_back_after_one_of_its_persons_was_erased(session, tmp_path, actor_as):
    import_chessboard(tmp_path)
    actor = actor_as("coordinator", HERE)
    other = ("Eve Li", IDENTITIES[2], "", *centre(0, 0))
    result = import_residents(tmp_path, [ANN, other], actor=actor)
    ann = session.scalar(text("SELECT min(id) FROM residents"))
    changes.erase(session, actor, ann, reason="asked for it")

    assert undo_import(actor, result.batch)[1] == 1
    assert session.scalar(text("SELECT count(*) FROM residents")) == 0


def test_who_was_erased_does_not_come_back_with_the_same_file(
    session, people, two_homes, coordinator, tmp_path, client_as
):
    page = coordinator.post(f"/residents/{people[0]}/erase", data={"reason": "asked for it"})
    assert page.status_code == 200
    assert "3 rows went" in page.text, "the home in the other scope went too"

    again = import_residents(tmp_path, [ANN, BOB])

    assert (again.stored, again.duplicate, again.rejected) == (0, 1, 1)
    with open(again.rejects_file, encoding="utf-8-sig") as file:
        report = file.read()
    assert "was erased on request" in report
    assert "Ann" not in report
    assert session.scalars(text("SELECT source FROM erased_rows")).all() == ["register"]


def test_nobody_takes_a_row_of_the_erased_away(session, people, coordinator):
    coordinator.post(f"/residents/{people[0]}/erase", data={"reason": "asked for it"})

    for right in ("UPDATE", "DELETE"):
        assert not session.scalar(
            text("SELECT has_table_privilege('erased_rows', :right)"), {"right": right}
        )
