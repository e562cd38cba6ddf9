"""One hashing process as its parent has it: what it may say now, whether it is still there, and how it ended.

It has read what anybody may have written. Whatever it says out of turn is the end of it. How it is called is nobody
else's name, ever: what comes late is about nobody.
"""

from __future__ import annotations

import socket
from array import array
from typing import TYPE_CHECKING, Final

from daemoneye.broker.forking import describe
from daemoneye.hashing.events import Done, MoreWanted, WorkerDied, WorkerFailed, WorkerReady, WorkerStopped
from daemoneye.hashing.packets import (
    LONGEST,
    Alive,
    Asks,
    GarbledError,
    LastWords,
    More,
    Ping,
    Report,
    Task,
    Word,
    decode_word,
    encode,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.hashing.events import Event
    from daemoneye.hashing.packets import Order
    from daemoneye.host.offspring import Offspring

# Beats of the actor. It answers within a millisecond; at the second beat it was kept from that for all the time since
# the first, while a machine that was suspended wakes both of us at once, and the first may come too early.
SILENT_BEATS: Final = 2
# Packets in one turn; it has not more than two to say before it waits for us.
_IN_A_TURN: Final = 8


class Hasher:
    def __init__(self, name: str, process: Offspring, now_s: float) -> None:
        self.name = name
        self.process = process
        self.began_s = self.heard_s = now_s
        self.is_ready = False
        self.is_to_go = False  # because somebody wants it to
        self.blameless = False
        self.because = ""  # what it was killed for, or said at its end
        self._killed = self._hung_up = self._asking = False
        self._job: int | None = None
        self._pings = 0
        self._is_asked = True  # its first word is an answer, too
        self._silent_beats = 0
        self._has_spoken = False  # since the last beat

    @property
    def state(self) -> str:
        if self._killed or self.is_to_go:
            return "stopping"
        return "running" if self.is_ready else "starting"

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What to wait for: its death, and its words as long as it can have any."""
        return (self.process.pidfd,) if self._hung_up else (self.process.pidfd, self.process.connection.fileno())

    # -- what it is told

    def hand(self, task: Task, descriptor: int) -> None:
        self._job, self._asking = task.job, False
        if not self._say(task, descriptor):
            self.blameless = True  # it never had the file

    def grant(self, job: int, amount: int) -> None:
        self._asking = False
        self._say(More(job, amount))

    def let_go(self) -> None:
        self.is_to_go = self._is_asked = True
        self.process.connection.shutdown(socket.SHUT_WR)

    def kill(self, because: str) -> None:
        if not self._killed:
            self._killed = True
            self.because = self.because or because
            self.process.kill()

    def replace(self) -> None:
        """An operator wants another one; nothing is held against anybody."""
        self.is_to_go = self.blameless = True
        self.kill("")

    def look_after(self, now_s: float) -> None:
        """Who has nothing in hand is asked whether it is there. Who has does not listen, and has a deadline."""
        if self._has_spoken:
            self.heard_s, self._has_spoken = now_s, False
        if self._is_asked:
            self._silent_beats += 1
            if self._silent_beats >= SILENT_BEATS:
                self.blameless = True  # what it was handed since it has not looked at
                self.kill("gave no answer")
        elif self._job is None:
            self._pings += 1
            self._is_asked = True
            self._say(Ping(self._pings))

    def look_whether_stopped(self) -> Iterator[Event]:
        if self._killed or not self.process.is_stopped():
            return
        if self._job is None:
            self.blameless = True
            self.kill("was stopped")
        else:
            self.because = "was stopped"
            yield WorkerStopped(self.name)

    def _say(self, order: Order, *descriptors: int) -> bool:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", descriptors))] if descriptors else []
        try:
            self.process.connection.sendmsg([encode(order)], rights, socket.MSG_NOSIGNAL | socket.MSG_DONTWAIT)
        except (BrokenPipeError, ConnectionResetError):  # it is dying already
            self.kill("")
            return False
        except OSError as error:  # it lets what is for it pile up, or too many descriptors are on their way
            self.kill(f"cannot be told anything: {error.strerror}")
            return False
        return True

    # -- what it says

    def hear(self) -> Iterator[Event]:
        for _ in range(_IN_A_TURN):
            if self._hung_up or (packet := self._receive()) is None:
                return
            try:
                yield from self._understood(decode_word(packet))
            except GarbledError as error:
                self.kill(f"said what cannot be: {error}")

    def _receive(self) -> bytes | None:
        try:
            packet = self.process.connection.recv(LONGEST)
        except BlockingIOError:
            return None
        except ConnectionResetError:
            packet = b""
        if packet:
            return packet
        self._hung_up = True
        if not self.is_to_go:
            self.kill("")  # most likely it is dying already
        return None

    def _understood(self, word: Word) -> Iterator[Event]:
        self._has_spoken = True
        match word:
            case LastWords(text):
                self.because = self.because or text
            case _ if self._killed:
                pass
            case Alive(number) if number == self._pings and self._is_asked:
                self._is_asked, self._silent_beats = self.is_to_go, 0
                if not self.is_ready:
                    self.is_ready = True
                    yield WorkerReady(self.name)
            case Asks(job, left) if job == self._job and not self._asking:
                self._asking = True
                yield MoreWanted(self.name, job, left)
            case Report(job) if job == self._job and not self._asking:
                self._job = None
                yield self._done(word)
            case _:
                raise GarbledError(f"{type(word).__name__} out of turn")

    def _done(self, report: Report) -> Done:
        return Done(
            worker=self.name,
            job=report.job,
            status=report.status,
            reason=report.reason,
            known=report.known,
            file=report.file,
            bytes_read=report.bytes_read,
        )

    # -- its end

    def bury(self, status: int) -> Iterator[Event]:
        """What it still had to say, and that it is dead."""
        yield from self.hear()
        self.because = f"{describe(status)}: {self.because}" if self.because else describe(status)
        self.process.close()
        yield WorkerDied(self.name, self.blameless) if self.is_ready else WorkerFailed()
