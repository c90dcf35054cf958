"""The private PostgreSQL that gridmap starts for itself; knows nothing of the rest."""

from gridmap.cluster.control import Cluster, Status, find, start
from gridmap.cluster.errors import ClusterError

__all__ = ["Cluster", "ClusterError", "Status", "find", "start"]
