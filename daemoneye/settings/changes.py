"""What new settings take: which keys changed, and what has to happen for the change to count.

``live``: the child that reads it applies it while it works. ``restart``: that child begins anew with it, because a
connection is made of it. ``fixed``: the whole agent is made of it (its account, its directories and sockets, the rules
of the supervisor itself), so it keeps its value until the agent is started again. ``unread``: of an output that is
switched off there is nobody who reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from daemoneye.settings.keys import build, value_of
from daemoneye.settings.model import KEYS, TABLE, Settings


class Takes(StrEnum):
    LIVE = "live"
    RESTART = "restart"
    FIXED = "fixed"
    UNREAD = "unread"


_ROWS: Final = {
    "user": "fixed",
    "paths.state_dir": "fixed",
    "paths.runtime_dir": "fixed",
    "paths.log_dir": "fixed",
    "scan.interval": "live collector",
    "scan.enhanced": "live collector",
    "scan.environment": "live collector",
    "scan.process_timeout": "live collector",
    "scan.proc": "live collector",
    "hashing.enabled": "live hashing",
    "hashing.workers": "live hashing",
    "hashing.bytes_per_second": "live hashing",
    "hashing.file_timeout": "live hashing",
    "hashing.max_file_size": "live hashing",
    "hashing.ssdeep": "live hashing",
    "integrity.similarity_threshold": "live integrity",
    "integrity.package_verdicts": "live integrity",
    "integrity.dedup_window": "live integrity",
    "sanitize.mask": "live collector",
    "sanitize.correlate": "fixed",  # its key is made before privileges are dropped
    "ipc.max_frame": "live gateway",
    "ipc.max_clients": "live gateway",
    "ipc.allow_users": "live gateway",
    "ipc.allow_groups": "fixed",  # the sockets, bound before privileges are dropped, belong to the first
    "ipc.hash_roots": "live gateway",
    "supervisor.intensity": "fixed",
    "supervisor.period": "fixed",
    "supervisor.heartbeat_interval": "fixed",
    "supervisor.missed_heartbeats": "fixed",
    "journal.max_size": "live journal",
    "journal.max_age": "live journal",
    "outputs.metrics_textfile": "fixed",  # the right to write in its directory is given before privileges are dropped
    "outputs.jsonl.enabled": "live journal",
    "outputs.jsonl.path": "fixed",  # the same
    "outputs.jsonl.format": "live journal",
    "outputs.jsonl.max_size": "live journal",
    "outputs.jsonl.max_files": "live journal",
    "outputs.syslog.enabled": "live journal",
    "outputs.syslog.path": "live journal",
    "outputs.syslog.format": "live journal",
    "outputs.syslog.max_message": "live journal",
    "outputs.relp.enabled": "fixed",  # whether there is a forwarder, and what it has loaded, is settled at the start
    "outputs.relp.host": "fixed",  # it goes with enabled
    "outputs.relp.port": "restart forwarder",
    "outputs.relp.timeout": "restart forwarder",
    "outputs.relp.window": "restart forwarder",
    "outputs.relp.backlog_rate": "restart forwarder",
    "outputs.relp.max_message": "restart forwarder",
    "outputs.relp.tls.enabled": "restart forwarder",
    "outputs.relp.tls.ca_file": "restart forwarder",
    "outputs.relp.tls.cert_file": "restart forwarder",
    "outputs.relp.tls.key_file": "restart forwarder",
    "outputs.relp.tls.server_name": "restart forwarder",
    "outputs.nats.enabled": "fixed",  # the same
    "outputs.nats.servers": "fixed",  # it goes with enabled
    "outputs.nats.credentials_file": "restart forwarder",
    "outputs.nats.subject": "restart forwarder",
    "outputs.nats.timeout": "restart forwarder",
    "outputs.nats.backlog_rate": "restart forwarder",
    "outputs.nats.tls.enabled": "restart forwarder",
    "outputs.nats.tls.ca_file": "restart forwarder",
    "outputs.nats.tls.cert_file": "restart forwarder",
    "outputs.nats.tls.key_file": "restart forwarder",
    "outputs.nats.tls.server_name": "restart forwarder",
    "triggers.rate": "live collector",
    "triggers.dedup_window": "live collector",
    "triggers.max_pending": "live collector",
    "triggers.rules": "live collector",
}


@dataclass(frozen=True, slots=True)
class Change:
    name: str
    takes: Takes
    child: str | None  # who reads it; nobody alone where it is fixed, and nobody where it is unread

    @property
    def note(self) -> str:
        if self.takes is Takes.FIXED:
            return f"{self.name}: takes effect at the next start of the agent"
        if self.takes is Takes.UNREAD:
            return f"{self.name}: takes effect when {_switch_of(self.name)} is true at a start of the agent"
        goes_on = "is restarted for" if self.takes is Takes.RESTART else "goes on with"
        return f"{self.name}: in force, {self.child} {goes_on} it"


def what_it_takes(name: str) -> Change:
    takes, _, child = _ROWS[name].partition(" ")
    return Change(name, Takes(takes), child or None)


@dataclass(frozen=True, slots=True)
class Changes:
    """In the order of the example file."""

    each: tuple[Change, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(change.note for change in self.each)

    @property
    def restarts(self) -> frozenset[str]:
        """Which children have to begin anew."""
        return frozenset(change.child for change in self.each if change.child and change.takes is Takes.RESTART)


def changes(old: Settings, new: Settings) -> Changes:
    return Changes(tuple(_change(name, old) for name in KEYS if value_of(old, name) != value_of(new, name)))


def _change(name: str, old: Settings) -> Change:
    """Whether there is a forwarder, and for which outputs, is as it was at the start."""
    change = what_it_takes(name)
    unread = change.takes is Takes.RESTART and change.child == "forwarder" and not value_of(old, _switch_of(name))
    return Change(name, Takes.UNREAD, None) if unread else change


def _switch_of(name: str) -> str:
    outputs, output, *_ = name.split(".")
    return f"{outputs}.{output}.enabled"


def with_fixed(old: Settings, new: Settings) -> Settings:
    """The new ones as far as a running agent can have them: what is fixed keeps its old value."""
    values = {name: value_of(old if _ROWS[name] == Takes.FIXED else new, name) for name in KEYS}
    return build(Settings, TABLE, values)
