"""The commands `script/gridmap incidents …`."""

import json

import click

from gridmap.core import city
from gridmap.core.actor import SYSTEM
from gridmap.core.clock import local_date
from gridmap.core.commands import Commands, counted
from gridmap.core.database import transaction
from gridmap.core.errors import NotFound
from gridmap.core.i18n import N_
from gridmap.incidents import actions, queries
from gridmap.intake.times import zone_of

incidents = Commands("incidents", help="Incidents: those without a grid, their categories.")


@incidents.command("unlinked")
@click.option("--limit", default=50, show_default=True, help="The newest so many.")
@click.option("--json", "as_json", is_flag=True, help="Print one object as the last line.")
def unlinked(limit: int, as_json: bool) -> None:
    """List incidents that no grid covers, the newest first."""
    with transaction(SYSTEM) as session:
        total, rows = queries.unlinked_page(session, limit=limit)
        zone = city.timezone(session)
    if as_json:
        listed = [
            {"id": row.id, "source": row.source, "source_id": row.source_id,
             "occurred_from": row.occurred_from.isoformat(), "category": row.name,
             "lon": row.lon, "lat": row.lat, "place_given": row.place_given}
            for row in rows
        ]  # fmt: skip
        click.echo(json.dumps({"total": total, "rows": listed}, ensure_ascii=False))
        return
    for row in rows:
        point = "no point" if row.lon is None else f"{row.lon:.6f}, {row.lat:.6f}"
        click.echo(
            f"{local_date(row.occurred_from, zone)}  {row.name:<20} {point:<24} "
            f"{row.place_given or ''}  {row.source} {row.source_id}"
        )
    click.echo(f"{counted(total, 'incident lies', 'incidents lie')} in no grid.")


@incidents.command("timezone")
@click.argument("zone", required=False)
def show_or_set_timezone(zone: str | None) -> None:
    """Show in which time zone the city counts its days, or let it count them in another.

    Incidents keep their instants, so one that was stored as a whole day of the old zone may
    fall on the day before or after in the new one.
    """
    if zone:
        zone_of(zone)
    with transaction(SYSTEM) as session:
        before = city.timezone(session)
        if zone:
            actions.set_timezone(session, SYSTEM, zone, by="person")
    if not zone:
        click.echo(before)
        return
    click.echo(
        f"Days are counted in {zone} now (before: {before}). Incidents keep their instants: one "
        "stored as a whole day of the old zone may fall on another day."
    )


@incidents.command("categories")
def categories() -> None:
    """List the words that sources use and the categories they stand for, unknown ones first."""
    with transaction(SYSTEM) as session:
        for word, category in queries.category_words(session):
            mark = "" if category.known else "  (not looked at yet)"
            source = word.source or "any source"
            click.echo(f"{word.id:>5}  {source}: {word.word} -> {category.code}{mark}")


@incidents.command("map-word")
@click.argument("word", type=int)
@click.argument("category")
def map_word(word: int, category: str) -> None:
    """Let the word with this number stand for another category; its incidents move with it."""
    with transaction(SYSTEM) as session:
        found = {c.code: c.id for c in queries.all_categories(session)}
        if category not in found:
            raise NotFound(what=N_("category"), name=category)
        moved = actions.map_word(session, SYSTEM, word, found[category])
    click.echo(f"{counted(moved, 'incident is', 'incidents are')} {category} now.")
