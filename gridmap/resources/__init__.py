"""Things that prevent harm: cameras, police boxes, lights, fire points and the like."""
