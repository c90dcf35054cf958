"""The commands `script/gridmap import …`."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from gridmap.batches.queries import newest_batches
from gridmap.core.actor import SYSTEM
from gridmap.core.commands import Commands, counted
from gridmap.core.database import transaction
from gridmap.exchange import actions
from gridmap.exchange.errors import UnusableMapping
from gridmap.exchange.progress import progress
from gridmap.exchange.requests import ImportRequest, ImportResult
from gridmap.intake import Columns, ReadOptions

imports = Commands("import", help="Bring files in, list what was brought in, take it back.")

Command = Callable[..., None]
FILE = click.argument("file", type=click.Path(path_type=Path))


def _common(command: Command) -> Command:
    """Add the options that every import has."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print one object as the last line."),
        click.option("--dry-run", is_flag=True, help="Do everything, store nothing."),
        click.option("--map", "mapping", type=click.Path(path_type=Path, exists=True),
                     help="A JSON file with the options, as a batch keeps them."),
        click.option("--source", help="Name of where the file comes from; default: its own name."),
        click.option("--encoding", help="Of text files; default: UTF-8 or GB18030."),
        click.option("--layer", help="Layer or sheet, where the file holds several."),
        click.option("--crs", help="EPSG code, gcj02 or bd09; wins over what the file says."),
    ):  # fmt: skip
        command = option(command)
    return command


def _columns(*fields: tuple[str, str]) -> Callable[[Command], Command]:
    """Add one option a column of the file."""

    def add(command: Command) -> Command:
        for name, help_text in reversed(fields):
            flag = "--" + name.replace("_", "-")
            command = click.option(flag, name, metavar="COL", help=help_text)(command)
        return command

    return add


FORMAT = click.option(
    "--code-format", metavar="FORMAT", help="As in Python, for whole numbers: '17031{:03d}'."
)


@imports.command("divisions")
@FILE
@_columns(
    ("code", "Column of the code."),
    ("name", "Column of the name."),
    ("kind", "Its level."),
    ("geometry", "Column of the border as WKT, in a CSV file."),
)
@FORMAT
@_common
def import_divisions(**said: Any) -> None:
    """Import administrative areas: province, city, district, street, community."""
    _run("divisions", said)


@imports.command("grids")
@FILE
@_columns(
    ("code", "Column of the code."),
    ("name", "Column of the name."),
    ("kind", "Its kind."),
    ("geometry", "Column of the border as WKT, in a CSV file."),
)
@FORMAT
@click.option("--repair", is_flag=True, help="Give each overlap to the grid with the lowest code.")
@_common
def import_grids(**said: Any) -> None:
    """Import the polygons of grids."""
    _run("grids", said)


@imports.command("incidents")
@FILE
@_columns(
    ("x", "Column of the longitude or easting."),
    ("y", "Column of the latitude or northing."),
    ("grid_code", "Column of the grid's code, where there is no point."),
    ("address", "Column of the address, where there is neither."),
    ("time", "Column of the time, or of its beginning."),
    ("time_end", "Column of its end."),
    ("category", "Column of the category."),
    ("id", "Column of the source's own id."),
)
@FORMAT
@click.option("--category-value", metavar="TEXT", help="One category for all rows.")
@click.option("--time-format", metavar="F", help="As in strptime: %d/%m/%Y.")
@click.option("--tz", metavar="ZONE", help="Zone of times without an offset: Asia/Shanghai.")
@_common
def import_incidents(**said: Any) -> None:
    """Import what happened: category, place, time."""
    _run("incidents", said)


_POINT = (
    ("x", "Column of the longitude or easting."),
    ("y", "Column of the latitude or northing."),
    ("id", "Column of the source's own id."),
    ("name", "Column of the name."),
    ("kind", "Column of the kind."),
)


@imports.command("places")
@FILE
@_columns(*_POINT, ("address", "Column of the address."), ("dwellings", "Column of dwellings."))
@_common
def import_places(**said: Any) -> None:
    """Import dwellings, buildings, addresses, points of interest."""
    _run("places", said)


@imports.command("resources")
@FILE
@_columns(*_POINT, ("status", "Column that says whether it works."))
@_common
def import_resources(**said: Any) -> None:
    """Import cameras, police boxes, street lights and the like."""
    _run("resources", said)


@imports.command("population")
@FILE
@_columns(
    ("grid_code", "Column of the grid's code."),
    ("x", "Column of the longitude, where counts stand at points."),
    ("y", "Column of the latitude."),
    ("count", "Column of the number of people."),
)
@FORMAT
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), required=True,
              help="The day that the counts hold for.")  # fmt: skip
@_common
def import_population(**said: Any) -> None:
    """Import numbers of people by grid: counts, no persons."""
    _run("population", said)


