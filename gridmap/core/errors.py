"""What can go wrong, as classes with a stable code and a sentence with a way out."""

from collections.abc import Callable
from typing import ClassVar

from gridmap.core.i18n import N_

REASONS = ("why", "what", "way_out")
"""Parts of a message that are sentences themselves; other parts are names from the data."""


def _as_it_is(value: object) -> object:
    """Return a name from the data."""
    return value


class GridmapError(Exception):
    """Base of all errors that a person may see.

    Args:
        fields: values for the named parts of the message; kept for translation.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "error"
    message: ClassVar[str] = N_("Something in this request cannot be done.")

    def __init__(self, **fields: object) -> None:
        super().__init__(self.message % fields)
        self.fields = fields
        self.on_record = False
        """That it was refused is on record already, with more than the page knows."""

    def spoken(
        self, say: Callable[[str], str], name: Callable[[object], object] = _as_it_is
    ) -> str:
        """Return the sentence in a reader's language, the reasons in it included.

        Args:
            say: translates a marked text.
            name: says a part that is no sentence, such as a label in two languages.
        """
        fields = {
            part: say(value)
            if part in REASONS and isinstance(value, str) and value
            else name(value)
            for part, value in self.fields.items()
        }
        return say(self.message) % fields


class DatabaseUnavailable(GridmapError):
    """The database does not answer, or went away in the middle."""

    status = 503
    code = "database_unavailable"
    message = N_(
        "The database does not answer. Nothing was changed by what was going on; "
        "try the same again in a moment."
    )


class NoSpace(GridmapError):
    """A disk is full: the database's, or that of uploads and reports."""

    status = 507
    code = "no_space"
    message = N_(
        "No space is left on the disk. Nothing was changed; free some space and do the same again."
    )


class DatabaseBehind(GridmapError):
    """The schema is older or newer than this program."""

    status = 503
    code = "database_behind"
    message = N_(
        "The database is at revision %(current)s, this program needs %(head)s. "
        "Run `script/gridmap database migrate`."
    )


class DatabaseAhead(GridmapError):
    """A newer program has migrated the database."""

    status = 503
    code = "database_ahead"
    message = N_(
        "The database is at revision %(current)s, which this program does not know: it only knows "
        "%(head)s. Use the newer program that brought it there; nothing was changed."
    )


class NotConfigured(GridmapError):
    """A setting is missing that this step cannot do without."""

    status = 500
    code = "not_configured"
    message = N_("%(setting)s is not set. %(why)s")


class BadSetting(GridmapError):
    """A setting has a value that cannot be used."""

    status = 500
    code = "bad_setting"
    message = N_("%(setting)s is %(value)r: %(why)s")


class NotFound(GridmapError):
    """There is no such thing in the viewer's scope (or it may not be seen: the same answer)."""

    status = 404
    code = "not_found"
    message = N_("There is no %(what)s %(name)s here.")

    outside_scope: bool = False
    """It was asked for outside the viewer's scope: goes on record, the answer is the same."""

    where: str = ""
    """The code that goes on record then."""

    @classmethod
    def outside(cls, *, where: str | None = None, **fields: object) -> "NotFound":
        """Return the answer to somebody who asks for something outside their scope.

        Args:
            where: code that goes on record; the name that was asked for where none is given.
            fields: parts of the message.
        """
        problem = cls(**fields)
        problem.outside_scope = True
        problem.where = str(fields.get("name", "")) if where is None else where
        return problem


class BadRequest(GridmapError):
    """A parameter has a value that cannot be used."""

    status = 400
    code = "bad_request"
    message = N_("%(field)s: %(why)s")
