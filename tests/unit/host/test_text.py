"""Bytes of the machine as text."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from daemoneye.host.text import decode, from_surrogates


@given(st.binary())
def test_both_readers_show_the_same_bytes_alike(raw: bytes) -> None:
    """Whether a name came as bytes or through Python's file names, it reads the same."""
    assert from_surrogates(raw.decode("utf-8", "surrogateescape")) == decode(raw)


@given(st.text(st.characters(exclude_categories=[])))
def test_every_text_can_be_written_as_utf8(text: str) -> None:
    """Nothing a process calls itself can break a report."""
    from_surrogates(text).encode("utf-8")


@given(st.text())
def test_proper_text_stays_what_it_is(text: str) -> None:
    """Newlines, controls and all scripts of the world included."""
    assert from_surrogates(text) == text == decode(text.encode())


def test_the_file_system_agrees() -> None:
    r"""A byte that is not UTF-8 is shown as \xNN."""
    assert from_surrogates(os.fsdecode(b"/srv/caf\xe9")) == r"/srv/caf\xe9"
