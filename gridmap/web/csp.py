"""One strict Content-Security-Policy for every response, errors and files included.

Scripts and styles come from our own origin, or carry the response's nonce (Folium's one
script). Nothing is evaluated, nothing is inline, no other host is asked; the only
exception is the host of base map tiles, where a setting names one.
"""

import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from gridmap.core.settings import settings

YEAR_S = 365 * 24 * 3600
PERMISSIONS = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"


def init_app(app: Flask) -> None:
    """Put the policy on each response, and `csp_nonce()` into templates."""
    app.jinja_env.globals["csp_nonce"] = nonce
    app.after_request(add_headers)


def nonce() -> str:
    """Return this response's nonce; made when first asked for, new in each response."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(18)
    return str(g.csp_nonce)


def add_headers(response: Response) -> Response:
    """Set the policy and the headers that go with it."""
    response.headers["Content-Security-Policy"] = policy(nonce(), tile_host(settings().tile_url))
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = PERMISSIONS
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = f"max-age={YEAR_S}; includeSubDomains"
    return response


def policy(value: str, image_host: str | None = None) -> str:
    """Return the policy's text.

    Args:
        value: the nonce.
        image_host: origin of base map tiles, such as https://tiles.example.
    """
    images = " ".join(filter(None, ("'self' data: blob:", image_host)))
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{value}'",
            f"style-src 'self' 'nonce-{value}'",
            f"img-src {images}",
            "connect-src 'self'",
            "font-src 'self'",
            "form-action 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def tile_host(tile_url: str | None) -> str | None:
    """Return the origin of a tile address; None for none, and for one of our own."""
    if not tile_url:
        return None
    parts = urlsplit(tile_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"
