"""The worker's process: killed, told to end, called off, woken at once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gridmap.core import job_queue, jobs
from gridmap.core.actor import SYSTEM
from gridmap.core.database import transaction
from gridmap.core.jobs import Kind
from tests.core.job_asking import ask, job, set_column
from tests.waiting import until

CHECKOUT = Path(__file__).resolve().parents[2]

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
from tests.waiting import until

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
    until((Path(marks) / "go").exists, seconds=60)
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
        jobs.enqueue(session, "beat")

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
