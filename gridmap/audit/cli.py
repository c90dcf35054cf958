"""The commands `script/gridmap audit …`."""

import click

from gridmap.audit import seals
from gridmap.audit.verify import MOST_NAMED, verify
from gridmap.core.actor import SYSTEM
from gridmap.core.commands import Commands
from gridmap.core.database import transaction
from gridmap.core.keys import named_key

audit = Commands("audit", help="The record of who did and saw what: seal it, check it.")


@audit.command("seal")
def seal_command() -> None:
    """Seal what was written since the last seal; the worker does it every minute."""
    made = seals.seal_all()
    rows = sum(seal.count for seal in made)
    if made:
        click.echo(f"Sealed {rows} rows in seal {made[-1].number}.")
    else:
        click.echo("Nothing to seal: no row is new, or its transaction still runs.")


@audit.command("verify")
@click.pass_context
def verify_command(ctx: click.Context) -> None:
    """Compare the record with its seals; names what was changed. Exit code 1 if anything was."""
    with transaction(SYSTEM) as session:
        report = verify(session, named_key(seals.KEY))
    for fault in report.faults[:MOST_NAMED]:
        click.echo(str(fault))
    if len(report.faults) > MOST_NAMED:
        click.echo(f"and {len(report.faults) - MOST_NAMED} more")
    click.echo(
        f"{report.rows} rows, {report.seals} seals, {report.unsealed} rows not sealed yet: "
        + (f"{len(report.faults)} faults." if report.faults else "as they were sealed.")
    )
    ctx.exit(1 if report.faults else 0)
