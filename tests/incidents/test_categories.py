"""From a source's words to categories."""

import numpy as np
from sqlalchemy import event, select

from gridmap.incidents.categories import resolve_words
from gridmap.incidents.models import Category


def words(*texts: str):
    return np.array(texts, dtype=object)


def test_new_words_are_told_once_and_words_of_one_code_share_a_category(session):
    found = resolve_words(
        session, "s", words("Goat rustling", "goat_rustling", "goat-rustling", "x")
    )

    assert found.unknown == ["Goat rustling", "goat-rustling", "x"]
    assert found.word_ids[0] == found.word_ids[1] != found.word_ids[2]
    assert len(set(found.category_ids.tolist())) == 2
    assert session.get(Category, int(found.category_ids[2])).name == "Goat rustling"


def test_a_word_of_a_known_category_does_not_change_it(session):
    before = session.execute(select(Category.id, Category.name, Category.known)).all()

    found = resolve_words(session, "s", words("theft", "Theft!"))

    assert len(set(found.category_ids.tolist())) == 1
    assert session.execute(select(Category.id, Category.name, Category.known)).all() == before


def test_many_new_words_take_no_more_statements_than_a_few(session):
    statements = []
    connection = session.connection()
    event.listen(connection, "before_cursor_execute", lambda *given: statements.append(given[2]))

    found = resolve_words(session, "s", words(*(f"word {i}" for i in range(300))))

    assert len(found.unknown) == len(set(found.category_ids.tolist())) == 300
    assert len(statements) < 10
