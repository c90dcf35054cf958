"""From a source's words to our categories."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gridmap.core.errors import NotFound
from gridmap.core.i18n import N_
from gridmap.incidents.models import Category, CategoryWord, IncidentMonth

NO_WORD = "(none)"


def word_key(word: str) -> str:
    """Write a word the way it is compared: width, case, underscores and spaces do not count."""
    plain = unicodedata.normalize("NFKC", word).casefold().replace("_", " ")
    return " ".join(plain.split()) or NO_WORD


def category_code(key: str) -> str:
    """Make a code out of a word that nobody knows yet."""
    return re.sub(r"\W+", "_", key).strip("_")[:80] or "unknown"


@dataclass(frozen=True)
class Words:
    """What each row's word stands for: two arrays of shape (n,)."""

    word_ids: npt.NDArray[np.int64]
    category_ids: npt.NDArray[np.int64]
    unknown: list[str]
    """Words that were met for the first time and got a category of their own."""


def resolve_words(session: Session, source: str, words: npt.NDArray[np.object_]) -> Words:
    """Find the category of every row's word; a new word becomes a category, marked unknown."""
    import pandas as pd  # slow to load, and only imports need it

    inverse, distinct = pd.factorize(words)
    keys = [word_key(word) for word in distinct.tolist()]
    known = _known_words(session, source, keys)
    new: dict[str, str] = {}
    for word, key in zip(distinct.tolist(), keys, strict=True):
        if key not in known:
            new.setdefault(key, word)
    if new:
        known |= _add_words(session, source, new)
    pairs = np.array([known[key] for key in keys], dtype=np.int64).reshape(-1, 2)
    return Words(pairs[inverse, 0], pairs[inverse, 1], list(new.values()))


def _known_words(session: Session, source: str, keys: list[str]) -> dict[str, tuple[int, int]]:
    """Return key → (word id, category id); a source's own word goes before a general one."""
    rows = session.execute(
        select(CategoryWord.word, CategoryWord.id, CategoryWord.category_id)
        .where(CategoryWord.source.in_(["", source]), CategoryWord.word.in_(keys))
        .order_by(CategoryWord.source)
    )
    return {word: (word_id, category_id) for word, word_id, category_id in rows}


def _add_words(session: Session, source: str, new: dict[str, str]) -> dict[str, tuple[int, int]]:
    """Store new words (key → as the source writes it) and the categories that none has yet.

    Returns:
        key → (word id, category id). Words of one code share a category, named by the first.
    """
    codes = {key: category_code(key) for key in new}
    names: dict[str, str] = {}
    for key, word in new.items():
        names.setdefault(codes[key], " ".join(word.split()) or NO_WORD)
    session.execute(
        insert(Category).on_conflict_do_nothing(index_elements=[Category.code]),
        [
            {"code": code, "name": name, "name_zh": name, "known": False}
            for code, name in names.items()
        ],
    )
    rows = session.execute(select(Category.code, Category.id).where(Category.code.in_(names)))
    ids = {code: category_id for code, category_id in rows}  # noqa: C416 - rows are not tuples
    session.execute(
        insert(CategoryWord),
        [{"source": source, "word": key, "category_id": ids[code]} for key, code in codes.items()],
    )
    return _known_words(session, source, list(new))


def categories_named(session: Session, names: Sequence[str]) -> list[int]:
    """Return the ids of categories given by code, name or a word that stands for them.

    Somebody with a scope does not learn which words others use: a category that an import made
    is there for them once it has incidents that they may count, and only words of any source
    stand for something.

    Raises:
        NotFound: a name stands for nothing.
    """
    found: list[int] = []
    wide = literal("") == func.any(func.auth.scopes("figure", "see"))
    usable = (CategoryWord.source == "") | wide
    seen = Category.known | exists().where(IncidentMonth.category_id == Category.id)
    for name in names:
        ids = session.scalars(
            select(Category.id).where(
                (Category.code == name)
                | (Category.name == name)
                | (Category.name_zh == name)
                | Category.id.in_(
                    select(CategoryWord.category_id).where(
                        CategoryWord.word == word_key(name), usable
                    )
                ),
                seen,
            )
        ).all()
        if not ids:
            raise NotFound(what=N_("category"), name=name)
        found.extend(ids)
    return sorted(set(found))


def chosen_categories(session: Session, names: Sequence[str]) -> list[int] | None:
    """Return the ids of the categories that a filter names; None, all of them, if it names none.

    Raises:
        NotFound: a name stands for nothing.
    """
    return categories_named(session, names) if names else None


def assign_word(session: Session, word_id: int, category_id: int) -> None:
    """Let a word stand for another category from now on."""
    session.execute(
        update(CategoryWord).where(CategoryWord.id == word_id).values(category_id=category_id)
    )
