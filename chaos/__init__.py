"""Experiments that break things around the running program and look whether what it promises still holds."""
