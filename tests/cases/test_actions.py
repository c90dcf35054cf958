"""Cases in the database: opened where it happened, moved by steps, guarded, taken back."""

import threading

import pytest
from sqlalchemy import text

from gridmap.cases import calendars, queries
from gridmap.cases.actions import Seen, hand_over, open_case, take_step, undo_step
from gridmap.cases.errors import (
    BadValue,
    CaseMoved,
    NoSuchStep,
    NotUndoable,
    StepIncomplete,
    StepNotYours,
)
from gridmap.cases.locating import Report
from gridmap.cases.queries import Wanted
from gridmap.cases.rules import Given
from gridmap.core.actor import SYSTEM
from gridmap.core.database import transaction
from gridmap.core.errors import NotFound


def opened(town, *, key=None, **changes) -> str:
    lon, lat = town.point
    report = Report("incident_handling", "Lamp out", lon=lon, lat=lat, **changes)
    with transaction(town.officer) as session:
        return open_case(session, town.officer, report, key=key).code


def step(actor, code, name, seen=None, **given):
    with transaction(actor) as session:
        return take_step(session, actor, code, name, Given(**given), seen or Seen())


def seen_by(actor, code):
    with transaction(actor) as session:
        return queries.case_by_code(session, code)


def in_hand(town) -> str:
    code = opened(town)
    step(town.coordinator, code, "accept")
    step(town.coordinator, code, "dispatch", holder=town.officer.account_id)
    step(town.officer, code, "start")
    return code


def test_a_case_begins_where_it_happened(town):
    case = seen_by(town.coordinator, opened(town, priority="urgent", source="patrol"))

    assert (case.grid_code, case.state, case.version) == (town.grid, "reported", 1)
    assert case.code.startswith("I-")
    assert case.due_at is not None
    assert (case.opened_by, case.source) == (town.officer.account_id, "patrol")


def test_a_case_in_no_grid_belongs_to_the_scope_of_whoever_opened_it(town):
    with transaction(town.officer) as session:
        report = Report("incident_handling", "Somewhere", lon=0.0, lat=0.0)
        code = open_case(session, town.officer, report).code

    case = seen_by(town.coordinator, code)
    assert (case.grid_id, case.grid_code) == (None, "990101001000")
    assert seen_by(town.stranger, code) is None


def test_nobody_opens_a_case_in_a_foreign_grid(town):
    report = Report("incident_handling", "Lamp out", grid_code=town.other_grid)

    with pytest.raises(NotFound), transaction(town.officer) as session:
        open_case(session, town.officer, report)
    with pytest.raises(NotFound), transaction(town.planner) as session:
        open_case(session, town.planner, Report("incident_handling", "Lamp out"))


@pytest.mark.parametrize("title", ["", "   ", "x" * 201])
def test_a_title_says_something_in_a_line(town, title):
    with pytest.raises(BadValue), transaction(town.officer) as session:
        open_case(session, town.officer, Report("incident_handling", title))


def test_the_whole_way_from_report_to_archive(town):
    code = in_hand(town)
    step(town.officer, code, "hand_in", fields={"measure": "lamp replaced"})
    step(town.coordinator, code, "close", fields={"check_result": "done"}, outcome="fixed")
    step(town.coordinator, code, "rate", fields={"rating": "good"})
    case = step(town.coordinator, code, "file_away")

    assert (case.state, case.outcome) == ("archived", "fixed")
    assert case.closed_at is not None
    assert case.due_at is None
    assert case.fields == {"measure": "lamp replaced", "check_result": "done", "rating": "good"}
    with transaction(town.coordinator) as session:
        told = [event.step for event in queries.events_of(session, case.id)]
        clocks = queries.clocks_of(session, case.id)
    assert told == ["file_away", "rate", "close", "hand_in", "start", "dispatch", "accept",
                    "opened"]  # fmt: skip
    assert not any(clock.runs for clock in clocks)


def test_every_step_is_on_record(town):
    code = in_hand(town)

    rows = town.session.execute(
        text("SELECT action, grid_code FROM audit_events WHERE subject_id = :code ORDER BY id"),
        {"code": code},
    ).all()
    assert [row[0] for row in rows] == ["case.opened", "case.accept", "case.dispatch", "case.start"]
    assert {row[1] for row in rows} == {town.grid}


