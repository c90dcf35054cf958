"""Community grids of a city: located, analysed, guarded and shown."""
