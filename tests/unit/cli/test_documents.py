"""Entries as documents."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemoneye.cli.documents import as_line, native, number_at, text_at, texts_at
from daemoneye.cli.listing import ALERTS, EVENTS, headings, row, when
from daemoneye.model.lookup import RecordedEntry
from daemoneye.outputs import native as record
from tests.fakes.outgoing import BOOT, ID, MACHINE, NOW_MS, ORIGIN, alert, events, observation

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["process", "ancestors", "pid", "hash", "kind", "evidence", "name", "command_line", "before", "wall_ms"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def recorded(body: dict[str, Any] | str, **columns: Any) -> RecordedEntry:
    said: dict[str, Any] = {
        "stream": "events",
        "sequence": 7,
        "id": ID,
        "severity": 10,
        "kind": "process.started",
        "wall_ms": NOW_MS,
        "monotonic_ns": 5,
        "boot_id": BOOT,
        "body": body if isinstance(body, str) else json.dumps(body),
        "pid": 4242,
        "name": "httpd",
    }
    return RecordedEntry(**(said | columns))


def an_alert() -> RecordedEntry:
    return recorded(record.of_alert(alert()), stream="alerts", severity=70, kind="integrity.disk_mismatch")


def a_start() -> RecordedEntry:
    started = events(observation(), observation())[0]
    return recorded(record.of_event(started, id=ID, machine=MACHINE))


def test_an_alert_has_the_fields_of_the_contract() -> None:
    """What reads alerts.jsonl reads this."""
    document = json.loads(as_line(an_alert(), "ecs", ORIGIN))
    assert document["@timestamp"].endswith("Z")
    assert (document["event"]["id"], document["event"]["sequence"], document["event"]["severity"]) == (ID, 7, 70)
    assert document["rule"]["id"] == "integrity.disk_mismatch"
    assert document["process"]["pid"] == 4242
    assert document["process"]["hash"]["sha256"] == "a" * 64
    assert document["daemoneye"]["severity"] == "high"


def test_an_event_says_who_started_what() -> None:
    """In the same schema."""
    document = json.loads(as_line(a_start(), "ecs", ORIGIN))
    assert (document["event"]["action"], document["event"]["sequence"]) == ("process.started", 7)
    assert document["process"]["parent"]["pid"] == 1
    assert document["host"]["hostname"] == ORIGIN.host_name


@pytest.mark.parametrize("form", ["ecs", "ocsf", "native"])
def test_every_schema_has_the_number_and_the_id(form: str) -> None:
    """Whichever a receiver prefers."""
    for entry in (an_alert(), a_start()):
        line = as_line(entry, form, ORIGIN)
        assert ID in line
        assert "\n" not in line
        assert '"sequence":7' in line


def test_what_the_journal_says_of_itself_is_shown_whole() -> None:
    """Its own words do not stand where those of the columns stand."""
    said = {"stream": "alerts", "reason": "size", "spans": [[1, 7]]}
    document = json.loads(as_line(recorded(said, kind="journal.tombstone", pid=None, name=None), "ecs", ORIGIN))
    assert document["daemoneye"]["details"] == said
    assert document["event"]["action"] == "journal.tombstone"


def test_the_columns_have_the_last_word() -> None:
    """They are proven, and a body may say anything."""
    entry = recorded({"schema": 1, "id": "other", "kind": "x", "severity": "critical", "wall_ms": "never"})
    said = native(entry)
    assert (said["id"], said["kind"], said["severity"], said["wall_ms"]) == (ID, "process.started", "info", NOW_MS)


@pytest.mark.parametrize("body", ["", "{", "[1]", "7", "null", "[" * 100_000, '{"schema":1,"process":7,"evidence":[]}'])
@pytest.mark.parametrize("form", ["ecs", "ocsf", "native"])
def test_a_body_that_is_no_record_is_shown_as_it_is(body: str, form: str) -> None:
    """A file of somebody else's making ends in no error."""
    line = as_line(recorded(body), form, ORIGIN)
    assert ID in json.dumps(json.loads(line))


