"""Pure: which file is hashed next, by whom, how fast, and what everybody who asked is told. Events in, effects out."""
