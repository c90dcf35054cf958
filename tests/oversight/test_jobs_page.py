"""The page and the commands of work in the background."""

import json

import pytest
from sqlalchemy import text

from gridmap.core import jobs
from gridmap.core.actor import SYSTEM
from gridmap.core.database import transaction
from gridmap.core.jobs import Kind


@pytest.fixture
def job(session, monkeypatch):
    """A waiting job."""
    monkeypatch.setitem(jobs.KINDS, "trial", Kind("trial", "Trial of work", lambda run: None))
    with transaction(SYSTEM) as own:
        return jobs.enqueue(own, "trial")


def state(job: int) -> str:
    with transaction(SYSTEM) as own:
        return jobs.job_by_id(own, job).state


def post(client, address: str):
    return client.post(address, headers={"Origin": "http://localhost"})


def test_an_administrator_sees_stops_and_retries_jobs_on_record(session, client_as, job):
    administrator = client_as("administrator", "")

    assert "Trial of work" in administrator.get("/jobs").get_data(as_text=True)
    assert post(administrator, f"/jobs/{job}/cancel").status_code == 303
    assert state(job) == jobs.CANCELLED
    assert "Trial of work" in administrator.get("/jobs?state=cancelled").get_data(as_text=True)
    assert "Trial of work" not in administrator.get("/jobs?state=failed").get_data(as_text=True)
    assert post(administrator, f"/jobs/{job}/retry").status_code == 303
    assert state(job) == jobs.WAITING

    with transaction(SYSTEM) as own:
        actions = own.scalars(
            text("SELECT action FROM audit_events WHERE subject_type = 'job' ORDER BY id")
        ).all()
    assert actions == ["jobs.cancelled", "jobs.retried"]


def test_an_auditor_sees_jobs_and_cannot_change_them(session, client_as, job):
    auditor = client_as("auditor", "")

    page = auditor.get("/jobs").get_data(as_text=True)

    assert "Trial of work" in page
    assert f"/jobs/{job}/cancel" not in page
    assert post(auditor, f"/jobs/{job}/cancel").status_code == 403
    assert state(job) == jobs.WAITING


def test_others_do_not_see_the_page(session, client_as, job):
    assert client_as("planner", "").get("/jobs").status_code == 403


def test_what_has_ended_cannot_be_stopped(session, client_as, job):
    administrator = client_as("administrator", "")
    post(administrator, f"/jobs/{job}/cancel")

    assert post(administrator, f"/jobs/{job}/cancel").status_code == 409
    assert post(administrator, "/jobs/999999/cancel").status_code == 404


def test_the_commands_list_show_cancel_and_retry(fresh_database, run, monkeypatch):
    monkeypatch.setitem(jobs.KINDS, "trial", Kind("trial", "Trial", lambda run: None))
    with transaction(SYSTEM) as session:
        job = jobs.enqueue(session, "trial", {"a": 1})

    assert "1 waiting" in run("jobs", "list").output
    assert json.loads(run("jobs", "show", job).output)["arguments"] == {"a": 1}
    assert "is cancelled" in run("jobs", "cancel", job).output
    assert run("jobs", "cancel", job).exit_code == 1
    assert "waits" in run("jobs", "retry", job).output
    assert run("jobs", "show", 999_999).exit_code == 1
    assert " trial " in run("jobs", "list", "--state", "waiting").output
