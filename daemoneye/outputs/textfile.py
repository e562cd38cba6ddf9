"""A small file that is replaced as a whole: a reader sees the old text or the new one, never part of either."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Final

from daemoneye.outputs.trouble import Failed, Written, failed

MODE: Final = 0o644  # the node exporter reads it as another user
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def replace(directory: int, name: str, text: str) -> Written | Failed:
    """``directory`` is a descriptor. The collector reads ``*.prom`` only, and so never the unfinished one."""
    unfinished = f".{name}.new"
    try:
        _write(directory, unfinished, text.encode())
        os.rename(unfinished, name, src_dir_fd=directory, dst_dir_fd=directory)
    except OSError as error:
        with suppress(OSError):
            os.unlink(unfinished, dir_fd=directory)
        return failed(error)
    return Written(lines=text.count("\n"))


def _write(directory: int, name: str, data: bytes) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=directory)  # left by a crash
    file = os.open(name, _CREATE, MODE, dir_fd=directory)
    try:
        os.fchmod(file, MODE)  # whatever the umask
        while data:
            data = data[os.write(file, data) :]
    finally:
        os.close(file)
