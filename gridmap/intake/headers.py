"""Names of columns: made unique, compared, looked up."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from gridmap.intake.errors import AmbiguousHeader, MisspeltColumn, NoSuchColumn

_DATA = re.compile(r"[+-]?[\d.,:/ T-]*\d[\d.,:/ TZ-]*")
_SHOWN = 30


def tidy(header: str) -> str:
    """Return a header without line breaks, control characters and surrounding space."""
    printable = "".join(c if c.isprintable() else " " for c in header)
    return " ".join(printable.split())[:200]


def fold(header: str) -> str:
    """Return what two spellings of one header share: width, case, spaces, underscores."""
    text = unicodedata.normalize("NFKC", tidy(header)).casefold()
    return re.sub(r"[\s_\-.:()（）\[\]]+", "", text)


def unique_headers(headers: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return unique names, and those that were repeated.

    Empty ones become `column 3`; the second `x` becomes `x (2)`.
    """
    names = [tidy(header) or f"column {i}" for i, header in enumerate(headers, 1)]
    repeated = tuple(name for name, count in Counter(names).items() if count > 1)
    seen: Counter[str] = Counter()
    taken = set(names)
    result = []
    for name in names:
        seen[name] += 1
        number = seen[name]
        unique = name if number == 1 else f"{name} ({number})"
        while number > 1 and unique in taken:
            number += 1
            unique = f"{name} ({number})"
        taken.add(unique)
        result.append(unique)
    return tuple(result), repeated


def looks_like_data(headers: Sequence[str]) -> bool:
    """Tell whether a first line holds values only, so that the header is missing."""
    filled = [header.strip() for header in headers if header.strip()]
    return bool(filled) and all(_DATA.fullmatch(header) for header in filled)


def find_header(file: str, name: str, headers: Sequence[str], repeated: Sequence[str] = ()) -> str:
    """Return the header that a user means by a name: exactly, else but for case and spaces.

    Raises:
        AmbiguousHeader: several columns bear the name.
        NoSuchColumn: none does; the nearest one is named.
    """
    wanted = tidy(name)
    if wanted in repeated:
        raise AmbiguousHeader(file=file, column=wanted)
    if wanted in headers:
        return wanted
    alike = [header for header in headers if fold(header) == fold(wanted)]
    if len(alike) == 1:
        return alike[0]
    near = get_close_matches(fold(wanted), [fold(header) for header in headers], n=1)
    nearest = next((h for h in headers if near and fold(h) == near[0]), None)
    if nearest is None:
        raise NoSuchColumn(file=file, column=wanted, headers=listed(headers))
    raise MisspeltColumn(file=file, column=wanted, nearest=nearest, headers=listed(headers))


def listed(headers: Sequence[str]) -> str:
    """Return headers for a sentence, cut when there are very many."""
    shown = ", ".join(header[:60] for header in headers[:_SHOWN])
    return shown if len(headers) <= _SHOWN else f"{shown} … ({len(headers)})"
