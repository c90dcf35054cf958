"""Statements that make vector tiles in the database: geometry and names, never figures."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.core.codes import AFTER_EVERYTHING

SIDE_PX = 512
EXTENT = 4096
BUFFER_PX = 8
WORLD_M = 40_075_016.685_578_5
SIMPLIFIED_BELOW_ZOOM = 12
"""Tiles of 512 px show at zoom z what ones of 256 px show at z + 1: simplified borders do there."""
NARROWEST_LABEL_PX = 14.0
"""Room that even a sign alone needs; names of narrower grids are left out of the tile."""


@dataclass(frozen=True)
class TileAddress:
    """One square of the Web Mercator pyramid."""

    z: int
    x: int
    y: int

    @property
    def exists(self) -> bool:
        """Whether there is such a square."""
        return 0 <= self.z <= 20 and 0 <= self.x < 2**self.z and 0 <= self.y < 2**self.z

    @property
    def metres_a_pixel(self) -> float:
        """Return the resolution in units of EPSG:3857."""
        return WORLD_M / (SIDE_PX * (1 << self.z))


_GRIDS = """
WITH box AS MATERIALIZED (
  SELECT ST_TileEnvelope(:z, :x, :y) AS whole,
         ST_TileEnvelope(:z, :x, :y, margin => CAST(:margin AS float8)) AS wide
), pieces AS (
  SELECT g.id, {words}
         ST_AsMVTGeom(v.{border}, box.whole, :extent, :buffer, true) AS geom
  FROM box
  JOIN grid_versions v ON v.geom_3857 && box.wide AND upper_inf(v.valid)
  JOIN grids g ON g.id = v.grid_id {scope}
), names AS (
  SELECT g.id, CASE WHEN g.name = '' THEN g.code ELSE g.name END AS name,
         round(v.label_width_m) AS w,
         ST_AsMVTGeom(v.label, box.whole, :extent, 0, true) AS geom
  FROM box
  JOIN grid_versions v ON v.geom_3857 && box.whole AND upper_inf(v.valid)
  JOIN grids g ON g.id = v.grid_id {scope}
  WHERE v.label_width_m >= :narrowest
)
SELECT coalesce((SELECT ST_AsMVT(p, 'grid', :extent, 'geom', 'id') FROM pieces p
                 WHERE p.geom IS NOT NULL), ''::bytea)
    || coalesce((SELECT ST_AsMVT(n, 'label', :extent, 'geom', 'id') FROM names n
                 WHERE n.geom IS NOT NULL), ''::bytea)
"""

_BASE = """
WITH box AS MATERIALIZED (
  SELECT ST_TileEnvelope(:z, :x, :y) AS whole,
         ST_TileEnvelope(:z, :x, :y, margin => CAST(:margin AS float8)) AS wide
), pieces AS (
  SELECT b.kind, b.name, b.rank,
         ST_AsMVTGeom(ST_Simplify(b.geom_3857, :tolerance, true), box.whole, :extent, :buffer, true)
           AS geom
  FROM box
  JOIN base_features b ON b.geom_3857 && box.wide AND b.rank <= :rank
)
SELECT coalesce((SELECT ST_AsMVT(p, 'base', :extent, 'geom') FROM pieces p
                 WHERE p.geom IS NOT NULL), ''::bytea)
"""


def grid_tile(session: Session, tile: TileAddress, scope: str) -> bytes:
    """Return one tile of the grids in force in a scope; empty where there are none.

    Layer `grid`: id, and near by code and name. From afar a tile holds a whole city: there it
    is coarser (half a pixel) and leaves the words to one list that comes once
    (`maps.views.names`). Layer `label`: a point where the name may stand, with the room for it
    in units of EPSG:3857 (`w`).
    """
    far = tile.z < SIMPLIFIED_BELOW_ZOOM
    statement = _GRIDS.format(
        border="geom_3857_low" if far else "geom_3857",
        words="" if far else "g.code, g.name,",
        scope="AND g.code >= :lo AND g.code < :hi" if scope else "",
    )
    narrowest = NARROWEST_LABEL_PX * tile.metres_a_pixel
    values: dict[str, float | str] = {
        "narrowest": narrowest,
        "lo": scope,
        "hi": scope + AFTER_EVERYTHING,
    }
    return _tile(session, statement, tile, EXTENT // 4 if far else EXTENT, **values)


def base_tile(session: Session, tile: TileAddress, _: str) -> bytes:
    """Return one tile of the base map, with what is worth seeing at its scale.

    Streets and water are nobody's: they do not end where a scope does.
    """
    tolerance = tile.metres_a_pixel / 4
    return _tile(session, _BASE, tile, EXTENT, rank=rank_at(tile.z), tolerance=tolerance)


def rank_at(z: int) -> int:
    """Return the least important rank that is drawn at a zoom: 1 from afar, 4 near only."""
    return 1 if z < 11 else 2 if z < 13 else 3 if z < 14 else 4


def _tile(
    session: Session, statement: str, tile: TileAddress, extent: int, **values: float | str
) -> bytes:
    found = session.scalar(
        text(statement),
        {
            "z": tile.z,
            "x": tile.x,
            "y": tile.y,
            "extent": extent,
            "buffer": BUFFER_PX * extent // SIDE_PX,
            "margin": BUFFER_PX / SIDE_PX,
            **values,
        },
    )
    return bytes(found or b"")
