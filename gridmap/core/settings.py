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
    proxies: tuple[str, ...] = ()
    """Addresses of proxies whose word on client, scheme and host is taken."""
    session_idle_minutes: int = 60
    """A browser's session ends after so long without a request."""
    session_hours: int = 12
    """A browser's session ends so long after the log-in, whatever happens."""
    oidc_issuer: str | None = None
    """OpenID provider that people may sign in through; the only one that is ever asked."""
    oidc_client_id: str = ""
    oidc_client_secret_file: Path | None = None
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
    home = Path(env.get("GRIDMAP_HOME") or CHECKOUT / "var").expanduser().resolve()
    return Settings(
        home=home,
        keys=Path(env.get("GRIDMAP_KEYS") or home / "keys").expanduser().resolve(),
        database_url=sqlalchemy_url(env.get("GRIDMAP_DATABASE_URL")),
        owner_url=sqlalchemy_url(env.get("GRIDMAP_OWNER_URL")),
        analysis_url=sqlalchemy_url(env.get("GRIDMAP_ANALYSIS_URL")),
        tile_url=env.get("GRIDMAP_TILE_URL") or None,
        tile_attribution=env.get("GRIDMAP_TILE_ATTRIBUTION", ""),
        upload_limit_mb=_whole_number("GRIDMAP_UPLOAD_LIMIT_MB", 512, "of MB"),
        log_level=env.get("GRIDMAP_LOG_LEVEL", "INFO").upper(),
        hosts=_words("GRIDMAP_HOSTS"),
        proxies=_words("GRIDMAP_PROXIES"),
        session_idle_minutes=_whole_number("GRIDMAP_SESSION_IDLE_MINUTES", 60, "of minutes"),
        session_hours=_whole_number("GRIDMAP_SESSION_HOURS", 12, "of hours"),
        oidc_issuer=env.get("GRIDMAP_OIDC_ISSUER") or None,
        oidc_client_id=env.get("GRIDMAP_OIDC_CLIENT_ID", ""),
        oidc_client_secret_file=_path("GRIDMAP_OIDC_CLIENT_SECRET_FILE"),
        kinds=Path(env["GRIDMAP_KINDS"]).expanduser() if env.get("GRIDMAP_KINDS") else None,
    )


def _words(name: str) -> tuple[str, ...]:
    return tuple(os.environ.get(name, "").lower().replace(",", " ").split())


def _whole_number(name: str, default: int, unit: str) -> int:
    value = os.environ.get(name) or str(default)
    if not value.isdecimal() or int(value) == 0:
        raise BadSetting(setting=name, value=value, why=f"a whole number {unit}")
    return int(value)


def _path(name: str) -> Path | None:
    value = os.environ.get(name)
    return Path(value).expanduser().resolve() if value else None


def sqlalchemy_url(url: str | None) -> str | None:
    """Give a libpq address the driver's name; leave a SQLAlchemy address as it is."""
    if not url:
        return None
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            return "postgresql+psycopg2://" + url.removeprefix(plain)
    return url
