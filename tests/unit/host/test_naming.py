"""What the machine is called, and what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemoneye.errors import CannotCreateError
from daemoneye.host.naming import FILE_NAME, host_id, host_name

ID = "0123456789abcdef" * 2


def test_the_id_is_the_one_that_other_tools_send(tmp_path: Path) -> None:
    """So that a receiver can join what they say."""
    (tmp_path / "machine-id").write_text(f"{ID}\n")
    assert host_id(tmp_path, (tmp_path / "missing", tmp_path / "machine-id")) == ID
    assert not (tmp_path / FILE_NAME).exists()


@pytest.mark.parametrize("text", ["", "uninitialized\n", "0" * 32, "x" * 32, ID + ID, "\udcff"])
def test_a_machine_without_an_id_gets_one_that_stays(tmp_path: Path, text: str) -> None:
    """A container, or an image that was never booted."""
    (tmp_path / "machine-id").write_text(text, errors="surrogateescape")
    made = host_id(tmp_path, (tmp_path / "machine-id",))
    assert len(made) == 32
    assert host_id(tmp_path, (tmp_path / "machine-id",)) == made
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o640


def test_an_id_that_is_none_is_made_anew(tmp_path: Path) -> None:
    """Half a file, or a link to somewhere."""
    (tmp_path / "elsewhere").write_text("precious")
    (tmp_path / FILE_NAME).symlink_to(tmp_path / "elsewhere")
    made = host_id(tmp_path, ())
    assert host_id(tmp_path, ()) == made
    assert (tmp_path / "elsewhere").read_text() == "precious"


def test_no_place_for_it_is_said_in_one_line() -> None:
    """With the file that could not be made."""
    with pytest.raises(CannotCreateError, match=r"^/proc/host\.id: .*: a place for the id of this host$"):
        host_id(Path("/proc"), ())


def test_the_name_is_the_kernels() -> None:
    """Whatever DNS says."""
    assert host_name() == Path("/proc/sys/kernel/hostname").read_text().strip()
