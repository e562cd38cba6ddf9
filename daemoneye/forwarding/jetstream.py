"""A connection to a NATS JetStream: nats-py, kept from doing more than it is asked to.

Its event loop runs only while the thread waits here. It does not reconnect by itself, because when to connect again is
decided elsewhere, for every kind of receiver alike. It does not speak to a server that turns TLS down: nats-py leaves
it to the server whether a connection is encrypted, and would tell whoever is in the middle all it knows. And it holds
no more than a little of what a server sends: nats-py waits for as much as is announced.
"""

from __future__ import annotations

import asyncio
import concurrent.futures.thread  # noqa: F401 - where asyncio looks names up; it would import it when it does
import random
from collections import deque
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import nats.errors
from nats.aio.client import Client
from nats.js.api import Header
from nats.protocol.parser import Parser

from daemoneye.forwarding.credentials import read_credentials
from daemoneye.forwarding.line import NoConnection
from daemoneye.forwarding.rendering import AsLine
from daemoneye.forwarding.security import client_context, why
from daemoneye.model.record import Stream
from daemoneye.outputs.formats import SHORTEST_LIMIT
from daemoneye.outputs.relp import Acked, Closed, Refused

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from daemoneye.forwarding.line import Told
    from daemoneye.outputs.origin import Origin
    from daemoneye.settings.outputs import NATS

# Publications on their way: at 20,000 a second those of 13 ms, more than a round trip within one site.
WINDOW: Final = 256
# What a server takes is 1 MiB by default, headers included; ours have some hundred bytes.
_LONGEST: Final = 1024 * 1024
_FOR_HEADERS: Final = 1024
_SUBJECTS: Final = {Stream.ALERTS: "alert", Stream.EVENTS: "event"}
_HEALTH: Final = "health"
_CLOSE_S: Final = 1.0
# An acknowledgement has a hundred bytes; a read of nats-py has 32 KiB of them.
_MOST_HELD: Final = 64 * 1024


class JetStreamReceiver:
    name = "nats"

    def __init__(self, settings: NATS, origin: Origin) -> None:
        self._settings = settings
        self._origin = origin
        self.timeout_s = settings.timeout
        self.render = AsLine(origin, _LONGEST - _FOR_HEADERS)

    def connect(self) -> JetStreamLine:
        options = self._options()
        line = JetStreamLine(f"{self._settings.subject}.{self._origin.host_id}", demand_tls="tls" in options)
        if trouble := line.connect(options, self.timeout_s):
            line.close()
            raise NoConnection(f"{urlsplit(options['servers']).netloc}: {trouble}")
        # one that takes less gets less of a long record, rather than nothing
        self.render = AsLine(self._origin, max(SHORTEST_LIMIT, min(_LONGEST, line.takes) - _FOR_HEADERS))
        return line

    def _options(self) -> dict[str, Any]:
        given = self._settings
        # one of them: nats-py would go no further than the first that it cannot reach either
        server = random.choice(given.servers)  # noqa: S311 - nothing is secret about it
        options = {
            "servers": server,
            "name": f"daemoneye {self._origin.host_name}",
            "connect_timeout": given.timeout,
            "allow_reconnect": False,
        }
        if given.tls.enabled or server.startswith("tls:"):
            name = given.tls.server_name or urlsplit(server).hostname
            options |= {"tls": client_context(given.tls), "tls_hostname": name}
        if given.credentials_file:
            credentials = read_credentials(given.credentials_file)
            options |= {"user_jwt_cb": lambda: bytearray(credentials.jwt), "signature_cb": credentials.sign}
        return options


class _Bounded(Parser):
    async def parse(self, data: bytes = b"") -> None:
        if len(self.buf) > _MOST_HELD:
            raise nats.errors.ProtocolError
        await super().parse(data)


class _Guarded(Client):
    def __init__(self, *, demand_tls: bool) -> None:
        super().__init__()
        self._ps = _Bounded(self)
        self._demand_tls = demand_tls

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        """Called with what the server says of itself; at first, before anything is said to it."""
        if self._demand_tls and initial_connection and not info.get("tls_required"):
            raise nats.errors.Error("the server does not offer TLS")
        await super()._process_info(info, initial_connection)


