"""What a review found: auditors, days of roles, proofs, jobs of others.

Meanwhile the release before cannot end roles or set second factors up: both calls have changed.
"""

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"

HERE = Path(__file__).parent
BEFORE = (
    ("0002_auth.sql", "auth.today"),
    ("0002_auth.sql", "auth.grant_role"),
    ("0004_managing.sql", "auth.confirm_totp"),
    ("0004_managing.sql", "auth.new_recovery_codes"),
    ("0004_managing.sql", "auth.end_grant"),
    ("0008_record_quickly.sql", "audit_fill_in"),
    ("0009_scopes.sql", "auth.scopes"),
)
"""Where each function stood that is replaced."""
POLICIES = """
ALTER POLICY see ON jobs
  USING (account_id = (SELECT auth.account()) OR (SELECT auth.scopes('job', 'see')) <> '{}');
ALTER POLICY change ON jobs
  USING (account_id = (SELECT auth.account()) OR (SELECT auth.scopes('job', 'change')) <> '{}');
ALTER POLICY erase ON jobs USING ((SELECT auth.scopes('job', 'erase')) <> '{}');
GRANT EXECUTE ON FUNCTION auth.end_grant(int, date) TO gridmap_app;
REVOKE ALL ON FUNCTION auth.end_grant(int, date) FROM PUBLIC;
"""


def run(statements: str) -> None:
    """Run some statements."""
    op.get_bind().exec_driver_sql(statements.replace("%", "%%"))


def upgrade() -> None:
    """Replace functions and policies."""
    op.execute("SET LOCAL lock_timeout = '4s'")
    run((HERE / "0013_mended.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    """Put back what stood before."""
    run("DROP TRIGGER know_zone ON settings; DROP FUNCTION settings_know_zone();")
    run("DROP FUNCTION auth.end_grant(int, int, date);")
    for file, name in BEFORE:
        run(_function(file, name))
    run("DROP FUNCTION auth.digest_of(bytea[]);")
    run(POLICIES)


def _function(file: str, name: str) -> str:
    text = (HERE / file).read_text(encoding="utf-8")
    start = text.index("FUNCTION " + name + "(")
    end = text.index("$$;", text.index("AS $$", start)) + len("$$;")
    return "CREATE OR REPLACE " + text[start:end]
