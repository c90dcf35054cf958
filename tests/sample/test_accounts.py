"""Accounts of the sample city: one for each role, told once, kept for their owner alone."""

import re
import stat

import pyotp
import pytest

from gridmap.auth import queries
from gridmap.auth.current import COOKIE
from gridmap.auth.permissions import ROLE_NAMES
from gridmap.auth.sessions import actor_of
from gridmap.core.actor import SYSTEM
from gridmap.core.database import transaction
from gridmap.sample import accounts


@pytest.fixture
def told(session, tmp_path, monkeypatch):
    """The accounts, their file in a folder of the test's own."""
    monkeypatch.setattr(accounts, "file_path", lambda: tmp_path / accounts.FILE_NAME)
    lines: list[str] = []
    return accounts.make_accounts(lines.append), lines, tmp_path / accounts.FILE_NAME


def test_there_is_one_for_each_role_and_only_the_owner_reads_the_file(told):
    made, lines, file = told

    assert [one.role for one in made] == list(ROLE_NAMES)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert all(one.password in text and one.password in "".join(lines) for one in made)
    assert len(re.findall("otpauth://totp/", text)) == 2
    assert "otpauth" not in "".join(lines)


def test_they_sign_in_and_those_that_need_it_with_their_code(told, app, monkeypatch):
    from datetime import timedelta

    from gridmap.auth import second_factor
    from gridmap.core.clock import utc_now

    later = utc_now() + timedelta(seconds=30)
    monkeypatch.setattr(second_factor, "utc_now", lambda: later)
    for one in told[0]:
        browser = app.test_client()
        browser.post("/login", data={"name": one.name, "password": one.password})
        if one.device:
            code = pyotp.parse_uri(one.device).at(int(later.timestamp()))
            browser.post("/login/code", data={"code": code})

        actor = actor_of(browser.get_cookie(COOKIE).value)

        assert [role for role, _ in actor.roles] == [one.role]
        assert not actor.must_change_password


def test_taken_away_they_are_locked_and_come_back_with_new_passwords(told, app):
    made, _, file = told
    old = made[2]

    assert accounts.lock_accounts() == len(ROLE_NAMES)
    gone = app.test_client().post("/login", data={"name": old.name, "password": old.password})
    assert not file.exists()
    again = accounts.make_accounts(lambda _: None)[2]

    assert gone.status_code == 403
    assert again.password != old.password
    assert app.test_client().post(
        "/login", data={"name": again.name, "password": again.password}
    ).status_code == 302  # fmt: skip
    with transaction(SYSTEM) as own:
        assert len(queries.account_named(own, again.name).roles) == 1
