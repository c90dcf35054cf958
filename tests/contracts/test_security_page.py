"""The list of security requirements names tests that are there."""

import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = CHECKOUT / "docs" / "operate" / "security.md"
ROW = re.compile(
    r"^\| (\d+\.\d+\.\d+(?:, \d+\.\d+\.\d+)*) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE
)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows():
    return [match.groups() for match in ROW.finditer(PAGE.read_text(encoding="utf-8"))]


def test_about_forty_requirements_are_mapped_once_each():
    numbers = [number for first, *_ in rows() for number in first.split(", ")]

    assert len(numbers) >= 40
    assert len(numbers) == len(set(numbers))


def test_every_requirement_names_a_test_that_is_there():
    missing = []
    for number, _, _, cell in rows():
        tests = TEST.findall(cell)
        assert tests, number
        for file, name in tests:
            path = CHECKOUT / file
            if not path.is_file() or f"def {name}(" not in path.read_text(encoding="utf-8"):
                missing.append(f"{number}: {file}::{name}")

    assert missing == []
