"""Which file a process runs, and what its path leads to now.

``/proc/PID/exe`` answers twice. Its text is the path the kernel believes in, with " (deleted)" behind it when that
name was removed; followed, it is the running file itself, whatever became of the name. Neither is enough alone: a file
may be called ``x (deleted)``, and a path means something else in another mount namespace. So the path is looked up
where the process would find it, and only the same device and inode count as the same file. Without the kernel's mark
nothing else found there, or nothing at all, makes it deleted: something was mounted over it, or it was taken out of
the tree with its filesystem, and its path is then ``unreachable``.

The path is told relative to our root, or to the root of the namespace when that is not below ours. In our own
namespace it is looked up just so: the process may have confined itself to a directory that is gone. Into another one
``/proc/PID/root`` leads but, for a process in a chroot, too deep: ``..`` leads back up from it, because what stops
``..`` is our root, not that of the process.

The last component is not followed: the text was free of links when the kernel wrote it, so a link there was put in the
way later and is a replacement. A link put higher up is followed, relative to our own root. The worst that does is to
tell a replaced file for a deleted one or the reverse; ``present`` takes the very same inode.
"""

from __future__ import annotations

import errno
import os
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from daemoneye.host.procfs.files import link_at, reason
from daemoneye.model.process import FileIdentity, OnDisk, Unread

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.host.procfs.files import Gaps

T = TypeVar("T")

DELETED: Final = b" (deleted)"
# Paths begin with a slash; one more keeps what does not from being looked up below the process.
_HERE: Final = b"/"
_PATH_MAX: Final = 4096  # of Linux, with its NUL
# Processes share programs, a few hundred on a machine, and so share what is said of them.
_REMEMBERED: Final = 1024


class Place(NamedTuple):
    """Where the file of a process is looked for, below ``/proc/PID``."""

    path: bytes
    # what hangs when this place hangs: one directory in one mount namespace
    neighbourhood: tuple[bytes | None, bytes]


class Image(NamedTuple):
    path: bytes | None = None
    file: FileIdentity | None = None
    on_disk: OnDisk = OnDisk.UNKNOWN
    place: Place | None = None  # where it was found, if it is there
    there: FileIdentity | None = None  # what is there instead, if something is
    why: Unread | None = None  # the state on disk is unknown


class Disk:
    """Looks at files of processes, but not where another look is still under way.

    Looks come one at a time. If one is under way when the next begins, its thread hangs: what lies beside that file
    would hang as well, and is said to have timed out without trying.
    """

    def __init__(self) -> None:
        self._under_way: set[tuple[bytes | None, bytes]] = set()

    def look(self, directory: int, place: Place, *, follow: bytes | None = None) -> os.stat_result:
        neighbourhood = place.neighbourhood
        if neighbourhood in self._under_way:
            raise TimeoutError(errno.ETIMEDOUT, "the filesystem does not answer")
        self._under_way.add(neighbourhood)
        try:
            if follow is not None:
                return os.stat(follow, dir_fd=directory)
            return os.stat(place.path, dir_fd=directory, follow_symlinks=False)
        finally:
            self._under_way.discard(neighbourhood)


