"""Makes the Flask application."""

import logging

import click
from flask import Flask

from gridmap.core import database
from gridmap.core.settings import settings
from gridmap.web import pages, proxy, wiring


def create_app() -> Flask:
    """Return the application; it looks for its database when it is first asked something."""
    chosen = settings()
    _log(chosen.log_level)
    app = Flask(__name__, static_folder=str(pages.STATIC), static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = chosen.upload_limit_mb * 1024 * 1024
    app.json.sort_keys = False  # type: ignore[attr-defined]
    if not database.is_configured():
        database.configure_when_needed(_find_database)
    wiring.connect()
    wiring.add_commands(app)
    wiring.add_pages(app)
    pages.init_app(app)
    proxy.init_app(app)
    return app


def _log(level: str) -> None:
    """Write what happened to the error stream; libraries speak up from WARNING on."""
    logging.basicConfig(level="WARNING", format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("gridmap").setLevel(level)


def _find_database() -> None:
    """Start the private cluster, or take the existing server."""
    from gridmap.web.database_start import ensure_database, keep_running

    urls = ensure_database(settings(), report=lambda line: click.echo(f"gridmap: {line}", err=True))
    keep_running(urls)  # nobody stops it under a long import
    database.configure(app=urls.app, owner=urls.owner, analysis=urls.analysis)
