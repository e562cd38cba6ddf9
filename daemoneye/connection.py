"""One connection to a running agent: what is said and heard on it, within a time, and how that can fail."""

from __future__ import annotations

import os
import socket
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Self, TypeVar

from daemoneye import __version__
from daemoneye.errors import Exit, NoPermissionError, OperatorError, UnreachableError
from daemoneye.model.agent import (
    VERSIONS,
    Body,
    Envelope,
    Hello,
    Refusal,
    RefusalCode,
    Request,
    Welcome,
)
from daemoneye.sanitize.hostile import printable
from daemoneye.wire.codec import decode, encode
from daemoneye.wire.errors import WireError
from daemoneye.wire.framing import FrameDecoder, encode_frame

if TYPE_CHECKING:
    from types import TracebackType

SOCKET: Final = "/run/daemoneye/agent.sock"
# The agent answers in milliseconds, and a restarted gateway within two seconds.
TIMEOUT_S: Final = 5.0
_PIECE: Final = 256 * 1024
_RETRY_S: Final = 0.05

A = TypeVar("A", bound="Body")


class NotRunning(UnreachableError):  # noqa: N818 - the names say what is the case
    """Nobody listens there."""


class NotAllowed(NoPermissionError):  # noqa: N818
    """The socket's mode, or that of its directory, keeps this account out."""


class NoAnswer(UnreachableError):  # noqa: N818
    """Somebody listens there, and no valid answer came."""


class Refused(OperatorError):  # noqa: N818
    """The agent understood, and says why it will not."""

    exit_code = Exit.FINDINGS

    def __init__(self, where: str, refusal: Refusal) -> None:
        self.code = refusal.code
        self.text = "\n".join(printable(line) for line in refusal.text.split("\n"))
        super().__init__(where, "refused", self.text)

    def __str__(self) -> str:
        return self.text


class UnknownChild(Refused):
    exit_code = Exit.USAGE


class Rejected(Refused):
    """Settings that were not taken, one line for each mistake; the old ones are in force."""

    exit_code = Exit.CONFIG


class Unanswered(Refused):
    """The agent is there, but the part of it that would know is not."""

    exit_code = Exit.UNREACHABLE


_REFUSALS: Final[dict[RefusalCode, type[Refused]]] = {
    RefusalCode.UNKNOWN_CHILD: UnknownChild,
    RefusalCode.REJECTED: Rejected,
    RefusalCode.NO_ANSWER: Unanswered,
    RefusalCode.UNAVAILABLE: Unanswered,
}


class Connection:
    def __init__(self, path: str | os.PathLike[str] = SOCKET, *, timeout_s: float = TIMEOUT_S) -> None:
        self._path = os.fspath(path)
        self._where = printable(self._path)
        self._timeout_s = self._patience_s = timeout_s
        self._number = 0
        self._decoder = FrameDecoder()
        self._socket: socket.socket | None = None
        self.server = ""  # who answers there, in its own words

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def connect(self) -> None:
        try:
            self._connect(self._deadline())
        except OperatorError:
            self.close()
            raise

    def _connect(self, deadline: float) -> None:
        self._socket, self._decoder = self._reach(deadline), FrameDecoder()
        self._say(Envelope.around(Hello(versions=VERSIONS, client=f"daemoneye {__version__}")), deadline)
        welcome = self._hear(0, Welcome, deadline)
        if welcome.version not in VERSIONS:
            raise self._nonsense(f"protocol version {welcome.version}")
        self.server = welcome.server

    def close(self) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None

    def _ask(self, request: Request, kind: type[A], timeout_s: float | None = None) -> A:
        deadline = self._deadline(timeout_s)
        return self._hear(self._request(request, deadline), kind, deadline)

    def _deadline(self, timeout_s: float | None = None) -> float:
        self._patience_s = self._timeout_s if timeout_s is None else timeout_s
        return time.monotonic() + self._patience_s

    def _request(self, request: Request, deadline: float) -> int:
        self._number += 1
        self._say(Envelope.around(request, self._number), deadline)
        return self._number

    def _hear(self, number: int, kind: type[A], deadline: float) -> A:
        while True:  # past what is left of an earlier answer, until the deadline
            envelope = self._receive(deadline)
            body = envelope.body
            if isinstance(body, Refusal) and envelope.id in {0, number}:
                raise self._refused(body)
            if envelope.id == number and isinstance(body, kind):
                return body
            if envelope.id == number:
                raise self._nonsense(f"{type(body).__name__} where {kind.__name__} is due")

    def _refused(self, refusal: Refusal) -> OperatorError:
        if refusal.code is RefusalCode.VERSION:
            self.close()
            return NoAnswer(self._where, printable(refusal.text), f"an agent that speaks version {VERSIONS[0]}")
        return _REFUSALS.get(refusal.code, Refused)(self._where, refusal)

    def _reach(self, deadline: float) -> socket.socket:
        with ExitStack() as undo:
            connection = undo.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            while not self._connected(connection, deadline):
                time.sleep(_RETRY_S)
            undo.pop_all()
        return connection

    def _connected(self, connection: socket.socket, deadline: float) -> bool:
        """Not yet, when more knock than the agent has let in."""
        try:
            connection.settimeout(self._left_s(deadline))
            connection.connect(self._path)
        except BlockingIOError:
            return False
        except PermissionError as error:
            raise NotAllowed(self._where, "permission denied", "root, or an account of ipc.allow_groups") from error
        except TimeoutError:
            raise self._late() from None
        except (OSError, ValueError) as error:  # ValueError: a name that no socket can have
            found = error.strerror.lower() if isinstance(error, OSError) and error.strerror else str(error)
            raise NotRunning(self._where, found, "the socket of a running agent") from error
        return True

    def _say(self, envelope: Envelope, deadline: float) -> None:
        connection = self._connection
        try:
            connection.settimeout(self._left_s(deadline))
            connection.sendall(encode_frame(encode(envelope)))
        except TimeoutError:
            raise self._late() from None
        except OSError:
            return  # what it said before it closed is still to be read, and tells more

    def _receive(self, deadline: float) -> Envelope:
        try:
            while (payload := self._decoder.next_frame()) is None:
                self._decoder.feed(self._piece(deadline))
            return decode(Envelope, payload)
        except WireError as error:
            raise self._nonsense(str(error)) from error

    def _piece(self, deadline: float) -> bytes:
        try:
            self._connection.settimeout(self._left_s(deadline))
            data = self._connection.recv(_PIECE)
        except TimeoutError:
            raise self._late() from None
        except OSError:
            data = b""
        if not data:
            self.close()
            why = "closed the connection" if self.server else "closed the connection at once"
            raise NoAnswer(self._where, why, "an answer (is this account allowed? are there too many clients?)")
        return data

    @property
    def _connection(self) -> socket.socket:
        if self._socket is None:
            raise NoAnswer(self._where, "not connected", "connect() first, and again after a failure")
        return self._socket

    def _left_s(self, deadline: float) -> float:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _late(self) -> NoAnswer:
        self.close()
        return NoAnswer(self._where, f"no answer within {self._patience_s:g} s", "the agent's answer")

    def _nonsense(self, what: str) -> NoAnswer:
        self.close()
        return NoAnswer(self._where, printable(what), "what an agent of this release says")
