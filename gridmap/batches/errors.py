"""What can go wrong with a batch."""

from gridmap.core.errors import GridmapError
from gridmap.core.i18n import N_


class NoSuchBatch(GridmapError):
    """No import has this number."""

    status = 404
    code = "no_such_batch"
    message = N_("There is no import %(batch)s. `script/gridmap import list` shows them all.")


class AlreadyUndone(GridmapError):
    """It was taken back before."""

    status = 409
    code = "already_undone"
    message = N_("Import %(batch)s was taken back already, on %(when)s.")


class BatchInUse(GridmapError):
    """Later rows stand on what this import brought."""

    status = 409
    code = "batch_in_use"
    message = N_(
        "Import %(batch)s cannot be taken back while counts of people stand on its grids: take "
        "back import %(imports)s first."
    )


class NoRejects(GridmapError):
    """Every row of the file could be used."""

    status = 404
    code = "no_rejects"
    message = N_("Import %(batch)s has no rejected rows.")
