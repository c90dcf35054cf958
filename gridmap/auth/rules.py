"""What a name, a password and a way back may be."""

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from gridmap.core.i18n import N_

SHORTEST = 8
LONGEST = 256
"""NIST SP 800-63B asks to allow at least 64 characters."""
COMMON = Path(__file__).with_name("common_passwords.txt")
"""From the frequency lists of zxcvbn (MIT licence), those of eight characters and more."""
SERVICE = "gridmap"
SHORTEST_PART = 4
"""A name of two letters may be in a good password by chance."""
LITTLE = 5
"""So many signs beside a name are less than a password."""
NAME = re.compile(r"\w[\w.@-]{0,63}")


def normal_name(name: str) -> str:
    """Return a log-in name as it is kept: composed (NFC), in lower case."""
    return unicodedata.normalize("NFC", name.strip()).lower()


def is_name(name: str) -> bool:
    """Return whether a normal name may belong to a new account."""
    return bool(NAME.fullmatch(name)) and name != "system" and name == name.lower()


def normal_password(password: str) -> str:
    """Return a password as it is hashed: composed, so that every keyboard gives the same."""
    return unicodedata.normalize("NFC", password)


def why_bad(password: str, *names: str) -> str | None:
    """Return why a password may not be chosen; None for one that may.

    Rules of NIST SP 800-63B, 3.1.1.2: length, and a list of what attackers try first. None about
    capitals, digits or signs, and none about age.

    Args:
        password: as it was typed.
        names: those of the account, which attackers try too.
    """
    normal = normal_password(password)
    if len(normal) < SHORTEST:
        return N_("It has fewer than 8 characters. A few words in a row are good and easy to keep.")
    if len(normal) > LONGEST:
        return N_("It has more than 256 characters.")
    lower = normal.lower()
    if lower in common_passwords() or len(set(lower)) < SHORTEST_PART:
        return N_("It is one of those that are tried first. Choose another.")
    if any(_is_mostly(lower, name.lower()) for name in (*names, SERVICE)):
        return N_("It is made of the name of the account or of this service. Choose another.")
    return None


def _is_mostly(password: str, name: str) -> bool:
    """Return whether little but a name is in a password."""
    if len(name) < SHORTEST_PART or name not in password:
        return False
    return len(password.replace(name, "")) < LITTLE


@lru_cache(maxsize=1)
def common_passwords() -> frozenset[str]:
    """Return the known-bad ones, in lower case."""
    return frozenset(COMMON.read_text(encoding="utf-8").split("\n"))


def own_path(address: str | None) -> str:
    """Return an address if it leads to a page of ours, else the beginning.

    Browsers read a backslash as a slash and drop tabs and line breaks, so those lead nowhere.
    """
    if not address or not address.startswith("/") or address.startswith("//"):
        return "/"
    if "\\" in address or not address.isprintable():
        return "/"
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc or parts.path.startswith("//") else address
