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


class WrongLogin(GridmapError):
    """Name and password do not belong together, or the account is locked: one answer for all."""

    status = 403
    code = "wrong_login"
    message = N_(
        "This name and this password do not belong together, or the account is locked. "
        "An administrator can set a new password."
    )


class WrongCode(GridmapError):
    """The code of the second factor is wrong, too old or was used before."""

    status = 403
    code = "wrong_code"
    message = N_(
        "This code does not fit, or it was used before. Wait for the next one; "
        "if that fails too, check the clock of the device."
    )


class NothingToConfirm(GridmapError):
    """A first code was sent for a second factor that does not wait for one (any more)."""

    status = 409
    code = "nothing_to_confirm"
    message = N_(
        "No second factor waits for a code: the form was sent twice, or its page was too old. If "
        "it is on now and you did not see recovery codes, make new ones on the page of your "
        "account."
    )


class TooManyAttempts(GridmapError):
    """More tries than a person needs, at one account or from one address."""

    status = 429
    code = "too_many_attempts"
    message = N_("There were too many tries. Try again in %(minutes)s min.")


class BadPassword(GridmapError):
    """A password that may not be chosen."""

    status = 422
    code = "bad_password"
    message = N_("This password cannot be used. %(why)s")


class PasswordMustChange(GridmapError):
    """Somebody else set the password, so its owner sets another one first."""

    status = 403
    code = "password_must_change"
    message = N_("Set a password of your own first, on the page of your account.")


class BadAccount(GridmapError):
    """An account or a role cannot be made like that."""

    status = 422
    code = "bad_account"
    message = N_("%(name)s: %(why)s")


class NotYours(GridmapError):
    """An account, or a scope, that is not the actor's to manage."""

    status = 403
    code = "account_not_yours"
    message = N_(
        "This reaches beyond what you manage: roles in your own scope, of others than yourself. "
        "Accounts of auditors are managed on the command line alone. Nothing was changed."
    )


class ProviderFailed(GridmapError):
    """The OpenID provider did not answer as expected, or the way there was not begun here."""

    status = 403
    code = "provider_failed"
    message = N_("Signing in through the provider did not work. Begin again; nothing was changed.")


class UnknownIdentity(GridmapError):
    """Nobody has said which account belongs to an identity, or that account is locked."""

    status = 403
    code = "unknown_identity"
    message = N_(
        "No account that may sign in belongs to this identity. Tell an administrator: %(identity)s"
    )
