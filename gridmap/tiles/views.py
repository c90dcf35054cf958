"""Vector tiles over HTTP; a browser keeps them until the register changes."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from flask import Blueprint, Response, abort, request
from sqlalchemy.orm import Session

from gridmap.auth.current import current_actor, requires
from gridmap.core.city import versions
from gridmap.core.database import name_of, transaction
from gridmap.tiles import queries
from gridmap.tiles.queries import TileAddress

MVT = "application/vnd.mapbox-vector-tile"
YEAR_S = 365 * 24 * 3600
KEPT_BYTES = 16_000_000

blueprint = Blueprint("tiles", __name__, url_prefix="/tiles")


@blueprint.get("/grids/<int:z>/<int:x>/<int:y>.pbf")
@requires("place")
def grids(z: int, x: int, y: int) -> Response:
    """Answer one tile of the grids of a scope; others are not drawn."""
    scope = current_actor().narrow(request.args.get("scope", ""))
    return answer("grids", TileAddress(z, x, y), scope, queries.grid_tile)


@blueprint.get("/base/<int:z>/<int:x>/<int:y>.pbf")
@requires("place")
def base(z: int, x: int, y: int) -> Response:
    """Answer one tile of the base map."""
    return answer("base", TileAddress(z, x, y), "", queries.base_tile)


_kept: OrderedDict[Hashable, bytes] = OrderedDict()
_lock = threading.Lock()


def kept_tile(key: Hashable, make: Callable[[], bytes]) -> bytes:
    """Return a tile that was made before, else make it; the least used ones go first.

    A whole city at a small scale takes 0.1 s for 10,000 grids, and every viewer begins there.
    """
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    body = make()
    with _lock:
        _kept[key] = body
        while sum(map(len, _kept.values())) > KEPT_BYTES:
            _kept.popitem(last=False)
    return body


def answer(
    register: str,
    tile: TileAddress,
    scope: str,
    make: Callable[[Session, TileAddress, str], bytes],
) -> Response:
    """Make a tile, or say that the browser's copy still holds.

    An address with the register's version (`?v=`) never changes; any other is asked about.
    """
    if not tile.exists:
        abort(404)
    with transaction(current_actor()) as session:
        (version,) = versions(session, register)
        key = (name_of(session), register, version, scope, tile)
        body = kept_tile(key, lambda: make(session, tile, scope))
    # of the content alone: grids of others come and go without a word here
    etag = hashlib.sha256(body).hexdigest()[:24]
    if request.if_none_match.contains_weak(etag):
        response = Response(status=304)
    else:
        response = Response(body, status=200 if body else 204, mimetype=MVT)
    response.set_etag(etag, weak=True)
    response.cache_control.private = True
    if request.args.get("v") == str(version):
        response.cache_control.max_age = YEAR_S
        response.cache_control.immutable = True
    else:
        response.cache_control.no_cache = True
    return response
