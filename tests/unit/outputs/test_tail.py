from __future__ import annotations

import pytest

from daemoneye.outputs.tail import Foreign, Tail, is_record, last_record, mend


@pytest.mark.parametrize(
    ("end", "tail"),
    [
        (b"", Tail(0)),
        (b'{"a":1}\n', Tail(8)),
        (b'{"a":1}\n{"b"', Tail(8)),
        (b'{"a":1}\n{"b":2}', Tail(15, lacks_line_feed=True)),
        (b'{"a":1}\n\0\0', Tail(8)),
        (b'{"a":1}\n{"b\0\0', Tail(8)),
        (b'{"a":1}\0\0', Tail(7, lacks_line_feed=True)),
        (b"\0\0", Tail(0)),
        (b"foreign\n", Tail(8)),
    ],
)
def test_what_is_kept(end: bytes, tail: Tail) -> None:
    """Whole lines are kept, half a line and zeros are not."""
    assert mend(end) == tail


@pytest.mark.parametrize("end", [b"foreign", b'{"a":1}\nforeign', b"[1]", b"\xff"])
def test_what_is_not_ours(end: bytes) -> None:
    """An end that is not the beginning of a record is somebody else's."""
    with pytest.raises(Foreign):
        mend(end)


def test_the_last_record() -> None:
    """Lines that are no records do not hide the one before."""
    assert last_record(b'half"}\n{"a":1}\nnoise\n\n') == b'{"a":1}'
    assert last_record(b"noise\n") is None


@pytest.mark.parametrize("line", [b"", b"1", b"[]", b"{", b"[" * 100_000, b"\xff", b'"x"'])
def test_what_is_no_record(line: bytes) -> None:
    """Only an object is a record, and nothing that is given makes the check fail."""
    assert not is_record(line)
