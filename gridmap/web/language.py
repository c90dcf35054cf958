"""Which language and which theme a page has: the address, else a cookie, else the browser."""

from flask import Flask, Response, g, has_request_context, request
from flask_babel import Babel, get_locale

from gridmap.core.settings import CHECKOUT

LANGUAGES = {"en": "en", "zh_Hans": "zh-Hans"}
"""Babel's name of a language → its tag in HTML."""

THEMES = ("light", "dark")
_YEAR_S = 365 * 24 * 3600
_ALIASES = {"zh": "zh_Hans", "zh-cn": "zh_Hans", "zh-hans": "zh_Hans", "zh_cn": "zh_Hans"}


def init_app(app: Flask) -> None:
    """Start Flask-Babel and remember what somebody chose by `?lang=` or `?theme=`."""
    app.config.setdefault("BABEL_DEFAULT_LOCALE", "en")
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", str(CHECKOUT / "translations"))
    Babel(app, locale_selector=language)
    app.after_request(remember_choice)
    app.jinja_env.globals.update(language=language, language_tag=language_tag, theme=theme)


def language() -> str:
    """Return the language of this request, one of LANGUAGES."""
    if not has_request_context():
        return "en"
    if "language" not in g:
        g.language = (
            known(request.args.get("lang")) or known(request.cookies.get("lang")) or _accepted()
        )
    return str(g.language)


def language_tag() -> str:
    """Return the value of the page's lang attribute."""
    return LANGUAGES.get(str(get_locale()), "en")


def theme() -> str | None:
    """Return `light` or `dark` where somebody chose; None leaves it to the browser."""
    for value in (request.args.get("theme"), request.cookies.get("theme")):
        if value in THEMES:
            return value
    return None


def known(name: str | None) -> str | None:
    """Return Babel's name of a language that we have, None for any other."""
    if not name:
        return None
    name = _ALIASES.get(name.lower(), name)
    return name if name in LANGUAGES else None


def remember_choice(response: Response) -> Response:
    """Keep a choice made in the address for a year; it holds for this browser alone."""
    chosen = {"lang": known(request.args.get("lang")), "theme": request.args.get("theme")}
    if chosen["theme"] not in THEMES:
        chosen["theme"] = None
    for name, value in chosen.items():
        if value and request.cookies.get(name) != value:
            response.set_cookie(
                name, value, max_age=_YEAR_S, samesite="Lax", secure=request.is_secure
            )
    if response.mimetype == "text/html":
        response.vary.update(("Cookie", "Accept-Language"))
    return response


def _accepted() -> str:
    """Return the browser's choice; any Chinese but the traditional ones means zh_Hans."""
    for tag, quality in request.accept_languages:
        tag = tag.lower()
        if quality <= 0:
            continue
        if tag.startswith("en"):
            return "en"
        if tag.startswith("zh") and not tag.startswith(("zh-tw", "zh-hk", "zh-hant")):
            return "zh_Hans"
    return "en"
