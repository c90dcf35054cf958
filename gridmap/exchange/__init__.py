"""Data in and out: files, their mapping, what became of their rows."""
