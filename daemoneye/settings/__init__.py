"""What an operator decides, as one frozen value.

``model`` is the table of every key; ``document`` turns bytes into a tree; ``layers`` puts defaults, files and the
environment on top of each other and takes all of it or nothing; ``files`` alone touches the disk. What a value may
be is decided by the table, never by YAML's guesses.
"""

from daemoneye.settings.model import Settings
from daemoneye.settings.rules import TriggerRule

__all__ = ["Settings", "TriggerRule"]
