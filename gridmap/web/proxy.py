"""What a proxy says of a request: its client, its scheme, its host. Believed of named ones only."""

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from gridmap.core.errors import BadSetting
from gridmap.core.settings import settings

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST",
             "HTTP_X_FORWARDED_PORT", "HTTP_X_FORWARDED_PREFIX", "HTTP_FORWARDED")  # fmt: skip


def init_app(app: Flask) -> None:
    """Put the check in front of the application; without the setting nobody is believed."""
    # Flask's own way to wrap an application: it is a method that one assigns to
    app.wsgi_app = BelievedProxies(app.wsgi_app, settings().proxies)  # type: ignore[method-assign]


class BelievedProxies:
    """Takes the last entry of each header from named addresses, and drops it from all others."""

    def __init__(self, application: Callable[..., Iterable[bytes]], names: Iterable[str]) -> None:
        """Remember the proxies.

        Raises:
            BadSetting: one is no address and no network.
        """
        self.application = application
        self.behind = ProxyFix(application, x_for=1, x_proto=1, x_host=1)
        self.networks = [_network(name) for name in names]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        if self._believes(environ.get("REMOTE_ADDR", "")):
            return self.behind(environ, start_response)
        for name in FORWARDED:
            environ.pop(name, None)
        return self.application(environ, start_response)

    def _believes(self, address: str) -> bool:
        try:
            return any(ipaddress.ip_address(address) in network for network in self.networks)
        except ValueError:
            return False


def _network(name: str) -> Network:
    try:
        return ipaddress.ip_network(name, strict=False)
    except ValueError as problem:
        raise BadSetting(
            setting="GRIDMAP_PROXIES", value=name, why="an address or a network such as 10.0.0.0/8"
        ) from problem
