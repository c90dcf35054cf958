"""Rows of files whose persons were erased, to be rejected. Expands: nobody knows the table yet."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

HERE = Path(__file__).parent
CODE = sa.Text(collation="C")


def upgrade() -> None:
    """Make the table and guard it."""
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_table(
        "erased_rows",
        sa.Column("source_id", CODE, nullable=False, comment="Keyed index, as residences have it"),
        sa.Column("source", CODE, nullable=False),
        sa.Column("grid_code", CODE, nullable=False, comment="That of the person"),
        sa.Column(
            "erased_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("source_id", "source", name=op.f("pk_erased_rows")),
    )
    sql = (HERE / "0011_erased_rows.sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))


def downgrade() -> None:
    """Drop the table: files bring erased persons back again."""
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_table("erased_rows")
