"""The commands `script/gridmap keys …` and `script/gridmap retention …`."""

import click

from gridmap.core.actor import SYSTEM
from gridmap.core.commands import Commands
from gridmap.core.database import transaction, vacuum
from gridmap.core.key_ring import key_ring
from gridmap.privacy import queries, retention, rotation

keys = Commands("keys", help="Keys of personal texts.")
rules = Commands("retention", help="How long people are kept, and taking away what is too old.")


@keys.command("list")
def list_keys() -> None:
    """Say which keys there are; shows none of them."""
    ring = key_ring()
    for number in sorted((*ring.numbers, *ring.retired)):
        state = "retired" if number in ring.retired else "opens"
        click.echo(f"{number:>4}  {'current' if number == ring.current else state}")
    click.echo(f"They lie in {ring.folder}.")


@keys.command("rotate")
@click.option("--rows", default=rotation.ROWS_AT_ONCE, show_default=True,
              type=click.IntRange(1, 100_000), help="Rows in one transaction.")  # fmt: skip
def rotate(rows: int) -> None:
    """Make a new key and encrypt everything with it; goes on where a killed run stopped."""
    done = rotation.rotate(report=click.echo, rows_at_once=rows)
    if done.rows:
        vacuum(*(table.name for table in rotation.SEALED))
    click.echo(f"{done.rows:,} rows are encrypted with key {done.key}.")
    if done.retired:
        numbers = ", ".join(str(number) for number in done.retired)
        click.echo(f"Retired: {numbers}. Delete its file when no backup from before is left.")


@rules.command("run")
@click.option("--dry-run", is_flag=True, help="Count only, take nothing away.")
def run(dry_run: bool) -> None:
    """Take away what is older than the rules allow, and write it into the ledger."""
    done = retention.run(SYSTEM, dry_run=dry_run)
    verb = "would go" if dry_run else "went"
    for one in done:
        click.echo(f"{one.rule.code:<16} {one.rows:>8,} {verb} (before {one.before}, "
                   f"{one.days} days): {one.rule.what}")  # fmt: skip
    if not dry_run and any(one.rows for one in done):
        vacuum(*(one.rule.table for one in done if one.rule.table and one.rows))


@rules.command("set")
@click.argument("rule")
@click.argument("days", type=int)
def set_days(rule: str, days: int) -> None:
    """Let a rule hold for another number of days."""
    with transaction(SYSTEM) as session:
        retention.set_days(session, SYSTEM, rule, days)
    click.echo(f"{rule}: {days} days.")


@rules.command("ledger")
@click.option("--limit", default=50, show_default=True, help="The newest so many.")
def ledger(limit: int) -> None:
    """List what was erased, the newest first."""
    with transaction(SYSTEM) as session:
        total, rows = queries.page_of_disposals(session, limit=limit, offset=0)
    for row in rows:
        person = f" person {row.subject_id}" if row.subject_id else ""
        click.echo(f"{row.at:%Y-%m-%d %H:%M} UTC  {row.rule:<16} {row.table_name:<18} "
                   f"{row.rows:>6,}{person}  {row.reason}")  # fmt: skip
    click.echo(f"{total:,} lines in all.")
