"""Linux, read from ``/proc`` without a library in between. ``reader.py`` is the way in."""
