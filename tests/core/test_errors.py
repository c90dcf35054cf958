"""Errors: one sentence, said in the reader's language."""

from gridmap.core.errors import BadRequest, NotFound

WORDS = {
    "There is no %(what)s %(name)s here.": "Hier ist kein %(what)s %(name)s.",
    "resident": "Bewohner",
    "grid": "Gitter",
    "%(field)s: %(why)s": "%(field)s: %(why)s",
    "this is too long.": "das ist zu lang.",
}


def test_reasons_are_translated_and_names_from_the_data_are_not():
    said = NotFound(what="resident", name="grid").spoken(WORDS.__getitem__)
    why = BadRequest(field="name", why="this is too long.").spoken(WORDS.__getitem__)

    assert said == "Hier ist kein Bewohner grid."
    assert why == "name: das ist zu lang."


def test_a_part_that_is_no_sentence_may_be_said_otherwise():
    problem = NotFound(what="resident", name=7)

    assert problem.spoken(WORDS.__getitem__, lambda value: f"<{value}>") == (
        "Hier ist kein Bewohner <7>."
    )
