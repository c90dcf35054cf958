"""Work in the background: retention, once a day."""

from collections.abc import Mapping
from datetime import timedelta

from gridmap.core.i18n import N_
from gridmap.core.jobs import Kind, Run
from gridmap.privacy import retention


def erase_old(run: Run) -> Mapping[str, int]:
    """Take away what is older than the rules allow."""
    return {one.rule.code: one.rows for one in retention.run(run.actor, dry_run=False)}


RETENTION = Kind(
    "privacy.retention", N_("Erase what is too old"), erase_old, every=timedelta(days=1),
    at_midnight=True,
)  # fmt: skip
