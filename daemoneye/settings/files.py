"""The only part of the settings that touches the disk.

A settings file is opened without waiting (a pipe with no writer would wait for ever), must be a regular file, and no
more of it is read than may be accepted.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from daemoneye.errors import IOFailedError, NoInputError, NoPermissionError, OperatorError
from daemoneye.sanitize.hostile import printable
from daemoneye.settings.document import MAX_BYTES
from daemoneye.settings.layers import Loaded, from_document, from_environment, patch, settle
from daemoneye.settings.places import ConfigRejected

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

ETC: Final = Path("/etc/daemoneye")
EXPECTED: Final = "a readable YAML file of at most 1 MiB"

# the name leads to nothing that could be read
_NO_FILE: Final = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO, errno.ENODEV}
)

__all__ = ["ETC", "ConfigRejected", "Loaded", "Source", "check", "digest", "gather", "load", "patch", "understand"]


class Source(NamedTuple):
    """A file as it was found: nothing of it is understood yet."""

    name: str
    data: bytes


def load(config: Path | None = None, environ: Mapping[str, str] | None = None, *, etc: Path = ETC) -> Loaded:
    """Defaults < ``etc``/daemoneye.yaml < ``etc``/conf.d/*.yaml < ``config`` < environment."""
    return understand(gather(config, etc=etc), environ)


def gather(config: Path | None = None, *, etc: Path = ETC) -> tuple[Source, ...]:
    """The files that ``load`` would read, in their order."""
    paths = [*_standing(etc), *([config] if config is not None else [])]
    return tuple(Source(str(path), read(path)) for path in paths)


def understand(sources: Iterable[Source], environ: Mapping[str, str] | None = None) -> Loaded:
    layers = [from_document(*source) for source in sources]
    return settle(*layers, from_environment(os.environ if environ is None else environ))


def digest(sources: Collection[Source]) -> str | None:
    """What ``sha256sum`` says of the file, or of several one after another; none has none."""
    return hashlib.sha256(b"".join(each.data for each in sources)).hexdigest() if sources else None


def check(path: Path) -> Loaded:
    """Take one file alone, on top of the defaults."""
    return settle(from_document(str(path), read(path)))


def read(path: Path) -> bytes:
    """At most one byte more than may be accepted; who parses it says so."""
    try:
        with open(path, "rb", opener=_open) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise NoInputError(printable(str(path)), "no regular file", EXPECTED)
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _refusal(path, error) from None


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)


def _standing(etc: Path) -> Iterator[Path]:
    """The files of the host that are there. None has to be."""
    main = etc / "daemoneye.yaml"
    if os.path.lexists(main):
        yield main
    try:
        paths = sorted((etc / "conf.d").iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise _refusal(etc / "conf.d", error) from None
    yield from (path for path in paths if path.suffix == ".yaml" and not path.name.startswith("."))


def _refusal(path: Path, error: OSError) -> OperatorError:
    family: type[OperatorError] = IOFailedError
    if isinstance(error, PermissionError):
        family = NoPermissionError
    elif error.errno in _NO_FILE:
        family = NoInputError
    return family(printable(str(path)), (error.strerror or "unreadable").lower(), EXPECTED)
