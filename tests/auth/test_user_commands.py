"""`script/gridmap user`: from no account to a colleague who can sign in."""

import re

import pytest

from gridmap.auth.sessions import actor_of


@pytest.fixture
def made(session, run):
    """An account with a role in a district, and its password."""
    result = run("user", "add", "Li.Na", "--role", "planner", "--scope", "990101")
    assert result.exit_code == 0, result.output
    return re.search(r"shown once: (\S+)", result.output).group(1)


def test_a_new_account_can_sign_in_and_holds_its_role(made, stranger, run):
    answer = stranger.post("/login", data={"name": "li.na", "password": made})

    assert answer.status_code == 302
    assert re.search(r"li.na +1 sessions +password +planner in 990101", run("user", "list").output)


def test_lock_ends_the_sessions_and_unlock_does_not_revive_them(made, stranger, run):
    token = run("user", "token", "li.na").output.strip()
    assert actor_of(token).name == "li.na"

    assert run("user", "lock", "li.na", "--reason", "left").exit_code == 0
    locked = stranger.post("/login", data={"name": "li.na", "password": made}).status_code
    assert run("user", "unlock", "li.na").exit_code == 0

    assert locked == 403
    assert actor_of(token).account_id is None
    assert stranger.post("/login", data={"name": "li.na", "password": made}).status_code == 302


def test_reset_makes_a_new_password_and_the_old_one_useless(made, stranger, run):
    new = re.search(r"shown once: (\S+)", run("user", "reset", "li.na").output).group(1)

    assert stranger.post("/login", data={"name": "li.na", "password": made}).status_code == 403
    assert stranger.post("/login", data={"name": "li.na", "password": new}).status_code == 302


def test_a_program_with_a_token_is_listed_and_ended(made, stranger, run):
    token = run("user", "token", "li.na", "--label", "evening report").output.strip()
    headers = {"Authorization": f"Bearer {token}"}
    asked = stranger.get("/api/hotspots", headers=headers).status_code
    number = re.search(r"(\d+)  program .*evening report", run("user", "sessions", "li.na").output)

    assert run("user", "sessions", "li.na", "--end", number.group(1)).exit_code == 0

    assert asked != 401
    assert stranger.get("/api/hotspots", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "li.na"), "There is an account of this name"),
        (("add", "li na"), "no blanks"),
        (("add", "system"), "no blanks"),
        (("role", "nobody", "planner"), "no account nobody"),
        (("role", "li.na", "planner", "--from", "2026-02-02", "--to", "2026-02-01"), "before"),
        (("token", "li.na", "--days", "4000"), "366"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(made, run, arguments, words):
    before = run("user", "list").output

    result = run("user", *arguments)

    assert result.exit_code in (1, 2)
    assert words in result.output
    assert run("user", "list").output == before


def test_a_role_is_ended_at_once_and_stays_in_the_history(made, run, stranger):
    token = run("user", "token", "li.na").output.strip()
    held = actor_of(token).may("incident")

    assert "1 × planner ended" in run("user", "role", "li.na", "planner", "--end").output

    assert held
    assert not actor_of(token).may("incident")


def test_a_reset_leaves_the_second_factor_unless_told(made, run, stranger):
    import pyotp

    from gridmap.auth import second_factor
    from gridmap.auth.sessions import Client

    actor = actor_of(run("user", "token", "li.na").output.strip())
    second_factor.confirm(actor, pyotp.TOTP(second_factor.begin(actor)).now(), Client())

    def after_reset(*options):
        new = re.search(r"once: (\S+)", run("user", "reset", "li.na", *options).output).group(1)
        return stranger.post("/login", data={"name": "li.na", "password": new}).location

    assert after_reset() == "/login/code?next=/"
    assert after_reset("--second-factor") == "/account/password?next=/"
