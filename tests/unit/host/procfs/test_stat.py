from __future__ import annotations

import pytest

from daemoneye.host.procfs.stat import parse_stat
from tests.fakes.procfs import KERNEL_THREAD, stat_line


def test_reads_the_fields_of_the_sample() -> None:
    """Every number of a sample is the one proc(5) puts at that place."""
    sample = parse_stat(stat_line(42, tty=34816), pid=42, uid=7, page_size=4096)
    assert sample.key == (42, 100)
    assert (sample.ppid, sample.comm, sample.state, sample.uid) == (1, "sleep", "sleeping", 7)
    assert (sample.cpu_ticks, sample.rss_bytes, sample.threads) == (7, 25 * 4096, 1)
    assert (sample.process_group, sample.session, sample.tty_number) == (42, 42, 34816)
    assert not sample.kernel_thread
    assert len(sample.image_mark) == 4


@pytest.mark.parametrize(
    ("comm", "shown"),
    [
        (b"a) S 1 (b", "a) S 1 (b"),
        (b") R 9 9 9", ") R 9 9 9"),
        (b"two\nlines", "two\nlines"),
        (b"tab\there", "tab\there"),
        (b"", ""),
        (b"\xff\xfe", "\\xff\\xfe"),
        (b"\xc3\xa9", "é"),
    ],
)
def test_a_name_may_hold_anything(comm: bytes, shown: str) -> None:
    """A process cannot choose a name that makes us misread its other fields."""
    sample = parse_stat(stat_line(5, comm=comm, ppid=77), pid=5, uid=0, page_size=1)
    assert (sample.comm, sample.ppid) == (shown, 77)


@pytest.mark.parametrize(
    ("letter", "word"),
    [(b"R", "running"), (b"D", "disk_sleep"), (b"T", "stopped"), (b"t", "traced"), (b"Z", "zombie"), (b"?", "unknown")],
)
def test_states_are_words(letter: bytes, word: str) -> None:
    """The state is told in words, and an unheard-of one is unknown."""
    assert parse_stat(stat_line(5, state=letter), pid=5, uid=0, page_size=1).state == word


def test_a_kernel_thread_is_marked() -> None:
    """What runs no program is told apart from a program that is missing."""
    assert parse_stat(stat_line(5, flags=KERNEL_THREAD, image=0), pid=5, uid=0, page_size=1).kernel_thread


def test_the_mark_changes_with_the_image() -> None:
    """An exec of another image shows; a hidden image has no mark rather than a false one."""
    marks = [parse_stat(stat_line(5, image=at), pid=5, uid=0, page_size=1).image_mark for at in (0x1000, 0x2000, 0)]
    assert marks[0] != marks[1]
    assert marks[2] == ()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"5",
        b"5 (sleep",
        b"5 (sleep)",
        stat_line(6),
        stat_line(5)[:80],
        stat_line(5).replace(b"100", b"1_0"),
        stat_line(5).replace(b" 100 ", b" -1 "),
        stat_line(5, start_ticks=2**63),
        stat_line(5, rss_pages=2**64),
        stat_line(5).replace(b"20480", b"2048O"),
        b"\0" * 500,
    ],
)
def test_nonsense_is_refused(raw: bytes) -> None:
    """Half a line, or a line about another process, identifies nothing."""
    with pytest.raises(ValueError):
        parse_stat(raw, pid=5, uid=0, page_size=4096)
