"""Checking the record against its seals: names what was changed, taken away, added or moved."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.orm import Session

from gridmap.audit import id_sets, queries, seal_files
from gridmap.audit.merkle import root_of
from gridmap.audit.queries import Leaf
from gridmap.audit.seal_lines import START, Seal, is_genuine
from gridmap.core.i18n import N_

LATE_S = 86_400
"""A row that claims to be older than this before the seal ahead of its own was put in later."""
MOST_NAMED = 200

SENTENCES = {
    "row_changed": N_("Row %(row)s was changed after it was sealed."),
    "row_missing": N_("Row %(row)s is missing: it was sealed in seal %(seal)s."),
    "row_added": N_("Row %(row)s was added: it claims a time that was sealed without it."),
    "row_late": N_("Row %(row)s claims to be much older than its seal %(seal)s: it was added."),
    "rows_reordered": N_("Rows %(row)s and %(other)s changed places."),
    "root_differs": N_("The rows of seal %(seal)s are not those that were sealed."),
    "seal_changed": N_("Seal %(seal)s was changed: its signature does not fit."),
    "seal_missing": N_("Seal %(seal)s is missing in the database."),
    "chain_broken": N_("Seal %(seal)s does not follow the one before it."),
    "seal_swapped": N_("Seal %(seal)s is another one than its copy in the file (%(line)s)."),
    "tail_cut": N_(
        "The trail was cut: the file knows seal %(seal)s (%(line)s), the database none."
    ),
    "copy_missing": N_("Seal %(seal)s has no copy in the file."),
    "line_unreadable": N_("%(line)s in the file of seals was changed."),
}


@dataclass(frozen=True)
class Fault:
    """One thing that is not as it was sealed."""

    kind: str
    fields: dict[str, object]

    def __str__(self) -> str:
        return SENTENCES[self.kind] % self.fields


@dataclass
class Report:
    """What a check found."""

    rows: int = 0
    seals: int = 0
    unsealed: int = 0
    faults: list[Fault] = field(default_factory=list)

    def add(self, kind: str, **fields: object) -> None:
        """Note a fault."""
        self.faults.append(Fault(kind, fields))


def verify(session: Session, key: bytes, *, folder: Path | None = None) -> Report:
    """Compare every row with its seal, every seal with the next one and with its copy.

    What can be taken away unnoticed: rows since the last seal, and a tail of which the file too
    was cut, unless a copy of the file lies elsewhere.
    """
    report = Report()
    copies = _copies(folder or seal_files.seal_folder(), key, report)
    seals = list(queries.seals_after(session, 0))
    report.seals = len(seals)
    good = _check_seals(seals, copies, key, report)
    _check_rows(session, good, seals[-1] if seals else None, report)
    return report


def _copies(folder: Path, key: bytes, report: Report) -> dict[int, tuple[str, Seal]]:
    """Return the genuine seals of the file by number."""
    found: dict[int, tuple[str, Seal]] = {}
    for line, seal in seal_files.read(folder):
        if seal is None or not is_genuine(seal, key):
            report.add("line_unreadable", line=line)
        elif found.setdefault(seal.number, (line, seal))[1] != seal:
            report.add("seal_swapped", seal=seal.number, line=line)
    return found


def _check_seals(
    seals: list[Seal], copies: dict[int, tuple[str, Seal]], key: bytes, report: Report
) -> list[Seal]:
    """Return the seals to check rows by: the database's where genuine, else the file's."""
    stored = {seal.number: seal for seal in seals}
    last = max(stored, default=0)
    good = []
    before: Seal | None = None
    for number in range(1, max(last, max(copies, default=0)) + 1):
        seal = _choose(number, stored.get(number), copies.get(number), last, key, report)
        if seal is not None:
            previous = before.mac if before and before.number == number - 1 else None
            expected = START if number == 1 else previous
            if expected is not None and seal.previous != expected:
                report.add("chain_broken", seal=number)
            good.append(seal)
        before = seal
    return good


def _choose(
    number: int,
    stored: Seal | None,
    copied: tuple[str, Seal] | None,
    last: int,
    key: bytes,
    report: Report,
) -> Seal | None:
    """Say what is wrong with one seal, and return the one to be believed."""
    line, copy = copied or ("", None)
    if stored is None:
        if number > last:
            report.add("tail_cut", seal=number, line=line)
        else:
            report.add("seal_missing", seal=number)
        return copy
    if not is_genuine(stored, key):
        report.add("seal_changed", seal=number)
        return copy
    if copy is None:
        report.add("copy_missing", seal=number)
    elif copy != stored:
        report.add("seal_swapped", seal=number, line=line)
    return stored


def _check_rows(session: Session, seals: list[Seal], last: Seal | None, report: Report) -> None:
    """Walk over all rows once, beside the numbers that were sealed."""
    sealed = _sealed_numbers(seals)
    open_seals: dict[int, list[bytes]] = {seal.number: [] for seal in seals}
    differing: list[tuple[int, bytes, bytes]] = []
    by_number = {seal.number: seal for seal in seals}
    for leaf in queries.all_rows(session):
        report.rows += 1
        while sealed.number < leaf.id:
            report.add("row_missing", row=sealed.number, seal=sealed.seal)
            sealed.step()
        if sealed.number > leaf.id:
            _outside(leaf, last, report)
            continue
        open_seals[sealed.seal].append(leaf.hash)
        if leaf.name != sealed.name:
            differing.append((leaf.id, sealed.name, leaf.name))
        if _is_late(leaf, by_number.get(sealed.seal - 1)):
            report.add("row_late", row=leaf.id, seal=sealed.seal)
        sealed.step()
    while sealed.number < _END:
        report.add("row_missing", row=sealed.number, seal=sealed.seal)
        sealed.step()
    _name_changed(differing, report)
    _check_roots(seals, open_seals, report)


_END = 1 << 63
"""Behind every number that a row can have."""


class _Walk:
    """The sealed numbers in ascending order, one at a time."""

    def __init__(self, entries: Iterable[tuple[int, int, bytes]]) -> None:
        self._entries = iter(entries)
        self.step()

    def step(self) -> None:
        """Go to the next number."""
        self.number, self.seal, self.name = next(self._entries, (_END, 0, b""))


def _sealed_numbers(seals: list[Seal]) -> _Walk:
    """Merge the seals' numbers: a row may have been sealed later than rows behind it."""
    return _Walk(
        _merged(
            sorted(
                ((id_sets.ranges(seal.ids)[0][0], seal) for seal in seals if seal.ids),
                key=lambda pair: pair[0],
            )
        )
    )


