"""The commands `script/gridmap grids …`."""

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from gridmap.core.actor import SYSTEM
from gridmap.core.commands import Commands
from gridmap.core.database import transaction
from gridmap.core.errors import NotFound
from gridmap.core.i18n import N_
from gridmap.grids import change_queries as queries
from gridmap.grids import changes, drafts
from gridmap.grids.change_models import GridChange, GridDraft
from gridmap.grids.drafts import Proposal
from gridmap.grids.planning import MERGE, MOVE, SPLIT
from gridmap.grids.redraw_errors import NothingDrawn

grids = Commands("grids", help="Draw borders anew: split, merge, move; history, drafts, undo.")
DAY = click.DateTime(["%Y-%m-%d"])
FILE = click.option(
    "--file", "path", required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="GeoJSON in longitude and latitude: lines to cut along, or polygons.",
)  # fmt: skip
NUMBER = click.argument("number", type=int)


class _NothingStored(Exception):
    """Rolls a dry run back."""


def _wish(command: Any) -> Any:
    """Add the options that every change has."""
    for option in (
        click.option("--dry-run", is_flag=True, help="Say what would come out, store nothing."),
        click.option("--reason", default="", help="Why, for whoever reviews the draft."),
        click.option("--draft", is_flag=True, help="Keep it as a draft for review."),
        click.option("--from", "day", type=DAY, help="First day; a later one only for a draft."),
    ):
        command = option(command)
    return command


NEW = (
    click.option("--code", "new_codes", multiple=True, help="Code of a new grid; in their order."),
    click.option("--name", "names", multiple=True, help="Name of a new grid; in their order."),
)


@grids.command("split")
@click.argument("code")
@FILE
@NEW[0]
@NEW[1]
@_wish
def split_command(code: str, path: Path, **said: Any) -> None:
    """Split grid CODE along lines, or into polygons that cover it."""
    _change(SPLIT, (code,), _read(path), said)


@grids.command("merge")
@click.argument("codes", nargs=-1, required=True)
@NEW[0]
@NEW[1]
@_wish
def merge_command(codes: Sequence[str], **said: Any) -> None:
    """Merge neighbouring grids CODES into one new grid."""
    _change(MERGE, tuple(codes), {}, said)


@grids.command("move-border")
@click.argument("codes", nargs=-1, required=True)
@FILE
@_wish
def move_command(codes: Sequence[str], path: Path, **said: Any) -> None:
    """Move the border between neighbours CODES: a line, or a polygon for each (`code`)."""
    _change(MOVE, tuple(codes), _read(path), {"new_codes": (), "names": (), **said})


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, OSError) as problem:
        raise NothingDrawn from problem


def _change(kind: str, codes: tuple[str, ...], drawing: Any, said: dict[str, Any]) -> None:
    day = _day(said["day"])
    proposal = Proposal(
        kind, codes, drawing if isinstance(drawing, dict) else {}, said["new_codes"],
        said["names"], day, said["reason"],
    )  # fmt: skip
    with suppress(_NothingStored), transaction(SYSTEM) as session:
        if said["draft"]:
            draft = drafts.draw(session, SYSTEM, proposal)
            drafts.hand_in(session, SYSTEM, draft.id)
            click.echo(f"Draft {draft.id} waits for somebody else's review.")
            return
        change = changes.change_grids(session, SYSTEM, drafts.wish_of(proposal), holds_from=day)
        click.echo(_line(change))
        for row in queries.rows_listed(session, change.id):
            click.echo(f"Look at: {row.register} {row.row_id}, {row.old_code} → {row.grid_code}")
        if change.rights_left:
            click.echo(f"{change.rights_left} roles name a grid that ended: give them anew.")
        if said["dry_run"]:
            click.echo("Nothing was stored.")
            raise _NothingStored


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def _line(change: GridChange) -> str:
    undone = f" (taken back {change.undone_at:%Y-%m-%d})" if change.undone_at else ""
    return (
        f"Change {change.id}, {change.holds_from}, {change.kind}: "
        f"{', '.join(change.before_codes)} → {', '.join(change.after_codes)}{undone}"
    )


@grids.command("history")
@click.argument("code")
def history_command(code: str) -> None:
    """Show the borders of grid CODE, what it was made of and what it went into."""
    with transaction(SYSTEM) as session:
        grid = queries.grid_by_code(session, code)
        if grid is None:
            raise NotFound(what=N_("grid"), name=code)
        made_of, went_into = queries.relatives(session, grid.id)
        versions = queries.versions_of(session, grid.id)
        found = queries.changes_of(session, grid.id)
    until = f", ended {grid.valid_to}" if grid.valid_to else ""
    click.echo(f"{grid.code} {grid.name}: since {grid.valid_from}{until}")
    if made_of:
        click.echo(f"Made of {', '.join(made_of)}")
    if went_into:
        click.echo(f"Went into {', '.join(went_into)}")
    for version in versions:
        held = f"{version.since} to {version.until or 'now'}" if version.since else "held no day"
        click.echo(f"Border: {held}, {version.area_m2 / 1e6:,.3f} km²")
    for change in found:
        click.echo(_line(change))


@grids.command("undo")
@NUMBER
def undo_command(number: int) -> None:
    """Take change NUMBER back, on its day, while nothing stands on it."""
    with transaction(SYSTEM) as session:
        change = changes.undo_change(session, SYSTEM, number)
        click.echo(_line(change))


@grids.command("drafts")
def drafts_command() -> None:
    """List drafts of borders, those that wait first."""
    with transaction(SYSTEM) as session:
        for draft in drafts.newest_drafts(session):
            click.echo(_draft_line(draft))


def _draft_line(draft: GridDraft) -> str:
    day = f" from {draft.holds_from}" if draft.holds_from else ""
    change = f", change {draft.change_id}" if draft.change_id else ""
    return (
        f"Draft {draft.id} by {draft.drawn_by}: {draft.kind} {', '.join(draft.codes)}{day}: "
        f"{draft.state.replace('_', ' ')}{change}"
    )


@grids.command("accept")
@NUMBER
@click.option("--answer", default="", help="A note for whoever drew it.")
def accept_command(number: int, answer: str) -> None:
    """Say yes to draft NUMBER; it is carried out, today or on its day."""
    with transaction(SYSTEM) as session:
        click.echo(_draft_line(drafts.accept(session, SYSTEM, number, answer=answer)))


@grids.command("refuse")
@NUMBER
@click.option("--answer", required=True, help="Why.")
def refuse_command(number: int, answer: str) -> None:
    """Say no to draft NUMBER."""
    with transaction(SYSTEM) as session:
        click.echo(_draft_line(drafts.refuse(session, SYSTEM, number, answer=answer)))
