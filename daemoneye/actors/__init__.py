"""The actors: where Thespian lives, and nowhere else but in ``agent.py``. ``transport/`` carries their words."""
