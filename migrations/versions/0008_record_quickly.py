"""The record finds out who acts in one statement with a kept plan."""

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"

HERE = Path(__file__).parent
BEGIN = "CREATE FUNCTION audit_fill_in()"
END = "CREATE TRIGGER fill_in"


def run_sql(statements: str) -> None:
    """Run statements as they stand."""
    op.get_bind().exec_driver_sql(statements.replace("%", "%%"))


def upgrade() -> None:
    """Replace the trigger's function and the policy that repeated its work."""
    op.execute("SET LOCAL lock_timeout = '4s'")
    run_sql((HERE / "0008_record_quickly.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Bring back both as they were."""
    before = (HERE / "0003_audit.sql").read_text(encoding="utf-8")
    function = before[before.index(BEGIN) : before.index(END)]
    run_sql(function.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1))
    op.execute("DROP POLICY add ON audit_events")
    op.execute(
        "CREATE POLICY add ON audit_events FOR INSERT TO gridmap_app, gridmap_owner "
        "WITH CHECK (account_id IS NOT DISTINCT FROM (SELECT auth.account()) "
        "AND (account_id IS NOT NULL OR action ^@ 'login.'))"
    )