@imports.command("residents")
@FILE
@_columns(
    ("name", "Column of the person's name."),
    ("identity", "Column of the identity number."),
    ("phone", "Column of the telephone number."),
    ("address", "Column of the dwelling's address, found among the places."),
    ("x", "Column of the longitude or easting."),
    ("y", "Column of the latitude or northing."),
    ("grid_code", "Column of the grid's code, where there is neither."),
    ("detail", "Column of staircase and door."),
    ("note", "Column of a note."),
    ("kind", "Column that says: registered, resident or temporary."),
    ("since", "Column of the first day there."),
    ("until", "Column of the first day no longer there."),
    ("id", "Column of the source's own id."),
)
@FORMAT
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]),
              help="From when rows hold that do not say it; default: today.")  # fmt: skip
@_common
def import_residents(**said: Any) -> None:
    """Import persons and where they live; names and numbers are encrypted."""
    _run("residents", said)


def _run(kind: str, said: dict[str, Any]) -> None:
    """Import one file and say what became of it."""
    as_json = said.pop("as_json")
    request = request_of(kind, said)
    with progress(quiet=as_json) as report:
        result = actions.import_file(SYSTEM, request, report=report)
    _tell(result, as_json=as_json)


def request_of(kind: str, said: dict[str, Any]) -> ImportRequest:
    """Make a request of options; a file of options fills in what was not said."""
    mapping: Path | None = said.pop("mapping", None)
    if mapping is not None:
        stored = _mapping(mapping)
        said = {**stored, **{name: value for name, value in said.items() if value is not None}}
    day: datetime | None = said.pop("day", None)
    names = Columns.__dataclass_fields__
    return ImportRequest(
        kind=kind,
        path=said["file"],
        columns=Columns(**{name: said[name] for name in names if said.get(name)}),
        options=ReadOptions(
            crs=said.get("crs"), layer=said.get("layer"), encoding=said.get("encoding")
        ),
        repair=bool(said.get("repair")),
        day=day.date() if day else None,
        dry_run=bool(said.get("dry_run")),
    )


def _mapping(path: Path) -> dict[str, Any]:
    """Return the options of a file, as a batch keeps them."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as problem:
        raise UnusableMapping(file=path.name, why=str(problem)) from problem
    if not isinstance(stored, dict):
        raise UnusableMapping(file=path.name, why=type(stored).__name__)
    return stored


def _tell(result: ImportResult, *, as_json: bool) -> None:
    for field, column in result.guesses:
        click.echo(f"{field}: column {column!r} (recognised by its name)", err=as_json)
    for note in result.notes:
        click.echo(f"Note: {str(note['message']) % note['fields']}", err=as_json)
    if as_json:
        click.echo(json.dumps(result.as_json(), ensure_ascii=False))
        return
    would = "would be " if result.dry_run else ""
    click.echo(f"{counted(result.read, 'row', 'rows')} read in {result.seconds:.1f} s.")
    click.echo(
        f"{result.stored:,} {would}stored ({result.linked:,} in a grid, "
        f"{result.unlinked:,} in none), {result.duplicate:,} were here already, "
        f"{result.rejected:,} {would}rejected."
    )
    if result.rejects_file:
        click.echo(f"Rejected rows with their reasons: {result.rejects_file}")
    if result.batch is not None:
        click.echo(f"Batch {result.batch}. Take it back with: import undo {result.batch}")


@imports.command("list")
@click.option("--limit", default=50, show_default=True, help="The newest so many.")
@click.option("--json", "as_json", is_flag=True, help="Print one list as the last line.")
def list_imports(limit: int, as_json: bool) -> None:
    """List what was brought in, the newest first."""
    with transaction(SYSTEM) as session:
        batches = list(newest_batches(session, limit=limit))
    if as_json:
        rows = [
            {"batch": b.id, "kind": b.kind, "file": b.file_name, "source": b.source,
             "sample": b.is_sample, "at": b.started_at.isoformat(), **b.counts,
             "undone": b.undone_at is not None}
            for b in batches
        ]  # fmt: skip
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for batch in batches:
        state = (
            "taken back"
            if batch.undone_at
            else counted(batch.counts.get("stored", 0), "row", "rows")
        )
        mark = " (sample)" if batch.is_sample else ""
        when = f"{batch.started_at:%Y-%m-%d %H:%M}"
        click.echo(f"{batch.id:>5}  {when} UTC  {batch.kind:<10} {state:>14}  "
                   f"{batch.file_name}{mark}")  # fmt: skip
    if not batches:
        click.echo("Nothing was imported yet.")


@imports.command("undo")
@click.argument("batch", type=int)
def undo_import(batch: int) -> None:
    """Take one import back whole."""
    done, rows = actions.undo_import(SYSTEM, batch)
    gone = counted(rows, "row is", "rows are")
    click.echo(f"Batch {done.id} ({done.file_name}) is taken back: {gone} gone.")


@imports.command("rejects")
@click.argument("batch", type=int)
def show_rejects(batch: int) -> None:
    """Print the rejected rows of one import, with line, reason and row, as CSV."""
    with transaction(SYSTEM) as session:
        path = actions.rejects_path(session, SYSTEM, batch)
    click.echo(path.read_text(encoding="utf-8-sig"), nl=False)
