"""What somebody asks about a window, and the answer."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from gridmap.analysis.hotspots import HotspotResult, class_names

METHOD = "Gi* (Ord & Getis 1995), binary queen weights with the cell itself, two-sided, FDR (BH)"
PER = ("population", "area")


@dataclass(frozen=True)
class Question:
    """One question: which incidents, where, per what.

    Attributes:
        start: first local day; None = the first day with an incident.
        end: the day after the last one; None = the day after the last day with an incident.
        scope: beginning of the grid codes; '' for all.
        categories: codes, names or words; empty for all.
        per: None for counts, "population" for a rate per 1,000 people, "area" per km².
        borders_on: the grids and borders of that day; None for those of now.
        whole: the scope is all that the asker has, so that it may have no grid yet.
    """

    start: date | None = None
    end: date | None = None
    scope: str = ""
    categories: tuple[str, ...] = ()
    per: str | None = None
    borders_on: date | None = None
    whole: bool = False


@dataclass(frozen=True)
class Warned:
    """Something to be said with the figures: a stable code, an English sentence, its parts."""

    code: str
    message: str
    fields: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the English sentence."""
        return self.message % self.fields


@dataclass(frozen=True)
class Study:
    """The answer: arrays of shape (n,), the grids of the scope in the order of their codes.

    Attributes:
        counts: incidents per grid.
        values: what was compared: the counts, or the rate (NaN without a denominator).
        result: z, p, q and class.
        unlinked: incidents in the scope that no grid covers.
        computed_at: when.
    """

    question: Question
    start: date
    end: date
    zone: str
    grid_ids: npt.NDArray[np.int64]
    codes: npt.NDArray[np.object_]
    names: npt.NDArray[np.object_]
    counts: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    result: HotspotResult
    unlinked: int
    warnings: tuple[Warned, ...]
    computed_at: datetime

    @property
    def linked(self) -> int:
        """Return the incidents that lie in a grid of the scope."""
        return int(self.counts.sum())

    def as_json(self) -> dict[str, Any]:
        """Return the object that programs get; what cannot be computed is None."""
        result = self.result
        columns = zip(
            self.codes.tolist(),
            self.counts.tolist(),
            nullable(self.values),
            nullable(result.z),
            nullable(result.p),
            nullable(result.q),
            class_names(result.class_code).tolist(),
            strict=True,
        )
        keys = ("code", "n", "value", "z", "p", "q", "class")
        return {
            "method": METHOD + (f", per {self.question.per}" if self.question.per else ""),
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "timezone": self.zone,
            "scope": self.question.scope,
            "borders_on": day.isoformat() if (day := self.question.borders_on) else None,
            "incidents": self.linked + self.unlinked,
            "linked": self.linked,
            "unlinked": self.unlinked,
            "warnings": [str(warning) for warning in self.warnings],
            "grids": [dict(zip(keys, row, strict=True)) for row in columns],
        }


def nullable(values: npt.NDArray[np.float64]) -> list[float | None]:
    """Return a list in which NaN is None."""
    as_objects = values.astype(object)
    as_objects[np.isnan(values)] = None
    found: list[float | None] = as_objects.tolist()
    return found
