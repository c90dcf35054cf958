"""The commands `script/gridmap hotspots …`."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from gridmap.analysis.hotspots import class_names
from gridmap.core.actor import SYSTEM
from gridmap.core.commands import counted, saying_errors
from gridmap.core.database import transaction
from gridmap.hotspots import actions
from gridmap.hotspots.export import write_study
from gridmap.hotspots.studies import Question, Study

DAY = click.DateTime(["%Y-%m-%d"])


@click.command("hotspots")
@click.option("--from", "start", type=DAY, help="First day; default: the first with an incident.")
@click.option("--to", "end", type=DAY, help="First day after the window.")
@click.option("--category", "categories", multiple=True, help="Code or name; may be repeated.")
@click.option("--scope", default="", help="Beginning of the grid codes; default: everything.")
@click.option("--per", type=click.Choice(["population", "area"]), help="Compare rates.")
@click.option("--borders-on", type=DAY, help="Within the borders of that day; default: of now.")
@click.option("--json", "as_json", is_flag=True, help="Print one object as the last line.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a file: .geojson or .gpkg.",
)
@with_appcontext
@saying_errors
def hotspots(
    start: datetime | None, end: datetime | None, categories: Sequence[str], **said: Any
) -> None:
    """Find hot and cold grids (Gi*, corrected for the number of grids)."""
    question = Question(
        start=_day(start),
        end=_day(end),
        categories=tuple(categories),
        scope=said["scope"],
        per=said["per"],
        borders_on=_day(said["borders_on"]),
    )
    with transaction(SYSTEM, role="analysis") as session:
        found = actions.study(session, question)
        if said["out"]:
            write_study(session, found, said["out"])
    if said["as_json"]:
        click.echo(json.dumps(found.as_json(), ensure_ascii=False, allow_nan=False))
        return
    _print(found)
    if said["out"]:
        click.echo(f"Written to {said['out']}")


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def _print(found: Study) -> None:
    """Print the grids that stand out, the strongest first."""
    incidents = counted(found.linked + found.unlinked, "incident", "incidents")
    click.echo(
        f"{found.start} to {found.end} (first day after), {found.zone}: "
        f"{incidents}, {found.unlinked:,} of them in no grid; "
        f"{counted(found.codes.size, 'grid', 'grids')} compared."
    )
    classes = class_names(found.result.class_code)
    rows = [
        (float(z), code, name, int(n), label)
        for z, code, name, n, label in zip(
            found.result.z, found.codes, found.names, found.counts, classes, strict=True
        )
        if label not in (None, "ns")
    ]
    for z, code, name, n, label in sorted(rows, key=lambda row: -row[0]):
        click.echo(f"{label:<7} {code:<16} {name:<28} {n:>8,}  z {z:6.2f}")
    if not rows:
        click.echo("No grid stands out from chance.")
    for warning in found.warnings:
        click.echo(f"Note: {warning}")
