"""Jobs: one run for two equal requests, in whose name, progress, attempts, calling off."""

import threading

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from gridmap.core import job_queue, jobs
from gridmap.core.actor import SYSTEM
from gridmap.core.database import transaction
from gridmap.core.errors import DatabaseUnavailable, GridmapError
from tests.core.job_asking import ask, job, set_column, work

# -- asking -------------------------------------------------------------------------------------


def test_two_equal_requests_are_one_run(session, kinds):
    kinds()

    same = {ask(arguments={"a": 1, "b": 2}), ask(arguments={"b": 2, "a": 1})}

    assert len(same) == 1
    assert ask(arguments={"a": 2}) not in same


def test_a_request_while_an_equal_one_runs_is_the_same_run_and_afterwards_another(session, kinds):
    during = []
    kinds(lambda run: during.append(ask()))
    first = ask()

    work()

    assert during == [first]
    assert ask() != first


def test_a_key_makes_different_arguments_equal(session, kinds):
    kinds()

    assert ask(arguments={"a": 1}, key="k") == ask(arguments={"a": 2}, key="k")


def test_requests_of_different_people_are_different_runs(session, kinds, actor_as):
    kinds()

    assert ask(actor_as("planner", "99")) != ask(actor_as("planner", "99"))


def test_equal_requests_at_the_same_time_are_one_run(fresh_database, kinds):
    kinds()
    found = []
    threads = [threading.Thread(target=lambda: found.append(ask())) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(found)) == 1
    assert len(found) == 8


# -- acting as somebody -------------------------------------------------------------------------


def test_a_job_acts_as_whoever_asked_in_that_ones_scope(session, kinds, actor_as):
    seen = {}

    def look(run) -> None:
        with transaction(run.actor) as own:
            seen["scope"] = own.scalar(text("SELECT auth.scopes('incident', 'see')"))
        seen["name"], seen["roles"] = run.actor.name, run.actor.roles

    kinds(look)
    planner = actor_as("planner", "9901")
    ask(planner)

    work()

    assert seen == {"scope": ["9901"], "name": planner.name, "roles": (("planner", ("9901",)),)}


def test_the_session_of_a_job_ends_with_it(session, kinds, actor_as):
    tokens = []
    kinds(lambda run: tokens.append(run.actor))
    ask(actor_as("planner", "99"))

    work()

    with transaction(tokens[0]) as own:
        assert own.scalar(text("SELECT auth.account()")) is None


def test_nobody_can_make_a_job_act_as_somebody_else(session, kinds, actor_as):
    kinds()
    planner, administrator = actor_as("planner", "99"), actor_as("administrator", "")
    job_id = ask(planner)

    with transaction(planner) as own:
        own.execute(
            text(
                "INSERT INTO jobs (kind, arguments, key, account_id, actor, second_factor,"
                " most_attempts) VALUES ('trial', '{}', 'x', :account, 'system', true, 1)"
            ),
            {"account": administrator.account_id},
        )
        assert own.scalars(text("SELECT actor FROM jobs WHERE key = 'x'")).all() == [planner.name]
    for change in ("account_id = account_id + 1", "actor = 'system'", "arguments = '{\"a\": 1}'",
                   "second_factor = NOT second_factor"):  # fmt: skip
        with pytest.raises(DBAPIError, match="cannot be changed"), transaction(SYSTEM) as own:
            own.execute(text(f"UPDATE jobs SET {change} WHERE id = {job_id}"))


def test_people_see_their_own_jobs_and_administrators_of_everything_all(session, kinds, actor_as):
    kinds()
    planner, local = actor_as("planner", "99"), actor_as("administrator", "99")
    mine, other, systems, locals_own = (
        ask(planner),
        ask(actor_as("planner", "99")),
        ask(),
        ask(local),
    )

    def ids(actor) -> set[int]:
        with transaction(actor) as own:
            return {found.id for found in jobs.newest_jobs(own)}

    assert ids(planner) == {mine}
    assert ids(local) == {locals_own}
    assert ids(actor_as("auditor", "99")) == set()
    for role in ("administrator", "auditor"):
        assert ids(actor_as(role, "")) == {mine, other, systems, locals_own}
    for actor, job_id in ((planner, other), (local, mine), (local, systems)):
        with pytest.raises(jobs.NoSuchJob), transaction(actor) as own:
            jobs.cancel(own, job_id)
    with transaction(local) as own:
        assert own.execute(text("UPDATE jobs SET cancel_asked = true")).rowcount == 1
        jobs.cancel(own, locals_own)


def test_a_job_of_an_account_that_was_locked_fails(fresh_database, kinds, actor_as):
    kinds()
    planner = actor_as("planner", "99")
    job_id = ask(planner)
    owner = create_engine(fresh_database["owner"])
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE auth.accounts SET locked_at = now() WHERE id = :id"),
            {"id": planner.account_id},
        )
    owner.dispose()

    work()

    assert job(job_id).state == jobs.FAILED


