"""The command lines of the guide run as they stand there and print what stands there."""

import re
import shlex
from pathlib import Path

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide"
PAGES = (
    "first-steps.md",
    "more-data.md",
    "hotspots.md",
    "unlinked.md",
    "categories.md",
    "undo.md",
    "sample.md",
)
"""In the order of a reader; each goes on where the one before ended."""

BLOCK = re.compile(r"^```console([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ script/gridmap ((?:[^\n]*\\\n)*[^\n]*)\n?(.*)\Z", re.DOTALL)
DIFFERS = (
    (re.compile(r"\d+\.\d s\."), "T s."),
    (re.compile(r'"seconds": [\d.]+'), '"seconds": T'),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"), "WHEN"),
    (re.compile(r"[^\s\"]*/rejects/"), "…/rejects/"),
)
"""What is another thing each time: seconds, moments, folders."""


def steps(page: str) -> list[tuple[list[str], str, bool]]:
    """Arguments, printed text, and whether only its beginning stands on the page."""
    found = []
    for flags, body in BLOCK.findall((GUIDE / page).read_text(encoding="utf-8")):
        if "only-shown" in flags:
            continue
        for part in re.split(r"^(?=\$ )", body, flags=re.MULTILINE):
            if not part:
                continue
            match = COMMAND.match(part)
            assert match, f"{page}: {part}"
            arguments = shlex.split(match[1].replace("\\\n", " "))
            found.append((arguments, match[2], "first" in flags))
    return found


def comparable(text: str) -> list[str]:
    """Lines without what differs, in an order of their own: equal z may change places."""
    for pattern, mark in DIFFERS:
        text = pattern.sub(mark, text)
    return sorted(line.rstrip() for line in text.splitlines() if line.strip())


def test_the_guide_says_what_happens(fresh_database, run, monkeypatch):
    monkeypatch.chdir(GUIDE.parents[1])
    done = 0

    for page in PAGES:
        for arguments, shown, begins in steps(page):
            result = run(*arguments)
            printed = result.output
            if begins:
                lines = shown.replace("…\n", "").splitlines()
                printed = "\n".join(printed.splitlines()[: len(lines)])
                shown = "\n".join(lines)
            assert comparable(printed) == comparable(shown), f"{page}: {' '.join(arguments)}"
            done += 1

    assert done > 15