def file_identity(status: os.stat_result) -> FileIdentity:
    return _identity(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@lru_cache(_REMEMBERED)
def _identity(dev: int, ino: int, size: int, mtime_ns: int, ctime_ns: int) -> FileIdentity:
    return FileIdentity(dev=dev, ino=ino, size=size, mtime_ns=mtime_ns, ctime_ns=ctime_ns)


@lru_cache(_REMEMBERED)
def _place(origin: bytes, path: bytes, namespace: bytes | None) -> Place:
    return Place(origin + path, (namespace, path.rpartition(b"/")[0]))


def _up_from(root: bytes | None) -> bytes | None:
    return None if root is None else b"root" + b"/.." * (0 if root == b"/" else root.count(b"/"))


class Examination:
    """One look at one image. ``root`` is what ``/proc/PID/root`` says, ``home`` names our own mount namespace."""

    def __init__(
        self,
        directory: int,
        root: bytes | None,
        disk: Disk,
        anonymous_devices: frozenset[int],
        home: bytes | None = None,
    ) -> None:
        self._directory = directory
        self._home = home
        self._namespace = _quietly(lambda: link_at(directory, b"ns/mnt"))
        at_home = home is not None and self._namespace == home
        self.abroad = None if at_home else self._namespace  # another mount namespace than ours, if we may ask
        self._origin = _HERE if at_home else _up_from(root)
        self._disk = disk
        self._anonymous_devices = anonymous_devices

    @property
    def possible(self) -> bool:
        return self._origin is not None

    def examine(self, gaps: Gaps) -> Image:
        try:
            image = self._twice()
        except OSError as error:
            gaps.note(reason(error), "executable_path", "executable_file", "on_disk")
            return Image()
        if image.why is not None:
            gaps.note(image.why, *(["executable_file"] if image.file is None else []), "on_disk")
        return image

    def _twice(self) -> Image:
        link = link_at(self._directory, b"exe")
        image = self._once(link)
        if image.on_disk not in (OnDisk.PRESENT, OnDisk.MEMFD):
            # a rename between the two questions leaves nothing at the old name; the second answer has the new one
            again = link_at(self._directory, b"exe")
            if again != link:
                return self._once(again)
        return image

    def _once(self, link: bytes) -> Image:
        literal = self._place(link)
        stripped = link.removesuffix(DELETED)
        file = None
        try:
            running = self._disk.look(self._directory, literal, follow=b"exe")
            file = file_identity(running)
            if _same(self._found(literal), file):
                return Image(link, file, OnDisk.PRESENT, literal)
            marked = stripped != link
            if self._never_had_a_name(stripped, running, marked=marked):
                return Image(stripped, file, OnDisk.MEMFD)
            if not marked:
                return Image(link, file, why=Unread.UNREACHABLE)
            return self._deleted_or_replaced(stripped, file)
        except OSError as error:
            return Image(stripped, file, why=reason(error))

    def _deleted_or_replaced(self, path: bytes, file: FileIdentity) -> Image:
        place = self._place(path)
        there = self._found(place)
        if there is None:
            return Image(path, file, OnDisk.DELETED)
        if _same(there, file):
            return Image(path, file, OnDisk.PRESENT, place)
        return Image(path, file, OnDisk.REPLACED, there=there)

    def there_and_here(self, path: bytes) -> tuple[FileIdentity | None, FileIdentity | None]:
        """Ask what a path leads to for the process, and for us; if for neither, what its directory leads to."""
        for each in (path, path.rpartition(b"/")[0] or b"/"):
            places = (self._place(each), _place(_HERE, each, self._home))
            there, here = (_quietly(partial(self._found, place)) for place in places)
            if there or here:
                return there, here
        return None, None

    def _place(self, path: bytes) -> Place:
        return _place(self.origin, path, self._namespace)

    def paths(self) -> tuple[bytes, ...]:
        """What its path may be, each to be looked up below ``origin``: the mark may be part of the name."""
        link = link_at(self._directory, b"exe")
        return tuple(dict.fromkeys((link, link.removesuffix(DELETED))))

    @property
    def origin(self) -> bytes:
        """From which directory, below ``/proc/PID``, the process begins to look for a path."""
        return self._origin or b""

    def _found(self, place: Place) -> FileIdentity | None:
        """Ask what is there; ``None``: nothing is."""
        try:
            return file_identity(self._disk.look(self._directory, place))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            # the kernel's mark makes a name longer than any that can be there; of a path that is too long as a whole
            # nobody can tell what it leads to
            if error.errno != errno.ENAMETOOLONG or len(place.path) >= _PATH_MAX:
                raise
            return None

    def _never_had_a_name(self, path: bytes, running: os.stat_result, *, marked: bool) -> bool:
        """Recognise memfd_create and O_TMPFILE.

        Memfds live on a device of the kernel's own, on which no path can lie. The kernel calls an O_TMPFILE file ``#``
        and its inode number; a file that was given just that name and lost it looks the same, and whoever does that
        means to be taken for one.
        """
        if running.st_dev in self._anonymous_devices:
            return True
        return marked and running.st_nlink == 0 and path.rpartition(b"/")[2] == b"#%d" % running.st_ino


def _same(found: FileIdentity | None, file: FileIdentity) -> bool:
    return found is not None and (found.dev, found.ino) == (file.dev, file.ino)


def still_there(directory: int, disk: Disk, place: Place, file: FileIdentity) -> FileIdentity | None:
    """Find the running file where it was found before: its identity of today, or ``None`` to look closer."""
    try:
        found = disk.look(directory, place)
    except OSError:
        return None
    if (found.st_dev, found.st_ino) != (file.dev, file.ino):
        return None
    return file if found.st_ctime_ns == file.ctime_ns else file_identity(found)


def anonymous_devices() -> frozenset[int]:
    """Find the devices on which the kernel keeps memfds: make one of each kind and look."""
    devices = (
        _quietly(lambda: _device_of(os.MFD_CLOEXEC)),
        _quietly(lambda: _device_of(os.MFD_CLOEXEC | os.MFD_HUGETLB)),
    )
    return frozenset(device for device in devices if device is not None)


def _device_of(flags: int) -> int:
    file = os.memfd_create("", flags)
    try:
        return os.fstat(file).st_dev
    finally:
        os.close(file)


def _quietly(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except OSError:
        return None
