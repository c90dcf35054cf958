"""What holds for the audit trail, without a database."""

from datetime import timedelta

from gridmap.core.i18n import N_

DONE, SEEN, REFUSED = "done", "seen", "refused"
OUTCOMES = (DONE, SEEN, REFUSED)

ORDINARY, EXPORT, REVEAL = "ordinary", "export", "reveal"
KEPT = {ORDINARY: timedelta(days=184), EXPORT: timedelta(days=1096), REVEAL: timedelta(days=1096)}
"""How long rows of each class are kept at least: half a year, three years."""

OUTCOME_NAMES = {DONE: N_("done"), SEEN: N_("seen"), REFUSED: N_("refused")}


def class_of(action: str) -> str:
    """Return the class that says how long a row is kept, by the verb of its action."""
    verb = action.rpartition(".")[2]
    return {"exported": EXPORT, "revealed": REVEAL}.get(verb, ORDINARY)
