"""How lists show what names or reaches a person."""

MASK = "**"


def mask_name(name: str) -> str:
    """Return the first character of a name and two stars."""
    return name[:1] + MASK if name else ""


def mask_number(number: str) -> str:
    """Return two stars and the last two places of a number; only the stars of a short one."""
    return MASK + (number[-2:] if len(number) > 4 else "") if number else ""
