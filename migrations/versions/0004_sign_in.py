"""Signing in, second factors, and what one account may do with others.

Expands: the release before this one knows none of the new columns and functions.
"""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"

HERE = Path(__file__).parent
FUNCTIONS = (
    "require_fresh_proof", "count_attempt", "forget_attempt", "account_to_sign_in",
    "use_totp_step", "use_recovery_code", "rehash_password", "has_people", "set_password",
    "begin_totp", "confirm_totp", "new_recovery_codes", "remove_totp", "set_language",
    "end_session_of", "end_sessions_of", "accounts_in_sight", "grants_of", "sessions_of",
    "lock_account", "unlock_account", "set_external_id", "end_grant", "require_own_or_managed",
    "manages_account", "sees_account", "is_system", "lives",
)  # fmt: skip


def run_file(name: str) -> None:
    """Run the statements of a file beside this one."""
    op.get_bind().exec_driver_sql((HERE / name).read_text(encoding="utf-8").replace("%", "%%"))


def upgrade() -> None:
    """Make the functions through which people get in."""
    op.execute("SET LOCAL lock_timeout = '4s'")
    run_file("0004_sign_in.sql")
    run_file("0004_managing.sql")


def downgrade() -> None:
    """Take them away."""
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute("DROP TRIGGER second_factor ON auth.sessions")
    op.execute("DROP TRIGGER not_oneself ON auth.grants")
    op.execute("DROP FUNCTION auth.guard_session(), auth.guard_grant()")
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION auth.{name}")
    op.execute("DROP TABLE auth.recovery_codes, auth.attempts")
    op.execute("ALTER TABLE auth.accounts DROP COLUMN totp_pending, DROP COLUMN language")
