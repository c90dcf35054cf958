"""Places: dwellings, buildings, addresses, points of interest; and the base map's features."""
