"""Drafts of new borders: somebody draws, a second person says yes or no, the change is made.

A draft with a later day waits, once it was accepted, until that day has come; the worker carries
it out (`job_kinds`). What was true when it was drawn is checked again then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from gridmap.audit.actions import record
from gridmap.auth.errors import NotAllowed
from gridmap.core.actor import SYSTEM, Actor
from gridmap.core.city import today
from gridmap.core.clock import utc_now
from gridmap.core.errors import GridmapError, NotFound
from gridmap.core.i18n import N_
from gridmap.grids.change_models import (
    ACCEPTED,
    DRAFT,
    FOR_REVIEW,
    REFUSED,
    GridChange,
    GridDraft,
)
from gridmap.grids.changes import change_grids
from gridmap.grids.drawings import read_drawing
from gridmap.grids.planning import MERGE, Plan, Wish, plan
from gridmap.grids.redraw_errors import BeginsInThePast, DraftNotThere, SecondPersonNeeded

LONGEST_TEXT = 2000


@dataclass(frozen=True)
class Proposal:
    """What somebody draws.

    Attributes:
        kind: "split", "merge" or "move".
        drawing: a GeoJSON object; empty for a merge.
        holds_from: None: the day on which it is accepted.
        reason: why, for whoever reviews it.
    """

    kind: str
    codes: tuple[str, ...]
    drawing: Mapping[str, Any]
    new_codes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    holds_from: date | None = None
    reason: str = ""


def wish_of(draft: Proposal | GridDraft) -> Wish:
    """Return what a proposal or a draft wants.

    Raises:
        NothingDrawn: its drawing cannot be used.
    """
    drawing = None if draft.kind == MERGE else read_drawing(draft.drawing)
    return Wish(draft.kind, tuple(draft.codes), drawing, tuple(draft.new_codes), tuple(draft.names))


def draw(session: Session, actor: Actor, proposal: Proposal) -> GridDraft:
    """Keep a proposal as a draft; only one that could be carried out now is kept.

    Raises:
        BeginsInThePast: its day is over.
        GridmapError: see `planning.plan`.
    """
    if proposal.holds_from is not None and proposal.holds_from < today(session):
        raise BeginsInThePast(day=proposal.holds_from, today=today(session))
    found = plan(session, actor, wish_of(proposal))
    draft = GridDraft(
        kind=proposal.kind, grid_code=found.community, codes=list(proposal.codes),
        drawing=dict(proposal.drawing), new_codes=list(proposal.new_codes),
        names=list(proposal.names), holds_from=proposal.holds_from, state=DRAFT,
        reason=proposal.reason.strip()[:LONGEST_TEXT], drawn_by_id=actor.account_id,
        drawn_by=actor.name, answer="",
    )  # fmt: skip
    session.add(draft)
    session.flush()
    _note(session, actor, draft, "drawn")
    return draft


def preview(session: Session, actor: Actor, draft: GridDraft) -> Plan:
    """Work out what a draft would make of the grids of now.

    Raises:
        GridmapError: it cannot be carried out any more.
    """
    return plan(session, actor, wish_of(draft))


def hand_in(session: Session, actor: Actor, draft_id: int) -> GridDraft:
    """Ask for a review.

    Raises:
        NotFound: there is no such draft in the actor's scope.
        DraftNotThere: it was handed in or decided before.
    """
    draft = _draft(session, actor, draft_id, (DRAFT,))
    draft.state = FOR_REVIEW
    _note(session, actor, draft, "handed_in")
    return draft


def accept(session: Session, actor: Actor, draft_id: int, *, answer: str = "") -> GridDraft:
    """Say yes to somebody else's draft; it is carried out, today or on its day.

    Raises:
        NotFound, DraftNotThere: see `hand_in`.
        SecondPersonNeeded: it is the actor's own.
        GridmapError: it cannot be carried out any more.
    """
    draft = _reviewed(session, actor, draft_id, ACCEPTED, answer)
    plan(session, actor, wish_of(draft))
    _note(session, actor, draft, "accepted")
    if draft.holds_from is None or draft.holds_from <= today(session):
        _carry_out(session, actor, draft)
    return draft


def refuse(session: Session, actor: Actor, draft_id: int, *, answer: str) -> GridDraft:
    """Say no to somebody else's draft, and why.

    Raises:
        NotFound, DraftNotThere, SecondPersonNeeded: see `accept`.
    """
    draft = _reviewed(session, actor, draft_id, REFUSED, answer)
    _note(session, actor, draft, "refused")
    return draft


def carry_out_due(session: Session) -> tuple[int, int]:
    """Carry out the accepted drafts whose day has come; one that cannot be any more is refused.

    Returns:
        How many were carried out, and how many refused.
    """
    due = session.scalars(
        select(GridDraft)
        .where(
            GridDraft.state == ACCEPTED,
            GridDraft.change_id.is_(None),
            GridDraft.holds_from <= today(session),
        )
        .order_by(GridDraft.id)
        .with_for_update(skip_locked=True)
    ).all()
    done = 0
    for draft in due:  # a few a day
        try:
            with session.begin_nested():
                _carry_out(session, SYSTEM, draft)
            done += 1
        except GridmapError as problem:
            draft.state, draft.answer = REFUSED, str(problem)
            _note(session, SYSTEM, draft, "refused")
    return done, len(due) - done


def _carry_out(session: Session, actor: Actor, draft: GridDraft) -> GridChange:
    change = change_grids(session, actor, wish_of(draft))
    draft.change_id = change.id
    session.flush()
    return change


def _reviewed(session: Session, actor: Actor, draft_id: int, state: str, answer: str) -> GridDraft:
    draft = _draft(session, actor, draft_id, (FOR_REVIEW,))
    if draft.drawn_by == actor.name:
        raise SecondPersonNeeded(draft=draft.id)
    draft.state, draft.answer = state, answer.strip()[:LONGEST_TEXT]
    draft.reviewed_by, draft.reviewed_at = actor.display_name or actor.name, utc_now()
    return draft


def _draft(session: Session, actor: Actor, draft_id: int, states: Sequence[str]) -> GridDraft:
    """Return a draft that may be changed, locked."""
    draft = session.scalar(select(GridDraft).where(GridDraft.id == draft_id).with_for_update())
    if draft is None:
        raise NotFound(what=N_("draft"), name=draft_id)
    if not actor.may("place", "change", at=draft.grid_code):
        raise NotAllowed
    if draft.state not in states:
        raise DraftNotThere(draft=draft.id, state=draft.state)
    return draft


def draft_by_id(session: Session, draft_id: int) -> GridDraft:
    """Return one draft.

    Raises:
        NotFound: there is none in the scope.
    """
    draft = session.get(GridDraft, draft_id)
    if draft is None:
        raise NotFound(what=N_("draft"), name=draft_id)
    return draft


def newest_drafts(session: Session, *, limit: int = 100) -> Sequence[GridDraft]:
    """Return drafts, those that wait first, then the newest."""
    waiting = or_(GridDraft.state == DRAFT, GridDraft.state == FOR_REVIEW)
    return session.scalars(
        select(GridDraft).order_by(waiting.desc(), GridDraft.id.desc()).limit(limit)
    ).all()


def _note(session: Session, actor: Actor, draft: GridDraft, what: str) -> None:
    session.flush()
    record(session, actor, f"grid_draft.{what}", subject=("grid_draft", draft.id),
           where=draft.grid_code, kind=draft.kind, codes=draft.codes)  # fmt: skip
