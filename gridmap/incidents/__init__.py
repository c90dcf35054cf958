"""What happened: category, place, time, source. Facts, no workflow and no persons."""
