"""Ask for scopes in one statement. Works with the release before: the same answer, faster."""

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"

HERE = Path(__file__).parent


def run(statements: str) -> None:
    """Run some statements."""
    op.get_bind().exec_driver_sql(statements.replace("%", "%%"))


def upgrade() -> None:
    """Replace the function."""
    op.execute("SET LOCAL lock_timeout = '4s'")
    run((HERE / "0009_scopes.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Put back the function of 0002."""
    before = (HERE / "0002_auth.sql").read_text(encoding="utf-8")
    start = before.index("CREATE FUNCTION auth.scopes(")
    end = before.index("$$;", before.index("AS $$", start)) + len("$$;")
    run(before[start:end].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
