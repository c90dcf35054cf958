"""The command lines of the guide run as they stand there and print what stands there."""

import re
import shlex
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
GUIDE = CHECKOUT / "docs" / "guide"
PAGES = (
    "first-steps.md",
    "more-data.md",
    "hotspots.md",
    "unlinked.md",
    "categories.md",
    "undo.md",
    "residents.md",
    "sample.md",
)
"""In the order of a reader; each goes on where the one before ended."""

BLOCK = re.compile(
    r"^(?:<!-- (first|only-shown) -->\n)?```console\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
"""A remark before a block: only the first lines are shown, or it is not run here."""
COMMAND = re.compile(r"^\$ script/gridmap ((?:[^\n]*\\\n)*[^\n]*)\n?(.*)\Z", re.DOTALL)
DIFFERS = (
    (re.compile(r"\d+\.\d s\."), "T s."),
    (re.compile(r'"seconds": [\d.]+'), '"seconds": T'),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"), "WHEN"),
    (re.compile(r"[^\s\"]*/rejects/"), "…/rejects/"),
    (re.compile(r"shown once: \S+"), "shown once: …"),
)
"""What is another thing each time: seconds, moments, folders, passwords."""


def steps(page: Path) -> list[tuple[list[str], str, bool]]:
    """Arguments, printed text, and whether only its beginning stands on the page."""
    found = []
    for remark, body in BLOCK.findall(page.read_text(encoding="utf-8")):
        if remark == "only-shown":
            continue
        for part in re.split(r"^(?=\$ )", body, flags=re.MULTILINE):
            if not part:
                continue
            match = COMMAND.match(part)
            assert match, f"{page.name}: {part}"
            arguments = shlex.split(match[1].replace("\\\n", " "), comments=True)
            found.append((arguments, match[2], remark == "first"))
    return found


def comparable(text: str) -> list[str]:
    """Lines without what differs, in an order of their own: equal z may change places."""
    for pattern, mark in DIFFERS:
        text = pattern.sub(mark, text)
    return sorted(line.rstrip() for line in text.splitlines() if line.strip())


def test_the_guide_says_what_happens(fresh_database, run, monkeypatch):
    monkeypatch.chdir(CHECKOUT)
    done = 0

    for page in PAGES:
        for arguments, shown, begins in steps(GUIDE / page):
            result = run(*arguments)
            printed = result.output
            if begins:
                lines = shown.replace("…\n", "").splitlines()
                printed = "\n".join(printed.splitlines()[: len(lines)])
                shown = "\n".join(lines)
            assert comparable(printed) == comparable(shown), f"{page}: {' '.join(arguments)}"
            done += 1

    assert done > 15


def test_the_readme_says_what_happens(fresh_database, run, monkeypatch):
    monkeypatch.chdir(CHECKOUT)
    done = 0

    for arguments, shown, _ in steps(CHECKOUT / "README.md"):
        if arguments[0] == "database":
            continue  # the tests share the server
        result = run(*arguments)
        assert result.exit_code == 0, result.output
        missing = set(comparable(shown)) - set(comparable(result.output))
        assert not missing, " ".join(arguments)
        done += 1

    assert done > 7
