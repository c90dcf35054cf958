"""What can go wrong with staff."""

from gridmap.core.errors import GridmapError
from gridmap.core.i18n import N_


class NumberTaken(GridmapError):
    """Two members of staff cannot have one number."""

    status = 409
    code = "staff_number_taken"
    message = N_("The number %(number)s is taken. Choose another one.")


class MemberRefused(GridmapError):
    """Number or account cannot be this member's; one answer for all that the actor cannot see."""

    status = 409
    code = "staff_refused"
    message = N_(
        "A member of staff with number %(number)s cannot be written down like that. Check number "
        "and account, or choose others."
    )


class DutyOverlaps(GridmapError):
    """Somebody has that grid in those days already."""

    status = 409
    code = "duty_overlaps"
    message = N_("%(number)s has grid %(grid)s in these days already. End that duty first.")


class BadSpan(GridmapError):
    """A span of days that holds none."""

    status = 422
    code = "span_without_days"
    message = N_("The last day comes before the first. Swap or correct the two days.")
