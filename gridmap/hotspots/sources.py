"""Whether figures of a scope are made of the sample city, of imported data, or of both."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from gridmap.batches.models import Batch
from gridmap.batches.queries import has_real_batches, sample_batches
from gridmap.core.codes import AFTER_EVERYTHING
from gridmap.grids.models import Grid
from gridmap.incidents.models import Incident


def has_sample(session: Session, *, scope: str = "") -> bool:
    """Return whether grids of a scope, or anything at all, belong to the sample city."""
    if not scope:
        return bool(sample_batches(session))
    return _grids_from(session, scope, sample=True)


def has_real(session: Session, *, scope: str = "") -> bool:
    """Return whether anything was imported into a scope, or anywhere, and stands.

    Asked only where the sample city is: an import that left no row in the scope is looked
    for among its incidents.
    """
    if not scope:
        return has_real_batches(session)
    if _grids_from(session, scope, sample=False):
        return True
    imports = session.scalars(
        select(Batch.id).where(
            ~Batch.is_sample, Batch.undone_at.is_(None), Batch.kind == "incidents"
        )
    ).all()
    here = exists().where(
        Incident.batch_id.in_(imports),
        Incident.grid_code >= scope,
        Incident.grid_code < scope + AFTER_EVERYTHING,
    )
    return bool(imports) and bool(session.scalar(select(here)))


def _grids_from(session: Session, scope: str, *, sample: bool) -> bool:
    inside = exists().where(
        Grid.code >= scope,
        Grid.code < scope + AFTER_EVERYTHING,
        Grid.batch_id == Batch.id,
        Batch.is_sample.is_(sample),
    )
    return bool(session.scalar(select(inside)))
