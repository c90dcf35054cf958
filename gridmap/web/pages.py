"""What every page shares: policy, language, formats, navigation and the addresses of files."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, request, url_for
from flask_babel import gettext

from gridmap.auth.current import current_actor
from gridmap.core.settings import CHECKOUT
from gridmap.web import (
    compress,
    csp,
    errors,
    formats,
    guard,
    keeping,
    language,
    origin,
    people,
    trail,
)
from gridmap.web.navigation import navigation

STATIC = CHECKOUT / "static"


def init_app(app: Flask) -> None:
    """Give an application everything that pages need; blueprints come from `web.wiring`."""
    csp.init_app(app)
    compress.init_app(app)
    language.init_app(app)
    trail.init_app(app)
    guard.init_app(app)
    origin.init_app(app)
    formats.init_app(app)
    errors.init_app(app)
    people.init_app(app)
    keeping.init_app(app)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        here=here, may_see=may_see, navigation=navigation, say=say, static_url=static_url
    )


def here(**changes: Any) -> str:
    """Return this page's address with some parameters changed; None drops one."""
    arguments: dict[str, Any] = request.args.to_dict(flat=False)
    for name in ("lang", "theme"):
        arguments.pop(name, None)
    arguments.update(changes)
    if request.endpoint is None:
        return url_for("maps.show", **changes)
    return url_for(request.endpoint, **(request.view_args or {}), **arguments)


def may_see(data: str) -> bool:
    """Return whether the one who asks may see a class of data anywhere."""
    return current_actor().may(data)


def say(sentence: str, fields: Mapping[str, object] | None = None) -> str:
    """Translate a sentence that was marked elsewhere; only with fields is % a placeholder."""
    found: str = gettext(sentence)
    return found % fields if fields else found


def static_url(name: str) -> str:
    """Return a file's address with a mark that changes when the file does."""
    try:
        found = (STATIC / name).stat()
        mark = f"{found.st_mtime_ns ^ found.st_size:x}"[-8:]
    except OSError:
        mark = "0"
    return url_for("static", filename=name, v=mark)