def test_a_foreign_case_is_one_that_does_not_exist(town):
    code = opened(town)

    for act in (
        lambda: step(town.stranger, code, "accept"),
        lambda: step(town.stranger, "I-26-XXXXXX", "accept"),
    ):
        with pytest.raises(NotFound) as refused:
            act()
        assert "There is no case I-26-" in str(refused.value)


def test_wrong_role_wrong_order_and_missing_words_are_refused_and_change_nothing(town):
    code = opened(town)

    with pytest.raises(StepNotYours):
        step(town.officer, code, "accept")
    with pytest.raises(NoSuchStep):
        step(town.coordinator, code, "close", outcome="fixed")
    with pytest.raises(StepIncomplete):
        step(town.coordinator, code, "refuse", outcome="unfounded")

    assert seen_by(town.coordinator, code).version == 1


def test_the_second_of_two_is_told_what_the_first_did(town):
    code = opened(town)
    step(town.coordinator, code, "accept", Seen(version=1))

    with pytest.raises(CaseMoved, match="Accept and file"):
        step(town.coordinator, code, "refuse", Seen(version=1), note="x", outcome="unfounded")


def test_the_same_key_again_is_the_same_step(town):
    code = opened(town, key="k-1")
    assert opened(town, key="k-1") == code

    for _ in range(2):
        case = step(town.coordinator, code, "accept", Seen(version=1, key="k-2"))

    assert case.version == 2


def test_only_somebody_who_may_have_it_gets_a_case(town):
    code = opened(town)
    step(town.coordinator, code, "accept")

    for account in (town.stranger.account_id, town.planner.account_id, 0):
        with pytest.raises(NotFound):
            step(town.coordinator, code, "dispatch", holder=account)
    with transaction(town.coordinator) as session:
        people = {person.account_id for person in queries.people_at(session, town.grid)}
        assert queries.people_at(session, town.other_grid) == []
    assert people == {town.coordinator.account_id, town.officer.account_id,
                      town.colleague.account_id}  # fmt: skip


def test_a_holder_has_it_and_a_colleague_has_not(town):
    code = opened(town)
    step(town.coordinator, code, "accept")
    step(town.coordinator, code, "dispatch", holder=town.officer.account_id)

    with pytest.raises(StepNotYours):
        step(town.colleague, code, "start")
    assert step(town.officer, code, "start").holder_id == town.officer.account_id


def test_handing_over_starts_the_holders_clock_anew(town):
    code = in_hand(town)

    with transaction(town.coordinator) as session:
        case = hand_over(session, town.coordinator, code, town.colleague.account_id, Seen())
        handle = [c for c in queries.clocks_of(session, case.id) if c.deadline == "handle"]

    assert case.holder_id == town.colleague.account_id
    assert [clock.started for clock in handle] == [case.held_since]
    with pytest.raises(StepNotYours):
        step(town.officer, code, "hand_in", fields={"measure": "x"})


def test_returned_work_goes_back_to_whoever_sent_it_on_and_names_the_next_owner(town):
    code = in_hand(town)
    with transaction(town.coordinator) as session:
        hand_over(session, town.coordinator, code, town.colleague.account_id, Seen())

    with pytest.raises(StepIncomplete, match="Whose it is"):
        step(town.colleague, code, "return", note="a private lamp")
    case = step(town.colleague, code, "return", note="a private lamp",
                fields={"next_owner": "the house owner"})  # fmt: skip

    assert (case.state, case.holder_id) == ("filed", town.officer.account_id)


