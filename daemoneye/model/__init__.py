"""The nouns. Frozen, typed, no IO: what is known about a process, a file, a scan, and what peers ask of us."""
