"""What all tests agree on."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# How long it takes to think of an example says something about the machine, and nothing about the program.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
