"""Cases: work that somebody must do, moved by one engine; each kind is one declaration."""
