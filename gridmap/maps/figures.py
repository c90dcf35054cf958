"""From a study to colours: which class each grid has, and the legend that says so."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from flask_babel import gettext
from sqlalchemy.orm import Session

from gridmap.analysis.hotspots import CLASSES as STUDY_CLASSES
from gridmap.hotspots import actions
from gridmap.hotspots.studies import Question, Study
from gridmap.maps import rules
from gridmap.maps.basics import Basics
from gridmap.maps.kept import kept
from gridmap.maps.rules import COUNT_CLASSES, HOTSPOT_CLASSES, NO_DATA, Filter

REGISTERS = ("grids", "incidents", "population")


def question_of(chosen: Filter) -> Question:
    """Return what a filter asks; a plain count compares counts, too."""
    return Question(
        start=chosen.start,
        end=chosen.end,
        scope=chosen.scope,
        categories=chosen.categories,
        per=chosen.per,
        whole=chosen.whole,
    )


def study_of(session: Session, chosen: Filter) -> Study:
    """Return the study of a filter; one that was made for the same data is taken again.

    The page and its map ask for the same one within a moment.
    """
    question = question_of(chosen)
    return kept(session, REGISTERS, question, lambda: actions.study(session, question))


@dataclass(frozen=True)
class LegendRow:
    """One class: its name in the style sheet, its words, and how many grids it has."""

    name: str
    label: str
    sign: str
    n: int


@dataclass(frozen=True)
class Painted:
    """Figures ready to be drawn.

    Attributes:
        classes: names of classes in the style sheet; an index into it is a grid's class.
        index: shape (n,), int; the grids in the order of the study.
        values: shape (n,), the rate where one is shown; None for counts and hotspots of counts.
        limits: lower bounds of the classes above the first, for counts and rates.
    """

    study: Study
    classes: tuple[str, ...]
    index: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64] | None
    limits: list[float]

    def as_json(self) -> dict[str, object]:
        """Return the compact object that the map paints: rising ids as runs, a digit a class."""
        order = np.argsort(self.study.grid_ids)
        digits = (self.index[order] + ord("0")).astype(np.uint8).tobytes().decode("ascii")
        found: dict[str, object] = {
            "runs": rules.runs_of(self.study.grid_ids[order]),
            "n": self.study.counts[order].tolist(),
            "class": digits,
            "classes": list(self.classes),
            "incidents": self.study.linked,
        }
        if self.values is not None:
            found["value"] = [_short(value) for value in self.values[order].tolist()]
        return found


def _short(value: float) -> float | None:
    return None if value != value else float(f"{value:.3g}")


def painted_of(session: Session, chosen: Filter, basics: Basics) -> Painted:
    """Return the figures of a filter, ready to be drawn.

    Args:
        session: of the role that counts.
        chosen: the filter.
        basics: what is known of the viewer's scope.
    """
    study = study_of(session, chosen)
    if chosen.measure == "hotspot":
        return _paint_hotspots(study, chosen)
    return _paint_values(study, chosen, _usual_values(session, chosen, basics))


def _usual_values(
    session: Session, chosen: Filter, basics: Basics
) -> npt.NDArray[np.float64] | None:
    """Return what all grids that the viewer has have in a usual window of this length.

    Breaks come from these: so they are the same for each period of one length and in each
    scope, and periods can be compared by their colours. A window that is longer than the data
    has no more than the data.
    """
    if basics.span is None:
        return None
    start, end = basics.span
    always = replace(chosen, start=start, end=end, scope=basics.root, whole=True)
    return study_of(session, always).values * min(1.0, chosen.days / always.days)


def _paint_values(study: Study, chosen: Filter, usual: npt.NDArray[np.float64] | None) -> Painted:
    whole = chosen.measure == "count"
    values = study.counts.astype(np.float64) if whole else study.values
    limits = rules.breaks(values if usual is None else usual, whole=whole)
    index = rules.classify(values, limits).astype(np.int64)
    classes = (*COUNT_CLASSES, NO_DATA)
    index[index < 0] = len(COUNT_CLASSES)
    return Painted(study, classes, index, None if whole else values, limits)


def _paint_hotspots(study: Study, chosen: Filter) -> Painted:
    classes = (*HOTSPOT_CLASSES, NO_DATA)
    lookup = np.array(
        [*(classes.index(name) for name in STUDY_CLASSES), classes.index(NO_DATA)], dtype=np.int64
    )
    index = lookup[study.result.class_code.astype(np.int64)]
    return Painted(study, classes, index, study.values if chosen.per else None, [])


def legend_rows(painted: Painted, chosen: Filter) -> list[LegendRow]:
    """Return the classes from strong to weak with the number of grids in each."""
    counts = np.bincount(painted.index, minlength=len(painted.classes)).tolist()
    if chosen.measure == "hotspot":
        labels, signs = hotspot_labels(), SIGNS
        return [
            LegendRow(name, labels[name], signs.get(name, ""), n)
            for name, n in zip(painted.classes, counts, strict=True)
        ]
    labels = count_labels(painted.limits, whole=chosen.measure == "count")
    used = len(painted.limits) + 1
    rows = [
        LegendRow(name, labels[name], "", n)
        for name, n in zip(painted.classes[:used], counts[:used], strict=True)
    ]
    missing = LegendRow(NO_DATA, gettext("No data"), "", counts[-1])
    return [*rows[::-1], *([missing] if missing.n or chosen.measure == "rate" else [])]


SIGNS = {
    "hot99": "▲▲▲",
    "hot95": "▲▲",
    "hot90": "▲",
    "cold90": "▼",
    "cold95": "▼▼",
    "cold99": "▼▼▼",
}


def hotspot_labels() -> dict[str, str]:
    """Return the classes in words."""
    return {
        "hot99": gettext("Hot, 99%\u00a0level"),
        "hot95": gettext("Hot, 95%"),
        "hot90": gettext("Hot, 90%"),
        "ns": gettext("Not significant"),
        "cold90": gettext("Cold, 90%"),
        "cold95": gettext("Cold, 95%"),
        "cold99": gettext("Cold, 99%"),
        NO_DATA: gettext("No data"),
    }


def count_labels(limits: list[float], *, whole: bool) -> dict[str, str]:
    """Return the classes of a count or a rate in words, from their breaks."""
    if not limits:
        return {COUNT_CLASSES[0]: gettext("All grids")}
    lowest = "0" if whole else gettext("under %(n)s", n=_written(limits[0]))
    found = {COUNT_CLASSES[0]: lowest}
    for name, lower, upper in zip(COUNT_CLASSES[1:], limits, limits[1:], strict=False):
        last = upper - 1 if whole else upper
        found[name] = (
            _written(lower)
            if whole and last == lower
            else f"{_written(lower)}\u2013{_written(last)}"
        )
    found[COUNT_CLASSES[len(limits)]] = gettext("%(n)s and more", n=_written(limits[-1]))
    return found


def _written(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:g}"
