"""Staff, and for which grid each of them is responsible from when to when."""
