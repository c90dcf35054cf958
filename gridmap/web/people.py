"""Who is signed in, for the frame of every page."""

from flask import Flask, g
from flask_babel import gettext

from gridmap.auth.current import current_actor
from gridmap.auth.permissions import ROLE_NAMES
from gridmap.core.actor import EVERYTHING, NOBODY, Actor
from gridmap.core.database import transaction
from gridmap.core.errors import GridmapError
from gridmap.grids.queries import names_of_divisions

SHOWN = 3
"""Divisions that the menu names; more are counted."""


def init_app(app: Flask) -> None:
    """Let templates ask who is signed in."""
    app.jinja_env.globals.update(
        signed_in_as=signed_in_as,
        roles_in_words=roles_in_words,
        role_in_words=role_in_words,
        scope_in_words=scope_in_words,
        browser_in_words=browser_in_words,
    )


def signed_in_as() -> Actor | None:
    """Return who makes this request; None without a session, or while nobody can tell."""
    if "actor" not in g:
        try:
            current_actor()
        except GridmapError:
            return None  # the database does not answer: error pages still have a frame
    return None if current_actor() is NOBODY else current_actor()


def roles_in_words(actor: Actor) -> list[tuple[str, str]]:
    """Return each role that holds now, with its scope."""
    return [(role_in_words(role), scope_in_words(prefixes)) for role, prefixes in actor.roles]


def role_in_words(role: str) -> str:
    """Return how people call a role."""
    return str(gettext(ROLE_NAMES.get(role, role)))


def scope_in_words(prefixes: tuple[str, ...] | list[str]) -> str:
    """Return a scope with the names of its divisions."""
    if EVERYTHING in prefixes:
        return str(gettext("everywhere"))
    with transaction(current_actor()) as session:
        names = names_of_divisions(session, list(prefixes))
    said = [names.get(code) or code for code in sorted(prefixes)]
    if len(said) > SHOWN:
        said[SHOWN:] = [gettext("%(n)s more", n=len(said) - SHOWN)]
    return ", ".join(said) or str(gettext("nowhere"))


BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = ("Windows", "Android", "iPhone", "iPad", "Mac OS", "Linux")


def browser_in_words(agent: str | None) -> str:
    """Return what a browser says of itself, as people call it."""
    said = agent or ""
    browser = next((name for mark, name in BROWSERS if mark in said), None)
    system = next((name for name in SYSTEMS if name in said), None)
    return ", ".join(filter(None, (browser, system))) or said[:40] or str(gettext("Browser"))
