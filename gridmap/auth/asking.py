"""Asking functions of the schema `auth`; what a session may not do becomes an error of ours."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from gridmap.auth.errors import NotYours

REFUSED = "42501"
"""SQLSTATE (insufficient_privilege) with which they refuse."""


def call(session: Session, function: str, **values: object) -> Any:
    """Return what a function of the schema answers, such as ``call(s, "f(:a)", a=1)``.

    Raises:
        NotYours: the session may not do that.
    """
    return ask(session, lambda: session.scalar(text(f"SELECT auth.{function}"), values))


def ask(session: Session, question: Callable[[], Any]) -> Any:
    """Ask in a savepoint, so that the transaction goes on after a refusal."""
    try:
        with session.begin_nested():
            return question()
    except ProgrammingError as problem:
        raise as_refusal(problem) from problem


def as_refusal(problem: ProgrammingError) -> Exception:
    """Return our error for a refusal; any other problem as it is."""
    return NotYours() if getattr(problem.orig, "pgcode", None) == REFUSED else problem
