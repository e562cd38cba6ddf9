"""The gateway with its door open: the real actor on a stage, a real socket, and callers that say whatever they like."""

from __future__ import annotations

import select
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Self

from thespian.actors import WatchMessage

from daemoneye.actors.gateway import Gateway
from daemoneye.messages.control import StatusReport
from daemoneye.messages.observation import Scanned, SnapshotPart
from daemoneye.messages.supervision import GatewaySettings
from daemoneye.model.agent import Body, Envelope, Hello, Welcome
from daemoneye.model.coverage import Coverage
from daemoneye.model.process import ProcessRecord
from daemoneye.model.status import ChildReport, ConfigReport, ProcessReport, ReloadReport
from daemoneye.wire.codec import decode, encode
from daemoneye.wire.framing import FrameDecoder, encode_frame
from tests.fakes.actor_stage import Stage

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS: Final[dict[str, Any]] = {
    "max_frame": 1024 * 1024,
    "max_clients": 16,
    "allow_users": (),
    "allow_groups": (),
    "user_uid": 65534,
    "state_dir": "/nowhere",
    "metrics_textfile": "",
}
CHILDREN: Final = (
    ChildReport(
        name="supervisor", pid=11, state="running", uptime_s=61.0, heartbeat_age_s=0.0, privilege="none", generation=1
    ),
    ChildReport(
        name="gateway", pid=12, state="running", uptime_s=60.5, heartbeat_age_s=1.2, privilege="none", generation=1
    ),
    ChildReport(
        name="collector",
        state="backing_off",
        restarts=3,
        privilege="ptrace,dac_read_search",
        generation=4,
        last_words="OSError: no luck",
    ),
)
COVERAGE: Final = Coverage(seen=3, fully_read=2, partly_read=1, partly_read_by_reason=(("permission", 1),))


def report(request: int, **changed: Any) -> StatusReport:
    said: dict[str, Any] = {
        "state": "degraded",
        "uptime_s": 61.5,
        "tree": 1,
        "children": CHILDREN,
        "sandbox": (ProcessReport(name="main", pid=10, capabilities="kill", no_new_privs=True, landlock="none"),),
        "findings": (),
        "config": ConfigReport(generation=2, sha256="ab" * 32, loaded_at_ms=1_700_000_000_000),
        "reload": ReloadReport(result="none"),
    }
    return StatusReport(request=request, **(said | changed))


def scanned(scan: int = 1) -> Scanned:
    return Scanned(
        scan=scan,
        at_ms=1_700_000_001_000,
        duration_s=0.25,
        overrun=0,
        failed=0,
        coverage=COVERAGE,
        executed=0,
        modified=0,
        occupancies=(),
        shed=(("scanned", 2),),
    )


def part(request: int, number: int, *, last: bool, count: int = 1, size: int = 0) -> SnapshotPart:
    records = tuple(ProcessRecord(pid=number * 1000 + each + 1, name="x" * size) for each in range(count))
    return SnapshotPart(request=request, part=number, last=last, records=records)


class Doorstep:
    def __init__(self, path: Path, **settings: Any) -> None:
        self.path = str(path)
        self.door = socket.socket(socket.AF_UNIX)
        self.door.bind(self.path)
        self.door.listen(128)
        self.stage = Stage(Gateway())
        self.stage.actor.inherited.sockets = {"agent.sock": self.door}
        self.stage.begin(GatewaySettings(**(SETTINGS | settings)))
        self.callers: list[Caller] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for caller in self.callers:
            caller.close()
        with suppress(ValueError):  # it was asked to stop, and closed everything itself
            self.stage.actor._reception.close()
        self.door.close()
        self.stage.close()

    @property
    def gateway(self) -> Gateway:
        return self.stage.actor

    def call(self, *, greet: bool = True) -> Caller:
        caller = Caller(self)
        self.callers.append(caller)
        if greet:
            caller.say(Hello(versions=(1,), client="test"))
            (welcome,) = caller.heard()
            assert isinstance(welcome.body, Welcome)
        return caller

    def turns(self, count: int = 1) -> None:
        """So many rounds of the actor's loop, as long as there is anything to do; timers that are due, too."""
        for _ in range(count):
            ready, _, _ = select.select(self.stage.watched, [], [], 0)
            if ready:
                self.stage.deliver(WatchMessage(ready))
            self.stage.pass_time(0)

    def asked(self, kind: type[Any]) -> Any:
        """The last message of this kind that the gateway said."""
        return self.stage.heard(kind)[-1]


class Caller:
    """A client that reads and writes when the test says so."""

    def __init__(self, house: Doorstep) -> None:
        self._house = house
        self._decoder = FrameDecoder()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(house.path)
        self.socket.setblocking(False)
        self.closed = False  # by the other side

    def close(self) -> None:
        self.socket.close()

    def send(self, data: bytes) -> int:
        """As much as there is room for, until the gateway has had its turn."""
        sent = 0
        with suppress(BlockingIOError, ConnectionError):
            sent = self.socket.send(data)
        self._house.turns(2)
        return sent

    def say(self, body: Body, number: int = 0) -> None:
        self.send(encode_frame(encode(Envelope.around(body, number))))

    def heard(self) -> list[Envelope]:
        """Everything that came until now."""
        found: list[Envelope] = []
        while data := self._piece():
            self._decoder.feed(data)
            found += (decode(Envelope, payload) for payload in iter(self._decoder.next_frame, None))
            self._house.turns()
        return found

    def heard_so_far(self) -> list[Envelope]:
        """The same, without giving the gateway another turn."""
        with suppress(BlockingIOError):
            self._decoder.feed(self.socket.recv(65536))
        return [decode(Envelope, payload) for payload in iter(self._decoder.next_frame, None)]

    def answer(self) -> Body:
        (envelope,) = self.heard()
        assert envelope.body is not None
        return envelope.body

    def _piece(self) -> bytes:
        self._house.turns()
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return b""
        except ConnectionError:
            data = b""
        self.closed = self.closed or not data
        return data
