"""Readers, one format each: bytes in, Arrow tables out."""
