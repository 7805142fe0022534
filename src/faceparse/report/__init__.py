"""What a run looks like: curves and contact sheets, from its files alone."""
