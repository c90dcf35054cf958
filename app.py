"""The application for gunicorn and `flask`."""

from gridmap.web import create_app

app = create_app()
