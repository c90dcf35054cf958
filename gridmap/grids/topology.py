"""Holds arriving grids against each other and against those in force."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gridmap.analysis.partition import repair_overlaps
from gridmap.analysis.topology import TopologyReport, check_partition
from gridmap.core.geometry import Geometries
from gridmap.core.i18n import N_
from gridmap.grids.errors import GridsOverlap
from gridmap.grids.queries import GridTable
from gridmap.intake import Note

SLIVERS = N_(
    "%(count)d slivers lie between neighbours (overlaps %(overlap)s m², gaps %(gap)s m² in all): "
    "digitising noise. A point in one goes to the grid with the lowest code, or to none."
)
GAPS = N_(
    "%(count)d gaps lie between the grids, the largest of %(area)s m² between %(codes)s. Points in "
    "them belong to no grid."
)
REPAIRED = N_(
    "Overlaps were given to the grid with the lowest code: %(count)d grids changed, %(area)s m² "
    "moved; most, %(most)s m², from grid %(grid)s."
)
VANISHED = N_("%(count)d grids were covered wholly by others and are left out: %(grids)s.")


@dataclass(frozen=True)
class TopologySummary:
    """What was found, in sentences, and what repair did.

    Attributes:
        notes: for the import's report.
        keep: shape (n,): False for a grid of which repair left nothing.
    """

    notes: tuple[Note, ...]
    keep: npt.NDArray[np.bool_]


def check(
    codes: npt.NDArray[np.object_], geometries: Geometries, there: GridTable, *, repair: bool
) -> tuple[Geometries, TopologySummary]:
    """Return the borders to be stored, and what is to be said about them.

    Raises:
        GridsOverlap: grids overlap by more than slivers, and `repair` is off.
    """
    keep = np.ones(len(codes), dtype=bool)
    if not len(codes):
        return geometries, TopologySummary((), keep)
    texts, old = codes.tolist(), there.codes.tolist()
    found = check_partition(geometries, texts, existing=there.geometries, existing_codes=old)
    notes: list[Note] = []
    if not found.is_partition and (found.truncated or not repair):
        _refuse(found)
    if repair and _uneven(found):
        done = repair_overlaps(geometries, texts, existing=there.geometries, existing_codes=old)
        geometries, keep = done.geometries, ~done.vanished
        notes.extend(_repair_notes(codes, done.lost_m2, keep))
    notes.extend(_notes(found))
    return geometries, TopologySummary(tuple(notes), keep)


def _uneven(found: TopologyReport) -> bool:
    """Return whether the rule of repair would change anything."""
    return bool(len(found.overlaps) + len(found.overlap_slivers) + len(found.gap_slivers))


def _refuse(found: TopologyReport) -> None:
    overlaps = found.overlaps
    raise GridsOverlap(
        count=len(overlaps),
        one=overlaps.codes[0],
        other=overlaps.other_codes[0],
        area=f"{overlaps.area_m2[0]:,.0f}",
    )


def _repair_notes(
    codes: npt.NDArray[np.object_], lost: npt.NDArray[np.float64], keep: npt.NDArray[np.bool_]
) -> list[Note]:
    most = int(np.argmax(lost))
    fields = {
        "count": int((lost > 0).sum()),
        "area": f"{lost.sum():,.0f}",
        "most": f"{lost[most]:,.0f}",
        "grid": codes[most],
    }
    notes = [Note("overlaps_repaired", REPAIRED, fields)]
    if not keep.all():
        gone = ", ".join(codes[~keep].tolist()[:12])
        notes.append(Note("grids_vanished", VANISHED, {"count": int((~keep).sum()), "grids": gone}))
    return notes


def _notes(found: TopologyReport) -> list[Note]:
    notes = []
    slivers = len(found.overlap_slivers) + len(found.gap_slivers)
    if slivers:
        fields: dict[str, object] = {
            "count": slivers,
            "overlap": f"{found.overlap_slivers.area_m2.sum():,.1f}",
            "gap": f"{found.gap_slivers.area_m2.sum():,.1f}",
        }
        notes.append(Note("slivers", SLIVERS, fields))
    if len(found.gaps):
        around = ", ".join(found.gaps.codes[0][:4])
        area = f"{found.gaps.area_m2[0]:,.0f}"
        notes.append(Note("gaps", GAPS, {"count": len(found.gaps), "area": area, "codes": around}))
    return notes
