"""The queue: several workers, leases that run out, what repeats itself."""

import threading
from datetime import timedelta

from sqlalchemy import text

from gridmap.core import job_queue, jobs
from gridmap.core.actor import SYSTEM
from gridmap.core.city import put_setting, today
from gridmap.core.clock import local_midnight
from gridmap.core.database import transaction
from tests.core.job_asking import ask, job, work


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
