"""Whatever a host contains, what leaves the agent is well-formed, bounded, and says when something is missing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemoneye.outputs import json_text
from daemoneye.outputs.exposition import Family, Kind, Sample, render
from daemoneye.outputs.formats import LONGEST_LINE, SHORTEST_LIMIT, Format, line, sequence_of
from daemoneye.outputs.origin import Origin
from daemoneye.outputs.relp import Acked, Closed, RelpSession
from daemoneye.outputs.relp_frames import LONGEST_ANSWER, Frame
from daemoneye.outputs.syslog import SHORTEST_MESSAGE, Syslog
from daemoneye.outputs.tail import Foreign, mend
from tests.fakes.outgoing import BODIES, ID, ORIGIN, TEXT
from tests.fakes.schemas import ecs_faults, ocsf_faults

if TYPE_CHECKING:
    from daemoneye.outputs.native import Json

SEQUENCE = 2**63 - 1
few = settings(max_examples=60)  # each is a host full of long names
WIDE = Origin(version="1" * 20, host_name="w" * 64, host_id="f" * 36)


@few
@given(BODIES, st.sampled_from(Format))
def test_a_record_is_one_line_of_safe_json(body: Json, form: Format) -> None:
    """A line never holds a line feed, an escape sequence or half a character, and every parser can read it."""
    written = line(body, sequence=SEQUENCE, origin=ORIGIN, format=form)
    assert written.decode().isprintable()
    assert isinstance(json.loads(written), dict)
    assert len(written) <= LONGEST_LINE
    assert sequence_of(written) == SEQUENCE


@few
@given(BODIES)
def test_ecs_documents_have_official_fields_only(body: Json) -> None:
    """Elasticsearch finds no field in an ECS document that the schema does not have, and none of another type."""
    assert not ecs_faults(json.loads(line(body, sequence=1, origin=ORIGIN, format=Format.ECS)))


@few
@given(BODIES)
def test_ocsf_events_are_valid(body: Json) -> None:
    """An OCSF event has the attributes its class requires, and none that do not exist."""
    assert not ocsf_faults(json.loads(line(body, sequence=1, origin=ORIGIN, format=Format.OCSF)))


@few
@given(BODIES, st.sampled_from(Format), st.integers(SHORTEST_LIMIT, 9000))
def test_a_record_fits_and_says_what_it_lost(body: Json, form: Format, limit: int) -> None:
    """A bounded record keeps its identity, and one that is not whole says how long it was."""
    whole = line(body, sequence=SEQUENCE, origin=WIDE, format=form)
    written = line(body, sequence=SEQUENCE, origin=WIDE, format=form, limit=limit)
    assert len(written) <= limit
    assert ID.encode() in written
    assert sequence_of(written) == SEQUENCE
    assert (written == whole) == (len(whole) <= limit)
    if written != whole:
        assert _truncated(json.loads(written)) == len(whole)


def _truncated(document: Any) -> int:
    found: int = (document.get("daemoneye") or document.get("unmapped") or document)["truncated"]
    return found


@few
@given(BODIES, st.integers(SHORTEST_LIMIT, 9000))
def test_shortened_records_are_still_valid(body: Json, limit: int) -> None:
    """Cutting a record never makes it one that the schemas do not know."""
    assert not ecs_faults(json.loads(line(body, sequence=1, origin=WIDE, format=Format.ECS, limit=limit)))
    assert not ocsf_faults(json.loads(line(body, sequence=1, origin=WIDE, format=Format.OCSF, limit=limit)))


@few
@given(BODIES, st.sampled_from(Format), st.integers(SHORTEST_MESSAGE, 9000))
def test_a_syslog_message_fits(body: Json, form: Format, limit: int) -> None:
    """A receiver with a limit gets no message beyond it, and no byte that could end one early."""
    syslog = Syslog(origin=WIDE, format=form, limit=limit)
    for message in (syslog.message(body, SEQUENCE), syslog.local(body, SEQUENCE)):
        assert len(message) <= limit
        assert message.decode().isprintable()


@given(st.recursive(TEXT | st.integers() | st.booleans() | st.none(), lambda each: st.lists(each, max_size=3)))
def test_json_text_says_the_same(value: Any) -> None:
    """What was escaped for the eye is what it was to a parser; only what UTF-8 cannot carry is shown instead."""
    said = json.loads(json_text.encode(value))
    assert json_text.encode(said) == json_text.encode(value)
    if "\\ud" not in json.dumps(value):
        assert said == value


@given(st.lists(st.sampled_from([b'{"a":1}', b'{"b":"x y"}']), max_size=5), st.integers(0, 60), st.integers(0, 9))
def test_a_crash_costs_no_whole_line(lines: list[bytes], length: int, zeros: int) -> None:
    """Wherever a file of lines was cut off, what is kept are its whole lines, all of them."""
    content = b"".join(line + b"\n" for line in lines)[:length]
    tail = mend(content + b"\0" * zeros)
    kept = content[: tail.keep] + b"\n" * tail.lacks_line_feed
    assert kept.count(b"\n") == sum(len(b"\n".join(lines[: n + 1])) <= len(content) for n in range(len(lines)))
    assert all(json.loads(line) for line in kept.splitlines())


@given(st.binary(max_size=50))
def test_the_end_of_a_foreign_file_is_not_touched(content: bytes) -> None:
    """A file that somebody else wrote loses nothing but zeros at its very end and the start of a JSON line."""
    try:
        tail = mend(content)
    except Foreign:
        return
    gone = content[tail.keep :].rstrip(b"\0")
    assert not gone or gone.startswith(b"{")


def _opened(window: int = 8) -> RelpSession:
    session = RelpSession(window=window)
    session.open()
    session.receive_data(Frame(1, b"rsp", b"200 OK\ncommands=syslog").to_bytes())
    return session


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_garbage_acknowledges_nothing(chunks: list[bytes]) -> None:
    """A receiver that sends nonsense is left, and everything that was on its way is known to be."""
    session = _opened()
    session.send("a", b"x")
    events = [event for chunk in chunks for event in session.receive_data(chunk)]
    told = {event.id for event in events if not isinstance(event, Closed)}  # type: ignore[union-attr]
    ends = [event for event in events if isinstance(event, Closed)]
    assert len(ends) <= 1
    assert session.closed == bool(ends)
    assert told | set(session.unacknowledged) == {"a"}
    assert len(session._reader._held) <= LONGEST_ANSWER + 100


@given(st.permutations([2, 3, 4, 5]), st.data())
def test_acknowledgements_come_in_any_order_and_pieces(order: list[int], data: st.DataObject) -> None:
    """However the network cuts the answers, each is heard once."""
    session = _opened()
    for number in range(4):
        session.send(str(number), b"message %d" % number)
    answers = b"".join(Frame(number, b"rsp", b"200 OK").to_bytes() for number in order)
    heard = []
    while answers:
        size = data.draw(st.integers(1, len(answers)))
        heard += session.receive_data(answers[:size])
        answers = answers[size:]
    assert heard == [Acked(str(number - 2)) for number in order]
    assert session.unacknowledged == ()


@pytest.mark.parametrize("end", range(1, 40))
def test_closing_at_every_byte(end: int) -> None:
    """A connection that ends within an answer acknowledges only what was answered before."""
    session = _opened()
    for number in range(3):
        session.send(str(number), b"x")
    answers = b"".join(Frame(number, b"rsp", b"200 OK").to_bytes() for number in (2, 3, 4))[:end]
    events = [*session.receive_data(answers), *session.receive_data(b"")]
    acked = [event.id for event in events if isinstance(event, Acked)]
    assert acked == ["0", "1", "2"][: answers.count(b"\n")]
    assert events[-1] == Closed("the receiver closed the connection", ("0", "1", "2")[len(acked) :])


@given(st.lists(st.tuples(TEXT, st.floats() | st.integers(-(2**70), 2**70)), max_size=4, unique_by=lambda one: one[0]))
def test_metrics_are_what_a_parser_reads(told: list[tuple[str, float]]) -> None:
    """Prometheus reads any label and any number back."""
    from prometheus_client.parser import text_string_to_metric_families as parsed  # noqa: PLC0415 - slow to load

    family = Family("daemoneye_x", Kind.GAUGE, 'A "help"\nwith \\', tuple(Sample(v, (("l", n),)) for n, v in told))
    found = [sample for each in parsed(render([family])) for sample in each.samples]
    assert [str(sample.value + 0.0) for sample in found] == [str(float(value) + 0.0) for _, value in told]
    assert all(sample.labels["l"].isprintable() for sample in found)
