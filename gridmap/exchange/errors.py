"""What can be wrong with an import as a whole."""

from gridmap.core.errors import GridmapError
from gridmap.core.i18n import N_


class MissingOption(GridmapError):
    """An import cannot be done without this."""

    status = 422
    code = "missing_option"
    message = N_("%(option)s is missing: %(why)s")


class UnusableMapping(GridmapError):
    """The file of options is no JSON object."""

    status = 422
    code = "unusable_mapping"
    message = N_('%(file)s holds no JSON object with options, such as {"x": "lon"}: %(why)s')


class RowsElsewhere(GridmapError):
    """Rows of an import lie in another scope by now."""

    status = 409
    code = "rows_elsewhere"
    message = N_(
        "Some rows of import %(batch)s lie outside your scope by now, so it cannot be taken back "
        "whole. Ask somebody whose scope is wider; nothing was changed."
    )


class DryRun(Exception):
    """Raised inside the transaction of a dry run when everything is known: takes it back."""
