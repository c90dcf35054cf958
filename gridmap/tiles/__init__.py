"""Vector tiles: geometry for maps, without figures."""
