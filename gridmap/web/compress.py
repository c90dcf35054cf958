"""Compress what is text or vector tile: a page on a city's network is often on a thin line."""

import gzip
from functools import lru_cache

from flask import Flask, Response, request

SMALLEST = 800
"""Bytes below which compression costs more than it gives."""
TYPES = ("text/", "application/json", "image/svg+xml", "application/vnd.mapbox-vector-tile")
SCRIPTS = ("application/javascript", "text/javascript", "application/geo+json")


def init_app(app: Flask) -> None:
    """Compress responses of the kinds above where the browser takes gzip."""
    app.after_request(compress)


def compress(response: Response) -> Response:
    """Return the response with its body as gzip where that is worth it."""
    if not _worth_it(response):
        return response
    response.direct_passthrough = False
    body = response.get_data()
    etag, _ = response.get_etag()
    if request.endpoint == "static" and etag:
        packed = _packed_file(etag, body)
    else:
        packed = gzip.compress(body, compresslevel=5, mtime=0)
    response.set_data(packed)
    response.headers["Content-Encoding"] = "gzip"
    response.vary.add("Accept-Encoding")
    if etag:
        response.set_etag(etag, weak=True)
    return response


def _worth_it(response: Response) -> bool:
    streamed = response.is_streamed and not response.direct_passthrough
    if response.status_code != 200 or streamed or "Content-Encoding" in response.headers:
        return False
    if not (response.mimetype or "").startswith(TYPES + SCRIPTS):
        return False
    long_enough = (response.content_length or SMALLEST) >= SMALLEST
    return long_enough and request.accept_encodings["gzip"] > 0


@lru_cache(maxsize=64)
def _packed_file(etag: str, body: bytes) -> bytes:  # noqa: ARG001 - the tag tells files apart
    return gzip.compress(body, compresslevel=9, mtime=0)
