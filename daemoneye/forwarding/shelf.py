"""What one output keeps on disk: its cursor, and a list of the records that its receiver does not get."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from daemoneye.errors import HostileInput
from daemoneye.forwarding.cursor import Cursor
from daemoneye.outputs.jsonl import JsonLines
from daemoneye.outputs.trouble import Failed

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST_CURSOR: Final = 4096  # bytes; it has 150
# Two files of a thousand lines each: whoever has more of them has another problem, and it is in the journal's numbers.
_LIST_BYTES: Final = 256 * 1024
_LIST_FILES: Final = 2


class Shelf:
    def __init__(self, directory: Path, name: str) -> None:
        self._directory = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._name = f"{name}.cursor"
        self._list = JsonLines(self._directory, f"{name}.set-aside.jsonl", max_size=_LIST_BYTES, max_files=_LIST_FILES)

    def load(self) -> Cursor:
        """Without one, or with one that is damaged, everything that the journal has is sent: twice is not lost."""
        try:
            descriptor = os.open(self._name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._directory)
        except OSError:
            return Cursor()
        try:
            with suppress(HostileInput):
                return Cursor.of_bytes(os.read(descriptor, _LARGEST_CURSOR))
        finally:
            os.close(descriptor)
        return Cursor()

    def save(self, cursor: Cursor) -> str | None:
        """Put it in the place of the one before, on the disk; or say why not, and the one before still holds."""
        draft = f".{self._name}.new"
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(draft, flags, 0o640, dir_fd=self._directory)
            try:
                os.write(descriptor, cursor.to_bytes())
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)
            os.replace(draft, self._name, src_dir_fd=self._directory, dst_dir_fd=self._directory)
            os.fsync(self._directory)
        except OSError as error:
            return f"the cursor cannot be saved: {(error.strerror or 'error').lower()}"
        return None

    def set_aside(self, particulars: dict[str, Any]) -> str | None:
        """Add to the list; or say why not."""
        outcome = self._list.write([json.dumps(particulars).encode()])
        return f"the list cannot be written: {outcome.detail}" if isinstance(outcome, Failed) else None

    def close(self) -> None:
        self._list.close()
        os.close(self._directory)
