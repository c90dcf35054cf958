"""Work in the background: jobs, and when those that repeat themselves are due."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

HERE = Path(__file__).parent
MOMENT = sa.DateTime(timezone=True)
CODE = sa.Text(collation="C")
UNDER_WAY = "state IN ('waiting', 'running')"


def run_file(name: str) -> None:
    """Run the statements of a file beside this one."""
    op.get_bind().exec_driver_sql((HERE / name).read_text(encoding="utf-8").replace("%", "%%"))


def upgrade() -> None:
    """Make both tables and their guards."""
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "jobs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("arguments", postgresql.JSONB(), nullable=False),
        sa.Column("key", CODE, nullable=False, comment="Equal while under way: one run"),
        sa.Column("state", CODE, server_default="waiting", nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False, comment="Whoever it acts as"),
        sa.Column("actor", sa.Text(), nullable=False, comment="That one's name"),
        sa.Column(
            "second_factor",
            sa.Boolean(),
            nullable=False,
            comment="Asked for in a session that had one",
        ),
        sa.Column("most_attempts", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("queued_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("run_after", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column(
            "lease_until", MOMENT, nullable=True, comment="Then another worker takes it over"
        ),
        sa.Column("cancel_asked", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("progress_done", sa.BigInteger(), nullable=True),
        sa.Column("progress_total", sa.BigInteger(), nullable=True),
        sa.Column("doing", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("result", postgresql.JSONB(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed', 'cancelled')",
            name=op.f("ck_jobs_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index(
        "uq_jobs_under_way",
        "jobs",
        ["kind", "key"],
        unique=True,
        postgresql_where=sa.text(UNDER_WAY),
    )
    op.create_index(
        "ix_jobs_next",
        "jobs",
        ["run_after", "id"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("ix_jobs_account", "jobs", ["account_id", "id"])
    op.create_table(
        "job_periods",
        sa.Column("kind", CODE, nullable=False),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_job_periods")),
    )
    run_file("0005_jobs.sql")


def downgrade() -> None:
    """Take the work away."""
    op.execute("DROP FUNCTION auth.forget_sessions()")
    op.drop_table("job_periods")
    op.drop_table("jobs")
    op.execute("DROP FUNCTION jobs_fill_in(), jobs_keep(), jobs_wake()")
