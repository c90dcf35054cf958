"""Accounts for tests, and clients that are signed in as them."""

import os
from collections.abc import Callable, Sequence
from datetime import date

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from gridmap.auth.accounts import Grant, add_account, grant_role
from gridmap.auth.current import COOKIE
from gridmap.auth.permissions import ROLE_NAMES
from gridmap.auth.sessions import open_session
from gridmap.core.actor import EVERYTHING, SYSTEM
from gridmap.core.database import transaction

PEOPLE_ROLES = tuple(ROLE_NAMES)


def sign_in(*roles: str, prefixes: Sequence[str] = (EVERYTHING,)) -> str:
    """Make an account with some roles in a scope; returns the token of a session of it."""
    with transaction(SYSTEM) as session:
        account = add_account(session, f"{'-'.join(roles)[:20] or 'none'}-{os.urandom(4).hex()}")
        for role in roles:
            grant_role(session, account, Grant(role, tuple(prefixes), date(2020, 1, 1)))
        token = open_session(session, account, second_factor=True)
    assert token is not None
    return token


class SignedIn(FlaskClient):
    """A client that signs in before its first request, in whatever database there is then."""

    def __init__(self, app: Flask, sign_in: Callable[[], str]) -> None:
        super().__init__(app, response_wrapper=app.response_class, use_cookies=True)
        self.sign_in: Callable[[], str] | None = sign_in

    def open(self, *args, **kwargs):
        """Send a request with the session's cookie."""
        if self.sign_in is not None:
            signing, self.sign_in = self.sign_in, None
            token = signing()
            for host in ("localhost", "127.0.0.1"):
                self.set_cookie(COOKIE, token, domain=host)
        return super().open(*args, **kwargs)


PASSWORD = "seven grey herons"


def make_account(
    name: str, *roles: str, prefixes: Sequence[str] = (EVERYTHING,), password: str = PASSWORD
) -> int:
    """Make an account with a password of its own, and some roles in a scope."""
    from gridmap.auth.passwords import hash_password
    from gridmap.auth.proofs import signed

    with transaction(SYSTEM) as session:
        account = add_account(session, name)
        for role in roles:
            grant_role(session, account, Grant(role, tuple(prefixes), date(2020, 1, 1)))
        kept = hash_password(password)
        session.execute(
            text("SELECT auth.set_password(:id, :hash, false, :issued, :proof)"),
            {"id": account, "hash": kept, **signed("password", account, kept, 0)},
        )
    return account
