"""Hotspots over 30 days, one and two years, all and one category, as the data grows.

usage: script/bench hotspots [--rows N ...] [--repeats N]
"""

import argparse
from datetime import date

from gridmap.core.actor import SYSTEM
from gridmap.core.database import transaction
from gridmap.hotspots.actions import study
from gridmap.hotspots.studies import Question
from tests.bench.city import Bench, bench, write_incidents
from tests.bench.table import BenchRow, median_of, print_table

WINDOWS = {
    "30 days": (date(2025, 10, 12), date(2025, 11, 11)),
    "1 year": (date(2024, 10, 12), date(2025, 10, 12)),
    "2 years": (date(2024, 1, 1), date(2026, 1, 1)),
}
CATEGORIES = {"all": (), "one category (30 %)": ("theft",)}


def ask(question: Question) -> None:
    """Answer one question as the API does, the JSON object included."""
    with transaction(SYSTEM, role="analysis") as session:
        study(session, question).as_json()


def measure(at: Bench, rows: int, repeats: int) -> list[BenchRow]:
    """Load so many incidents and ask all questions."""
    at.clone("gridmap", "run")
    path = at.folder / "incidents.csv"
    write_incidents(path, rows, seed=1)
    loaded = at.import_incidents(path)
    path.unlink()
    found = []
    for words, (start, end) in WINDOWS.items():
        for which, categories in CATEGORIES.items():
            question = Question(start=start, end=end, categories=categories)
            spent = median_of(lambda asked=question: ask(asked), repeats)
            found.append(
                BenchRow(f"{words}, {which}", f"{rows:,} incidents", spent * 1000, unit="ms",
                         note=f"imported in {loaded.seconds:.0f} s")
            )  # fmt: skip
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    with bench() as at:
        found = [row for rows in options.rows for row in measure(at, rows, options.repeats)]
    cases = list(dict.fromkeys(row.case for row in found))
    found.sort(key=lambda row: cases.index(row.case))
    print_table("Hotspots of 10,000 grids (goal: below 200 ms each)", found)


if __name__ == "__main__":
    main()
