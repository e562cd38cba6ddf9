"""Everything about one process that is read once per image: the order of reading, and how deep it goes."""

from __future__ import annotations

import functools
from enum import Enum
from typing import TYPE_CHECKING, Final

from daemoneye.host.procfs.abroad import abroad
from daemoneye.host.procfs.command import (
    REMEMBERED,
    REMEMBERED_LENGTH,
    CommandLines,
    RawCommand,
    full_name,
    read_command,
)
from daemoneye.host.procfs.details import read_details
from daemoneye.host.procfs.files import Gaps, link_at, read_at
from daemoneye.host.procfs.image import DELETED, Disk, Examination, Image, anonymous_devices
from daemoneye.host.procfs.owner import read_login_uid, read_status, terminal_name
from daemoneye.host.procfs.sockets import Tables
from daemoneye.host.text import decode
from daemoneye.model.observation import ENDED, Facts
from daemoneye.model.process import Unread

if TYPE_CHECKING:
    from daemoneye.host.procfs.details import Wanted
    from daemoneye.host.procfs.image import Place
    from daemoneye.host.procfs.owner import Status
    from daemoneye.model.observation import Sample
    from daemoneye.model.process import LinuxMetadata

_PATHS: Final = 4096  # distinct paths kept as one string each; a machine has some hundreds


class Depth(Enum):
    CORE = "core"  # name, executable and command line beside the sample: what a process list shows
    FULL = "full"  # and what identifies the image and its owner
    ENHANCED = "enhanced"  # and how it is confined, what it listens on


class FactsReader:
    """Reads the facts of one process after another, and where its executable was found, to look there again."""

    def __init__(self, *, depth: Depth, wanted: Wanted, home: bytes | None) -> None:
        self._depth = depth
        self._wanted = wanted
        self._command_lines = CommandLines(wanted.mask)
        # workers that look the same share one value
        self._usual = functools.lru_cache(REMEMBERED)(self._core_facts)
        self._anonymous_devices = anonymous_devices()
        self._home = home
        self.disk = Disk()
        self._tables = Tables()

    def begin_scan(self) -> None:
        self._tables = Tables()

    def read(self, directory: int, sample: Sample, *, cautious: bool) -> tuple[Facts, Place | None]:
        """Cautiously means: nothing that can block on a filesystem or on the memory of the process."""
        if sample.kernel_thread:
            return self._of_kernel_thread(directory, sample), None
        if self._depth is Depth.CORE:
            return self._core(directory, sample, cautious=cautious), None
        return self._full(directory, sample, cautious=cautious)

    def _of_kernel_thread(self, directory: int, sample: Sample) -> Facts:
        """A kernel thread has no image, no arguments and no directories: that they are absent is no gap."""
        if self._depth is Depth.CORE:
            return Facts(name=sample.comm)
        gaps = Gaps()
        status = gaps.attempt("credentials", read_status, directory, confinement=False)
        return Facts(name=sample.comm, credentials=status.credentials if status else None, unread=gaps.as_pairs())

    def _core(self, directory: int, sample: Sample, *, cautious: bool) -> Facts:
        """Take the short way, which nearly every process allows; the long one tells the others apart."""
        if not cautious:
            try:
                path, command = link_at(directory, b"exe"), read_at(directory, b"cmdline", REMEMBERED_LENGTH + 1)
            except OSError:
                pass
            else:
                if 0 < len(command) <= REMEMBERED_LENGTH and not path.endswith(DELETED):
                    return self._usual(sample.comm, path, command)
        return self._unusual(directory, sample, cautious=cautious)

    def _core_facts(self, comm: str, path: bytes, command: bytes) -> Facts:
        arguments = self._command_lines.masked(RawCommand(command, 0), path)
        name = full_name(comm, arguments, command, path)
        return Facts(name=name, executable_path=_text(path), command_line=arguments)

    def _unusual(self, directory: int, sample: Sample, *, cautious: bool) -> Facts:
        gaps = Gaps()
        path = gaps.attempt("executable_path", link_at, directory, b"exe")
        if path is not None and path.endswith(DELETED):
            # whether that is part of the name takes a closer look to tell
            root = gaps.attempt("root", link_at, directory, b"root")
            examination = None if cautious else self._examination(directory, root)
            path = self._image(directory, examination, gaps, cautious=cautious).path
        name, arguments = self._name_and_arguments(directory, sample, path, gaps, cautious=cautious)
        return Facts(
            name=name,
            executable_path=_text(path),
            command_line=arguments,
            unread=gaps.as_pairs(),
        )

    def _full(self, directory: int, sample: Sample, *, cautious: bool) -> tuple[Facts, Place | None]:
        gaps = Gaps()
        root = gaps.attempt("root", link_at, directory, b"root")
        cwd = gaps.attempt("cwd", link_at, directory, b"cwd")
        status = gaps.attempt("credentials", read_status, directory, confinement=self._enhanced)
        login_uid = gaps.attempt("login_uid", read_login_uid, directory)
        examination = None if cautious else self._examination(directory, root)
        image = self._image(directory, examination, gaps, cautious=cautious)
        name, arguments = self._name_and_arguments(directory, sample, image.path, gaps, cautious=cautious)
        linux = self._linux(directory, status, gaps, cautious=cautious) if self._enhanced else None
        facts = Facts(
            name=name,
            executable_path=_text(image.path),
            executable_file=image.file,
            on_disk=image.on_disk,
            file_there=image.there,
            command_line=arguments,
            cwd=_text(cwd),
            root=_text(root),
            credentials=status.credentials if status else None,
            tty=terminal_name(sample.tty_number),
            login_uid=login_uid,
            linux=linux,
            abroad=abroad(directory, examination, image.path, linux) if examination else None,
            unread=gaps.as_pairs(),
        )
        return facts, image.place

    @property
    def _enhanced(self) -> bool:
        return self._depth is Depth.ENHANCED

    def _examination(self, directory: int, root: bytes | None) -> Examination:
        return Examination(directory, root, self.disk, self._anonymous_devices, self._home)

    def _image(self, directory: int, examination: Examination | None, gaps: Gaps, *, cautious: bool) -> Image:
        if examination is not None and examination.possible:
            return examination.examine(gaps)
        path = gaps.attempt("executable_path", link_at, directory, b"exe")
        gaps.note(Unread.TIMEOUT if cautious else gaps.why("root"), "executable_file", "on_disk")
        return Image(None if path is None else path.removesuffix(DELETED))

    def _name_and_arguments(
        self, directory: int, sample: Sample, executable: bytes | None, gaps: Gaps, *, cautious: bool
    ) -> tuple[str, tuple[str, ...]]:
        if cautious:
            gaps.note(Unread.TIMEOUT, "command_line")
            return sample.comm, ()
        raw = gaps.attempt("command_line", read_command, directory)
        if raw is None:
            return sample.comm, ()
        # one that lost only its first thread has a mark, and may have emptied its arguments itself
        if not raw.data and sample.state in ENDED and not sample.image_mark:
            gaps.note(Unread.GONE, "command_line")
        arguments = self._command_lines.masked(raw, executable)
        return full_name(sample.comm, arguments, raw.data, executable), arguments

    def _linux(self, directory: int, status: Status | None, gaps: Gaps, *, cautious: bool) -> LinuxMetadata:
        return read_details(directory, status, tables=self._tables, wanted=self._wanted, cautious=cautious, gaps=gaps)


@functools.lru_cache(_PATHS)
def _text(path: bytes | None) -> str | None:
    return None if path is None else decode(path)
