"""One import is one batch: what file, how read, what became of its rows; taken back whole."""
