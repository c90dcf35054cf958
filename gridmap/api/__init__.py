"""What programs ask for: JSON, no pages."""
