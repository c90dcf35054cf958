"""The map page: hotspots, counts and rates by grid, and the card of one grid."""
