"""Vector tiles over HTTP; a browser keeps them until the register changes."""

from collections.abc import Callable

from flask import Blueprint, Response, abort, request
from sqlalchemy.orm import Session

from gridmap.core.actor import SYSTEM
from gridmap.core.city import versions
from gridmap.core.database import transaction
from gridmap.tiles import queries
from gridmap.tiles.queries import TileAddress

MVT = "application/vnd.mapbox-vector-tile"
YEAR_S = 365 * 24 * 3600

blueprint = Blueprint("tiles", __name__, url_prefix="/tiles")


@blueprint.get("/grids/<int:z>/<int:x>/<int:y>.pbf")
def grids(z: int, x: int, y: int) -> Response:
    """Answer one tile of the grids."""
    return answer("grids", TileAddress(z, x, y), queries.grid_tile)


@blueprint.get("/base/<int:z>/<int:x>/<int:y>.pbf")
def base(z: int, x: int, y: int) -> Response:
    """Answer one tile of the base map."""
    return answer("base", TileAddress(z, x, y), queries.base_tile)


def answer(
    register: str, tile: TileAddress, make: Callable[[Session, TileAddress], bytes]
) -> Response:
    """Make a tile, or say that the browser's copy still holds.

    An address with the register's version (`?v=`) never changes; any other is asked about.
    """
    if not tile.exists:
        abort(404)
    with transaction(SYSTEM) as session:
        (version,) = versions(session, register)
        etag = f"{register}-{version}-{tile.z}-{tile.x}-{tile.y}"
        if request.if_none_match.contains_weak(etag):
            response = Response(status=304)
        else:
            body = make(session, tile)
            response = Response(body, status=200 if body else 204, mimetype=MVT)
    response.set_etag(etag, weak=True)
    response.cache_control.private = True
    if request.args.get("v") == str(version):
        response.cache_control.max_age = YEAR_S
        response.cache_control.immutable = True
    else:
        response.cache_control.no_cache = True
    return response
