"""Work of the grids in the background."""

from collections.abc import Mapping
from datetime import timedelta

from gridmap.core.database import transaction
from gridmap.core.i18n import N_
from gridmap.core.jobs import Kind, Run
from gridmap.grids.drafts import carry_out_due


def carry_out_drafts(run: Run) -> Mapping[str, int]:
    """Carry out accepted drafts whose day has come."""
    with transaction(run.actor) as session:
        done, refused = carry_out_due(session)
    return {"carried_out": done, "refused": refused}


CARRY_OUT_DRAFTS = Kind(
    "grids.carry_out_drafts",
    N_("Carry out accepted drafts of borders"),
    carry_out_drafts,
    every=timedelta(minutes=10),
)
