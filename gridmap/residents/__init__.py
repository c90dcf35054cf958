"""Residents: persons, and who lives where, as what, from when to when."""
