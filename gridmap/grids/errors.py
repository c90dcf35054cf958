"""What can be wrong with grids that somebody brings."""

from gridmap.core.errors import GridmapError
from gridmap.core.i18n import N_


class CodesConflict(GridmapError):
    """One code begins another, so both would share a scope."""

    status = 422
    code = "codes_conflict"
    message = N_(
        "The code %(short)s is the beginning of the code %(long)s (%(count)d such pairs), so both "
        "would share a scope. Give all codes the same length; numbers are padded with "
        "--code-format '{:0%(width)dd}'."
    )


class GridsOverlap(GridmapError):
    """Two grids cover the same ground."""

    status = 422
    code = "grids_overlap"
    message = N_(
        "%(count)d pairs of grids overlap, the largest %(one)s and %(other)s by %(area)s m². "
        "Correct the borders, or let --repair give each overlap to the grid with the lowest code."
    )


class BorderDiffers(GridmapError):
    """A grid of this code exists with another border."""

    status = 409
    code = "border_differs"
    message = N_(
        "Grid %(grid)s exists already, with another border (%(count)d such grids). An import adds "
        "grids; it does not move borders. Take the earlier import back first."
    )


class NoSuchGrids(GridmapError):
    """Rows name grids that do not exist."""

    status = 422
    code = "no_such_grids"
    message = N_("%(count)d rows name grids that do not exist, the first is %(grid)s.")
