"""Snapshots in, facts out: what started, ended and changed, how much was seen, what to look at more closely. Pure."""
