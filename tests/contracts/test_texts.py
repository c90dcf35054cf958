"""What no committed text may contain: it would mean something on one machine only."""

import re
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
# Put together here, so that this file does not contain them itself.
FOLDERS = ("work", "home/[a-z]", "Users/[A-Za-z]", "root/[A-Za-z.]")
MACHINE = re.compile(r"(?<![\w.$}>*/-])/(?:" + "|".join(FOLDERS) + r")(?=[\w./-]*)")
ALLOWED: dict[str, str] = {}
"""File → why it may."""


def committed_texts() -> dict[str, str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    texts = {}
    for name in filter(None, listed.stdout.split("\0")):
        path = CHECKOUT / name
        try:
            texts[name] = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue  # a picture, or deleted and not yet committed
    return texts


def test_no_committed_text_names_a_path_of_one_machine():
    found = {
        name: sorted({text[m.start() : m.start() + 40].split("\n")[0] for m in hits})
        for name, text in committed_texts().items()
        if name not in ALLOWED and (hits := list(MACHINE.finditer(text)))
    }

    assert not found


def test_the_pattern_finds_such_a_path():
    for folder in ("work", "home/ann", "root/x"):
        assert MACHINE.search(f"see /{folder}/file")
    assert not MACHINE.search("https://example.org/work/x")
    assert not MACHINE.search("docs/work/x")


def test_no_lock_file_says_where_packages_come_from():
    lock = (CHECKOUT / "package-lock.json").read_text(encoding="utf-8")

    assert "resolved" not in lock
    for name in ("requirements.txt", "requirements-dev.txt", "constraints.txt"):
        assert "://" not in (CHECKOUT / name).read_text(encoding="utf-8")
