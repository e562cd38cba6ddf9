"""One file per experiment; each has an ``EXPERIMENT``."""
