from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.host.procfs.files import Gaps
from daemoneye.host.procfs.image import Disk, Examination, Image, Place, anonymous_devices, still_there
from daemoneye.model.process import OnDisk

if TYPE_CHECKING:
    from collections.abc import Iterator


class Process:
    """A directory with the three links that are asked. A plain link shows no file once its target is gone."""

    def __init__(self, place: Path) -> None:
        self.place = place
        (place / "root").symlink_to("/")
        self.directory = os.open(place, os.O_PATH)
        self.disk = Disk()
        self.gaps = Gaps()

    def runs(self, path: Path) -> None:
        (self.place / "exe").symlink_to(path)

    def examine(self, root: bytes = b"/", devices: frozenset[int] = frozenset()) -> Image:
        return Examination(self.directory, root, self.disk, devices).examine(self.gaps)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    place = tmp_path / "42"
    place.mkdir()
    process = Process(place)
    yield process
    os.close(process.directory)


def test_a_file_where_it_should_be_is_present(process: Process, tmp_path: Path) -> None:
    """The running file is found at its path, with the identity a digest is kept under."""
    program = tmp_path / "program"
    program.write_bytes(b"x")
    process.runs(program)
    image = process.examine()
    assert (image.path, image.on_disk, process.gaps.as_pairs()) == (os.fsencode(program), OnDisk.PRESENT, ())
    assert image.file is not None
    assert (image.file.ino, image.file.size) == (program.stat().st_ino, 1)


def test_a_name_may_end_in_deleted(process: Process, tmp_path: Path) -> None:
    """A file that is really called like that is present, under its full name."""
    program = tmp_path / "x (deleted)"
    program.write_bytes(b"x")
    process.runs(program)
    assert (process.examine().path, process.examine().on_disk) == (os.fsencode(program), OnDisk.PRESENT)


def test_a_file_called_memfd_is_present(process: Process, tmp_path: Path) -> None:
    """A name proves nothing: a real file called like a memfd is a real file."""
    program = tmp_path / "memfd:x"
    program.write_bytes(b"x")
    process.runs(program)
    assert process.examine(root=b"/").on_disk is OnDisk.PRESENT


def test_in_a_chroot_the_path_is_still_found(process: Process, tmp_path: Path) -> None:
    """The path of a process in a chroot is told from our root, and looked up from there."""
    jail = tmp_path / "jail"
    (jail / "bin").mkdir(parents=True)
    (jail / "bin/x").write_bytes(b"x")
    (process.place / "root").unlink()
    (process.place / "root").symlink_to(jail)
    process.runs(jail / "bin/x")
    assert process.examine(root=os.fsencode(jail)).on_disk is OnDisk.PRESENT


def test_a_link_in_the_place_of_the_file_is_a_replacement(process: Process, tmp_path: Path) -> None:
    """The kernel tells paths without links, so a link at the end was put there later."""
    (tmp_path / "target").write_bytes(b"x")
    (tmp_path / "program").symlink_to(tmp_path / "target")
    (tmp_path / "program (deleted)").symlink_to(tmp_path / "target")
    process.runs(tmp_path / "program (deleted)")
    image = process.examine()
    assert (image.path, image.on_disk, image.place) == (os.fsencode(tmp_path / "program"), OnDisk.REPLACED, None)


def test_without_the_mark_of_the_kernel_nothing_is_deleted(process: Process, tmp_path: Path) -> None:
    """A path that leads elsewhere, while the kernel knows of no deletion, is told as unreachable from here."""
    (tmp_path / "target").write_bytes(b"x")
    (tmp_path / "program").symlink_to(tmp_path / "target")
    process.runs(tmp_path / "program")
    image = process.examine()
    assert (image.path, image.on_disk, image.place) == (os.fsencode(tmp_path / "program"), OnDisk.UNKNOWN, None)
    assert image.file is not None
    assert dict(process.gaps.as_pairs()) == {"on_disk": "unreachable"}


def test_in_our_own_namespace_the_path_needs_no_root(process: Process, tmp_path: Path) -> None:
    """A process of our own mount namespace is found by its path alone, whatever its root is; a foreign one is not."""
    program = tmp_path / "program"
    program.write_bytes(b"x")
    process.runs(program)
    (process.place / "ns").mkdir()
    (process.place / "ns/mnt").symlink_to("mnt:[1]")
    for home, possible in ((b"mnt:[1]", True), (b"mnt:[2]", False), (None, False)):
        examination = Examination(process.directory, None, process.disk, frozenset(), home)
        assert examination.possible is possible
    (process.place / "root").unlink()
    found = Examination(process.directory, b"/gone", process.disk, frozenset(), b"mnt:[1]").examine(process.gaps)
    assert found.on_disk is OnDisk.PRESENT


