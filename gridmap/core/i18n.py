"""Marks sentences for translation without dragging in a web framework."""


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "mark only"
    """Return the text unchanged; the extraction of messages finds it by this name."""
    return text
