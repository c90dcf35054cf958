"""What can go wrong with residents."""

from gridmap.core.errors import GridmapError
from gridmap.core.i18n import N_


class ResidenceOverlaps(GridmapError):
    """A person cannot have two residences of one kind at one time."""

    status = 409
    code = "residence_overlaps"
    message = N_(
        "This person has a residence of that kind in these days already. End it first, or choose "
        "another day or kind."
    )


class NotLivingThere(GridmapError):
    """The residence has ended, or would end before it began."""

    status = 409
    code = "not_living_there"
    message = N_(
        "This residence does not hold on that day: it ended before, or begins later. Choose a day "
        "within it."
    )


class PurposeMissing(GridmapError):
    """Personal values are shown for a purpose only."""

    status = 422
    code = "purpose_missing"
    message = N_(
        "Say what for: choose a purpose and describe it in 3 to 300 characters, without the "
        "person's name."
    )


class ChangedMeanwhile(GridmapError):
    """Somebody else corrected the person since the form was opened."""

    status = 409
    code = "changed_meanwhile"
    message = N_(
        "Somebody corrected this person while the form was open. Look at the record as it is now, "
        "then correct it again."
    )
