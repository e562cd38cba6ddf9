from __future__ import annotations

import json

import pytest

from daemoneye.outputs import native
from daemoneye.outputs.fitting import fit
from daemoneye.outputs.formats import SHORTEST_LIMIT, Format, kept, line, sequence_of
from tests.fakes.outgoing import ID, MACHINE, ORIGIN, PLAIN_EVENTS, alert

BODY = native.of_alert(alert())


def test_native_lines_have_our_names() -> None:
    """The native format is the record itself, with its place in the stream and where it comes from."""
    said = json.loads(line(BODY, sequence=9, origin=ORIGIN, format=Format.NATIVE))
    assert said["sequence"] == 9
    assert said["agent"] == {"version": "1.2.3", "host_name": "web-1", "host_id": ORIGIN.host_id}
    assert said["time"] == "2027-01-15T08:00:00.123Z"
    assert {name: said[name] for name in BODY} == BODY


@pytest.mark.parametrize("form", Format)
def test_the_way_back_to_the_sequence(form: Format) -> None:
    """A line tells where in the stream it stands, so that a writer can go on after it."""
    for body in (BODY, native.of_event(PLAIN_EVENTS[1], id=ID, machine=MACHINE)):
        assert sequence_of(line(body, sequence=77, origin=ORIGIN, format=form)) == 77


@pytest.mark.parametrize(
    "written", [b"", b"{", b"[]", b'{"event":7}', b'{"sequence":true}', b'{"sequence":"7"}', b"\xff"]
)
def test_lines_without_a_sequence(written: bytes) -> None:
    """A line of somebody else stands nowhere."""
    assert sequence_of(written) is None


@pytest.mark.parametrize("form", Format)
def test_a_long_argument_is_cut_first(form: Format) -> None:
    """When a record is too long, long texts are cut and say by how much; the rest of the evidence stays."""
    process = native.of_alert(alert())["process"] | {"command_line": ["java", "-cp", "x" * 20_000, "Main"]}
    said = line(BODY | {"process": process}, sequence=1, origin=ORIGIN, format=form, limit=8192).decode()
    assert len(said) <= 8192
    assert "…truncated 189" in said
    assert '"similarity":38' in said


def test_many_arguments_are_counted() -> None:
    """Entries that were left out of a list are counted at its end."""
    process = BODY["process"] | {"command_line": [str(number) for number in range(3000)]}
    said = json.loads(line(BODY | {"process": process}, sequence=1, origin=ORIGIN, format=Format.ECS, limit=8192))
    assert said["process"]["args"][-1] == "…truncated 2936 entries"
    assert said["process"]["args_count"] == 3000


@pytest.mark.parametrize(("limit", "left"), [(9000, 64), (1000, 16), (400, 8)])
def test_entries_are_counted_however_often_a_list_is_cut(limit: int, left: int) -> None:
    """The number at the end of a list is that of all its entries that are missing."""
    written = json.loads(fit({"x": ["y" * 25] * 5000}, limit, mark=("cut",), expendable=()))["x"]
    assert written == ["y" * 25] * left + [f"…truncated {5000 - left} entries"]


def test_what_was_cut_before_is_counted_on() -> None:
    """A text that the collector had cut already says how much is missing of what there was."""
    document = fit({"x": "a" * 2000 + "…truncated 500 bytes"}, 1500, mark=("cut",), expendable=())
    assert json.loads(document) == {"x": "a" * 1024 + "…truncated 1476 bytes", "cut": 2030}


def test_digests_stay_whole() -> None:
    """Half a digest is good for nothing: it is there, or it is not."""
    said = json.loads(line(BODY, sequence=1, origin=ORIGIN, format=Format.ECS, limit=1200))
    assert said["process"]["hash"] == {"sha256": "a" * 64, "ssdeep": BODY["hash"]["ssdeep"]}
    assert said["daemoneye"]["truncated"] == len(line(BODY, sequence=1, origin=ORIGIN, format=Format.ECS))


def test_an_impossible_limit_is_a_mistake() -> None:
    """A limit that not even the identity of a record fits into is refused, not exceeded."""
    with pytest.raises(ValueError, match="100 bytes: too few"):
        line(BODY, sequence=1, origin=ORIGIN, format=Format.ECS, limit=100)
    assert line(BODY, sequence=1, origin=ORIGIN, format=Format.ECS, limit=SHORTEST_LIMIT)


def test_no_field_is_lost_for_short_records() -> None:
    """A record that fits carries no mark of truncation."""
    for form in Format:
        assert b"truncated" not in line(BODY, sequence=1, origin=ORIGIN, format=form)


def test_the_journal_gets_the_record_itself() -> None:
    """What the journal keeps gives back the record, from which every format can be made again."""
    assert json.loads(kept(BODY, 256 * 1024)) == BODY


@pytest.mark.parametrize("form", Format)
def test_what_was_cut_for_the_journal_stays_marked(form: Format) -> None:
    """A record that was too long for the journal says so in every format, and with its first length."""
    process = BODY["process"] | {"command_line": ["\x1b" * 4096] * 8}
    body = json.loads(kept(BODY | {"process": process}, 16 * 1024))
    assert body["truncated"] > 8 * 6 * 4096
    for limit in (64 * 1024, 1500):
        written = line(body, sequence=1, origin=ORIGIN, format=form, limit=limit)
        assert b'"truncated":%d' % body["truncated"] in written
