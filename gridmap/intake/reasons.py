"""Why a row cannot be used, as codes with a sentence and a way out, both for translation."""

from typing import NamedTuple

from gridmap.core.i18n import N_


class Reason(NamedTuple):
    """Sentences with the named parts column, value and detail."""

    message: str
    way_out: str


_CORRECT = N_("Correct the value and import the row again.")
_DATE = N_("Correct the date and import the row again.")
_SHORTEN = N_("Shorten the text and import the row again.")

REASONS: dict[str, Reason] = {
    "wrong_field_count": Reason(
        N_("The row has %(value)s fields, the header has %(detail)s."),
        N_("Put quotation marks around texts that contain the separator."),
    ),
    "nul_character": Reason(
        N_("The row contains a NUL character, which no text may contain."),
        N_("Export the row again as text."),
    ),
    "no_position": Reason(
        N_("The row has no coordinate."), N_("Add the coordinate, or import it by grid code.")
    ),
    "coordinate_unreadable": Reason(N_("%(value)s in %(column)s is not a number."), _CORRECT),
    "coordinate_not_finite": Reason(
        N_("%(value)s in %(column)s is not a finite number."), _CORRECT
    ),
    "coordinate_out_of_range": Reason(
        N_("%(value)s in %(column)s lies outside what %(detail)s can express."),
        N_("Check the coordinate and --crs."),
    ),
    "geometry_unreadable": Reason(
        N_("The geometry cannot be read."), N_("Draw the geometry again.")
    ),
    "geometry_not_a_point": Reason(
        N_("The geometry is a %(value)s, not a point."), N_("Use points.")
    ),
    "geometry_not_an_area": Reason(
        N_("The geometry is a %(value)s, not a polygon."), N_("Use polygons.")
    ),
    "geometry_missing": Reason(N_("The row has no border."), N_("Draw the polygon.")),
    "geometry_beyond_repair": Reason(
        N_("The border encloses no area, even after repair (%(detail)s)."),
        N_("Draw the polygon again."),
    ),
    "no_code": Reason(N_("%(column)s is empty."), N_("Give the row its code.")),
    "code_not_a_number": Reason(
        N_("%(value)s in %(column)s is no whole number, which %(detail)s needs."), _CORRECT
    ),
    "word_unknown": Reason(
        N_("%(value)s in %(column)s is none of these: %(detail)s."),
        N_("Use one of these words."),
    ),
    "code_too_long": Reason(
        N_("The code in %(column)s has more than %(detail)s characters."), _SHORTEN
    ),
    "code_repeated": Reason(
        N_("The code %(value)s stands on line %(detail)s already."),
        N_("Give each row its own code, or leave one of the rows out."),
    ),
    "no_address": Reason(N_("%(column)s is empty."), N_("Give the row its address.")),
    "no_id": Reason(N_("%(column)s is empty."), N_("Give the row its number.")),
    "id_too_long": Reason(
        N_("The number in %(column)s has more than %(detail)s characters."), _SHORTEN
    ),
    "id_repeated": Reason(
        N_("The number %(value)s stands on line %(detail)s already, with other content."),
        N_("Give each row its own number, or leave one of the rows out."),
    ),
    "text_too_long": Reason(
        N_("The text in %(column)s has more than %(detail)s characters."), _SHORTEN
    ),
    "no_time": Reason(N_("%(column)s is empty."), N_("Give the row its time.")),
    "time_unreadable": Reason(
        N_("%(value)s in %(column)s is not a time like the others (%(detail)s)."), _DATE
    ),
    "no_such_time": Reason(N_("There is no such time of day: %(value)s."), _DATE),
    "no_such_month": Reason(N_("There is no month %(detail)s."), _DATE),
    "no_such_day": Reason(N_("There is no day %(detail)s in that month."), _DATE),
    "no_such_day_february": Reason(N_("There is no %(detail)s February."), _DATE),
    "no_such_day_april": Reason(N_("There is no %(detail)s April."), _DATE),
    "no_such_day_june": Reason(N_("There is no %(detail)s June."), _DATE),
    "no_such_day_september": Reason(N_("There is no %(detail)s September."), _DATE),
    "no_such_day_november": Reason(N_("There is no %(detail)s November."), _DATE),
    "time_too_early": Reason(
        N_("%(value)s is before the year %(detail)s; earlier dates are taken for mistakes."), _DATE
    ),
    "time_in_future": Reason(N_("%(value)s lies in the future."), _DATE),
    "end_before_start": Reason(
        N_("It ends (%(value)s) before it begins (%(detail)s)."),
        N_("Swap or correct the two times and import the row again."),
    ),
    "outside_scope": Reason(
        N_("The row lies outside your scope."),
        N_("Leave it to whoever is responsible there, or correct its place."),
    ),
    "erased": Reason(
        N_("The person of this row was erased on request."),
        N_("Take the row out of the file. Somebody who comes again is brought by a new row."),
    ),
    "no_count": Reason(N_("%(column)s is empty."), N_("Give the row its number of people.")),
    "count_unreadable": Reason(N_("%(value)s in %(column)s is not a number."), _CORRECT),
    "count_impossible": Reason(
        N_("%(value)s in %(column)s is no possible number; it must be 0 to %(detail)s."), _CORRECT
    ),
    "no_name": Reason(N_("%(column)s is empty."), N_("Give the row the name of the person.")),
    "identity_impossible": Reason(
        N_("What stands in %(column)s is no identity number: its length or last place is wrong."),
        _CORRECT,
    ),
    "phone_impossible": Reason(
        N_("What stands in %(column)s is no telephone number of 3 to 15 digits."), _CORRECT
    ),
    "day_unreadable": Reason(N_("What stands in %(column)s is no date like 2016-12-31."), _DATE),
    "days_reversed": Reason(
        N_("The day in %(column)s is not after the first day."),
        N_("Swap or correct the two days and import the row again."),
    ),
}
