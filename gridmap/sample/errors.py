"""What can go wrong with the sample city."""

from gridmap.core.errors import GridmapError
from gridmap.core.i18n import N_


class SampleLoaded(GridmapError):
    """It is there already."""

    status = 409
    code = "sample_loaded"
    message = N_(
        "The sample city is loaded already (%(grids)s grids, seed %(seed)s). "
        "Take it away first: script/gridmap sample --remove"
    )


class RealDataHere(GridmapError):
    """Somebody's own data would share the map with an invented city."""

    status = 409
    code = "real_data_here"
    message = N_(
        "This database holds imported data. The sample city would stand on the same map, and its "
        "figures beside yours. To load it all the same: script/gridmap sample --beside"
    )
