"""What a reload can do: for each key, whether a change counts at once, after a restart of a child, or of the agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemoneye.settings import Settings
from daemoneye.settings.agreement import conflicts
from daemoneye.settings.changes import _ROWS, Changes, Takes, changes, what_it_takes, with_fixed
from daemoneye.settings.layers import patch, settle
from daemoneye.settings.model import KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping

# Another valid value for each key; those that only agree together are changed together.
OTHERS = {
    "user": "nobody",
    "paths.state_dir": "/a",
    "paths.runtime_dir": "/b",
    "paths.log_dir": "/c",
    "scan.interval": "6s",
    "scan.enhanced": "true",
    "scan.environment": "LANG",
    "scan.process_timeout": "1s",
    "scan.proc": "/host/proc",
    "hashing.enabled": "false",
    "hashing.workers": "3",
    "hashing.bytes_per_second": "1MiB",
    "hashing.file_timeout": "1s",
    "hashing.max_file_size": "1MiB",
    "hashing.ssdeep": "false",
    "integrity.similarity_threshold": "70",
    "integrity.package_verdicts": "false",
    "integrity.dedup_window": "1s",
    "sanitize.mask": "false",
    "sanitize.correlate": "true",
    "ipc.max_frame": "2MiB",
    "ipc.max_clients": "17",
    "ipc.allow_users": "alice",
    "ipc.allow_groups": "staff",
    "ipc.hash_roots": "/srv",
    "supervisor.intensity": "6",
    "supervisor.period": "2m",
    "supervisor.heartbeat_interval": "4s",
    "supervisor.missed_heartbeats": "4",
    "journal.max_size": "2GiB",
    "journal.max_age": "1d",
    "outputs.metrics_textfile": "/m.prom",
    "outputs.jsonl.enabled": "false",
    "outputs.jsonl.path": "x.jsonl",
    "outputs.jsonl.format": "ocsf",
    "outputs.jsonl.max_size": "1MiB",
    "outputs.jsonl.max_files": "6",
    "outputs.syslog.enabled": "true",
    "outputs.syslog.path": "/run/log",
    "outputs.syslog.format": "ocsf",
    "outputs.syslog.max_message": "4KiB",
    "outputs.relp.enabled": "true",
    "outputs.relp.host": "h",
    "outputs.relp.port": "1",
    "outputs.relp.timeout": "1s",
    "outputs.relp.window": "1",
    "outputs.relp.backlog_rate": "9",
    "outputs.relp.max_message": "4KiB",
    "outputs.relp.tls.enabled": "false",
    "outputs.relp.tls.ca_file": "/ca",
    "outputs.relp.tls.cert_file": "/cert",
    "outputs.relp.tls.key_file": "/key",
    "outputs.relp.tls.server_name": "n",
    "outputs.nats.enabled": "true",
    "outputs.nats.servers": "tls://h",
    "outputs.nats.credentials_file": "/creds",
    "outputs.nats.subject": "s",
    "outputs.nats.timeout": "1s",
    "outputs.nats.backlog_rate": "9",
    "outputs.nats.tls.enabled": "false",
    "outputs.nats.tls.ca_file": "/ca",
    "outputs.nats.tls.cert_file": "/cert",
    "outputs.nats.tls.key_file": "/key",
    "outputs.nats.tls.server_name": "n",
    "triggers.rate": "1",
    "triggers.dedup_window": "1s",
    "triggers.max_pending": "1",
    "triggers.rules": "[{name: a, when: hash_mismatch}]",
}


def changed(differences: Mapping[str, str]) -> Settings:
    return patch(settle(), differences).settings


def test_every_key_says_what_a_change_of_it_takes() -> None:
    """A key that is added without an answer does not get through."""
    assert list(_ROWS) == list(KEYS)
    for name in KEYS:
        assert (what_it_takes(name).child is None) == (what_it_takes(name).takes is Takes.FIXED)


def test_every_change_is_noticed() -> None:
    """Whatever an operator changes is told back, in the order of the example file."""
    assert OTHERS.keys() == KEYS.keys()
    assert [each.name for each in changes(Settings(), changed(OTHERS)).each] == list(KEYS)


def test_the_same_settings_take_nothing() -> None:
    """A reload of an unchanged file restarts nobody."""
    assert changes(Settings(), changed({})) == Changes(())


def test_fixed_keys_keep_their_values_and_all_others_change() -> None:
    """What a running agent cannot change does not stand in the way of what it can."""
    mixed = with_fixed(Settings(), changed(OTHERS))
    takes = {each.takes for each in changes(Settings(), mixed).each}
    assert takes == {Takes.LIVE, Takes.UNREAD}
    assert {each.takes for each in changes(mixed, changed(OTHERS)).each} == {Takes.FIXED}


def test_what_is_mixed_still_agrees() -> None:
    """Keys that depend on each other are all fixed or all not."""
    assert list(conflicts(with_fixed(Settings(), changed(OTHERS)))) == []
    assert list(conflicts(with_fixed(changed(OTHERS), Settings()))) == []


def test_only_changes_that_need_it_restart_a_child() -> None:
    """The others go on with their work."""
    sending = {"outputs.relp.enabled": "true", "outputs.relp.host": "h"}
    new = {"scan.interval": "6s", "hashing.workers": "3", "outputs.relp.port": "1", "user": "nobody"}
    assert changes(changed(sending), changed(sending | new)).restarts == {"forwarder"}
    assert changes(Settings(), changed(new)).restarts == frozenset()


def test_the_keys_of_an_output_that_is_off_are_in_force_nowhere() -> None:
    """Nobody reads them; the note says what they wait for, and whoever sends elsewhere is left alone."""
    sending = {"outputs.nats.enabled": "true", "outputs.nats.servers": "tls://h"}
    new = {"outputs.relp.port": "1", "outputs.nats.timeout": "1s"}
    found = changes(changed(sending), changed(sending | new))
    assert found.notes == (
        "outputs.relp.port: takes effect when outputs.relp.enabled is true at a start of the agent",
        "outputs.nats.timeout: in force, forwarder is restarted for it",
    )
    assert changes(Settings(), changed({"outputs.relp.tls.ca_file": "/ca"})).restarts == frozenset()


def test_notes_are_sentences() -> None:
    """The status shows them to a person."""
    new = changed({"scan.interval": "6s", "hashing.workers": "3", "paths.state_dir": "/a"})
    assert changes(Settings(), new).notes == (
        "paths.state_dir: takes effect at the next start of the agent",
        "scan.interval: in force, collector goes on with it",
        "hashing.workers: in force, hashing goes on with it",
    )
