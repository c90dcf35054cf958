"""What was done, by whom, when: one row per action."""
