"""Spans of time as declarations write them: "4 hours", "2 working days", "7 days"."""

import re
from dataclasses import dataclass
from datetime import timedelta

UNITS = {"minute": 60, "hour": 3600, "day": 86400}
_FORM = re.compile(r"(\d{1,4}) (working )?(minute|hour|day)s?")


@dataclass(frozen=True)
class Span:
    """A length of time, by the calendar or in working time.

    Attributes:
        number: how many units; at least 1.
        unit: "minute", "hour" or "day".
        working: whether only working time counts.
    """

    number: int
    unit: str
    working: bool = False

    @property
    def length(self) -> timedelta:
        """Return the length by the calendar; of working days, of that many whole days."""
        return timedelta(seconds=self.number * UNITS[self.unit])

    def __str__(self) -> str:
        """Return the span as it is written in a declaration."""
        working = "working " if self.working else ""
        return f"{self.number} {working}{self.unit}{'s' if self.number != 1 else ''}"


def read_span(written: str) -> Span:
    """Read a span.

    Raises:
        ValueError: it is not written like "4 hours" or "2 working days".
    """
    found = _FORM.fullmatch(written.strip())
    if found is None or int(found[1]) == 0:
        raise ValueError(f"{written!r} is no span of time: write it like 4 hours or 2 working days")
    return Span(int(found[1]), found[3], working=bool(found[2]))
