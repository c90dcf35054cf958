"""Parameters of addresses → a question; the same for the API, the map and its table."""

from datetime import date

from werkzeug.datastructures import MultiDict

from gridmap.core.errors import BadRequest
from gridmap.hotspots.studies import PER, Question


def question_of(arguments: "MultiDict[str, str]") -> Question:
    """Read from, to (the first day after), category (repeated), scope and per.

    Raises:
        BadRequest: a date or `per` cannot be used.
    """
    per = arguments.get("per") or None
    if per is not None and per not in PER:
        raise BadRequest(field="per", why="population or area.")
    return Question(
        start=_day(arguments, "from"),
        end=_day(arguments, "to"),
        scope=arguments.get("scope", ""),
        categories=tuple(name for name in arguments.getlist("category") if name),
        per=per,
    )


def _day(arguments: "MultiDict[str, str]", name: str) -> date | None:
    value = arguments.get(name)
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError as problem:
        raise BadRequest(field=name, why="a date is written 2026-11-24.") from problem
