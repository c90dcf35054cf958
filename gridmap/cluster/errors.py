"""What can go wrong with the private database server, each with a way out."""

from gridmap.core.errors import GridmapError
from gridmap.core.i18n import N_


class ClusterError(GridmapError):
    """Base: the private database server cannot do what was asked."""

    status = 503
    code = "cluster_error"
    message = N_("The private database server cannot do this.")


class PostgresNotFound(ClusterError):
    """No PostgreSQL with PostGIS on this machine."""

    code = "postgres_not_found"
    message = N_(
        "No PostgreSQL with PostGIS was found (%(looked)s). On Debian or Ubuntu run, as root: "
        "apt-get install postgresql postgresql-postgis; then try again."
    )


class OtherMajorVersion(ClusterError):
    """The data was made by a major version that is not installed."""

    code = "cluster_other_major_version"
    message = N_(
        "The database in %(data)s was made by PostgreSQL %(made_by)s, but only %(installed)s "
        "with PostGIS is installed. Nothing was touched. Install PostgreSQL %(made_by)s with "
        "PostGIS, or point GRIDMAP_HOME to another folder."
    )


class NoServerUser(ClusterError):
    """There is no operating system user under whom the server could run."""

    code = "cluster_no_server_user"
    message = N_(
        "PostgreSQL does not run as root, and %(why)s. Create the user postgres (its packages do), "
        "or start this as an ordinary user."
    )


class HomeNotWritable(ClusterError):
    """The home folder cannot be made or written."""

    code = "cluster_home_not_writable"
    message = N_(
        "%(home)s cannot be written by %(user)s: %(why)s. Choose another folder with GRIDMAP_HOME."
    )


class ForeignFolder(ClusterError):
    """A folder that the server needs belongs to somebody else, or is open to others."""

    code = "cluster_foreign_folder"
    message = N_(
        "%(folder)s %(why)s, so it is not used and was left as it is. It must be a folder of "
        "%(user)s that nobody else may enter (mode 0700). Remove it, or choose another "
        "GRIDMAP_HOME."
    )


class NotADatabase(ClusterError):
    """The place of the data holds something else."""

    code = "cluster_not_a_database"
    message = N_(
        "%(data)s holds files that are not a database. Nothing was touched. "
        "Move them away or choose another GRIDMAP_HOME."
    )


class UnreachableHome(ClusterError):
    """The data exists, but the server's user can no longer get there."""

    code = "cluster_home_unreachable"
    message = N_(
        "The database in %(data)s cannot be reached by the user %(user)s: a folder above it is "
        "closed. Nothing was touched. Open the way (chmod a+x), or choose another GRIDMAP_HOME."
    )


class SocketPathTooLong(ClusterError):
    """The socket's address would not fit into the kernel's 107 bytes."""

    code = "cluster_socket_path_too_long"
    message = N_("The socket %(path)s is longer than the 107 bytes that a system allows.")


class NoSpaceLeft(ClusterError):
    """The disk is full."""

    status = 507
    code = "cluster_no_space"
    message = N_(
        "No space left for the database: %(free_mb)s MB are free at %(path)s, at least "
        "%(needed_mb)s MB are needed. Free some space and run the same command again."
    )


class CreationFailed(ClusterError):
    """The programs of PostgreSQL could not make the data folder."""

    code = "cluster_creation_failed"
    message = N_("The database could not be created in %(data)s: %(why)s")


class StartFailed(ClusterError):
    """The server does not come up."""

    code = "cluster_start_failed"
    message = N_("PostgreSQL did not start: %(why)s. Its logs are below %(log)s.")


class StopFailed(ClusterError):
    """The server does not go down."""

    code = "cluster_stop_failed"
    message = N_("PostgreSQL did not stop within %(seconds)s s. Its log is in %(log)s.")


class ClusterInUse(ClusterError):
    """Somebody else works with this database right now."""

    status = 409
    code = "cluster_in_use"
    message = N_(
        "The database in %(home)s is used by another copy of gridmap (process %(processes)s). "
        "Stop that one first, or add --force to stop the database under it."
    )
