"""Refuse requests that no page of ours sends: under a foreign name, or with NUL in a text.

The server listens on this machine alone, but a page of another site can give its own name
this machine's address after it was loaded (DNS rebinding); to the browser it then speaks to its
own site, and `web.origin` cannot tell. The name that was asked for still can.
"""

import ipaddress
from urllib.parse import urlsplit

from flask import Flask, request

from gridmap.auth import current
from gridmap.core.errors import BadRequest, GridmapError
from gridmap.core.i18n import N_
from gridmap.core.settings import settings

NUL = "\x00"
CONTROL_CHARACTER = N_("it contains a control character that no text has.")


class UnknownHost(GridmapError):
    """The request names a host that is not this machine and that no setting allows."""

    status = 403
    code = "unknown_host"
    message = N_(
        "gridmap is not known under the name in this address. Open it as 127.0.0.1, or add the "
        "name to GRIDMAP_HOSTS."
    )


def init_app(app: Flask) -> None:
    """Check the name before anything else looks at a request; texts once it is allowed."""
    app.before_request(require_known_host)
    current.init_app(app)
    app.before_request(refuse_nul)


def require_known_host() -> None:
    """Raise UnknownHost unless the request names this machine or a host of GRIDMAP_HOSTS."""
    if not is_known(request.host, settings().hosts):
        raise UnknownHost


def is_known(host: str, more: tuple[str, ...] = ()) -> bool:
    """Return whether a Host header means this machine, or one of some names.

    Args:
        host: with or without a port.
        more: further names, without ports, in lower case.
    """
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if name in more or name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def refuse_nul() -> None:
    """Raise BadRequest for a NUL in the address or in a form: no text of the database has one."""
    given = [("address", request.path), *request.args.items(multi=True)]
    if request.method == "POST" and request.url_rule is not None:
        given += request.form.items(multi=True)
    for name, value in given:
        if NUL in value or NUL in name:
            raise BadRequest(field=name.replace(NUL, ""), why=CONTROL_CHARACTER)
