"""Duties follow the grids: who looks after what when borders are drawn anew."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from gridmap.core.city import bump, lock_register
from gridmap.grids.news import GridsChanged, Redrawn
from gridmap.staff import queries

REGISTER = "staff"


def follow_grids(news: GridsChanged) -> None:
    """Let duties follow: they forget grids that are gone and find those of their code.

    Where borders were drawn anew, whoever looked after a grid that ended looks after every grid
    that came of it, until somebody decides otherwise; these duties are listed with the change.
    """
    session = news.session
    lock_register(session, REGISTER)
    if news.redrawn is None:
        if news.removed_ids:
            queries.unlink_duties(session, news.removed_ids)
        queries.link_duties(session)
    elif news.redrawn.gone_ids:
        if news.redrawn.back:
            _hand_back(session, news.redrawn)
        else:
            _hand_on(session, news.redrawn)
        bump(session, REGISTER)


def _hand_on(session: Session, redrawn: Redrawn) -> None:
    """End duties on the day of the change and begin the same ones in the new grids.

    A duty that begins on that day or later moves as it is. Nobody gets the same grid twice for
    the same days: two old duties of one person that overlap become one.
    """
    parts = {"change": redrawn.change_id, "parts": redrawn.part_ids, "gone": redrawn.gone_ids}
    session.execute(text(_LIST), parts)
    session.execute(text(_BEGIN), parts)
    session.execute(text(_END), parts)


def _hand_back(session: Session, redrawn: Redrawn) -> None:
    """Delete the duties that the change began and put back those that it ended.

    What somebody did meanwhile stands: a duty that was given or ended since stays as it is, and
    forgets a grid that is gone. Who has none of the new grids any more gets no old one back.
    """
    of = {"change": redrawn.change_id, "gone": redrawn.gone_ids}
    session.execute(text(_REOPEN), of)
    session.execute(text(_UNBEGIN), of)
    queries.unlink_duties(session, redrawn.gone_ids)


_DUE = """
FROM duties d JOIN grid_changes c ON c.id = :change
WHERE d.grid_id = ANY(:gone) AND (upper_inf(d.valid) OR upper(d.valid) > c.holds_from)
"""
_LIST = f"""
INSERT INTO grid_change_rows
  (change_id, register, row_id, by_rule, old_grid_id, old_code, grid_code, place_before)
SELECT c.id, 'duties', d.id, true, d.grid_id, d.grid_code, c.grid_code, d.valid::text {_DUE}
"""
_BEGIN = f"""
WITH begun AS (
  INSERT INTO duties (staff_id, grid_id, grid_code, valid)
  SELECT due.staff_id, g.id, g.code, unnest(due.spans)
  FROM (SELECT d.staff_id, range_agg(daterange(greatest(lower(d.valid), c.holds_from),
                                               upper(d.valid))) AS spans
        {_DUE} GROUP BY d.staff_id) AS due, grids g
  WHERE g.id = ANY(:parts)
  RETURNING id, grid_id, grid_code, valid)
INSERT INTO grid_change_rows
  (change_id, register, row_id, by_rule, old_grid_id, old_code, grid_code, place_before)
SELECT :change, 'duties_begun', id, true, grid_id, grid_code, grid_code, valid::text FROM begun
"""
_END = """
UPDATE duties d SET
  valid = CASE WHEN lower(d.valid) < c.holds_from THEN daterange(lower(d.valid), c.holds_from)
          ELSE d.valid END,
  grid_id = CASE WHEN lower(d.valid) < c.holds_from THEN d.grid_id END
FROM grid_changes c, grid_change_rows r
WHERE c.id = :change AND r.change_id = c.id AND r.register = 'duties' AND r.row_id = d.id
"""
_UNTOUCHED = """
FROM grid_change_rows b JOIN duties n ON n.id = b.row_id
WHERE b.change_id = :change AND b.register = 'duties_begun'
  AND n.grid_id = ANY(:gone) AND n.valid = b.place_before::daterange
"""
"""Duties that the change began and nobody changed since."""
_REOPEN = f"""
UPDATE duties d SET valid = old.valid, grid_id = r.old_grid_id
FROM grid_changes c, grid_change_rows r, LATERAL (SELECT r.place_before::daterange AS valid) old
WHERE c.id = :change AND r.change_id = c.id AND r.register = 'duties' AND r.row_id = d.id
  AND d.valid = CASE WHEN lower(old.valid) < c.holds_from
                THEN daterange(lower(old.valid), c.holds_from) ELSE old.valid END
  AND EXISTS (SELECT {_UNTOUCHED} AND n.staff_id = d.staff_id)
"""
_UNBEGIN = f"DELETE FROM duties WHERE id IN (SELECT n.id {_UNTOUCHED})"
