"""The application: made here, put together in `wiring`."""

from gridmap.web.application import create_app

__all__ = ["create_app"]
