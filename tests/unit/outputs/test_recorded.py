"""Alerts and events as the journal takes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from daemoneye.journal.entry import fault
from daemoneye.model.alert import Content, Severity
from daemoneye.model.event import Hashed, Seen
from daemoneye.model.record import LONGEST_BODY, Moment, Stream
from daemoneye.outputs import native, recorded
from tests.fakes import outgoing
from tests.fakes.outgoing import BOOT, ID, MACHINE, PLAIN_EVENTS

if TYPE_CHECKING:
    from daemoneye.model.alert import Alert
    from daemoneye.model.event import LifecycleEvent


def test_an_alert_is_found_by_what_an_investigator_knows() -> None:
    """Its process, its parent, its name and its digest."""
    alert = outgoing.alert()
    entry = recorded.of_alert(alert)
    assert (entry.stream, entry.severity, entry.kind) == (Stream.ALERTS, Severity.HIGH, "integrity.disk_mismatch")
    assert (entry.id, entry.occurred.wall_ms, entry.occurred.boot_id) == (alert.id, alert.wall_ms, alert.boot_id)
    assert (entry.pid, entry.name, entry.entity_id) == (4242, "httpd", "e" * 32)
    assert (entry.parent_entity_id, entry.sha256) == ("1" * 32, "a" * 64)
    assert json.loads(entry.body) == native.of_alert(alert)


def test_an_alert_about_no_process_is_recorded_all_the_same() -> None:
    """A shortfall of coverage is one."""
    entry = recorded.of_alert(outgoing.shortfall())
    assert (entry.pid, entry.name, entry.entity_id, entry.parent_entity_id, entry.sha256) == (None,) * 5
    assert fault(entry) is None


@pytest.mark.parametrize("event", PLAIN_EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_is_found_by_its_process(event: LifecycleEvent) -> None:
    """And by the process that started it."""
    entry = recorded.of_event(event, id=ID, machine=MACHINE)
    assert (entry.stream, entry.severity, entry.id) == (Stream.EVENTS, Severity.INFO, ID)
    assert (entry.pid, entry.name, entry.entity_id, entry.parent_entity_id) == (4242, "httpd", "e" * 32, "1" * 32)
    assert (entry.occurred.boot_id, entry.occurred.monotonic_ns) == (BOOT, 12_500_000_000)
    assert json.loads(entry.body)["kind"] == entry.kind


def test_who_was_there_is_told_without_a_chain() -> None:
    """Everybody is told of at that moment, so a parent is found by its name of an entity."""
    started = PLAIN_EVENTS[0]
    seen = Seen(
        observation=started.observation,
        entity_id=started.entity_id,
        ancestors=started.ancestors,
        detected_ms=1,
        detected_monotonic_s=2.0,
    )
    entry = recorded.of_event(seen, id=ID, machine=MACHINE)
    assert (entry.kind, entry.parent_entity_id) == ("process.seen", "1" * 32)
    assert "ancestors" not in json.loads(entry.body)
    assert json.loads(entry.body)["message"] == "httpd (pid 4242) was there: /usr/sbin/httpd"


def test_an_event_is_found_by_the_digest_of_its_image() -> None:
    """Where it is known by then; when it comes later, there is an event for that."""
    started = outgoing.PLAIN_EVENTS[0]
    content = Content(sha256="c" * 64, ssdeep="3:abc:de")
    entry = recorded.of_event(started, id=ID, machine=MACHINE, hash=content)
    assert entry.sha256 == "c" * 64
    assert json.loads(entry.body)["hash"] == {"sha256": "c" * 64, "ssdeep": "3:abc:de"}
    assert recorded.of_event(started, id=ID, machine=MACHINE).sha256 is None
    late = Hashed(
        observation=started.observation,
        entity_id=started.entity_id,
        ancestors=started.ancestors,
        detected_ms=1,
        detected_monotonic_s=2.0,
    )
    entry = recorded.of_event(late, id=ID, machine=MACHINE, hash=content)
    assert (entry.kind, entry.sha256, entry.pid) == ("process.hashed", "c" * 64, started.key.pid)
    assert fault(entry) is None


def test_what_the_agent_says_of_itself_is_an_event() -> None:
    """With its own words, and those that every record has."""
    moment = Moment(wall_ms=1, monotonic_ns=2, boot_id=BOOT)
    entry = recorded.of_the_agent("scan.began", Severity.INFO, id=ID, occurred=moment, message="It began.", processes=3)
    assert (entry.stream, entry.kind, entry.occurred) == (Stream.EVENTS, "scan.began", moment)
    body = json.loads(entry.body)
    assert (body["message"], body["processes"], body["stream"], body["severity"]) == ("It began.", 3, "events", "info")


@given(outgoing.ALERTS)
@settings(max_examples=60)
def test_whatever_a_host_puts_into_an_alert_can_be_recorded(alert: Alert) -> None:
    """Nothing that somebody names a file keeps it from being recorded."""
    entry = recorded.of_alert(alert)
    assert fault(entry) is None
    assert len(entry.body) <= LONGEST_BODY


@given(outgoing.EVENTS)
@settings(max_examples=60)
def test_whatever_a_host_puts_into_an_event_can_be_recorded(event: LifecycleEvent) -> None:
    """The same for processes."""
    entry = recorded.of_event(event, id=ID, machine=MACHINE)
    assert len(entry.body) <= LONGEST_BODY
    assert fault(entry) is None


def test_a_command_line_that_is_too_long_is_cut_and_says_so() -> None:
    """A megabyte of arguments is no way to stay out of the record."""
    seen = outgoing.observation(command_line=("\x00" * 200_000, "x" * 500_000))
    for event in outgoing.events(seen, seen):
        entry = recorded.of_event(event, id=ID, machine=MACHINE)
        assert fault(entry) is None
        assert json.loads(entry.body)["truncated"] > LONGEST_BODY