def _merged(seals: list[tuple[int, Seal]]) -> Iterator[tuple[int, int, bytes]]:
    under_way: list[tuple[int, int, bytes, Iterator[tuple[int, int, bytes]]]] = []
    for first, seal in seals:
        yield from _drain(under_way, first)
        entries = _entries(seal)
        heapq.heappush(under_way, (*next(entries), entries))
    yield from _drain(under_way, _END)


def _drain(
    under_way: list[tuple[int, int, bytes, Iterator[tuple[int, int, bytes]]]], end: int
) -> Iterator[tuple[int, int, bytes]]:
    """Yield numbers below an end, in order, from all seals that were begun."""
    while under_way and under_way[0][0] < end:
        number, seal, name, entries = under_way[0]
        yield number, seal, name
        following = next(entries, None)
        if following is None:
            heapq.heappop(under_way)
        else:
            heapq.heapreplace(under_way, (*following, entries))


def _entries(seal: Seal) -> Iterator[tuple[int, int, bytes]]:
    for number, name in zip(id_sets.numbers(seal.ids), seal.names(), strict=True):
        yield number, seal.number, name


def _outside(leaf: Leaf, last: Seal | None, report: Report) -> None:
    """Judge a row that no seal holds: not sealed yet, or put in behind the seals' back."""
    waits = last is None or (leaf.xid >= last.horizon and leaf.id > last.settled_id)
    if waits:
        report.unsealed += 1
    else:
        report.add("row_added", row=leaf.id)


def _is_late(leaf: Leaf, before: Seal | None) -> bool:
    return before is not None and leaf.epoch < before.at.timestamp() - LATE_S


def _name_changed(differing: list[tuple[int, bytes, bytes]], report: Report) -> None:
    """Tell rows that changed places from rows that were changed."""
    by_name = {wanted: row for row, wanted, _ in differing}
    told: set[int] = set()
    for row, _, found in differing:
        other = by_name.get(found)
        if other is None:
            report.add("row_changed", row=row)
        elif row not in told:
            report.add("rows_reordered", row=row, other=other)
            told.update((row, other))


def _check_roots(seals: list[Seal], leaves: dict[int, list[bytes]], report: Report) -> None:
    """Name seals whose root differs although no row of theirs was named."""
    named = {fault.fields.get(name) for fault in report.faults for name in ("row", "other")}
    for seal in seals:
        if root_of(leaves[seal.number]) != seal.root and not named.intersection(
            id_sets.numbers(seal.ids)
        ):
            report.add("root_differs", seal=seal.number)
