"""The one writer of a file of JSON lines, which log shippers read.

A batch is in the file as whole lines, or it is not there: what a full disk left of it is taken back before anything
else is written. Who opens it is told the last line, and so knows where to go on after a crash: nothing is missing, and
nothing is there twice. Names are looked up in a directory that was opened with other rights, symbolic links are never
followed, and a file that was moved away or deleted is made anew before the next line.

``write`` does not wait for the disk, for the journal has done that; ``sync`` does, and so does every change of files.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from daemoneye.outputs.formats import LONGEST_LINE
from daemoneye.outputs.tail import Foreign, Tail, last_record, mend
from daemoneye.outputs.trouble import Failed, Trouble, Written, failed

if TYPE_CHECKING:
    from collections.abc import Sequence

MODE: Final = 0o640  # the contract
# What a crash can leave of a line, and a whole one before it.
_LOOK_BACK: Final = 2 * LONGEST_LINE
# Non-blocking in case somebody put a pipe there: opening it would wait for a reader.
_OPEN: Final = os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    last: bytes | None  # the last record written, here or in the file that was rotated away
    cut: int = 0  # bytes that were no whole line
    completed: bool = False  # the last line lacked only its end


class JsonLines:
    """``directory`` is a descriptor, and stays the caller's; ``name`` is one name in it."""

    def __init__(self, directory: int, name: str, *, max_size: int, max_files: int) -> None:
        self._directory = directory
        self._name = name
        self._max_size = max_size
        self._max_files = max_files
        self._file = -1
        self._size = 0  # up to the end of the last line that is whole
        self._torn = False  # there may be something behind it

    def open(self) -> Opened | Failed:
        """Find or make the file, and mend its end. Also for SIGUSR1: somebody has moved the file away."""
        try:
            return self._reopen()
        except OSError as error:
            return failed(error)

    def write(self, lines: Sequence[bytes]) -> Written | Failed:
        """Append records, given without line feeds. When it failed, the others can be given again."""
        done = 0
        try:
            self._be_ready()
            while done < len(lines):
                batch = self._fitting(lines[done:])
                if not batch:
                    return Failed(trouble=Trouble.TOO_LONG, detail=f"a line of {len(lines[done])} bytes", lines=done)
                self._append(b"".join(line + b"\n" for line in batch))
                done += len(batch)
        except OSError as error:
            return failed(error, done)
        return Written(lines=done)

    def sync(self) -> Written | Failed:
        try:
            if self._file >= 0:
                os.fdatasync(self._file)
        except OSError as error:
            return failed(error)
        return Written(lines=0)

    def close(self) -> None:
        if self._file >= 0:
            with suppress(OSError):
                self._take_back()
                os.fdatasync(self._file)
            os.close(self._file)
            self._file = -1

    def _reopen(self) -> Opened:
        self.close()
        self._file = _claim(self._name, self._directory)
        try:
            return self._mend(os.fstat(self._file).st_size)
        except OSError:
            self.close()  # nothing may be written behind an end that is not mended
            raise

    def _mend(self, found: int) -> Opened:
        tail = _end_of(self._file, found)
        self._size, self._torn = tail.keep, tail.keep < found
        self._take_back()
        if tail.lacks_line_feed:
            self._append(b"\n")
        last = _last_of(self._file) or self._last_before()
        return Opened(last=last, cut=found - tail.keep, completed=tail.lacks_line_feed)

    def _last_before(self) -> bytes | None:
        with suppress(OSError):
            file = os.open(f"{self._name}.1", _OPEN | os.O_RDONLY, dir_fd=self._directory)
            try:
                return _last_of(file)
            finally:
                os.close(file)
        return None

    def _be_ready(self) -> None:
        """Have the file that the name leads to, and nothing in it behind the last whole line."""
        self._take_back()
        if not self._is_ours():
            self._reopen()

    def _is_ours(self) -> bool:
        """Whether the name still leads to the file, and nobody wrote to it or truncated it."""
        if self._file < 0:
            return False
        try:
            there = os.stat(self._name, dir_fd=self._directory, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return os.path.samestat(there, os.fstat(self._file)) and there.st_size == self._size

    def _fitting(self, lines: Sequence[bytes]) -> Sequence[bytes]:
        """Return the first of the lines, as many as one file takes; when this one is full, make another."""
        if len(lines[0]) + 1 > self._max_size:
            return ()
        if self._size + len(lines[0]) + 1 > self._max_size:
            self._rotate()
        room = self._max_size - self._size
        for number, line in enumerate(lines):
            room -= len(line) + 1
            if room < 0:
                return lines[:number]
        return lines

    def _append(self, data: bytes) -> None:
        self._torn = True
        try:
            written = 0
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError:
            with suppress(OSError):  # it is tried again before the next line
                self._take_back()
            raise
        self._size += len(data)
        self._torn = False

    def _take_back(self) -> None:
        if self._torn and self._file >= 0:
            os.ftruncate(self._file, self._size)
            self._torn = False

    def _rotate(self) -> None:
        """Move each file one number up. Done again after it failed half-way, it takes nothing more than the oldest."""
        kept = self._max_files - 1
        numbers = self._numbers()
        for number in numbers:
            if number > kept:  # fewer are wanted than once were
                os.unlink(f"{self._name}.{number}", dir_fd=self._directory)
        if not kept:
            os.unlink(self._name, dir_fd=self._directory)
        else:
            first_free = next((number for number in range(1, kept) if number not in numbers), kept)
            for number in range(first_free - 1, 0, -1):
                self._rename(f"{self._name}.{number}", f"{self._name}.{number + 1}")
            self._rename(self._name, f"{self._name}.1")
        self._reopen()

    def _numbers(self) -> set[int]:
        pattern = re.compile(rf"{re.escape(self._name)}\.([1-9][0-9]{{0,5}})")
        found = map(pattern.fullmatch, os.listdir(self._directory))  # noqa: PTH208 - a Path cannot be a descriptor
        return {int(match[1]) for match in found if match}

    def _rename(self, old: str, new: str) -> None:
        os.rename(old, new, src_dir_fd=self._directory, dst_dir_fd=self._directory)


def _claim(name: str, directory: int) -> int:
    """Open or make the file. Nobody else may have it."""
    made = True
    try:
        file = os.open(name, _OPEN | os.O_RDWR | os.O_CREAT | os.O_EXCL, MODE, dir_fd=directory)
    except FileExistsError:
        made = False
        file = os.open(name, _OPEN | os.O_RDWR, dir_fd=directory)
    try:
        _demand_file(file)
        if made:
            os.fchmod(file, MODE)  # whatever the umask; what an operator set on a file that was there stays
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise
    return file


def _demand_file(file: int) -> None:
    if not stat.S_ISREG(os.fstat(file).st_mode):
        raise OSError(errno.ELOOP, "not a regular file")


def _end_of(file: int, size: int) -> Tail:
    """Find where the whole lines of a file end; zeros at its end may be longer than one look."""
    start = max(0, size - _LOOK_BACK)
    end = os.pread(file, size - start, start)
    if start and not end.strip(b"\0"):
        return _end_of(file, start)
    try:
        tail = mend(end)
    except Foreign as error:
        raise OSError(errno.ELOOP, str(error)) from error
    if start and not tail.keep:
        raise OSError(errno.ELOOP, "its last line is longer than any of ours")
    return tail._replace(keep=start + tail.keep)


def _last_of(file: int) -> bytes | None:
    size = os.fstat(file).st_size
    start = max(0, size - _LOOK_BACK)
    return last_record(os.pread(file, size - start, start))
