"""Why borders cannot be drawn anew in a certain way."""

from gridmap.analysis import redraw
from gridmap.core.errors import GridmapError
from gridmap.core.i18n import N_


class CannotBeDrawn(GridmapError):
    """A drawing that gives no grids; the subclasses say why."""

    status = 422
    code = "cannot_be_drawn"
    message = N_("From this drawing no grids can be made.")


class NotCrossing(CannotBeDrawn):
    """A line does not run through the grid."""

    code = "line_does_not_cross"
    message = N_(
        "Line %(number)s does not run through %(grids)s. Draw it from one side of the border "
        "to the other, beyond both."
    )


class CrossesTwice(CannotBeDrawn):
    """A line cuts into more pieces than two."""

    code = "line_crosses_twice"
    message = N_(
        "Line %(number)s cuts %(grids)s into %(measure)s pieces: it leaves and enters again. Draw "
        "one that crosses once, or give the new grids as polygons."
    )


class InParts(CannotBeDrawn):
    """A grid would consist of several parts."""

    code = "grid_in_parts"
    message = N_(
        "A grid would consist of %(measure)s parts that do not hang together (%(grids)s). Draw "
        "the new grids as polygons, each in one piece."
    )


class TooThin(CannotBeDrawn):
    """A grid would be a strip in which nobody lives."""

    code = "grid_too_thin"
    message = N_(
        "A part would be only %(measure)s m wide on average (at least %(least)s m). Move the line "
        "away from the border."
    )


class ReachesOutside(CannotBeDrawn):
    """A polygon covers ground of other grids."""

    code = "drawing_reaches_outside"
    message = N_(
        "Polygon %(number)s reaches %(measure)s m² beyond %(grids)s. Only this ground can be "
        "shared out; name the neighbour too if it gives some of its own."
    )


class LeavesGap(CannotBeDrawn):
    """Ground that was in a grid would be in none."""

    code = "drawing_leaves_gap"
    message = N_(
        "%(measure)s m² of %(grids)s lie in no polygon. The new grids must cover the same ground."
    )


class PolygonsOverlap(CannotBeDrawn):
    """Two new grids would cover the same ground."""

    code = "polygons_overlap"
    message = N_("Polygons of the drawing overlap by %(measure)s m². Each place has one grid.")


class NotAdjacent(CannotBeDrawn):
    """Grids that do not share a border cannot become one, nor share it out."""

    code = "grids_not_adjacent"
    message = N_(
        "Grid %(grid)s has no common border with the others (%(grids)s); a corner is not enough."
    )


class NotBetween(CannotBeDrawn):
    """A drawn border does not give each of the grids a part."""

    code = "line_not_between"
    message = N_(
        "The drawing does not give each of %(grids)s one part that is mostly its own. Draw the new "
        "border between them, or a polygon with the property `code` for each."
    )


class NotExact(CannotBeDrawn):
    """Computation did not give parts that tile the ground."""

    code = "drawing_not_exact"
    message = N_(
        "The parts would not tile %(grids)s exactly (%(measure)s m² apart). Move the line a little "
        "and try again."
    )


class NothingDrawn(CannotBeDrawn):
    """The drawing has too few lines or polygons."""

    code = "nothing_drawn"
    message = N_(
        "The drawing needs lines, or at least two polygons, in longitude and latitude (GeoJSON)."
    )


class OtherCommunity(GridmapError):
    """A change would move the border of a community."""

    status = 422
    code = "crosses_community"
    message = N_(
        "%(grid)s and %(other)s belong to different communities. Their border is that of the "
        "communities; grids change inside one."
    )


class CodeTaken(GridmapError):
    """A code cannot be given to a new grid."""

    status = 422
    code = "code_taken"
    message = N_(
        "The code %(grid)s cannot be given out: it must begin with %(community)s, be the beginning "
        "of no other code, and never have been another grid's. Leave it out for the next number."
    )


class WrongNumberOfCodes(GridmapError):
    """There are not as many codes or names as new grids."""

    status = 422
    code = "wrong_number_of_codes"
    message = N_("%(given)s codes or names were given, and %(needed)s grids come out.")


