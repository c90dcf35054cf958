"""What people type into a field of search, as a condition in SQL."""

from typing import Any

from sqlalchemy import ColumnElement, and_, or_


def matches_words(words: str, *names: Any, code: Any = None) -> ColumnElement[bool]:
    """Return the condition that every word occurs in one of the names, in any order.

    Args:
        words: what was typed; at least one word. Signs that SQL reads as patterns are plain.
        names: columns of text.
        code: a column whose beginning a word, or all that was typed, may be.
    """
    each = []
    for word in words.split():
        found = [name.icontains(word, autoescape=True) for name in names]
        if code is not None:
            found.append(code.startswith(word, autoescape=True))
        each.append(or_(*found))
    if code is None:
        return and_(*each)
    return or_(code.startswith(words, autoescape=True), and_(*each))
