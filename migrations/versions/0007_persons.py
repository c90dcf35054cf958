"""Residents and staff, encrypted and guarded from their first row; a ledger of what was erased.

Expands: the release before this one knows none of these tables, and reads no `batch_id` of a
count of people that has none.
"""

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"

HERE = Path(__file__).parent
TABLES = ("duties", "staff", "residences", "resident_versions", "residents", "disposals")


def run_file(name: str) -> None:
    """Run the statements of a file beside this one."""
    op.get_bind().exec_driver_sql((HERE / name).read_text(encoding="utf-8").replace("%", "%%"))


def upgrade() -> None:
    """Make the tables with their policies."""
    op.execute("SET LOCAL lock_timeout = '4s'")
    run_file("0007_persons.sql")


def downgrade() -> None:
    """Take the tables away, and imports and counts that the release before does not know."""
    op.execute("SET LOCAL lock_timeout = '4s'")
    for table in TABLES:
        op.drop_table(table)
    op.execute("DELETE FROM batches WHERE kind IN ('residents', 'staff')")
    op.execute("ALTER TABLE batches DROP CONSTRAINT ck_batches_kind")
    op.execute(
        "ALTER TABLE batches ADD CONSTRAINT ck_batches_kind CHECK (kind IN ('divisions', 'grids',"
        " 'incidents', 'places', 'resources', 'population', 'base'))"
    )
    op.execute("DELETE FROM grid_population WHERE batch_id IS NULL")
    op.execute("ALTER TABLE grid_population ALTER batch_id SET NOT NULL")
