"""The record says with which rights, where and why, and what was only seen; seals over it."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import UserDefinedType

revision = "0003"
down_revision = "0002"

HERE = Path(__file__).parent
TEXTS = postgresql.ARRAY(sa.Text(collation="C"))
ADDED = ("account_id", "roles", "scope", "outcome", "grid_code", "purpose", "address", "class",
         "xid")  # fmt: skip


class Xid8(UserDefinedType):
    """Number of a transaction."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Return the name of the type in SQL."""
        return "xid8"


def run_file(name: str) -> None:
    """Run the statements of a file beside this one."""
    op.get_bind().exec_driver_sql((HERE / name).read_text(encoding="utf-8").replace("%", "%%"))


def upgrade() -> None:
    """Extend the audit trail, make its seals, guard both."""
    op.execute("SET LOCAL lock_timeout = '4s'")
    for column in (
        sa.Column(
            "account_id",
            sa.Integer(),
            nullable=True,
            comment="NULL: nobody was signed in (a log-in that failed)",
        ),
        sa.Column(
            "roles", TEXTS, server_default="{}", nullable=False, comment="Held at that moment"
        ),
        sa.Column("scope", TEXTS, server_default="{}", nullable=False, comment="Prefixes in force"),
        sa.Column("outcome", sa.Text(collation="C"), server_default="done", nullable=False),
        sa.Column(
            "grid_code",
            sa.Text(collation="C"),
            server_default="",
            nullable=False,
            comment="Where; '' = the whole city",
        ),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column(
            "class",
            sa.Text(collation="C"),
            server_default="ordinary",
            nullable=False,
            comment="How long it is kept: ordinary, export, reveal",
        ),
        sa.Column("xid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
    ):
        op.add_column("audit_events", column)
    _make_seals()
    run_file("0003_audit.sql")


def _make_seals() -> None:
    op.create_table(
        "audit_seals",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ids", sa.Text(collation="C"), nullable=False, comment='Rows, as "1-4,7"'),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column(
            "leaves",
            sa.LargeBinary(),
            nullable=False,
            comment="8 bytes of each row's hash: they name the row that changed",
        ),
        sa.Column("root", sa.LargeBinary(), nullable=False, comment="Merkle root of the rows"),
        sa.Column("previous", sa.LargeBinary(), nullable=False, comment="MAC of the seal before"),
        sa.Column("horizon", Xid8(), nullable=False, comment="Transactions below it are sealed"),
        sa.Column(
            "settled_id",
            sa.BigInteger(),
            nullable=False,
            comment="Rows up to it came from another cluster and are sealed",
        ),
        sa.Column(
            "mac", sa.LargeBinary(), nullable=False, comment="HMAC-SHA256 over all the others"
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_seals")),
    )


def downgrade() -> None:
    """Leave the trail as it was: what, by whom, when."""
    op.execute("ALTER TABLE audit_events DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY")
    op.execute("DROP POLICY add ON audit_events")
    op.execute("DROP POLICY see ON audit_events")
    op.execute("DROP TRIGGER fill_in ON audit_events")
    op.execute("DROP FUNCTION audit_fill_in(), audit_hold()")
    op.drop_table("audit_seals")
    for name in ADDED:
        op.drop_column("audit_events", name)
