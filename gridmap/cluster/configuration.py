"""The server's settings: modest, safe, no TCP; and who may log in as whom."""

import os
import pwd
from pathlib import Path

from gridmap.cluster.layout import PORT, Layout
from gridmap.cluster.server_user import ServerUser

ROLES = ("gridmap_owner", "gridmap_app", "gridmap_analysis")
SUPERUSER = "postgres"
IDENT_MAP = "gridmap"
SMALL_SHARED_MEMORY = 512 * 1024**2

HBA = f"# Written by gridmap.\nlocal all all peer map={IDENT_MAP}\n"
INCLUDE = "\ninclude_dir = 'conf.d'   # gridmap: 00-gridmap.conf is rewritten at each start\n"


def fixed_options(layout: Layout) -> list[str]:
    """Return what no file may change, for the server's command line: socket only, ours alone."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(layout.run),
        "unix_socket_permissions": "0700",
        "port": str(PORT),
    }
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def settings_text(*, memory_mb: int, shared_memory_bytes: int) -> str:
    """Return the settings of a server on a machine with this much memory.

    Args:
        memory_mb: all memory of the machine.
        shared_memory_bytes: size of /dev/shm; containers often have 64 MB, which a parallel
            query overruns.
    """
    settings = {
        "shared_buffers": f"{min(1024, max(128, memory_mb // 16))}MB",
        "effective_cache_size": f"{max(256, memory_mb // 2)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": f"{min(512, max(64, memory_mb // 32))}MB",
        "dynamic_shared_memory_type": (
            "mmap" if shared_memory_bytes < SMALL_SHARED_MEMORY else "posix"
        ),
        "max_connections": "100",
        "jit": "off",
        "random_page_cost": "1.1",
        # Bulk loads: no replicas, few and compressed checkpoints. What is confirmed is on disk.
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "wal_compression": "on",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "synchronous_commit": "on",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        # One file a weekday, emptied when its day comes round again.
        "logging_collector": "on",
        "log_directory": "'log'",
        "log_filename": "'server-%a.log'",
        "log_truncate_on_rotation": "on",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_min_duration_statement": "-1",  # a slow statement would be written with its values
        # A statement that failed holds values, and so do details: neither is written down.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_line_prefix": "'%m [%p] %u@%d '",
        "cluster_name": "'gridmap'",
    }
    lines = [f"{name} = {value}" for name, value in settings.items()]
    head = "# Written by gridmap at each start. Your own settings: another file in this folder."
    return "\n".join([head, *lines, ""])


def machine_settings() -> str:
    """Return the settings for this machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024**2
    try:
        shm = os.statvfs("/dev/shm")  # noqa: S108 - asked for its size only
        size = shm.f_frsize * shm.f_blocks
    except OSError:
        size = 0
    return settings_text(memory_mb=memory, shared_memory_bytes=size)


def ident_text(user: ServerUser) -> str:
    """Return the map of operating system users to database roles.

    Root, postgres and the user who runs this may be any of our roles; nobody else can reach
    the socket's folder, and nobody else is in the map.
    """
    me = pwd.getpwuid(os.geteuid()).pw_name
    people = dict.fromkeys((me, user.name, "root", SUPERUSER))
    lines = [f'{IDENT_MAP} "{one}" {role}' for one in people for role in (SUPERUSER, *ROLES)]
    return "\n".join(["# Written by gridmap.", *lines, ""])


def configuration_files(folder: Path) -> tuple[Path, Path, Path, Path]:
    """Name the files below a data folder: main, settings, logins, map."""
    settings = folder / "conf.d" / "00-gridmap.conf"
    return folder / "postgresql.conf", settings, folder / "pg_hba.conf", folder / "pg_ident.conf"