# -- progress, end, attempts --------------------------------------------------------------------


def test_progress_can_be_seen_while_it_runs(session, kinds):
    seen = []

    def count(run) -> dict:
        run.report(1, 2, "halfway")
        found = job(run.arguments["id"])
        seen.append((found.state, found.progress_done, found.progress_total, found.doing))
        return {"rows": 2}

    kinds(count)
    with transaction(SYSTEM) as own:
        number = own.scalar(text("SELECT coalesce(max(id), 0) FROM jobs")) + 1
    job_id = ask(arguments={"id": number})
    set_column(job_id, f"id = {number}")

    work()

    assert seen == [("running", 1, 2, "halfway")]
    assert (job(number).state, job(number).result) == ("done", {"rows": 2})


def test_what_keeps_failing_is_tried_later_and_later_and_then_stays(session, kinds):
    def fail(run) -> None:
        raise DatabaseUnavailable

    kinds(fail, attempts=3)
    job_id = ask()
    waits = []

    while work():
        found = job(job_id)
        waits.append((found.state, round((found.run_after - found.started_at).total_seconds())))
        set_column(job_id, "run_after = now()")

    assert waits == [("waiting", 5), ("waiting", 10), ("failed", 20)]
    assert "database does not answer" in job(job_id).error


def test_what_cannot_end_better_is_not_tried_again(session, kinds):
    def fail(run) -> None:
        raise GridmapError

    kinds(fail)
    job_id = ask()

    work()

    assert (job(job_id).state, job(job_id).attempts) == (jobs.FAILED, 1)


def test_words_of_an_unknown_error_are_not_kept(session, kinds):
    def fail(run) -> None:
        raise ValueError("Zhang San, 13800000000")

    kinds(fail)
    job_id = ask()

    work()

    assert job(job_id).error == "ValueError"


def test_a_failed_job_can_be_tried_again(session, kinds):
    works = []

    def sometimes(run) -> None:
        if not works:
            raise GridmapError

    kinds(sometimes)
    job_id = ask()
    work()
    works.append(True)

    with transaction(SYSTEM) as own:
        jobs.retry(own, job_id)
    work()

    assert job(job_id).state == jobs.DONE
    with pytest.raises(jobs.JobNotOver), transaction(SYSTEM) as own:
        jobs.retry(own, job_id)


def test_a_failed_job_is_not_tried_again_beside_an_equal_one(session, kinds):
    def fail(run) -> None:
        raise GridmapError

    kinds(fail)
    job_id = ask()
    work()
    ask()

    with pytest.raises(jobs.JobNotOver), transaction(SYSTEM) as own:
        jobs.retry(own, job_id)


# -- calling off --------------------------------------------------------------------------------


def test_a_waiting_job_that_is_called_off_never_runs(session, kinds):
    ran = []
    kinds(lambda run: ran.append(1))
    job_id = ask()

    with transaction(SYSTEM) as own:
        jobs.cancel(own, job_id)

    assert not work()
    assert (ran, job(job_id).state) == ([], jobs.CANCELLED)
    with pytest.raises(jobs.JobIsOver), transaction(SYSTEM) as own:
        jobs.cancel(own, job_id)


def test_a_running_job_that_is_called_off_stops_at_its_next_report(session, kinds):
    def long(run) -> None:
        with transaction(SYSTEM) as own:
            jobs.cancel(own, job_id)
        run.report(1, 1)
        pytest.fail("it went on")

    kinds(long)
    job_id = ask()

    work()

    assert job(job_id).state == jobs.CANCELLED


def test_a_job_that_is_called_off_and_then_fails_does_not_come_back(session, kinds):
    def fail(run) -> None:
        with transaction(SYSTEM) as own:
            jobs.cancel(own, job_id)
        raise DatabaseUnavailable

    kinds(fail)
    job_id = ask()

    work()

    assert (job(job_id).state, job(job_id).finished_at is None) == (jobs.CANCELLED, False)
    set_column(job_id, "run_after = now()")
    assert not work()


def test_a_job_that_is_called_off_is_over_when_its_worker_ends(session, kinds):
    kinds()
    job_id = ask()
    with transaction(SYSTEM) as own:
        claim = job_queue.claim(own, "worker", ["trial"], lease_s=30)
        jobs.cancel(own, job_id)

        job_queue.hand_back(own, claim)

    assert (job(job_id).state, job(job_id).finished_at is None) == (jobs.CANCELLED, False)
    assert not work()


def test_whoever_takes_a_job_does_not_forget_that_it_was_called_off(session, kinds):
    kinds()
    job_id = ask()
    set_column(job_id, "cancel_asked = true")
    with transaction(SYSTEM) as own:
        claim = job_queue.claim(own, "worker", ["trial"], lease_s=30)

        assert job_queue.keep(own, "worker", [claim], lease_s=30) == {job_id: True}
