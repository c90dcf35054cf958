"""Cases, their clocks and their history. Expands: the running release knows none of it."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"

HERE = Path(__file__).parent
CODE = sa.Text(collation="C")
INSTANT = sa.DateTime(timezone=True)


def json_column(name: str, default: str | None = "{}", *, comment: str | None = None) -> sa.Column:
    """Return a column of JSON, never NULL if it has a default."""
    return sa.Column(
        name,
        postgresql.JSONB(astext_type=sa.Text()),
        server_default=None if default is None else sa.text(f"'{default}'"),
        nullable=default is None,
        comment=comment,
    )


def upgrade() -> None:
    """Make the three tables and guard them."""
    op.execute("SET LOCAL lock_timeout = '4s'")
    _make_cases()
    _make_clocks()
    _make_events()
    sql = (HERE / "0006_cases.sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))


def _make_cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "code",
            CODE,
            nullable=False,
            comment="Drawn, not counted: a number in a row would tell how many",
        ),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("outcome", CODE, nullable=True),
        sa.Column("priority", CODE, nullable=False),
        sa.Column("source", CODE, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("incident_id", sa.BigInteger(), nullable=True),
        sa.Column("geom", Geometry("POINT", srid=4326, spatial_index=False), nullable=True),
        sa.Column("place_given", sa.Text(), nullable=True, comment="The place in words"),
        sa.Column("grid_id", sa.Integer(), nullable=True),
        sa.Column("grid_code", CODE, nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=True, comment="Account that has it"),
        sa.Column("holder_name", sa.Text(), nullable=True, comment="As it was called then"),
        sa.Column("held_since", INSTANT, nullable=True),
        sa.Column("opened_by", sa.Integer(), nullable=True),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("moved_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column(
            "due_at",
            INSTANT,
            nullable=True,
            comment="The first of its running clocks; NULL: none runs",
        ),
        sa.Column("duplicate_of", sa.BigInteger(), nullable=True),
        json_column("fields"),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "priority IN ('urgent', 'normal', 'low')", name=op.f("ck_cases_priority")
        ),
        sa.CheckConstraint(
            "source IN ('officer', 'resident', 'phone', 'patrol', 'import', 'system')",
            name=op.f("ck_cases_source"),
        ),
        sa.ForeignKeyConstraint(["duplicate_of"], ["cases.id"], name=op.f("fk_cases_duplicate_of")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("code", name=op.f("uq_cases_code")),
    )
    is_open = {"postgresql_where": sa.text("closed_at IS NULL")}
    op.create_index("ix_cases_open", "cases", ["grid_code", "due_at"], **is_open)
    op.create_index("ix_cases_opened", "cases", ["grid_code", "opened_at"])
    op.create_index("ix_cases_holder", "cases", ["holder_id", "due_at"], **is_open)
    op.create_index("ix_cases_grid", "cases", ["grid_id"])
    op.create_index(
        "ix_cases_incident",
        "cases",
        ["incident_id"],
        postgresql_where=sa.text("incident_id IS NOT NULL"),
    )


def _of_case() -> tuple[sa.Column, ...]:
    return (
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("grid_code", CODE, nullable=False),
    )


def _make_clocks() -> None:
    op.create_table(
        "case_clocks",
        *_of_case(),
        sa.Column("deadline", CODE, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("stopped_at", INSTANT, nullable=True),
        sa.Column("due_at", INSTANT, nullable=True, comment="NULL while a pause holds it"),
        json_column("pauses", "[]", comment="[from, to or null] in order"),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_clocks_case_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_clocks")),
    )
    op.create_index("ix_case_clocks_case_id", "case_clocks", ["case_id"])


def _make_events() -> None:
    op.create_table(
        "case_events",
        *_of_case(),
        sa.Column("at", INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("step", CODE, nullable=False),
        sa.Column("from_state", CODE, nullable=True),
        sa.Column("to_state", CODE, nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        json_column("changes", comment="name → [before, after]"),
        json_column("before", None, comment="What an undo puts back; NULL: it cannot be undone"),
        sa.Column("version", sa.Integer(), nullable=False, comment="Of the case afterwards"),
        sa.Column(
            "key",
            CODE,
            nullable=True,
            comment="Idempotency: the same key again is the same step",
        ),
        sa.Column("undone_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_events_case_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_events")),
    )
    op.create_index("ix_case_events_case_id", "case_events", ["case_id", "id"])
    op.create_index(
        "uq_case_events_key",
        "case_events",
        ["account_id", "key"],
        unique=True,
        postgresql_where=sa.text("key IS NOT NULL"),
    )


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP FUNCTION auth.people_at(text, text, text)")
    for table in ("case_events", "case_clocks", "cases"):
        op.drop_table(table)
