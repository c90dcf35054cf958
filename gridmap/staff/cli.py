"""The commands `script/gridmap staff …`."""

from datetime import datetime

import click

from gridmap.core.actor import SYSTEM
from gridmap.core.city import today
from gridmap.core.commands import Commands
from gridmap.core.database import transaction
from gridmap.staff import actions, queries
from gridmap.staff.actions import NewMember

staff = Commands("staff", help="Staff, and who looks after which grid.")
DAY = click.DateTime(["%Y-%m-%d"])


@staff.command("add")
@click.argument("number")
@click.option("--name", required=True, help="Encrypted when it is stored.")
@click.option("--phone", default="", help="Likewise.")
@click.option("--area", default="", help="Beginning of the codes of their grids; the whole city.")
@click.option("--account", type=int, help="Number of their account.")
def add(number: str, name: str, phone: str, area: str, account: int | None) -> None:
    """Write down somebody who works here, under the number that the service gave them."""
    with transaction(SYSTEM) as session:
        member = actions.add_member(session, SYSTEM, NewMember(number, name, phone, area, account))
    click.echo(f"{member.number} is written down.")


@staff.command("assign")
@click.argument("number")
@click.argument("grid")
@click.option("--since", type=DAY, required=True, help="The first day of the duty.")
@click.option("--until", type=DAY, help="The first day without it; default: it lasts.")
def assign(number: str, grid: str, since: datetime, until: datetime | None) -> None:
    """Make somebody responsible for the grid with this code."""
    with transaction(SYSTEM) as session:
        duty = actions.assign(session, SYSTEM, number, grid, since=since.date(),
                              until=until.date() if until else None)  # fmt: skip
    click.echo(f"Duty {duty.id}: {number} looks after {grid} from {since:%Y-%m-%d}.")


@staff.command("end-duty")
@click.argument("duty", type=int)
@click.option("--on", type=DAY, required=True, help="The first day without it.")
def end_duty(duty: int, on: datetime) -> None:
    """End the duty with this number."""
    with transaction(SYSTEM) as session:
        ended = actions.end_duty(session, SYSTEM, duty, on=on.date())
    click.echo(f"Duty {ended.id} for {ended.grid_code} ends before {on:%Y-%m-%d}.")


@staff.command("leave")
@click.argument("number")
@click.option("--on", type=DAY, required=True, help="The first day no longer here.")
def leave(number: str, on: datetime) -> None:
    """Write down that somebody no longer works here."""
    with transaction(SYSTEM) as session:
        actions.leave(session, SYSTEM, number, on=on.date())
    click.echo(f"{number} is no longer here from {on:%Y-%m-%d} on.")


@staff.command("list")
@click.option("--area", default="", help="Beginning of codes; the whole city.")
@click.option("--limit", default=50, show_default=True, help="So many.")
def list_staff(area: str, limit: int) -> None:
    """List numbers and grids of those who work here."""
    with transaction(SYSTEM) as session:
        total, members = queries.page_of_staff(session, scope=area, limit=limit, offset=0)
        day = today(session)
        duties = queries.duties_of(session, [member.id for member in members], day=day)
    for member in members:
        grids = ", ".join(f"{duty.code} ({duty.id})" for duty in duties.get(member.id, []))
        click.echo(f"{member.number:<12} {member.grid_code:<16} {grids or 'no grid'}")
    click.echo(f"{total:,} in all. Behind each grid stands the number of the duty.")
