"""What a hashing process does: reads one open file after the other, no faster than it may, and says what they are.

It is handed descriptors, and knows no paths. Between two files it answers when it is asked whether it is there. When
its parent has left it ends.
"""

from __future__ import annotations

import os
import socket
from array import array
from functools import partial
from typing import TYPE_CHECKING, Final, NoReturn

from daemoneye.hashing.allowance import Allowance
from daemoneye.hashing.packets import (
    LONGEST,
    Alive,
    Asks,
    LastWords,
    More,
    Order,
    Ping,
    Report,
    Task,
    Word,
    decode_order,
    encode,
)
from daemoneye.hashing.values import Known
from daemoneye.host.hashing import CHUNK, HashOutcome, hash_descriptor
from daemoneye.model.alert import Content
from daemoneye.model.process import HashStatus

if TYPE_CHECKING:
    from daemoneye.integrity.digests import Digests

_ONE_DESCRIPTOR: Final = socket.CMSG_SPACE(array("i").itemsize)
_NOT_ARRIVED: Final = HashOutcome(status=HashStatus.UNSPECIFIED, reason="its descriptor did not arrive")


def live(parent: socket.socket) -> NoReturn:
    _Hasher(parent).work()


def last_words(reason: str) -> bytes:
    return encode(LastWords(reason))


class _Hasher:
    def __init__(self, parent: socket.socket) -> None:
        self._parent = parent

    def work(self) -> NoReturn:
        self._say(Alive(0))
        while True:
            order, descriptors = self._next()
            if isinstance(order, Task):
                self._say(_report(order.job, self._hash(order, *descriptors)))

    def _hash(self, task: Task, descriptor: int | None = None) -> HashOutcome:
        if descriptor is None:
            return _NOT_ARRIVED
        piece = min(CHUNK, task.piece)
        allowance = Allowance(size=os.fstat(descriptor).st_size, piece=piece, granted=task.granted)
        try:
            return hash_descriptor(
                descriptor,
                max_size=task.max_size,
                want_ssdeep=task.want_ssdeep,
                want_md5=task.want_md5,
                timeout_s=task.timeout_s,
                piece=piece,
                pace=partial(self._pace, task.job, allowance),
            )
        finally:
            os.close(descriptor)

    def _pace(self, job: int, allowance: Allowance, count: int) -> bool:
        allowance.spend(count)
        while not allowance.covers_next:
            self._say(Asks(job, allowance.left))
            order, _ = self._next()
            if not isinstance(order, More) or order.job != job:
                raise ValueError(f"{type(order).__name__}: expected More of job {job}")
            if not order.amount:
                return False
            allowance.grant(order.amount)
        return True

    def _next(self) -> tuple[Order, array[int]]:
        while True:
            packet, ancillary, _, _ = self._parent.recvmsg(LONGEST, _ONE_DESCRIPTOR, socket.MSG_CMSG_CLOEXEC)
            if not packet:
                raise SystemExit  # the parent has no more for us
            order = decode_order(packet)
            if not isinstance(order, Ping):
                return order, _descriptors(ancillary)
            self._say(Alive(order.number))

    def _say(self, word: Word) -> None:
        self._parent.send(encode(word), socket.MSG_NOSIGNAL)


def _descriptors(ancillary: list[tuple[int, int, bytes]]) -> array[int]:
    found = array("i")
    for _level, _kind, data in ancillary:
        found.frombytes(data[: len(data) - len(data) % found.itemsize])
    return found


def _report(job: int, outcome: HashOutcome) -> Report:
    known = _known(outcome.digests) if outcome.digests else None
    return Report(job, outcome.status, outcome.bytes_read, outcome.reason, known, outcome.file)


def _known(found: Digests) -> Known:
    fuzzy = str(found.ssdeep) if found.ssdeep else None
    return Known(Content(sha256=found.sha256, ssdeep=fuzzy), found.no_ssdeep, found.md5)
