"""The commands `script/gridmap residents …`."""

import json
from datetime import datetime

import click

from gridmap.core.actor import SYSTEM
from gridmap.core.commands import Commands
from gridmap.core.database import transaction
from gridmap.residents import actions, changes, persons
from gridmap.residents.changes import STAYS, NewHome
from gridmap.residents.rules import KINDS

residents = Commands("residents", help="Residents: moving, counting, what is held on one, erasing.")
DAY = click.DateTime(["%Y-%m-%d"])


@residents.command("move-in")
@click.argument("resident", type=int)
@click.option("--place", type=int, help="Number of the dwelling's place.")
@click.option("--grid", default="", help="Code of the grid, where there is no place.")
@click.option("--kind", type=click.Choice(KINDS), default="resident", show_default=True,
              help="As what.")  # fmt: skip
@click.option("--since", type=DAY, required=True, help="The first day there.")
@click.option("--detail", default="", help="Staircase and door.")
def move_in(
    resident: int, place: int | None, grid: str, kind: str, since: datetime, detail: str
) -> None:
    """Let the resident with this number live somewhere from a day on."""
    home = NewHome(kind=kind, since=since.date(), place_id=place, grid_code=grid, detail=detail)
    with transaction(SYSTEM) as session:
        made = changes.move_in(session, SYSTEM, resident, home)
    click.echo(f"Residence {made.id} in grid {made.grid_code} begins on {since:%Y-%m-%d}.")


@residents.command("move-out")
@click.argument("residence", type=int)
@click.option("--on", type=DAY, required=True, help="The first day no longer there.")
def move_out(residence: int, on: datetime) -> None:
    """End the residence with this number."""
    with transaction(SYSTEM) as session:
        ended = changes.move_out(session, SYSTEM, residence, on=on.date())
    click.echo(f"Residence {ended.id} in grid {ended.grid_code} ends before {on:%Y-%m-%d}.")


@residents.command("settle")
def settle() -> None:
    """Let people belong to where they live today, and count the grids: once a day."""
    with transaction(SYSTEM) as session:
        moved, counted = actions.settle(session)
    click.echo(f"{moved:,} belong to another grid now; {counted:,} live in grids.")


@residents.command("held")
@click.argument("resident", type=int)
@click.option("--reason", required=True, help="Why, without the person's name; goes on record.")
def held(resident: int, reason: str) -> None:
    """Print everything that is held on one person, as JSON."""
    with transaction(SYSTEM) as session:
        found = persons.held_on(session, SYSTEM, resident, words=reason)
    click.echo(json.dumps(found, ensure_ascii=False, indent=1))


@residents.command("erase")
@click.argument("resident", type=int)
@click.option("--reason", required=True, help="Why, without the person's name; goes on record.")
def erase(resident: int, reason: str) -> None:
    """Erase one person with residences and history; says what stays."""
    with transaction(SYSTEM) as session:
        rows = changes.erase(session, SYSTEM, resident, reason=reason)
    click.echo(f"{rows:,} rows are gone. What stays:")
    for line in STAYS:
        click.echo(f"- {line}")
