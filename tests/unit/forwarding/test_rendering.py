"""An entry of the journal as a message."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemoneye.forwarding.rendering import AsLine, AsSyslog, Unfit, record_of
from daemoneye.model.alert import Severity
from daemoneye.model.record import Entry, Moment, Stream
from daemoneye.outputs.syslog import Syslog
from tests.fakes.fleet import entry
from tests.fakes.outgoing import ORIGIN

AS_LINE = AsLine(ORIGIN, 4096)
AS_SYSLOG = AsSyslog(Syslog(origin=ORIGIN))


def own(body: bytes) -> Entry:
    return Entry(
        id="0192f0c1-2b3c-7d4e-8f50-000000000001",
        stream=Stream.EVENTS,
        severity=Severity.HIGH,
        kind="journal.tombstone",
        occurred=Moment(wall_ms=1_800_000_000_123, monotonic_ns=7, boot_id="boot"),
        body=body,
    )


@pytest.mark.parametrize("stream", Stream)
def test_a_record_is_sent_as_the_file_of_lines_would_have_it(stream: Stream) -> None:
    """The same fields, under the same id and sequence."""
    given_entry = entry(stream, 7)
    document = json.loads(AS_LINE(given_entry, 7))
    assert (document["event"]["id"], document["event"]["sequence"]) == (given_entry.id, 7)
    assert b'sequence="7"' in AS_SYSLOG(given_entry, 7)
    assert given_entry.id.encode() in AS_SYSLOG(given_entry, 7)


def test_what_the_journal_says_of_itself_is_sent_too() -> None:
    """A receiver learns which records it will never get."""
    document = json.loads(AS_LINE(own(b'{"ranges":[[1,40]],"reason":"size"}'), 9))
    assert document["event"]["action"] == "journal.tombstone"
    assert document["event"]["severity"] == 70
    assert document["@timestamp"] == "2027-01-15T08:00:00.123Z"
    assert document["daemoneye"]["journal"] == {"ranges": [[1, 40]], "reason": "size"}


BODIES = st.binary(max_size=40) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "stream", "kind", "severity", "wall_ms", "process", "x"]), inner)
    ),
).map(json.dumps).map(str.encode)


@given(BODIES)
def test_a_body_that_is_none_is_unfit_or_sent_and_nothing_else(body: bytes) -> None:
    """One bad record never ends the process that sends the others."""
    for render in (AS_LINE, AS_SYSLOG):
        with suppress(Unfit):
            assert render(own(body), 1)


def test_a_long_record_is_cut_to_what_the_receiver_takes() -> None:
    """And says so; its id stays."""
    said = json.loads(entry(Stream.EVENTS, 1).body) | {"message": "x" * 100_000}
    long = entry(Stream.EVENTS, 1, json.dumps(said).encode())
    line = AS_LINE(long, 1)
    assert len(line) <= 4096
    assert json.loads(line)["event"]["id"] == long.id
    assert json.loads(line)["daemoneye"]["truncated"] > 100_000
    assert record_of(long)["id"] == long.id
