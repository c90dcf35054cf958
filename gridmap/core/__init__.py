"""The shared kernel: what every slice may use, and nothing that knows a slice."""
