"""Which looks at people are unusual: each rule with its threshold and in plain words."""

from dataclasses import dataclass

from gridmap.core.i18n import N_

PERSONS = ("resident", "residents", "staff")
"""Kinds of subject that are people, one or a list of them."""
LISTS = ("residents.listed", "residents.searched", "staff.listed")
"""Looks at many people at once; their detail says at how many rows."""

OPENED_A_DAY = 50
LISTED_A_DAY = 1_000
COMMUNITIES_A_DAY = 3
NIGHT = (22, 6)
"""From and to, hours of the city's clock."""


@dataclass(frozen=True)
class Rule:
    """One reason for an auditor to ask.

    Attributes:
        name: how it is called in addresses and queries.
        title: in a few words; marked.
        words: what exactly is listed; marked, with named parts.
        fields: values of those parts.
    """

    name: str
    title: str
    words: str
    fields: dict[str, int]


RULES = (
    Rule(
        "many",
        N_("Many people"),
        N_(
            "Somebody opened or revealed more than %(opened)s different people on one day, or had "
            "lists with more than %(listed)s rows shown."
        ),
        {"opened": OPENED_A_DAY, "listed": LISTED_A_DAY},
    ),
    Rule(
        "night",
        N_("Out of hours"),
        N_("Somebody looked at people between %(late)s:00 and %(early)s:00."),
        {"late": NIGHT[0], "early": NIGHT[1]},
    ),
    Rule(
        "outside",
        N_("Outside one's grids"),
        N_(
            "Somebody was refused something that lies outside their scope, or looked at people in "
            "more than %(communities)s communities on one day."
        ),
        {"communities": COMMUNITIES_A_DAY},
    ),
)
