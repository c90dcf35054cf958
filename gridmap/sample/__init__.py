"""The synthetic city: invented streets, grids, people's numbers and incidents, to try things on.

It lies in the open sea (123° E, 32° N), so that nobody can take it for a real place.
"""
