"""Settings files on their way from who may read them to who understands them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemoneye.settings import parcel
from daemoneye.settings.files import Source
from daemoneye.settings.parcel import UnreadableError, pack, unpack

if TYPE_CHECKING:
    from pathlib import Path

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.just("/etc/\udcff.yaml")


@given(st.lists(st.builds(Source, NAMES, st.binary(max_size=50)), max_size=4))
def test_files_arrive_as_they_were_read(sources: list[Source]) -> None:
    """Names that are no text and bytes that look like our own marks included."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(parcel, "gather", lambda _: tuple(sources))
        assert unpack(pack(None)) == tuple(sources)


def test_a_real_file_goes_the_same_way(tmp_path: Path) -> None:
    """Byte for byte."""
    path = tmp_path / "a.yaml"
    path.write_bytes(b"user: \xff,5:\n")
    assert unpack(pack(path))[-1] == Source(str(path), b"user: \xff,5:\n")


def test_what_could_not_be_read_is_told_at_the_other_end(tmp_path: Path) -> None:
    """Which file, and why."""
    with pytest.raises(UnreadableError, match="yaml: no such file"):
        unpack(pack(tmp_path / "missing.yaml"))


@given(st.binary(max_size=60))
def test_damage_is_noticed_and_nothing_else_happens(junk: bytes) -> None:
    """Whatever arrives: sources, or a line that says that it was damaged."""
    try:
        sources = unpack(junk)
    except UnreadableError:
        return
    assert all(isinstance(each, Source) for each in sources)


@pytest.mark.parametrize("damaged", [b"", b"0:,1:a,", b"0:,5:abc,", b"0:,x", b"0:", b"0:,01:a,", b"0:,9999999999:,"])
def test_a_parcel_that_was_cut_is_refused(damaged: bytes) -> None:
    """It says that the main process and this one do not fit together."""
    with pytest.raises(UnreadableError, match="damaged on their way"):
        unpack(damaged)
