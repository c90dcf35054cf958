"""Which column holds what: guessed from its header where that is unambiguous."""

from collections.abc import Sequence

from gridmap.intake.rows import Columns, Guess


def guess_columns(kind: str, headers: Sequence[str], given: Columns) -> tuple[Columns, list[Guess]]:
    """Fill in the columns that were not named, for one kind of import.

    Args:
        kind: divisions, grids, incidents, places, resources or population.
        headers: of the file.
        given: what the user named; always kept.
    """
    raise NotImplementedError
