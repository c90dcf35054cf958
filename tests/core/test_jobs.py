"""Jobs: one run for two equal requests, progress, calling off, attempts, killed workers."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from gridmap.auth.acting import acting_for
from gridmap.core import job_queue, jobs
from gridmap.core.actor import SYSTEM
from gridmap.core.city import put_setting, today
from gridmap.core.clock import local_midnight
from gridmap.core.database import transaction
from gridmap.core.errors import DatabaseUnavailable, GridmapError
from gridmap.core.job_runs import perform
from gridmap.core.jobs import Kind

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def kinds(monkeypatch):
    """An empty list of kinds, to register some for one test."""
    monkeypatch.setattr(jobs, "KINDS", {})
    monkeypatch.setattr(job_queue, "KINDS", jobs.KINDS)
    monkeypatch.setattr("gridmap.core.job_runs.KINDS", jobs.KINDS)
    monkeypatch.setattr("gridmap.core.worker.KINDS", jobs.KINDS)

    def add(run=lambda run: None, **said) -> None:
        jobs.register(Kind("trial", "Trial", run, **said))

    return add


def ask(actor=SYSTEM, arguments=None, **said) -> int:
    with transaction(actor) as session:
        return jobs.enqueue(session, actor, "trial", arguments, **said)


def work() -> bool:
    """Take one job and perform it here, without a process of its own."""
    with transaction(SYSTEM) as session:
        claim = job_queue.claim(session, "worker", list(jobs.KINDS), lease_s=30)
    if claim is not None:
        perform(claim, acting_for)
    return claim is not None


def job(job_id: int) -> jobs.Job:
    with transaction(SYSTEM) as session:
        return jobs.job_by_id(session, job_id)


def set_column(job_id: int, assignment: str) -> None:
    with transaction(SYSTEM) as session:
        session.execute(text(f"UPDATE jobs SET {assignment} WHERE id = :id"), {"id": job_id})


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


# -- several workers ----------------------------------------------------------------------------


def test_a_job_is_taken_by_one_worker_only(fresh_database, kinds):
    kinds()
    for number in range(20):
        ask(arguments={"n": number})
    taken = []

    def take() -> None:
        while True:
            with transaction(SYSTEM) as session:
                claim = job_queue.claim(session, "w", ["trial"], lease_s=30)
            if claim is None:
                return
            taken.append(claim.id)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(taken) == len(set(taken)) == 20


def test_a_lease_that_ran_out_is_taken_over_and_the_first_worker_writes_nothing(session, kinds):
    kinds()
    job_id = ask()
    with transaction(SYSTEM) as own:
        lost = job_queue.claim(own, "lost", ["trial"], lease_s=-1)
        job_queue.take_over(own)
        second = job_queue.claim(own, "second", ["trial"], lease_s=30)

        assert job_queue.keep(own, "lost", [lost], lease_s=30) == {}
        assert not job_queue.finish(own, lost, None)
        assert job_queue.finish(own, second, None)

    assert (job(job_id).state, job(job_id).attempts) == (jobs.DONE, 2)


def test_a_job_that_kills_its_workers_stays_as_failed(session, kinds):
    kinds(attempts=2)
    job_id = ask()

    for _ in range(2):
        with transaction(SYSTEM) as own:
            assert job_queue.claim(own, "w", ["trial"], lease_s=-1)
            job_queue.take_over(own)

    assert (job(job_id).state, job(job_id).error) == (
        "failed",
        "the worker ended in the middle of it",
    )


def test_what_repeats_itself_is_due_once_for_all_workers(fresh_database, kinds):
    kinds(every=timedelta(hours=1))
    due = []

    def ask_for_it() -> None:
        with transaction(SYSTEM) as session:
            due.extend(job_queue.due_periods(session, list(jobs.KINDS.values())))

    threads = [threading.Thread(target=ask_for_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert due == ["trial"]

    with transaction(SYSTEM) as session:
        assert 0 < job_queue.seconds_to_next(session, ["trial"], ["trial"]) <= 3600
        session.execute(text("UPDATE job_periods SET next_at = now()"))
    ask_for_it()
    assert due == ["trial", "trial"]


def test_what_is_daily_comes_with_the_citys_day(session, kinds):
    kinds(every=timedelta(days=1), at_midnight=True)

    def due(zone: str) -> list[str]:
        with transaction(SYSTEM) as own:
            put_setting(own, "timezone", {"name": zone, "by": "person"})
            return job_queue.due_periods(own, list(jobs.KINDS.values()))

    def next_at(zone: str):
        with transaction(SYSTEM) as own:
            found = own.scalar(text("SELECT next_at FROM job_periods WHERE kind = 'trial'"))
            assert found == local_midnight(today(own) + timedelta(days=1), zone)
            return found

    assert due("Asia/Shanghai") == ["trial"]
    shanghai = next_at("Asia/Shanghai")
    assert due("Asia/Shanghai") == []
    with transaction(SYSTEM) as own:  # an hour later than any moment at which it would be due
        own.execute(text("UPDATE job_periods SET next_at = next_at + interval '1 hour'"))
    assert due("Asia/Shanghai") == ["trial"]
    assert next_at("Asia/Shanghai") == shanghai
    with transaction(SYSTEM) as own:  # a faster worker, whose clock says the next day
        own.execute(text("UPDATE job_periods SET next_at = next_at + interval '1 day'"))
    assert due("Asia/Shanghai") == []


def test_counting_residents_and_erasing_come_with_the_citys_day():
    from gridmap.privacy.job_kinds import RETENTION
    from gridmap.residents.job_kinds import SETTLE

    assert SETTLE.at_midnight
    assert RETENTION.at_midnight


def test_of_what_repeats_itself_the_last_run_is_kept(session, kinds):
    kinds(every=timedelta(minutes=1))
    for _ in range(3):
        last = ask()
        work()

    with transaction(SYSTEM) as own:
        assert [found.id for found in jobs.newest_jobs(own)] == [last]


# -- the process --------------------------------------------------------------------------------

PROGRAM = """
import sys, time
from datetime import timedelta
from pathlib import Path
from sqlalchemy import text
from gridmap.auth.acting import acting_for
from gridmap.core import database, jobs
from gridmap.core.actor import SYSTEM
from gridmap.core.database import transaction
from gridmap.core.worker import Worker

