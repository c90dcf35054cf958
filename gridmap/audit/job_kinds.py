"""Work in the background: the seal of each minute."""

from collections.abc import Mapping
from datetime import timedelta

from gridmap.audit.seals import seal_all
from gridmap.core.i18n import N_
from gridmap.core.jobs import Kind, Run


def seal(_: Run) -> Mapping[str, int]:
    """Seal what was written since the last seal."""
    made = seal_all()
    return {"seals": len(made), "rows": sum(seal.count for seal in made)}


SEAL = Kind("audit.seal", N_("Seal the record"), seal, every=timedelta(minutes=1), urgent=True)
