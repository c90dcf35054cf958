"""A whole installation in one encrypted file, and back; the keys in another."""