class JetStreamLine:
    def __init__(self, subject: str, *, demand_tls: bool) -> None:
        self._subject = subject
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda _, context: self._end(context.get("exception") or context["message"]))
        self._client = _Guarded(demand_tls=demand_tls)
        self._outgoing: deque[tuple[str, str, bytes]] = deque()
        self._unanswered: dict[str, asyncio.Future[Any]] = {}
        self._events: list[Told] = []
        self._something = asyncio.Event()
        self._complaint = ""  # of the server, about us: what it does not answer may have to do with it
        self._watched: int | None = None
        self._ended = False

    def connect(self, options: dict[str, Any], timeout_s: float) -> str | None:
        """Answer why not, if not."""
        options |= {"error_cb": self._on_error, "closed_cb": self._on_closed}
        trouble = self._run(self._client.connect(**options), timeout_s)
        if trouble is not None:
            return self._complaint or why(trouble)
        self._stream = self._client.jetstream(publish_async_max_pending=2 * WINDOW)
        return None

    def _run(self, work: Coroutine[Any, Any, Any], timeout_s: float) -> BaseException | None:
        """Do it; what it raises is what the library makes of what the server said, and is only told."""
        task = self._loop.create_task(work)
        done, _ = self._loop.run_until_complete(asyncio.wait({task}, timeout=timeout_s))
        if done:
            return task.exception()
        task.cancel()
        self._loop.run_until_complete(asyncio.wait({task}, timeout=_CLOSE_S))
        return TimeoutError()

    # -- what goes out

    @property
    def takes(self) -> int:
        """How many bytes the server takes at once, if it says so."""
        said: Any = self._client.max_payload
        return said if isinstance(said, int) else _LONGEST

    @property
    def room(self) -> int:
        return 0 if self._ended else WINDOW - len(self._unanswered) - len(self._outgoing)

    def send(self, identity: str, stream: Stream, message: bytes) -> None:
        self._outgoing.append((identity, _SUBJECTS[stream], message))

    def tell(self, identity: str, health: bytes) -> None:
        self._outgoing.append((identity, _HEALTH, health))

    async def _publish_all(self) -> None:
        while self._outgoing and not self._ended:
            await self._publish(*self._outgoing.popleft())

    async def _publish(self, identity: str, kind: str, message: bytes) -> None:
        try:
            answer = await self._stream.publish_async(
                f"{self._subject}.{kind}", message, headers={Header.MSG_ID: identity}
            )
        except nats.errors.MaxPayloadError:
            self._tell(Refused(identity, f"{len(message)} bytes: more than the server takes"))
        else:
            self._unanswered[identity] = answer
            answer.add_done_callback(partial(self._answered, identity))

    # -- what comes in

    def wait(self, seconds: float, wake: int) -> list[Told]:
        if self._watched != wake:
            self._loop.add_reader(wake, self._something.set)
            self._watched = wake
        if not self._events or self._outgoing:
            self._loop.run_until_complete(self._turn(seconds))
        told, self._events = self._events, []
        return told

    async def _turn(self, seconds: float) -> None:
        if self._outgoing:
            publishing = asyncio.create_task(self._publish_all())
            await asyncio.wait({publishing})
            if failure := publishing.exception():  # the library chokes on what the server has said before
                self._end(failure)
        if not self._events:
            self._something.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._something.wait(), seconds)

    def _answered(self, identity: str, answer: asyncio.Future[Any]) -> None:
        del self._unanswered[identity]
        if answer.cancelled():
            return
        refusal = answer.exception()
        self._tell(Refused(identity, why(refusal)) if refusal else Acked(identity))

    def _tell(self, event: Told) -> None:
        if not self._ended:
            self._events.append(event)
            self._something.set()

    def _end(self, reason: BaseException | str) -> None:
        """Only once; nothing is told after it."""
        text = self._complaint or (why(reason) if isinstance(reason, BaseException) else reason)
        self._tell(Closed(text, tuple(self._unanswered)))
        self._ended = True

    async def _on_error(self, error: Exception) -> None:
        self._complaint = why(error)

    async def _on_closed(self) -> None:
        self._end("the server closed the connection")

    def close(self) -> None:
        self._ended = True
        self._run(self._client.close(), _CLOSE_S)
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.wait(left, timeout=_CLOSE_S) if left else asyncio.sleep(0))
        self._loop.close()
