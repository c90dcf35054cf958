"""Work in the background: people belong to where they live today."""

from collections.abc import Mapping
from datetime import timedelta

from gridmap.core.database import transaction
from gridmap.core.i18n import N_
from gridmap.core.jobs import Kind, Run
from gridmap.residents import actions


def settle(run: Run) -> Mapping[str, int]:
    """Let moves that were written down for today take place, and count the grids."""
    with transaction(run.actor) as session:
        if not actions.any_resident(session):
            return {"moved": 0, "counted": 0}
        moved, counted = actions.settle(session)
    return {"moved": moved, "counted": counted}


SETTLE = Kind(
    "residents.settle", N_("Count residents by grid"), settle, every=timedelta(days=1),
    at_midnight=True,
)  # fmt: skip
