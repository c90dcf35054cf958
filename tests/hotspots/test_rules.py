"""Which window is meant where nobody names one."""

from datetime import date

from gridmap.hotspots import rules


def test_the_usual_window_ends_with_the_newest_incident_but_not_after_today():
    today = date(2024, 5, 10)

    assert rules.default_window((date(2014, 1, 1), date(2018, 1, 1)), today)[1] == date(2018, 1, 1)
    assert rules.default_window((date(2014, 1, 1), date(2030, 1, 1)), today)[1] == date(2024, 5, 11)
    assert rules.default_window(None, today) == (date(2024, 2, 11), date(2024, 5, 11))
