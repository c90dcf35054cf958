"""The report of rejected rows on a page."""

import pytest

from gridmap.exchange.forms import field_at_fault, in_words_of_the_page
from gridmap.exchange.rejects import NAMES, read_page
from gridmap.intake.reasons import REASONS

ROWS = (
    "line,column,value,code,reason,what to do,when\n"
    "5,when,31/02/2014,no_such_day_february,There is no 31 February.,x,31/02/2014\n"
    "6,when,31/04/2014,no_such_day_april,There is no 31 April.,x,31/04/2014\n"
    "7,x,,no_position,The row has no coordinate.,x,\n"
    "8,note,'=1+1,text_too_long,The text in note has more than 200 characters.,x,\n"
)


@pytest.fixture
def report(tmp_path):
    path = tmp_path / "rejects.csv"
    path.write_text(ROWS, encoding="utf-8-sig")
    return path


def test_every_reason_has_a_short_name():
    assert set(REASONS) <= set(NAMES)


def test_impossible_dates_are_one_filter(app, report):
    with app.test_request_context("/"):
        page = read_page(report, reason="", offset=0, limit=25)
        dates = read_page(report, reason=page.reasons[0][0], offset=0, limit=25)

    assert next((name, n) for _, name, n in page.reasons) == ("Date impossible", 2)
    assert (page.all, dates.all, dates.total) == (4, 4, 2)
    assert [row.line for row in dates.rows] == [5, 6]


def test_a_page_of_a_report_is_cut_out(app, report):
    with app.test_request_context("/"):
        page = read_page(report, reason="", offset=2, limit=1)

    assert [row.line for row in page.rows] == [7]


def test_sentences_are_said_again_in_the_readers_language(app, report):
    with app.test_request_context("/?lang=zh_Hans"):
        page = read_page(report, reason="", offset=0, limit=25)

    assert page.rows[0].reason == "2月没有 31 日。"
    assert "200" in page.rows[3].reason
    assert page.rows[3].value == "=1+1"


def test_options_of_the_command_line_become_labels_of_the_form(app):
    with app.test_request_context("/"):
        sentence = in_words_of_the_page("Name it with --time-format, see --nonsense.")

    assert sentence == "Name it with “Form of times”, see --nonsense."
    assert field_at_fault("Name it with --crs.") == "crs"
    assert field_at_fault("Nothing here.") is None
