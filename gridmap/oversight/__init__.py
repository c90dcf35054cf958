"""Pages and commands for those who watch over the others: the record, the work."""
