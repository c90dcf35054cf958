"""The settings of one process, read once from the environment."""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gridmap.core.errors import BadSetting

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    """What this process was told; the city's own settings stand in the database (`core.city`)."""

    home: Path
    """Where the private database, uploads and reject reports live."""
    keys: Path
    """Folder of the keys; belongs into no backup of the database."""
    database_url: str | None
    """libpq or SQLAlchemy address of an existing server, as the application's role."""
    owner_url: str | None
    """The same server as the owner, for migrations and VACUUM."""
    analysis_url: str | None
    """The same server as the role that counts."""
    tile_url: str | None
    """Address of base map tiles with {z}/{x}/{y}; none is needed."""
    tile_attribution: str
    upload_limit_mb: int
    log_level: str
    hosts: tuple[str, ...] = ()
    """Names under which pages may be asked for, besides those of this machine itself."""
    kinds: Path | None = None
    """Folder with the city's own kinds of cases."""

    @property
    def private(self) -> bool:
        """Whether the project runs its own cluster."""
        return self.database_url is None


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings of this process.

    Raises:
        BadSetting: a number is not a number.
    """
    env = os.environ
    limit = env.get("GRIDMAP_UPLOAD_LIMIT_MB", "512")
    if not limit.isdecimal() or int(limit) == 0:
        raise BadSetting(setting="GRIDMAP_UPLOAD_LIMIT_MB", value=limit, why="a whole number of MB")
    home = Path(env.get("GRIDMAP_HOME") or CHECKOUT / "var").expanduser().resolve()
    return Settings(
        home=home,
        keys=Path(env.get("GRIDMAP_KEYS") or home / "keys").expanduser().resolve(),
        database_url=sqlalchemy_url(env.get("GRIDMAP_DATABASE_URL")),
        owner_url=sqlalchemy_url(env.get("GRIDMAP_OWNER_URL")),
        analysis_url=sqlalchemy_url(env.get("GRIDMAP_ANALYSIS_URL")),
        tile_url=env.get("GRIDMAP_TILE_URL") or None,
        tile_attribution=env.get("GRIDMAP_TILE_ATTRIBUTION", ""),
        upload_limit_mb=int(limit),
        log_level=env.get("GRIDMAP_LOG_LEVEL", "INFO").upper(),
        hosts=tuple(env.get("GRIDMAP_HOSTS", "").lower().replace(",", " ").split()),
        kinds=Path(env["GRIDMAP_KINDS"]).expanduser() if env.get("GRIDMAP_KINDS") else None,
    )


def sqlalchemy_url(url: str | None) -> str | None:
    """Give a libpq address the driver's name; leave a SQLAlchemy address as it is."""
    if not url:
        return None
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            return "postgresql+psycopg2://" + url.removeprefix(plain)
    return url
