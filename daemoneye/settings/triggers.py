"""The settings of triggers: which processes are worth a closer look, and how many looks there may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from daemoneye.settings.keys import key
from daemoneye.settings.kinds import Integer, ListOf
from daemoneye.settings.quantities import Duration
from daemoneye.settings.rules import Rule, TriggerRule, name_of

_SERVERS: Final = ["nginx", "apache2", "httpd", "php-fpm*", "java", "tomcat*", "postgres", "mysqld", "redis-server"]
_SHELLS: Final = ["sh", "bash", "dash", "zsh", "ksh", "nc", "ncat", "socat"]
_RULES: Final = [
    {
        "name": "executable-missing",
        "when": "missing_executable",
        "priority": "high",
        "analysis": ["memory", "binary_hash"],
    },
    {
        "name": "digest-mismatch",
        "when": "hash_mismatch",
        "priority": "critical",
        "analysis": ["binary_hash", "yara_scan"],
    },
    {
        "name": "shell-from-server",
        "when": "suspicious_parent_child",
        "parents": _SERVERS,
        "children": _SHELLS,
        "priority": "high",
        "analysis": ["behaviour", "network"],
    },
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggers:
    rate: int = key(
        Integer(1, 100_000),
        100,
        "Triggers in a minute, for each collector.",
        "More looks than that nobody can take; what is beyond is counted.",
    )
    dedup_window: float = key(
        Duration("0s", "7d"),
        "5m",
        "How long the same trigger for the same process is not repeated; 0s repeats every one.",
        "As long as for alerts.",
    )
    max_pending: int = key(
        Integer(1, 100_000),
        1000,
        "Triggers that wait; low priority goes first when there are more.",
        "Ten minutes' worth at the rate above; what is older than that has lost its subject.",
    )
    rules: tuple[TriggerRule, ...] = key(
        ListOf(Rule(), 256, name=name_of),
        _RULES,
        "What makes a process worth a closer look; a list given in a later file replaces this one.",
        "The first two are never normal, the third is how many break-ins through a server start.",
    )