def test_the_last_step_can_be_taken_back_by_whoever_made_it(town):
    code = in_hand(town)
    before = seen_by(town.coordinator, code)
    kept = (before.state, before.holder_id, before.due_at, dict(before.fields))
    step(town.officer, code, "hand_in", fields={"measure": "wrong case"})

    with pytest.raises(NotUndoable), transaction(town.colleague) as session:
        undo_step(session, town.colleague, code, Seen())
    with transaction(town.officer) as session:
        case = undo_step(session, town.officer, code, Seen())

    assert (case.state, case.holder_id, case.due_at, case.fields) == kept
    with transaction(town.officer) as session:
        told = queries.events_of(session, case.id)
    assert [event.step for event in told[:2]] == ["undone", "hand_in"]
    assert told[1].undone_at is not None
    with pytest.raises(NotUndoable), transaction(town.officer) as session:
        undo_step(session, town.officer, code, Seen())


def test_reopening_wants_a_reason_and_takes_the_outcome_back(town):
    code = opened(town)
    step(town.coordinator, code, "refuse", note="dark only once", outcome="unfounded")

    case = step(town.coordinator, code, "reopen", note="dark again")

    assert (case.state, case.outcome, case.closed_at) == ("filed", None, None)
    assert case.due_at is not None


def test_the_list_shows_the_next_due_first_and_agrees_with_its_counts(town):
    codes = [opened(town, priority=priority) for priority in ("low", "urgent", "normal")]
    step(town.coordinator, codes[2], "refuse", note="no", outcome="unfounded")

    with transaction(town.coordinator) as session:
        total, rows = queries.case_page(session, Wanted())
        counts = queries.counts(session, {"open": Wanted(), "all": Wanted(open_only=False)})
        none = queries.case_page(session, Wanted(scope="990101001001"))
        found = queries.case_page(session, Wanted(words=("LAMP", codes[0].lower())))
        mine = queries.case_page(session, Wanted(holder=town.officer.account_id))
        nobodys = queries.case_page(session, Wanted(holder=0))
    assert total == 2
    assert [case.code for case in rows] == [codes[1], codes[0]]
    assert counts == {"open": 2, "all": 3}
    assert none == (0, [])
    assert [case.code for case in found[1]] == [codes[0]]
    assert (mine[0], nobodys[0]) == (0, 2)
    with transaction(town.stranger) as session:
        assert queries.case_page(session, Wanted(open_only=False)) == (0, [])