def test_a_rename_between_two_questions_is_no_deletion(process: Process, tmp_path: Path) -> None:
    """The second answer has the new name, and leaves no reason from the first behind."""
    old, new = tmp_path / "old", tmp_path / "new"
    new.write_bytes(b"x")
    old.symlink_to(new)
    process.runs(old)
    look = process.disk.look

    def look_and_rename(*what: Any, **how: Any) -> os.stat_result:
        seen = look(*what, **how)
        (process.place / "exe").unlink()
        process.runs(new)
        return seen

    process.disk.look = look_and_rename  # type: ignore[method-assign]
    assert (process.examine().on_disk, process.gaps.as_pairs()) == (OnDisk.PRESENT, ())


def test_a_file_on_a_device_without_paths_never_had_a_name(process: Process, tmp_path: Path) -> None:
    """A memfd is recognised by where it lives, not by what it is called."""
    program = tmp_path / "program"
    program.write_bytes(b"x")
    (tmp_path / "link").symlink_to(program)
    process.runs(tmp_path / "link")
    assert process.examine(devices=frozenset({program.stat().st_dev})).on_disk is OnDisk.MEMFD


def test_without_an_image_there_is_a_reason(process: Process) -> None:
    """A process whose image is gone yields no path, and says why."""
    image = process.examine()
    assert (image.path, image.on_disk) == (None, OnDisk.UNKNOWN)
    assert dict(process.gaps.as_pairs()) == {"executable_path": "gone", "executable_file": "gone", "on_disk": "gone"}


def test_a_path_that_cannot_be_followed_keeps_its_name(process: Process, tmp_path: Path) -> None:
    """Where only the link can be read, the path is told without the kernel's mark, and the rest has a reason."""
    process.runs(tmp_path / "absent (deleted)")
    image = process.examine()
    assert (image.path, image.on_disk) == (os.fsencode(tmp_path / "absent"), OnDisk.UNKNOWN)
    assert dict(process.gaps.as_pairs()) == {"executable_file": "gone", "on_disk": "gone"}


def test_something_that_is_no_link_is_malformed(process: Process) -> None:
    """A tree that no kernel made does not pass for a process without an image."""
    (process.place / "exe").write_text("x")
    process.examine()
    assert dict(process.gaps.as_pairs())["executable_path"] == "malformed"


def test_a_directory_that_hangs_is_not_asked_again(process: Process, tmp_path: Path) -> None:
    """While a look at one file hangs, its neighbours are said to have timed out; other directories are looked at."""
    other = tmp_path / "other"
    other.mkdir()
    hung = Place(os.fsencode(f"root{tmp_path}/program"), (None, os.fsencode(tmp_path)))
    process.disk._under_way.add(hung.neighbourhood)
    with pytest.raises(TimeoutError):
        process.disk.look(process.directory, hung)
    (other / "x").write_bytes(b"x")
    process.runs(other / "x")
    assert process.examine().on_disk is OnDisk.PRESENT
    (process.place / "exe").unlink()
    (tmp_path / "program").write_bytes(b"x")
    process.runs(tmp_path / "program")
    image = process.examine()
    assert (image.path, image.on_disk) == (os.fsencode(tmp_path / "program"), OnDisk.UNKNOWN)
    assert dict(process.gaps.as_pairs())["on_disk"] == "timeout"


def test_looking_again_notices_what_changed(process: Process, tmp_path: Path) -> None:
    """Where the file was found, a later look finds it unchanged, changed, replaced or gone."""
    program = tmp_path / "program"
    program.write_bytes(b"x")
    process.runs(program)
    image = process.examine()
    assert image.place is not None
    assert image.file is not None
    assert still_there(process.directory, process.disk, image.place, image.file) is image.file
    program.write_bytes(b"xy")
    os.utime(program, ns=(1, 1))
    changed = still_there(process.directory, process.disk, image.place, image.file)
    assert changed is not None
    assert (changed.ino, changed.size, changed.mtime_ns) == (image.file.ino, 2, 1)
    program.rename(tmp_path / "aside")
    assert still_there(process.directory, process.disk, image.place, image.file) is None
    program.write_bytes(b"z")
    assert still_there(process.directory, process.disk, image.place, image.file) is None


def test_the_devices_of_memfds_are_known() -> None:
    """A memfd made now lies on one of the devices found, and an ordinary file does not."""
    descriptor = os.memfd_create("x")
    assert os.fstat(descriptor).st_dev in anonymous_devices()
    assert Path("/").stat().st_dev not in anonymous_devices()
    os.close(descriptor)
