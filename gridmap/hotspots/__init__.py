"""Where incidents concentrate, and whether that is chance."""
