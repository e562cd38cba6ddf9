from __future__ import annotations

import json
from dataclasses import replace

import pytest

from daemoneye.model.alert import Phase, Rule
from daemoneye.model.process import Container, LinuxMetadata
from daemoneye.outputs import native
from tests.fakes.outgoing import (
    BOOT,
    ID,
    MACHINE,
    NOW_MS,
    ORIGIN,
    PLAIN_EVENTS,
    RUNNING,
    alert,
    events,
    observation,
    shortfall,
)

STARTED, EXITED, EXEC, MODIFIED = PLAIN_EVENTS


def event_body(number: int) -> native.Json:
    return native.of_event(PLAIN_EVENTS[number], id=ID, machine=MACHINE)


def test_an_alert_keeps_all_it_says() -> None:
    """Every word of an alert is in its record, under its own name."""
    body = native.of_alert(alert())
    assert body["rule"] == {"id": "integrity.disk_mismatch", "name": Rule.DISK_MISMATCH.headline}
    assert (body["id"], body["stream"], body["kind"], body["severity"]) == (ID, "alerts", body["rule"]["id"], "high")
    assert body["process"]["command_line"] == ["httpd", "-f", "/etc/my httpd.conf"]
    assert body["evidence"]["package"] == {"ownership": "differs", "name": "httpd", "version": "2.4"}
    assert body["evidence"]["ancestors"][0]["key"] == {"pid": 1, "start_ticks": 3}
    assert body["evidence"]["on_disk"] == "replaced"
    assert body["evidence"]["similarity"] == 38
    assert json.loads(json.dumps(body)) == body


def test_what_is_not_known_is_absent() -> None:
    """A reader never takes an empty value for an answer; no and nought are answers."""
    body = native.of_alert(alert(hash=replace(RUNNING, ssdeep=None), evidence=None))
    assert body["hash"] == {"sha256": RUNNING.sha256}
    assert "evidence" not in body
    assert "shortfall" not in body
    assert body["suppressed"] == 0


def test_a_shortfall_has_its_counts() -> None:
    """Counts by reason are an object, which can be searched."""
    said = native.of_alert(shortfall(Phase.END))["shortfall"]
    assert said == {"cause": "hashing", "phase": "end", "counts": {"timeout": 3}, "began_ms": NOW_MS - 5}


def test_bytes_that_are_no_text_are_shown() -> None:
    r"""What is not UTF-8 becomes \xNN, wherever it is; what is merely ugly stays what it was."""
    body = native.of_alert(alert(message="a\udcffb\x1b", recheck=("\ud800",)))
    assert body["message"] == "a\\xffb\x1b"
    assert body["recheck"] == ["\\ud800"]
    seen = observation(name="\udcfe", executable_path="/\udcfd", command_line=("\udcfc",), cwd="/\udcfb")
    event = native.of_event(events(seen, seen)[2], id=ID, machine=MACHINE)
    json.dumps(event, ensure_ascii=False).encode()
    assert event["process"]["executable"] == "/\\xfd"


def test_a_start() -> None:
    """A start says who, what, since when, by whom, and what is suspicious about it."""
    body = event_body(0)
    assert (body["kind"], body["stream"], body["severity"], body["boot_id"]) == (
        "process.started",
        "events",
        "info",
        BOOT,
    )
    assert body["message"] == "httpd (pid 4242) started: /usr/sbin/httpd"
    assert body["process"] | {"file": 0, "credentials": 0} == {
        "pid": 4242,
        "entity_id": "e" * 32,
        "start_ticks": 95_000,
        "start_ms": 1_799_999_950_000,
        "user": "33",
        "kernel_thread": False,
        "name": "httpd",
        "executable": "/usr/sbin/httpd",
        "command_line": ["httpd", "-DFOREGROUND"],
        "on_disk": "present",
        "file": 0,
        "parent_pid": 1,
        "session": 4242,
        "process_group": 4242,
        "working_directory": "/",
        "root": "/",
        "credentials": 0,
    }
    assert body["suspicions"] == ["deleted_image"]
    assert body["monotonic_ns"] == 12_500_000_000
    assert "hash" not in body


def test_an_end() -> None:
    """An end says how long it ran, and how sure that is."""
    body = event_body(1)
    assert (body["kind"], body["run_time_s"], body["run_time_error_s"]) == ("process.exited", 50.2, 5.0)


def test_an_exec() -> None:
    """A process that executed something else says what it was before."""
    body = event_body(2)
    assert body["kind"] == "process.exec"
    assert (body["before"]["name"], body["before"]["command_line"]) == ("sh", ["sh", "x"])
    assert "session" not in body["before"]


def test_a_change() -> None:
    """A process that changed itself says what of it, and what it was before."""
    body = event_body(3)
    assert (body["kind"], body["fields"]) == ("process.modified", ["credentials"])
    assert body["before"]["credentials"]["ruid"] == 33


def test_what_was_not_read_is_absent() -> None:
    """A zero that stands for 'could not be read' is not told."""
    seen = observation(unread=(("ppid", "gone"), ("session", "timeout")), credentials=None, executable_path=None)
    body = native.of_event(events(seen, seen)[0], id=ID, machine=MACHINE)
    assert body["message"] == "httpd (pid 4242) started"
    assert not {"parent_pid", "session", "user", "executable"} & body["process"].keys()
    assert body["process"]["process_group"] == 4242


def test_a_digest_and_a_container_are_told_when_known() -> None:
    """What ran is named by its content and its container, once these are known."""
    seen = observation(linux=LinuxMetadata(container=Container(container_id="c0ffee")))
    body = native.of_event(events(seen, seen)[0], id=ID, machine=MACHINE, hash=RUNNING)
    assert body["hash"] == {"sha256": "a" * 64, "ssdeep": RUNNING.ssdeep}
    assert body["process"]["container"] == {"container_id": "c0ffee"}


def test_only_nouns_are_taken() -> None:
    """Something that is no noun of the model is a mistake of ours, and is not written as if it were one."""
    with pytest.raises(TypeError):
        native.plain(object())
    assert native.plain(ORIGIN) == {"version": "1.2.3", "host_name": "web-1", "host_id": ORIGIN.host_id}
