"""The command `script/gridmap sample`."""

import click

from gridmap.core.actor import SYSTEM
from gridmap.core.commands import saying_errors
from gridmap.sample import accounts, actions
from gridmap.sample.city import FEWEST_GRIDS, GRIDS, INCIDENTS, SEED


@click.command("sample")
@click.option("--grids", type=click.IntRange(FEWEST_GRIDS, 100_000), default=GRIDS,
              show_default=True, help="How many grids.")  # fmt: skip
@click.option("--incidents", type=click.IntRange(0, 20_000_000), default=INCIDENTS,
              show_default=True, help="How many incidents, over two years.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=SEED, show_default=True,
              help="Another seed makes another city.")  # fmt: skip
@click.option("--beside", is_flag=True, help="Load it even where imported data is.")
@click.option("--remove", is_flag=True, help="Take the sample city away whole.")
@saying_errors
def sample(*, grids: int, incidents: int, seed: int, beside: bool, remove: bool) -> None:
    """Load the synthetic city, to try things on, or take it away."""
    if remove:
        rows = actions.remove_sample(SYSTEM, report=click.echo)
        if accounts.lock_accounts():
            click.echo("The sample accounts are locked.")
        click.echo(f"The sample city is gone: {rows:,} rows." if rows else
                   "The sample city is not loaded.")  # fmt: skip
        return
    loaded = actions.load_sample(
        SYSTEM, grids=grids, incidents=incidents, seed=seed, beside=beside, report=click.echo
    )
    made = loaded.counts["incidents"]
    click.echo(f"The sample city is ready after {loaded.seconds:.1f} s: {grids:,} grids, "
               f"{made.linked:,} incidents in them and {made.unlinked:,} in none.")  # fmt: skip
    accounts.make_accounts(click.echo)
