"""Accounts, roles in a scope, sessions; every located row is guarded by a policy.

Expands: the release before this one reads a `grid_code` of batches that it does not know; it
carries no token, so it sees no row until it is replaced.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

HERE = Path(__file__).parent
GUARDED = ("incidents", "incident_months", "places", "resources", "batches")


def run_file(name: str) -> None:
    """Run the statements of a file beside this one."""
    op.get_bind().exec_driver_sql((HERE / name).read_text(encoding="utf-8").replace("%", "%%"))


def upgrade() -> None:
    """Make the schema `auth`, then the policies that ask it."""
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.add_column(
        "batches",
        sa.Column(
            "grid_code",
            sa.Text(collation="C"),
            server_default=sa.text("''"),
            nullable=False,
            comment="Scope of whoever brought it",
        ),
    )
    run_file("0002_auth.sql")
    run_file("0002_policies.sql")


def downgrade() -> None:
    """Take the guards away again, and everything that they ask."""
    for table in GUARDED:
        for policy in ("see", "add", "change", "erase", "count", "keep"):
            op.execute(f"DROP POLICY IF EXISTS {policy} ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY")
    op.execute("DROP FUNCTION incidents_drop_indexes(), incidents_create_indexes()")
    run_file("0001_first_load.sql")
    op.execute("DROP SCHEMA auth CASCADE")
    op.drop_column("batches", "grid_code")