class NoCodeLeft(GridmapError):
    """The numbers of a community are used up."""

    status = 422
    code = "no_code_left"
    message = N_(
        "The scheme has no number left in %(community)s: used ones are never given out again. "
        "Choose codes yourself with --code."
    )


class BeginsInThePast(GridmapError):
    """A change would hold on days that are over."""

    status = 422
    code = "change_in_the_past"
    message = N_(
        "A change cannot hold from %(day)s: figures up to today (%(today)s) were drawn within the "
        "old borders and stay what they were."
    )


class BeginsLater(GridmapError):
    """A change would hold from a later day."""

    status = 422
    code = "change_begins_later"
    message = N_(
        "Only a draft waits for its day: write it as one (--draft), let somebody accept it, and it "
        "is carried out on %(day)s."
    )


class NotLastChange(GridmapError):
    """Something depends on a change that somebody wants to take back."""

    status = 409
    code = "change_stood_on"
    message = N_(
        "Change %(change)s cannot be taken back: change %(other)s stands on it. Take that one back "
        "first."
    )


class ChangeHasHeld(NotLastChange):
    """A change has been in force for a day."""

    code = "change_has_held"
    message = N_(
        "Change %(change)s cannot be taken back: it has held since %(day)s, and figures of that "
        "time stay what they were. Draw the borders anew instead."
    )


class ChangeCounted(NotLastChange):
    """People were counted in the new grids."""

    code = "change_counted"
    message = N_(
        "Change %(change)s cannot be taken back: people were counted in the new grids. Take that "
        "import back first."
    )


class NoSuchChange(GridmapError):
    """There is no such change, or it is not for this person to see."""

    status = 404
    code = "no_such_change"
    message = N_("There is no change %(change)s of borders here that stands.")


class ChangesStand(GridmapError):
    """Grids of an import were joined with grids of another one."""

    status = 409
    code = "changes_stand"
    message = N_(
        "Grids of this import were joined with grids of import %(batch)s when borders were drawn "
        "anew. The grids of both stand or go together; nothing was changed."
    )


class CodeEnded(GridmapError):
    """A file brings a grid that has ended."""

    status = 409
    code = "code_ended"
    message = N_(
        "Grid %(grid)s ended on %(day)s, when borders were drawn anew (%(count)s such grids). "
        "Codes are never given out again; leave these out of the file."
    )


class SecondPersonNeeded(GridmapError):
    """Somebody reviews their own draft."""

    status = 403
    code = "second_person_needed"
    message = N_("Draft %(draft)s is your own. Somebody else must say yes or no to it.")


class DraftNotThere(GridmapError):
    """A draft is not in the state that an action needs."""

    status = 409
    code = "draft_moved_on"
    message = N_("Draft %(draft)s is %(state)s; this cannot be done with it any more.")


BY_REASON: dict[str, type[CannotBeDrawn]] = {
    redraw.NOT_CROSSING: NotCrossing,
    redraw.CROSSING_TWICE: CrossesTwice,
    redraw.IN_PARTS: InParts,
    redraw.TOO_THIN: TooThin,
    redraw.OUTSIDE: ReachesOutside,
    redraw.UNCOVERED: LeavesGap,
    redraw.OVERLAPPING: PolygonsOverlap,
    redraw.NOT_ADJACENT: NotAdjacent,
    redraw.NOT_BETWEEN: NotBetween,
    redraw.NOT_EXACT: NotExact,
    redraw.FEWER_THAN_TWO: NothingDrawn,
}


def in_words(problem: redraw.CannotRedraw, codes: list[str]) -> CannotBeDrawn:
    """Return the error that says why a drawing of some grids cannot be used."""
    return BY_REASON[problem.reason](
        number=problem.position + 1,
        grid=codes[problem.position] if 0 <= problem.position < len(codes) else "",
        grids=", ".join(codes),
        measure=f"{problem.measure:,.1f}".removesuffix(".0"),
        least=f"{redraw.THINNEST_M:g}",
    )