def test_two_at_once_move_a_case_once(fresh_database, tmp_path):
    from gridmap.auth.sessions import actor_of
    from tests.factories import centre, import_chessboard
    from tests.people import sign_in

    import_chessboard(tmp_path, 1, 1)
    actors = [actor_of(sign_in("coordinator")) for _ in range(2)]
    lon, lat = centre(0, 0)
    with transaction(SYSTEM) as session:
        report = Report("incident_handling", "Lamp out", lon=lon, lat=lat)
        code = open_case(session, SYSTEM, report).code
    start, results = threading.Barrier(2), []

    def move(actor):
        start.wait()
        try:
            with transaction(actor) as session:
                take_step(session, actor, code, "accept", Given(), Seen(version=1))
            results.append("moved")
        except (CaseMoved, NoSuchStep) as problem:
            results.append(problem.code)

    threads = [threading.Thread(target=move, args=(actor,)) for actor in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == ["case_moved", "moved"]


def test_the_calendar_is_the_citys(session):
    assert calendars.work_calendar(session).opens.hour == 9
    session.execute(text(
        "INSERT INTO settings VALUES ('working_time', '{\"opens\": \"08:30\", \"closes\": "
        "\"17:30\", \"weekdays\": [0, 1, 2, 3, 4, 5], \"holidays\": [\"2026-10-01\"]}')"
    ))  # fmt: skip

    found = calendars.work_calendar(session)

    assert (found.opens.minute, 5 in found.weekdays) == (30, True)
    assert len(found.holidays) == 1


def test_the_command_line_tells_kinds_and_sets_working_time(town, run):
    opened(town)

    listed = run("cases", "list").output
    kinds = run("cases", "kinds").output
    said = run("cases", "working-time", "--opens", "08:30", "--closes", "17:30", "--day", "mon",
               "--day", "sat", "--holiday", "2026-10-01")  # fmt: skip
    refused = run("cases", "working-time", "--opens", "18:00", "--closes", "09:00")

    assert "reported" in listed
    assert "1 of 1 cases" in listed
    assert "filed → dispatched: dispatch" in kinds
    assert "works mon, sat, 08:30–17:30" in said.output
    assert calendars.work_calendar(town.session).weekdays == {0, 5}
    assert refused.exit_code == 2
    assert run("cases", "working-time", "--opens", "soon").exit_code == 2


def test_a_mistyped_grid_is_said_and_not_dropped(town):
    report = Report("incident_handling", "Lamp out", grid_code="990101001000999")

    with (
        pytest.raises(NotFound, match="no grid 990101001000999"),
        transaction(town.officer) as session,
    ):
        open_case(session, town.officer, report)


def test_a_point_in_a_foreign_grid_is_refused_and_its_code_goes_on_record(town):
    from tests.factories import centre

    lon, lat = centre(0, 1)
    report = Report("incident_handling", "Lamp out", lon=lon, lat=lat, place="12 Mill Lane")

    with (
        pytest.raises(NotFound, match="no grid of yours") as refused,
        transaction(town.officer) as session,
    ):
        open_case(session, town.officer, report)
    assert refused.value.where == town.other_grid
    assert refused.value.outside_scope


def test_a_point_in_no_grid_belongs_to_the_nearest_of_several_scopes(town):
    from gridmap.auth.sessions import actor_of
    from tests.people import sign_in

    both = actor_of(sign_in("field", prefixes=("990101001000", "990101001001")))
    with transaction(both) as session:
        report = Report("incident_handling", "Lamp out", lon=120.005, lat=32.5)
        case = open_case(session, both, report)

    assert (case.grid_id, case.grid_code) == (None, "990101001001")


def test_handing_over_is_for_whoever_has_it_or_leads_and_not_after_the_end(town):
    code = in_hand(town)

    with pytest.raises(StepNotYours), transaction(town.colleague) as session:
        hand_over(session, town.colleague, code, town.colleague.account_id, Seen())
    with transaction(town.officer) as session:
        hand_over(session, town.officer, code, town.colleague.account_id, Seen())
    step(town.coordinator, code, "hand_in", fields={"measure": "x"})
    step(town.coordinator, code, "close", fields={"check_result": "done"}, outcome="fixed")
    with pytest.raises(NoSuchStep), transaction(town.coordinator) as session:
        hand_over(session, town.coordinator, code, town.officer.account_id, Seen())


def test_two_requests_with_one_key_open_one_case(fresh_database, tmp_path):
    from gridmap.auth.sessions import actor_of
    from tests.factories import import_chessboard
    from tests.people import sign_in

    import_chessboard(tmp_path, 1, 1)
    officer = actor_of(sign_in("field"))
    start, codes = threading.Barrier(4), []

    def send():
        start.wait()
        with transaction(officer) as session:
            report = Report("incident_handling", "Lamp out")
            codes.append(open_case(session, officer, report, key="once").code)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(codes) == 4
    assert len(set(codes)) == 1


def on_duty_here(town, person, number):
    """Make somebody responsible for the first grid from today on."""
    from datetime import timedelta

    from sqlalchemy.dialects.postgresql import Range

    from gridmap.core.city import timezone
    from gridmap.core.clock import local_date, utc_now
    from gridmap.staff.models import Duty, StaffMember

    day = local_date(utc_now(), timezone(town.session)) - timedelta(days=1)
    member = StaffMember(number=number, name=b"x", key_number=1, account_id=person.account_id,
                         grid_code=town.grid)  # fmt: skip
    town.session.add(member)
    town.session.flush()
    town.session.add(Duty(staff_id=member.id, grid_code=town.grid, valid=Range(day, None)))
    town.session.flush()


def test_work_to_check_goes_to_whoever_is_on_duty_in_the_grid(town):
    on_duty_here(town, town.colleague, "A-1")
    code = in_hand(town)

    case = step(town.officer, code, "hand_in", fields={"measure": "x"})

    assert case.holder_id == town.colleague.account_id


def test_with_nobody_on_duty_it_goes_to_whoever_leads_and_never_to_nobody(town):
    code = in_hand(town)

    case = step(town.officer, code, "hand_in", fields={"measure": "x"})

    assert case.holder_id == town.coordinator.account_id
