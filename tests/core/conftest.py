"""What tests of jobs share."""

import pytest

from gridmap.core import job_queue, jobs
from gridmap.core.jobs import Kind


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
