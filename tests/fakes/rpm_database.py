"""A root directory with an rpm database, as rpm lays it out; and headers, right or wrong, for it."""

from __future__ import annotations

import hashlib
import sqlite3
import struct
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

STRING, STRINGS, INT32, CHAR, BINARY = 6, 8, 4, 1, 7
HOLD_LOCK = (
    "import fcntl, sys; f = open(sys.argv[1], 'r+'); fcntl.lockf(f, int(sys.argv[2])); print(flush=True); input()"
)

Value = bytes | int | list[bytes] | list[int]


@dataclass(frozen=True)
class Brought:
    """What a package says of a file."""

    held: bytes | None = b"good"  # None: no digest
    flags: int = 0
    state: int = 0
    verified: int = 0xFFFFFFFF


def header(tags: dict[int, Value]) -> bytes:
    """Lay out a header: texts, lists of them, and numbers in 32 bits, but for the states of files in 8."""
    entries, data = [struct.pack(">IIII", 63, BINARY, 0, 16)], bytes(16)  # where a signed region would be
    for tag, value in tags.items():
        kind, count, held = _encoded(tag, value)
        if kind == INT32:
            data += bytes(-len(data) % 4)
        entries.append(struct.pack(">IIII", tag, kind, len(data), count))
        data += held
    return struct.pack(">II", len(entries), len(data)) + b"".join(entries) + data


def _encoded(tag: int, value: Value) -> tuple[int, int, bytes]:
    if isinstance(value, bytes):
        return STRING, 1, value + b"\0"
    values = value if isinstance(value, list) else [value]
    texts = [each for each in values if isinstance(each, bytes)]
    numbers = [each for each in values if isinstance(each, int)]
    if texts:
        return STRINGS, len(texts), b"".join(text + b"\0" for text in texts)
    if tag == 1029:
        return CHAR, len(numbers), bytes(numbers)
    return INT32, len(numbers), struct.pack(f">{len(numbers)}I", *numbers)


def package(
    name: str,
    files: dict[str, Brought],
    *,
    evr: tuple[int | None, str, str] = (None, "1.0", "1"),
    algorithm: int | None = 8,
) -> dict[int, Value]:
    directories = sorted({path.rpartition("/")[0] + "/" for path in files})
    take = "md5" if algorithm is None else "sha256"
    digests = [
        b"" if each.held is None else hashlib.new(take, each.held).hexdigest().encode() for each in files.values()
    ]
    tags: dict[int, Value] = {1000: name.encode(), 1001: evr[1].encode(), 1002: evr[2].encode()}
    if evr[0] is not None:
        tags[1003] = evr[0]
    if files:
        tags |= {
            1029: [each.state for each in files.values()],
            1035: digests,
            1037: [each.flags for each in files.values()],
            1045: [each.verified for each in files.values()],
            1116: [directories.index(path.rpartition("/")[0] + "/") for path in files],
            1117: [path.rpartition("/")[2].encode() for path in files],
            1118: [each.encode() for each in directories],
        }
        if algorithm is not None:
            tags[5011] = algorithm
    return tags


class RpmRoot:
    def __init__(self, root: Path, place: str = "usr/lib/sysimage/rpm") -> None:
        self.root = root
        self.home = root / place
        self.home.mkdir(parents=True)
        self.file = self.home / "rpmdb.sqlite"
        self.lock = self.home / ".rpm.lock"
        self.lock.touch()
        with closing(self.connect()) as connection, connection:
            connection.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")

    def connect(self) -> sqlite3.Connection:
        """Open it as rpm does: with a log that only a checkpoint empties."""
        connection = sqlite3.connect(self.file)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        return connection

    def add(self, blob: bytes) -> None:
        with closing(self.connect()) as connection, connection:
            connection.execute("INSERT INTO Packages (blob) VALUES (?)", (blob,))

    def install(self, name: str, files: dict[str, bytes], *, version: str = "1.0") -> None:
        brought = {path: Brought(held) for path, held in files.items()}
        self.add(header(package(name, brought, evr=(None, version, "1"))))

    def remove_all(self) -> None:
        with closing(self.connect()) as connection, connection:
            connection.execute("DELETE FROM Packages")

    def present(self) -> list[str]:
        return sorted(each.name for each in self.home.iterdir())
