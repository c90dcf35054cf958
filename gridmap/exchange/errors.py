"""What can be wrong with an import as a whole."""

from gridmap.core.errors import GridmapError
from gridmap.core.i18n import N_


class NoGridsYet(GridmapError):
    """Incidents would all be unlinked."""

    status = 409
    code = "no_grids_yet"
    message = N_("There are no grids yet. Import them first: script/gridmap import grids FILE.")


class MissingOption(GridmapError):
    """An import cannot be done without this."""

    status = 422
    code = "missing_option"
    message = N_("%(option)s is missing: %(why)s")


class DryRun(Exception):
    """Raised inside the transaction of a dry run when everything is known: takes it back."""
