"""What each role may do with each class of data: the one table, and how it is read.

Letters: s see, a add, c change, x export, e erase; a dot: nothing. A role holds in a scope,
beginnings of codes, from a day to a day; outside of it the letters mean nothing. The database
gets this table when gridmap starts (`auth.installation`) and refuses what is not in it.
"""

from gridmap.core.i18n import N_

ACTIONS = {"s": "see", "a": "add", "c": "change", "x": "export", "e": "erase"}

DATA = {
    "place": N_("Grids, divisions, dwellings and addresses"),
    "figure": N_("Counts and what is computed from them"),
    "resource": N_("Cameras, lights, fire points and other resources"),
    "incident": N_("Single incidents"),
    "case": N_("Work that somebody must do"),
    "personal": N_("Residents and staff, masked"),
    "sensitive": N_("Identity numbers, phone numbers and notes in full, with a purpose"),
    "audit": N_("Who did or saw what"),
    "import": N_("Files that were brought in"),
    "account": N_("Accounts, roles and sessions of others"),
    "job": N_("Work in the background"),
}

TABLE = """
role           place  figure resource incident case   personal sensitive audit  import account job
administrator  sacxe  sx     sacxe    sacxe    s      .        .         .      sace   sace    sce
coordinator    scx    sx     sacx     sacxe    sacx   sacxe    sx        .      sace   .       .
planner        sx     sx     sx       sx       s      .        .         .      .      .       .
field          s      s      sc       sac      sac    s        .         .      .      .       .
mediator       s      s      s        s        sac    s        s         .      .      .       .
clerk          s      s      s        sa       sac    s        s         .      .      .       .
auditor        s      .      .        .        .      .        .         sx     .      s       s
system         sacxe  sacxe  sacxe    sacxe    sacxe  sacxe    sacxe     sacxe  sacxe  sacxe   sacxe
"""

NEED_SECOND_FACTOR = frozenset({"administrator", "auditor"})
SYSTEM_ROLE = "system"
AUDITOR = "auditor"
"""Given and ended by the system alone: those who are watched do not choose who watches."""

ROLE_NAMES = {
    "administrator": N_("administrator"),
    "coordinator": N_("grid coordinator"),
    "planner": N_("planner"),
    "field": N_("field staff"),
    "mediator": N_("mediator"),
    "clerk": N_("petition clerk"),
    "auditor": N_("auditor"),
}
"""Roles that people can hold."""


def read_table(table: str) -> dict[tuple[str, str], frozenset[str]]:
    """Return (role, data) → actions.

    Raises:
        ValueError: a column is no class of data, a letter is no action, or a line is too short.
    """
    lines = [line.split() for line in table.strip().splitlines()]
    classes = lines[0][1:]
    if sorted(classes) != sorted(DATA):
        raise ValueError(f"the columns must be {', '.join(DATA)}")
    found = {}
    for role, *cells in lines[1:]:
        for data, cell in zip(classes, cells, strict=True):
            letters = "" if cell == "." else cell
            if not set(letters) <= set(ACTIONS):
                raise ValueError(f"{role}, {data}: {cell} is not made of {', '.join(ACTIONS)}")
            found[role, data] = frozenset(ACTIONS[letter] for letter in letters)
    return found


PERMISSIONS = read_table(TABLE)
ROLES = tuple(dict.fromkeys(role for role, _ in PERMISSIONS))


def may(role: str, data: str, action: str) -> bool:
    """Return whether a role allows an action with a class of data, somewhere in its scope."""
    return action in PERMISSIONS.get((role, data), frozenset())
