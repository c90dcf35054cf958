"""Ranges of hierarchical codes, as text under the "C" collation."""

AFTER_EVERYTHING = "\U0010ffff"
"""code + AFTER_EVERYTHING sorts behind every code that begins with code."""
