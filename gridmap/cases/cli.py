"""Commands: the kinds of cases, cases in a list, when the city works."""

from datetime import date, datetime, time

import click

from gridmap.cases import calendars, queries
from gridmap.cases.kinds import all_kinds
from gridmap.cases.queries import Wanted
from gridmap.core.actor import SYSTEM
from gridmap.core.commands import Commands
from gridmap.core.database import transaction

cases = Commands("cases", help="Cases: the kinds that there are, lists, working time.")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@cases.command("kinds")
def kinds() -> None:
    """Say which kinds of cases this city knows, with their steps."""
    for kind in all_kinds().values():
        click.echo(f"{kind.letter}  {kind.name}: {kind.label.en}")
        for step in kind.transitions.values():
            click.echo(f"     {', '.join(step.sources)} → {step.target}: {step.name}")


@cases.command("list")
@click.option("--scope", default="", help="Beginning of the grid codes.")
@click.option("--all", "with_closed", is_flag=True, help="With those that ended.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=25, show_default=True, help="How many at most."
)
def list_cases(scope: str, with_closed: bool, limit: int) -> None:
    """List cases, the next due first."""
    with transaction(SYSTEM) as session:
        wanted = Wanted(scope=scope, open_only=not with_closed)
        total, found = queries.case_page(session, wanted, limit=limit)
        for case in found:
            due = f"due {case.due_at:%Y-%m-%d %H:%M} UTC" if case.due_at else "no deadline"
            click.echo(f"{case.code}  {case.state:12}  {due}  {case.grid_code}")
    click.echo(f"{len(found):,} of {total:,} cases.")


def _clock(_: click.Context, __: click.Parameter, written: str) -> time:
    try:
        return time.fromisoformat(written)
    except ValueError as problem:
        raise click.BadParameter("write a time of day like 08:30.") from problem


@cases.command("working-time")
@click.option(
    "--opens",
    callback=_clock,
    default="09:00",
    show_default=True,
    help="When work begins, by the city's clocks.",
)
@click.option("--closes", callback=_clock, default="18:00", show_default=True, help="When it ends.")
@click.option("--day", "days", multiple=True, type=click.Choice(DAYS), default=DAYS[:5],
              show_default=True, help="A weekday with work; repeat it.")  # fmt: skip
@click.option("--holiday", "holidays", multiple=True, type=click.DateTime(["%Y-%m-%d"]),
              help="A day without work; repeat it.")  # fmt: skip
@click.option("--extra-day", "extra_days", multiple=True, type=click.DateTime(["%Y-%m-%d"]),
              help="A day with work though its weekday has none; repeat it.")  # fmt: skip
def working_time(
    opens: time,
    closes: time,
    days: tuple[str, ...],
    holidays: tuple[datetime, ...],
    extra_days: tuple[datetime, ...],
) -> None:
    """Say when the city works: deadlines in working time are counted by it from now on."""
    with transaction(SYSTEM) as session:
        calendar = calendars.set_working_time(
            session,
            SYSTEM,
            opens=opens,
            closes=closes,
            weekdays=frozenset(map(DAYS.index, days)),
            free=_dates(holidays),
            worked=_dates(extra_days),
        )
    names = ", ".join(DAYS[day] for day in sorted(calendar.weekdays))
    click.echo(
        f"The city works {names}, {calendar.opens:%H:%M}–{calendar.closes:%H:%M} "
        f"({calendar.zone}), with {len(calendar.holidays)} days off and "
        f"{len(calendar.extra_days)} days on. Clocks that run already keep their deadlines."
    )


def _dates(given: tuple[datetime, ...]) -> frozenset[date]:
    return frozenset(moment.date() for moment in given)
