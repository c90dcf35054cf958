"""What can go wrong with signing in and with permissions."""

from gridmap.core.errors import GridmapError
from gridmap.core.i18n import N_


class NotSignedIn(GridmapError):
    """The request carries no session, or one that has ended."""

    status = 401
    code = "not_signed_in"
    message = N_("Sign in first. A session ends after a while without use.")


class NotAllowed(GridmapError):
    """No role of the account allows this anywhere."""

    status = 403
    code = "not_allowed"
    message = N_(
        "None of your roles allows this. Ask an administrator if it belongs to your work; "
        "nothing was changed."
    )
