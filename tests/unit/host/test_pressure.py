"""Whether others wait for the machine, as the kernel tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemoneye.host.pressure import Strain, read_strain

CPU = "some avg10=68.41 avg60=68.61 avg300=48.32 total=1087109428\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
IO = "some avg10=1.51 avg60=2.29 avg300=3.41 total=83188247\nfull avg10=0.36 avg60=0.60 avg300=1.75 total=53531858\n"


def tell(proc: Path, **files: str) -> Path:
    (proc / "pressure").mkdir()
    for name, text in files.items():
        (proc / "pressure" / name).write_text(text)
    return proc


def test_the_last_ten_seconds_are_read(tmp_path: Path) -> None:
    """What counts is how long some task waited of late, for each of the two."""
    assert read_strain(tell(tmp_path, cpu=CPU, io=IO)) == Strain(cpu=68.41, io=1.51)


def test_a_kernel_that_does_not_tell_is_no_error(tmp_path: Path) -> None:
    """Without pressure information hashing goes at its full rate."""
    assert read_strain(tmp_path) == Strain(None, None)


@pytest.mark.parametrize(
    "text", ["", "full avg10=1.0\n", "some avg60=1.0\n", "some avg10=x\n", "some avg10\n", "some \xff\n"]
)
def test_what_cannot_be_read_is_not_known(tmp_path: Path, text: str) -> None:
    """An unknown form of the file is as good as none."""
    assert read_strain(tell(tmp_path, cpu=text, io=IO)) == Strain(cpu=None, io=1.51)


@pytest.mark.skipif(not Path("/proc/pressure/io").exists(), reason="this kernel has no pressure information")
def test_this_machine_is_read() -> None:
    """The form is that of a real kernel."""
    assert all(each is None or 0 <= each <= 100 for each in read_strain())
