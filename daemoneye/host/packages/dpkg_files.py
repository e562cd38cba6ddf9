"""The files of dpkg's database, as bytes in and values out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Diversion:
    """A file that all packages but one have to lay down under another name."""

    path: bytes
    moved_to: bytes
    by: str  # the package that has the name for itself; ":" if it is the administrator


@dataclass(frozen=True, slots=True)
class Stanza:
    state: str  # installed, unpacked, half-installed, ...
    version: str


def listed(text: bytes) -> list[bytes]:
    return [line for line in text.split(b"\n") if line.startswith(b"/") and line != b"/."]


def digests(text: bytes) -> Iterator[tuple[bytes, str]]:
    """Read lines as md5sum writes them, which marks a line with an escaped name by a backslash at its beginning."""
    for line in text.split(b"\n"):
        digest, _, name = line.lstrip(b"\\").partition(b"  ")
        if name:
            path = name.replace(rb"\n", b"\n").replace(rb"\\", b"\\") if line.startswith(b"\\") else name
            yield b"/" + path.removeprefix(b"./"), digest.decode("ascii", "replace").lower()


def diversions(text: bytes) -> Iterator[Diversion]:
    """Three lines each: from, to, and by whom."""
    lines = text.split(b"\n")
    for path, moved_to, by in zip(lines[0::3], lines[1::3], lines[2::3], strict=False):
        yield Diversion(path, moved_to, by.decode("utf-8", "replace"))


def stanza(text: bytes, package: str) -> Stanza | None:
    """Find a package, given as ``name`` or ``name:architecture``, in a file of stanzas."""
    name, _, architecture = package.partition(":")
    for found in re.finditer(rb"^Package: %b\n" % re.escape(name.encode()), text, re.MULTILINE):
        end = text.find(b"\n\n", found.start())
        fields = dict(_fields(text[found.start() : end if end >= 0 else len(text)]))
        if not architecture or fields.get("Architecture") == architecture:
            return Stanza(state=fields.get("Status", "").rpartition(" ")[2], version=fields.get("Version", ""))
    return None


def _fields(text: bytes) -> Iterator[tuple[str, str]]:
    for line in text.decode("utf-8", "replace").split("\n"):
        name, colon, value = line.partition(": ")
        if colon and not line.startswith(" "):
            yield name, value
