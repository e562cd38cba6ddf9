"""A cell is short, aligned, and says '-' where nothing is known."""

from __future__ import annotations

import pytest

from daemoneye.cli import cells
from daemoneye.model.process import HashStatus, OnDisk, ProcessRecord


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (None, "-"),
        (0, "0B"),
        (999, "999B"),
        (1000, "1.0K"),
        (4096, "4.0K"),
        (12_345_678, "11.8M"),
        (500 * 2**20, "500M"),
        (1023 * 2**20, "1.0G"),
        (2**64 - 1, "16.0E"),
    ],
)
def test_a_size_has_at_most_three_digits(count: int | None, shown: str) -> None:
    """Columns stay aligned from an idle shell to a database."""
    assert cells.size(count) == shown


def test_a_start_of_today_is_a_time_and_an_older_one_a_date() -> None:
    """What matters about a start is shown in the same few characters."""
    noon_ms = 1_700_049_600_000  # 2023-11-15 12:00:00 UTC
    assert cells.since(1_700_046_000, noon_ms) == "11:00:00"
    assert cells.since(1_699_999_999, noon_ms) == "2023-11-14"
    assert cells.since(None, noon_ms) == "-"


def test_a_start_beyond_the_calendar_is_not_known() -> None:
    """A process that claims to have started in the year 40,000 does not end the listing."""
    assert cells.since(2**62, 1_700_049_600_000) == "-"


def test_a_title_cannot_steer_the_terminal() -> None:
    """Escape sequences in arguments and names arrive as text."""
    assert "\x1b" not in cells.title(ProcessRecord(command_line=("sh", "\x1b[2J")))
    assert cells.title(ProcessRecord(name="a\nb")).isprintable()


@pytest.mark.parametrize("arguments", [(), ("",), ("", "")])
def test_what_has_no_command_line_is_shown_by_name(arguments: tuple[str, ...]) -> None:
    """Kernel threads and zombies have a line of their own."""
    assert cells.title(ProcessRecord(name="kthreadd", command_line=arguments)) == "[kthreadd]"


def test_the_disk_column_says_kernel_for_what_never_had_a_file() -> None:
    """Kernel threads do not look like missing executables."""
    assert cells.on_disk(ProcessRecord(kernel_thread=True)) == "kernel"
    assert cells.on_disk(ProcessRecord(on_disk=OnDisk.REPLACED)) == "replaced"


def test_an_unknown_share_is_a_dash() -> None:
    """Nothing is made up."""
    assert (cells.percent(None), cells.percent(0.04), cells.percent(312.5)) == ("-", "0.0", "312.5")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "-"),
        (0.0, "0.0s"),
        (9.94, "9.9s"),
        (10.0, "10s"),
        (59.9, "59s"),
        (60.0, "1m 0s"),
        (3725.0, "1h 2m"),
        (86400.0, "1d 0h"),
        (100 * 86400.0 + 3600, "100d 1h"),
        (-1.0, "-"),
        (float("nan"), "-"),
        (float("inf"), "-"),
        (1e300, "-"),
    ],
)
def test_a_length_of_time_is_shown_in_its_two_largest_units(seconds: float | None, shown: str) -> None:
    """Uptimes of seconds and of months are read at a glance, and nonsense is not known."""
    assert cells.elapsed(seconds) == shown


@pytest.mark.parametrize(
    ("at_ms", "shown"),
    [
        (None, None),
        (0, "1970-01-01T00:00:00.000Z"),
        (1_700_000_000_123, "2023-11-14T22:13:20.123Z"),
        (2**63 - 1, None),
    ],
)
def test_a_moment_is_written_for_programs(at_ms: int | None, shown: str | None) -> None:
    """RFC 3339 in UTC, and null beyond the calendar."""
    assert cells.moment(at_ms) == shown


@pytest.mark.parametrize(
    ("record", "shown"),
    [
        (ProcessRecord(executable_hash="0123456789abcdef", hash_algorithm="sha256"), "0123456789ab"),
        (ProcessRecord(), "-"),
        (ProcessRecord(kernel_thread=True), ""),
        (ProcessRecord(hash_status=HashStatus.TOO_LARGE), "too large"),
        (ProcessRecord(executable_hash="\x1b[2J", hash_algorithm="sha256"), "\\x1b[2J"),
    ],
)
def test_a_digest_is_its_beginning_or_the_reason_why_not(record: ProcessRecord, shown: str) -> None:
    """Twelve digits tell two files of one host apart."""
    assert cells.digest(record) == shown


@pytest.mark.parametrize("status", HashStatus)
def test_every_reason_fits_its_column(status: HashStatus) -> None:
    """The column stays a column."""
    assert len(cells.digest(ProcessRecord(hash_status=status))) <= cells.DIGEST
