"""Divisions and grids: codes, borders over time, neighbours, and who lies where."""
