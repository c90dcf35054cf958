"""Retention: what is too old goes, is counted before, and is written down."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from gridmap.batches.rejects import rejects_folder
from gridmap.core.actor import SYSTEM
from gridmap.core.clock import utc_now
from gridmap.core.errors import BadRequest, NotFound
from gridmap.privacy import retention
from tests.factories import centre, import_chessboard, import_residents


@pytest.fixture
def people(session, tmp_path):
    """One who left long ago, one who left lately, one who is here; all with an old version."""
    import_chessboard(tmp_path)
    lately = (utc_now() - timedelta(days=30)).date()
    import_residents(tmp_path, [
        ("Old", "", "", *centre(0, 0), "", "resident", "1999-01-01", "2001-01-01"),
        ("New", "", "", *centre(0, 0), "", "resident", "1999-01-01", lately),
        ("Here", "", "", *centre(0, 0), "", "resident", "1999-01-01", ""),
        ("", "", "", *centre(0, 0)),
    ])  # fmt: skip


def rows_of(done):
    return {one.rule.code: one.rows for one in done}


def test_a_dry_run_counts_what_would_go_and_changes_nothing(session, people):
    done = rows_of(retention.run(SYSTEM, dry_run=True))

    assert done["moved_out"] == 1
    assert session.scalar(text("SELECT count(*) FROM residents")) == 3
    assert session.scalar(text("SELECT count(*) FROM disposals")) == 0


def test_what_is_too_old_goes_and_is_written_down(session, people):
    foretold = rows_of(retention.run(SYSTEM, dry_run=True))

    done = rows_of(retention.run(SYSTEM, dry_run=False))

    assert done["moved_out"] == foretold["moved_out"] == 1
    assert session.scalar(text("SELECT count(*) FROM residents")) == 2
    assert session.execute(text("SELECT rule, table_name, rows FROM disposals")).all() == [
        ("moved_out", "residents", 1)]  # fmt: skip
    assert session.scalar(text("SELECT count(*) FROM audit_events WHERE action = 'retention.ran'"))
    assert sum(rows_of(retention.run(SYSTEM, dry_run=False)).values()) == 0


def test_a_city_may_keep_shorter_but_not_shorter_than_a_week(session, people):
    retention.set_days(session, SYSTEM, "moved_out", 20)

    assert rows_of(retention.run(SYSTEM, dry_run=True))["moved_out"] == 2
    with pytest.raises(BadRequest):
        retention.set_days(session, SYSTEM, "moved_out", 6)
    with pytest.raises(NotFound):
        retention.set_days(session, SYSTEM, "nothing", 60)


def test_lists_of_rejected_people_go_after_a_month(session, people):
    (report,) = session.scalars(
        text("SELECT rejects_file FROM batches WHERE kind = 'residents'")
    ).all()
    path = rejects_folder() / report
    assert path.is_file()
    session.execute(text("UPDATE batches SET started_at = now() - interval '31 days' "
                         "WHERE kind = 'residents'"))  # fmt: skip

    assert rows_of(retention.run(SYSTEM, dry_run=True))["rejected_rows"] == 1
    assert path.is_file()
    retention.run(SYSTEM, dry_run=False)

    assert not path.is_file()


def test_what_corrections_replaced_goes_after_a_year(session, people):
    session.execute(text(
        "INSERT INTO resident_versions (resident_id, version, name, key_number, grid_code, "
        "replaced_by, replaced_at) SELECT id, 1, name, 1, grid_code, 'ann', "
        "now() - interval '400 days' FROM residents"
    ))  # fmt: skip

    done = rows_of(retention.run(SYSTEM, dry_run=False))

    assert done["old_versions"] == 2  # the third went with its person


def test_the_command_says_what_it_does(session, people, run):
    assert "1 would go" in run("retention", "run", "--dry-run").output
    assert "moved_out" in run("retention", "run").output
    assert "1 lines in all" in run("retention", "ledger").output
    assert run("retention", "set", "moved_out", "400").exit_code == 0


def test_who_reads_what_was_erased_is_on_record(session, people, client_as):
    client_as("auditor", "9901").get("/privacy/erased")

    assert session.execute(text("SELECT grid_code, outcome FROM audit_events "
                                "WHERE action = 'audit.erased_listed'")).all() == [
        ("9901", "seen")]  # fmt: skip
