"""Borders drawn anew, rows that moved with them, drafts. Expands: nobody knows them yet."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"

HERE = Path(__file__).parent
CODE = sa.Text(collation="C")
INSTANT = sa.DateTime(timezone=True)
KINDS = "kind IN ('split', 'merge', 'move')"
BEGINS = "ck_grids_ends_after_it_begins"


def upgrade() -> None:
    """Make the three tables and guard them; a grid may end on the day that it began."""
    op.execute("SET LOCAL lock_timeout = '4s'")
    _make_changes()
    _make_rows()
    _make_drafts()
    sql = (HERE / "0010_grid_changes.sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))


def _make_changes() -> None:
    op.create_table(
        "grid_changes",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("grid_code", CODE, nullable=False, comment="Of the community: who sees it"),
        sa.Column(
            "holds_from", sa.Date(), nullable=False, comment="First day with the new borders"
        ),
        sa.Column("before_ids", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("before_codes", postgresql.ARRAY(CODE), nullable=False),
        sa.Column("after_ids", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("after_codes", postgresql.ARRAY(CODE), nullable=False),
        sa.Column(
            "rights_left",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="Roles that still name grids which a merge ended: a person decides",
        ),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("undone_at", INSTANT, nullable=True),
        sa.CheckConstraint(KINDS, name=op.f("ck_grid_changes_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid_changes")),
    )
    op.create_index("ix_grid_changes_grid_code", "grid_changes", ["grid_code", "id"])


def _make_rows() -> None:
    op.create_table(
        "grid_change_rows",
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("register", CODE, nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "by_rule",
            sa.Boolean(),
            nullable=False,
            comment="False: by its point; listed to be looked at",
        ),
        sa.Column("old_grid_id", sa.Integer(), nullable=True),
        sa.Column("old_code", CODE, nullable=False),
        sa.Column("grid_code", CODE, nullable=False, comment="Where it lies now"),
        sa.Column("place_before", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["change_id"],
            ["grid_changes.id"],
            name=op.f("fk_grid_change_rows_change_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "change_id", "register", "row_id", name=op.f("pk_grid_change_rows")
        ),
    )
    op.create_index("ix_grid_change_rows_row_id", "grid_change_rows", ["row_id"])
    op.create_index("ix_grid_change_rows_grid_code", "grid_change_rows", ["grid_code"])


def _make_drafts() -> None:
    op.create_table(
        "grid_drafts",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("grid_code", CODE, nullable=False, comment="Of the community: who sees it"),
        sa.Column(
            "codes", postgresql.ARRAY(CODE), nullable=False, comment="Grids that are to change"
        ),
        sa.Column(
            "drawing",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="GeoJSON, as it was drawn",
        ),
        sa.Column(
            "new_codes", postgresql.ARRAY(CODE), nullable=False, comment="Empty: by the scheme"
        ),
        sa.Column(
            "names",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="Empty: from the old ones",
        ),
        sa.Column("holds_from", sa.Date(), nullable=True, comment="NULL: the day it is accepted"),
        sa.Column("state", CODE, server_default=sa.text("'draft'"), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("drawn_by_id", sa.Integer(), nullable=True),
        sa.Column("drawn_by", sa.Text(), nullable=False),
        sa.Column("drawn_at", INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.Column("reviewed_at", INSTANT, nullable=True),
        sa.Column("answer", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("change_id", sa.Integer(), nullable=True, comment="Set when it was carried out"),
        sa.CheckConstraint(KINDS, name=op.f("ck_grid_drafts_kind")),
        sa.CheckConstraint(
            "state IN ('draft', 'for_review', 'accepted', 'refused')",
            name=op.f("ck_grid_drafts_state"),
        ),
        sa.ForeignKeyConstraint(
            ["change_id"],
            ["grid_changes.id"],
            name=op.f("fk_grid_drafts_change_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid_drafts")),
    )
    op.create_index("ix_grid_drafts_grid_code", "grid_drafts", ["grid_code", "id"])


def downgrade() -> None:
    """Drop the tables; grids that ended on the day they began get one day."""
    for function in (
        "grants_naming(text[])",
        "grants_follow_split(text, text[])",
        "grants_forget(text[])",
    ):
        op.execute(f"DROP FUNCTION auth.{function}")
    op.drop_table("grid_drafts")
    op.drop_table("grid_change_rows")
    op.drop_table("grid_changes")
    op.execute("UPDATE grids SET valid_to = valid_from + 1 WHERE valid_to = valid_from")
    op.execute(f"ALTER TABLE grids DROP CONSTRAINT {BEGINS}")
    op.execute(f"ALTER TABLE grids ADD CONSTRAINT {BEGINS} CHECK (valid_to > valid_from)")
