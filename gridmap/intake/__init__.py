"""From a file to clean arrays and a report of what could not be used. No database, no web.

The names below are loaded when they are first used: the isolated reader process imports this
package and must start fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gridmap.intake.areas import read_areas
    from gridmap.intake.columns import guess_columns
    from gridmap.intake.coordinates import diagnose
    from gridmap.intake.errors import UnreadableFile
    from gridmap.intake.incidents import read_incidents
    from gridmap.intake.points import read_points
    from gridmap.intake.population import read_population
    from gridmap.intake.rejects import Rejects
    from gridmap.intake.residents import read_residents
    from gridmap.intake.rows import (
        AreaRows,
        Columns,
        FileShape,
        Guess,
        IncidentRows,
        Note,
        PointRows,
        PopulationRows,
        ReadOptions,
        ResidentRows,
    )
    from gridmap.intake.tables import Table, inspect, read_table

_HOMES = {
    "AreaRows": "rows",
    "Columns": "rows",
    "FileShape": "rows",
    "Guess": "rows",
    "IncidentRows": "rows",
    "Note": "rows",
    "PointRows": "rows",
    "PopulationRows": "rows",
    "ReadOptions": "rows",
    "Rejects": "rejects",
    "ResidentRows": "rows",
    "Table": "tables",
    "UnreadableFile": "errors",
    "diagnose": "coordinates",
    "guess_columns": "columns",
    "inspect": "tables",
    "read_areas": "areas",
    "read_incidents": "incidents",
    "read_points": "points",
    "read_population": "population",
    "read_residents": "residents",
    "read_table": "tables",
}

__all__ = [
    "AreaRows",
    "Columns",
    "FileShape",
    "Guess",
    "IncidentRows",
    "Note",
    "PointRows",
    "PopulationRows",
    "ReadOptions",
    "Rejects",
    "ResidentRows",
    "Table",
    "UnreadableFile",
    "diagnose",
    "guess_columns",
    "inspect",
    "read_areas",
    "read_incidents",
    "read_points",
    "read_population",
    "read_residents",
    "read_table",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its file."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