url, marks, lease = sys.argv[1:]
database.configure(app=url, owner=None)

def mark(words):
    with (Path(marks) / "marks").open("a") as file:
        file.write(words + "\\n")

def sleep(run):
    mark("begun")
    if run.arguments.get("in_database"):
        with transaction(run.actor) as session:
            session.execute(text("SELECT pg_sleep(60)"))
    if not (Path(marks) / "go").exists():
        time.sleep(60)
    mark("done")

jobs.register(jobs.Kind("trial", "Trial", sleep))
jobs.register(jobs.Kind("beat", "Beat", lambda run: mark("beat"), urgent=True))
mark("ready")
Worker(acting_for, lease_s=float(lease)).run()
"""


class Process:
    """A worker in a process of its own."""

    def __init__(self, url: str, folder: Path, *, lease_s: float = 30) -> None:
        self.folder = folder
        self.marks = folder / "marks"
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, url, str(folder), str(lease_s)],
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        )

    def wait_for(self, words: str, *, count: int = 1) -> None:
        until(lambda: self.marks.exists() and self.marks.read_text().split().count(words) >= count)

    def end(self, number: int = signal.SIGTERM) -> float:
        begin = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(10)
        return time.monotonic() - begin


def until(true, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def start(fresh_database, kinds, tmp_path):
    """Start workers at the fresh database; they end with the test."""
    kinds()
    jobs.register(Kind("beat", "Beat", lambda run: None, urgent=True))
    started = []

    def begin(**said) -> Process:
        started.append(Process(fresh_database["app"], tmp_path, **said))
        return started[-1]

    yield begin
    for process in started:
        process.process.kill()
        process.process.wait()


def test_a_killed_worker_is_survived(start):
    first = start(lease_s=1)
    job_id = ask()
    first.wait_for("begun")

    first.end(signal.SIGKILL)
    (first.folder / "go").touch()
    second = start(lease_s=1)

    second.wait_for("done")
    until(lambda: job(job_id).state == jobs.DONE)
    assert job(job_id).attempts == 2
    assert first.marks.read_text().split().count("done") == 1  # its process ended with it


def test_a_worker_that_is_told_to_end_hands_its_jobs_back_soon(start):
    worker = start()
    job_id = ask(arguments={"in_database": True})
    worker.wait_for("begun")

    seconds = worker.end()

    assert seconds < 2
    assert (job(job_id).state, job(job_id).attempts) == (jobs.WAITING, 0)


@pytest.mark.parametrize("in_database", [True, False])
def test_a_running_job_can_be_called_off(start, in_database):
    worker = start(lease_s=3)
    job_id = ask(arguments={"in_database": in_database})
    worker.wait_for("begun")
    begin = time.monotonic()

    with transaction(SYSTEM) as session:
        jobs.cancel(session, job_id)

    until(lambda: job(job_id).state == jobs.CANCELLED)
    assert time.monotonic() - begin < 2


def test_a_job_begins_at_once_and_urgent_ones_beside_long_ones(start):
    worker = start()
    worker.wait_for("ready")
    for number in range(4):
        ask(arguments={"n": number})
    worker.wait_for("begun", count=2)
    begin = time.monotonic()

    with transaction(SYSTEM) as session:
        jobs.enqueue(session, SYSTEM, "beat")

    worker.wait_for("beat")
    assert time.monotonic() - begin < 1.5
    assert worker.marks.read_text().split().count("begun") == 2


def test_a_killed_process_is_an_attempt_that_failed(start):
    worker = start()
    job_id = ask()
    worker.wait_for("begun")
    children = Path(f"/proc/{worker.process.pid}/task/{worker.process.pid}/children").read_text()

    os.kill(int(children.split()[0]), signal.SIGKILL)

    until(lambda: job(job_id).state == jobs.WAITING)
    assert "-9" in job(job_id).error


def test_jobs_go_a_month_after_their_end_however_they_ended(session, kinds):
    kinds()
    ended = {state: ask(arguments={"state": state}) for state in ("done", "failed", "cancelled")}
    for state, job_id in ended.items():
        set_column(job_id, f"state = '{state}', finished_at = now() - interval '31 days'")
    late = ask(arguments={"state": "late"})
    set_column(late, "state = 'failed', finished_at = now() - interval '29 days'")

    assert job_queue.forget_old(session) == 3
    assert job(late).state == "failed"
