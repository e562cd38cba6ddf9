"""What is read from disk, in which order, and what is not waited for."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from daemoneye.errors import IOFailedError, NoInputError, NoPermissionError, OperatorError
from daemoneye.settings import files
from daemoneye.settings.document import MAX_BYTES
from daemoneye.settings.files import ConfigRejected, check, load


def test_a_machine_without_files_has_the_defaults(tmp_path: Path) -> None:
    """Nothing has to be written to try it."""
    assert set(load(environ={}, etc=tmp_path / "none").origins.values()) == {"default"}


def test_files_are_layered_in_the_documented_order(tmp_path: Path) -> None:
    """Main file, then conf.d by name, then --config, then the environment."""
    (tmp_path / "conf.d").mkdir()
    for number, name in enumerate(("daemoneye.yaml", "conf.d/10.yaml", "conf.d/20.yaml", "own.yaml"), start=1):
        keys = ["workers", "file_timeout", "max_file_size", "bytes_per_second"][number - 1 :]
        units = {"workers": "", "file_timeout": "s", "max_file_size": "MiB", "bytes_per_second": "KiB"}
        lines = "".join(f"  {key}: {number * 4}{units[key]}\n" for key in keys)
        (tmp_path / name).write_text(f"hashing:\n{lines}")
    for ignored in ("conf.d/.30.yaml", "conf.d/40.yaml~", "conf.d/50.yml"):
        (tmp_path / ignored).write_text("nonsense: [")
    result = load(tmp_path / "own.yaml", {"DAEMONEYE_USER": "me"}, etc=tmp_path)
    hashing = result.settings.hashing
    assert (hashing.workers, hashing.file_timeout, hashing.max_file_size >> 20, hashing.bytes_per_second >> 10) == (
        4,
        8.0,
        12,
        16,
    )
    assert result.origins["hashing.max_file_size"] == f"{tmp_path}/conf.d/20.yaml:2:18"
    assert result.settings.user == "me"


def test_the_environment_of_the_process_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that is given no environment reads its own."""
    monkeypatch.setenv("DAEMONEYE_SCAN__INTERVAL", "9s")
    assert load(etc=tmp_path).settings.scan.interval == 9.0


def test_check_reads_one_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same file is right or wrong on every machine."""
    monkeypatch.setenv("DAEMONEYE_NONSENSE", "1")
    (tmp_path / "own.yaml").write_text("scan: {interval: 7s}\n")
    assert check(tmp_path / "own.yaml").settings.scan.interval == 7.0


@pytest.mark.parametrize("name", ["missing.yaml", "file/below", "directory", "fifo", "socket", "loop", "n" * 300])
def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe that nobody writes to does not hang a command."""
    (tmp_path / "file").touch()
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(tmp_path)  # a socket's path must be short
        listener.bind("socket")
        with pytest.raises(NoInputError) as refused:
            check(tmp_path / name)
    assert str(refused.value).endswith(f": {files.EXPECTED}")


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero"])
def test_a_device_is_no_settings_file(device: str) -> None:
    """An endless device is not read at all."""
    with pytest.raises(NoInputError, match="no regular file"):
        check(Path(device))


def test_no_more_is_read_than_may_be_accepted(tmp_path: Path) -> None:
    """A file of ten megabytes costs one."""
    with (tmp_path / "big.yaml").open("wb") as big:
        big.truncate(10 * MAX_BYTES)
    assert len(files.read(tmp_path / "big.yaml")) == MAX_BYTES + 1
    with pytest.raises(ConfigRejected, match="more than 1 MiB: settings of at most 1 MiB"):
        check(tmp_path / "big.yaml")


@pytest.mark.parametrize(
    ("number", "family"),
    [(errno.EACCES, NoPermissionError), (errno.EPERM, NoPermissionError), (errno.EIO, IOFailedError)],
)
def test_what_cannot_be_read_is_told_apart_from_what_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, family: type[OperatorError]
) -> None:
    """A missing permission and a broken disk each have their own exit code."""

    def fail(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files, "_open", fail)
    with pytest.raises(family) as refused:
        check(tmp_path / "own.yaml")
    assert str(refused.value) == f"{tmp_path}/own.yaml: {os.strerror(number).lower()}: {files.EXPECTED}"


def test_a_standing_file_that_cannot_be_read_is_not_skipped(tmp_path: Path) -> None:
    """Settings that exist and are not in force must not go unnoticed."""
    (tmp_path / "daemoneye.yaml").symlink_to(tmp_path / "gone")
    with pytest.raises(NoInputError):
        load(environ={}, etc=tmp_path)


def test_a_directory_of_settings_that_cannot_be_listed_is_not_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same for conf.d."""

    def fail(_: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", fail)
    with pytest.raises(NoPermissionError, match=r"conf\.d: permission denied"):
        load(environ={}, etc=tmp_path)
