"""Computation on arrays, pure: numpy, scipy and shapely in, arrays out; no web, no database."""