@given(JSON)
def test_no_body_is_an_error(body: Any) -> None:
    """Neither as a document nor as a line."""
    entry = recorded(json.dumps({"schema": 1} | body if isinstance(body, dict) else body))
    assert json.loads(as_line(entry, "ecs", ORIGIN))
    assert row(entry, EVENTS, None).plain.isprintable()
    assert row(entry, ALERTS, NOW_MS).plain.isprintable()


def test_values_are_found_or_not_there() -> None:
    """Nothing is taken for what it is not."""
    document = {
        "a": {"b": "x", "n": 3, "no": True, "l": ["p", 1, "q"]},
        "list": [{"name": "first"}, {"name": "second"}],
    }
    assert (text_at(document, "a", "b"), text_at(document, "a", "n"), text_at(document, "x")) == ("x", None, None)
    assert (number_at(document, "a", "n"), number_at(document, "a", "no")) == (3, None)
    assert (texts_at(document, "a", "l"), texts_at(document, "a")) == (["p", "q"], [])
    assert text_at(document, "list", "name") == "first"
    assert text_at({"list": []}, "list", "name") is None


# -- lines


def test_a_line_tells_an_alert() -> None:
    """When, how bad, by which rule, which process, and why."""
    line = row(an_alert(), ALERTS, None).plain
    assert line.startswith("2027-01-15T08:00:00.123Z  high      integrity.disk_mismatch")
    assert "4242  The program that process 4242 runs is not the one on disk." in line


def test_a_line_tells_an_event() -> None:
    """What ran, started by whom, when, with what digest."""
    entry = a_start()
    line = row(recorded(entry.body, sha256="ab" * 32), EVENTS, None).plain
    assert line.split()[:6] == ["2027-01-15T08:00:00.123Z", "started", "4242", "1", "init", "abababababab"]
    assert "httpd" in line


def test_columns_stand_under_their_headings() -> None:
    """Also where a time is told as how long ago."""
    for now_ms in (None, NOW_MS + 60_000):
        heads = headings(EVENTS, ago=now_ms is not None).plain
        line = row(a_start(), EVENTS, now_ms).plain
        assert line[heads.index("EVENT") :].startswith("started")
        assert line[: heads.index("PID") + 3].endswith("4242")


def test_nothing_of_a_host_reaches_the_terminal_as_it_is() -> None:
    """Names and arguments are what somebody chose who started a process."""
    body = {
        "schema": 1,
        "message": "\x1b[2J",
        "process": {"command_line": ["\x1b]0;x\x07", "\u202e"]},
        "ancestors": [{"name": "\x9b"}],
    }
    for table in (ALERTS, EVENTS):
        assert row(recorded(body, kind="\x1b", sha256="\x1b", name="\x1b"), table, None).plain.isprintable()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"process": {"command_line": ["ls", "-l"]}}, "ls -l"),
        ({"process": {"command_line": ["", " "]}}, "[httpd]"),
        ({}, "[httpd]"),
        ({"run_time_s": 61.2, "process": {"command_line": ["ls"]}}, "(after 1m 1s) ls"),
        ({"suspicions": ["deleted_image"], "process": {"command_line": ["x"]}}, "(deleted image) x"),
    ],
)
def test_what_is_remarkable_stands_before_the_command(said: dict[str, Any], shown: str) -> None:
    """A name in brackets has no command line."""
    assert row(recorded({"schema": 1} | said), EVENTS, None).plain.endswith(f"  {shown}")


def test_a_time_is_told_for_people_or_for_programs() -> None:
    """One that is still to come is never so long ago."""
    assert when(NOW_MS, NOW_MS + 125_000) == "2m 5s ago"
    assert when(NOW_MS, None) == "2027-01-15T08:00:00.123Z"
    assert when(NOW_MS, NOW_MS - 1) == "2027-01-15T08:00:00.123Z"
    assert when(10**18, None) == "-"
