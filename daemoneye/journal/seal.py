"""The sealing key: it seals one checkpoint, becomes the next key, and what it was is overwritten.

A one-way step leads from each secret to the next, so that today's secret says nothing about yesterday's. The file is
one block, written in place over itself and synced; the lock on it is what makes the writer of a journal the only one.
In place is as far as a program can go: a file system that copies on write, a snapshot, a drive that moves blocks about
or a copy of our memory may keep an old secret for longer.
"""

from __future__ import annotations

import errno
import fcntl
import hmac
import os
import secrets
import stat
import struct
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from daemoneye.journal.statement import Signer

if TYPE_CHECKING:
    from pathlib import Path

# A mark; the epoch; the secret; the chain; the digest of its last statement; a checksum: less than any disk's sector.
_FORMAT: Final = struct.Struct(">8sQ32s16s32s32s")
_MARK: Final = b"DE-seal1"
_NO_CHAIN: Final = bytes(16)
_MODE: Final = 0o400


@dataclass(frozen=True, slots=True)
class Epoch:
    """What the file holds: the secret of the checkpoint with this number, and what it follows."""

    number: int
    secret: bytes
    chain: str = _NO_CHAIN.hex()
    statement: str = bytes(32).hex()

    def __repr__(self) -> str:
        return f"Epoch({self.number}, chain={self.chain})"  # a secret in a log would be no secret

    @property
    def began_a_chain(self) -> bool:
        return self.chain != _NO_CHAIN.hex()

    @property
    def signer(self) -> Signer:
        return Signer(_derive(self.secret, b"daemoneye.journal.seal.sign"))

    def after(self, chain: str, statement: str) -> Epoch:
        return Epoch(self.number + 1, _derive(self.secret, b"daemoneye.journal.seal.next"), chain, statement)


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return hmac.digest(secret, purpose, "sha256")


def encode(epoch: Epoch) -> bytes:
    rest = (epoch.number, epoch.secret, bytes.fromhex(epoch.chain), bytes.fromhex(epoch.statement))
    checksum = sha256(_FORMAT.pack(_MARK, *rest, b"")).digest()
    return _FORMAT.pack(_MARK, *rest, checksum)


def decode(block: bytes) -> Epoch | None:
    """Return ``None`` for anything but a whole and undamaged block."""
    if len(block) != _FORMAT.size:
        return None
    _, number, secret, chain, statement, _ = _FORMAT.unpack(block)
    epoch = Epoch(number, secret, chain.hex(), statement.hex())
    return epoch if encode(epoch) == block else None


class SealFile:
    """Open, locked, and replaced in place."""

    def __init__(self, path: Path) -> None:
        self._file = _open(path)
        with ExitStack() as undo:
            undo.callback(os.close, self._file)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # damaged, or new: the chain it belonged to cannot go on, which the journal will say
            self.epoch = decode(os.pread(self._file, _FORMAT.size, 0)) or self._write(Epoch(0, secrets.token_bytes(32)))
            undo.pop_all()

    def advance(self, chain: str, statement: str) -> None:
        """Destroy the secret: the checkpoint it sealed is on disk."""
        self.epoch = self._write(self.epoch.after(chain, statement))

    def _write(self, epoch: Epoch) -> Epoch:
        os.pwrite(self._file, encode(epoch), 0)
        os.fsync(self._file)
        return epoch

    def close(self) -> None:
        os.close(self._file)


def read(path: Path) -> Epoch | None:
    """Look at the file without taking it, as a verifier does."""
    with path.open("rb") as file:
        return decode(file.read(_FORMAT.size))


def _open(path: Path) -> int:
    """Open for writing a file that nobody, its owner included, may usually write."""
    try:
        draft = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, _MODE)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise PermissionError(errno.EPERM, "a symbolic link", str(path)) from None
        raise
    try:
        if not stat.S_ISREG(os.fstat(draft).st_mode):
            raise PermissionError(errno.EPERM, "not a regular file", str(path))
        os.fchmod(draft, 0o600)
        try:
            return os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        finally:
            os.fchmod(draft, _MODE)
    finally:
        os.close(draft)
