"""Feature extractors: normalised `b 3 h w` in, a list of maps out, finest first, `channels` of each known."""
