"""Fields of the residents' pages → typed values with messages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from gridmap.core.clock import day_written
from gridmap.core.errors import BadRequest
from gridmap.core.i18n import N_
from gridmap.residents.changes import KEPT, Correction, NewHome

LONGEST = 1000


def text_of(given: Mapping[str, str], name: str) -> str:
    """Return a field without surrounding space.

    Raises:
        BadRequest: it is too long.
    """
    found = given.get(name, "").strip()
    if len(found) > LONGEST:
        raise BadRequest(field=name, why=N_("this is too long."))
    return found


def whole_number(given: Mapping[str, str], name: str) -> int:
    """Return a field that holds a whole number.

    Raises:
        BadRequest: it holds something else.
    """
    found = text_of(given, name)
    if not found.isdecimal() or len(found) > 18:
        raise BadRequest(field=name, why=N_("this is no whole number."))
    return int(found)


def day_of(given: Mapping[str, str], name: str) -> date:
    """Return a field that holds a day."""
    return day_written(text_of(given, name), field=name)


@dataclass(frozen=True)
class CorrectionForm:
    """New texts; an empty field leaves a text as it is, its box takes it away."""

    correction: Correction
    version: int
    reason: str

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> "CorrectionForm":
        """Read the fields."""
        texts = {name: text_of(given, name) or KEPT for name in vars(Correction())}
        for name in ("identity", "phone", "note"):
            if given.get(f"drop_{name}") == "1":
                texts[name] = ""
        return cls(Correction(**texts), whole_number(given, "version"), text_of(given, "reason"))


def new_home(given: Mapping[str, str]) -> NewHome:
    """Return where somebody moves."""
    return NewHome(
        kind=text_of(given, "kind"),
        since=day_of(given, "since"),
        place_id=whole_number(given, "place") if given.get("place") else None,
        grid_code=text_of(given, "grid"),
        detail=text_of(given, "detail"),
    )
