"""Parameters of an address → a question."""

from datetime import date

from werkzeug.datastructures import MultiDict

from gridmap.core.clock import day_written
from gridmap.hotspots.studies import Question


def question_of(arguments: MultiDict[str, str]) -> Question:
    """Read from, to (the first day after), category (repeated), scope, per and borders_on.

    Raises:
        BadRequest: a date is none.
    """
    return Question(
        start=_day(arguments, "from"),
        end=_day(arguments, "to"),
        scope=arguments.get("scope", ""),
        categories=tuple(name for name in arguments.getlist("category") if name),
        per=arguments.get("per") or None,
        borders_on=_day(arguments, "borders_on"),
    )


def _day(arguments: MultiDict[str, str], name: str) -> date | None:
    value = arguments.get(name)
    return day_written(value, field=name) if value else None
