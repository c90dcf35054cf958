"""What holds of residents without a database: kinds, words for them, masks, how names compare."""

import unicodedata
from datetime import date

from gridmap.core.i18n import N_

KINDS = ("registered", "resident", "temporary")
"""Where somebody is on the household register; lives for good; lives for a while."""

KIND_WORDS = {
    "": "resident",
    "registered": "registered", "household": "registered", "户籍": "registered",
    "户籍人口": "registered", "户籍人员": "registered", "在册": "registered",
    "resident": "resident", "permanent": "resident", "owner": "resident", "常住": "resident",
    "常住人口": "resident", "常住人员": "resident", "实有人口": "resident",
    "temporary": "temporary", "tenant": "temporary", "floating": "temporary", "暂住": "temporary",
    "流动": "temporary", "流动人口": "temporary", "暂住人口": "temporary", "租户": "temporary",
    "租住": "temporary", "寄住人口": "temporary", "寄住": "temporary",
}  # fmt: skip
"""Word as `intake.headers.fold` writes it → kind."""

KIND_NAMES = {
    "registered": N_("registered here"),
    "resident": N_("lives here"),
    "temporary": N_("lives here for a while"),
}

PURPOSES = {
    "service": N_("A service that the person asked for or is entitled to"),
    "contact": N_("Reaching the person about something urgent"),
    "case": N_("Work on a case"),
    "correction": N_("Checking or correcting the record"),
    "request": N_("The person asked what is held on them"),
    "order": N_("An order of a court or another authority, named below"),
}
"""Why somebody may look at what is masked; written to the audit record."""

SEARCHED = ("name", "identity", "phone")
LONGEST_WORDS = 300


def name_compared(name: str) -> str:
    """Return a name as it is compared: without spaces and dots, in small letters."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(sign for sign in plain if sign.isalnum())


def is_purpose(purpose: str, words: str) -> bool:
    """Tell whether a purpose was chosen and said in words (three signs at least)."""
    return purpose in PURPOSES and 3 <= len(words.strip()) <= LONGEST_WORDS


def follows(start: date, end: date | None) -> bool:
    """Tell whether a span of days (half-open) holds at least one."""
    return end is None or start < end
