from __future__ import annotations

import os
from typing import TYPE_CHECKING

from daemoneye.host.procfs.environment import read_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

NAMES = frozenset({b"LD_PRELOAD", b"TOKEN"})


def read(
    place: Path, raw: bytes, mask: Callable[[Sequence[str]], tuple[str, ...]] = tuple
) -> tuple[tuple[str, str], ...]:
    (place / "environ").write_bytes(raw)
    directory = os.open(place, os.O_PATH)
    try:
        return read_environment(directory, NAMES, mask)
    finally:
        os.close(directory)


def test_only_what_was_asked_for(tmp_path: Path) -> None:
    """Nothing but the listed variables leaves the environment, whatever their neighbours look like."""
    raw = b"PATH=/bin\0LD_PRELOAD=/srv/a.so b=c\0LD_PRELOADED=no\0X=LD_PRELOAD=no\0junk\0\0"
    assert read(tmp_path, raw) == (("LD_PRELOAD", "/srv/a.so b=c"),)


def test_a_variable_given_twice_shows_twice(tmp_path: Path) -> None:
    """Which of two the loader takes is its business; both are shown."""
    assert read(tmp_path, b"TOKEN=1\0TOKEN=2\0") == (("TOKEN", "1"), ("TOKEN", "2"))


def test_values_are_masked(tmp_path: Path) -> None:
    """A secret in a listed variable is masked like one on a command line."""

    def mask(arguments: Sequence[str]) -> tuple[str, ...]:
        assert arguments == ("env", "TOKEN=secret")
        return ("env", "TOKEN=***")

    assert read(tmp_path, b"TOKEN=secret\0", mask) == (("TOKEN", "***"),)


def test_a_variable_behind_a_flood_is_found(tmp_path: Path) -> None:
    """Megabytes of other variables do not hide one, and do not come along."""
    raw = b"A=" + b"x" * 3_000_000 + b"\0LD_PRELOAD=y\0" + b"B=1\0" * 100_000
    assert read(tmp_path, raw) == (("LD_PRELOAD", "y"),)


def test_long_values_and_many_of_them_are_cut(tmp_path: Path) -> None:
    """A value is kept up to 4,096 bytes, with the count of the rest; a name up to 64 times."""
    [(_, value)] = read(tmp_path, b"TOKEN=" + b"x" * 200_000)
    assert value.endswith("x…truncated 195910 bytes")
    assert len(value.partition("…")[0]) == 4090
    assert len(read(tmp_path, b"TOKEN=1\0" * 1000)) == 64


def test_bytes_that_are_not_utf8_are_escaped(tmp_path: Path) -> None:
    """A value may hold any bytes."""
    assert read(tmp_path, b"TOKEN=\xff") == (("TOKEN", "\\xff"),)
