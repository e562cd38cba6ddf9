"""More messages than anybody reads: from a peer with the uid of the roles, and from clients of the socket."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from chaos import intruder
from chaos.caller import Caller
from chaos.harness import Experiment, Verdict
from chaos.trial import Trial, on_trial
from daemoneye.messages.control import AskStatus
from daemoneye.model.agent import VERSIONS, Envelope, Hello, StatusRequest
from daemoneye.wire.codec import decode, encode
from daemoneye.wire.framing import FrameDecoder, encode_frame

if TYPE_CHECKING:
    from collections.abc import Iterator

_PEERS, _CLIENTS = 4, 10
_FROM_PEER, _FROM_CLIENT = 2_500, 500
_LONGEST_S, _GROWTH_MB = 1.0, 20.0


def _run() -> Verdict:
    with on_trial() as trial, Caller(trial.agent) as caller:
        uid = next(each.uid for each in trial.agent.until_running().sandbox if each.name == "gateway")
        pids = trial.pids()
        before = _memory_mb(pids)
        taken = sum(intruder.crowd(_PEERS, uid, _flood, _socket_of_supervisor(trial)))
        answered = sum(intruder.crowd(_CLIENTS, os.geteuid(), _ask, trial.agent.directory / "runtime" / "agent.sock"))
        growth = max(mb - before[role] for role, mb in _memory_mb(pids).items())
        trial.figures |= {"messages taken": taken, "requests answered": answered, "growth MB": round(growth, 1)}
        trial.claim("every message taken", taken == _PEERS * _FROM_PEER)
        trial.claim("every request answered", answered == _CLIENTS * _FROM_CLIENT)
        trial.claim(f"no process grows by {_GROWTH_MB:g} MB", growth < _GROWTH_MB)
        trial.claim("nobody was restarted", pids == trial.pids())
    caller.tell(trial)
    trial.claim("no call lost", caller.calls.lost == 0)
    trial.claim(f"no call takes {_LONGEST_S:g} s", caller.calls.longest_s < _LONGEST_S)
    return trial.verdict


def _socket_of_supervisor(trial: Trial) -> str:
    actors = trial.agent.directory / "runtime" / "actors"
    return str(next(actors.glob("supervisor.*")))


def _memory_mb(pids: dict[str, int]) -> dict[str, float]:
    size = os.sysconf("SC_PAGE_SIZE") / 1e6
    return {role: int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * size for role, pid in pids.items()}


def _flood(path: str) -> int:
    """Questions that the table lets a gateway ask: taken in, and dropped, for this is not the gateway."""
    question = intruder.said("gateway", AskStatus(request=1), "supervisor")
    taken = 0
    for data in _answers(path, question * _FROM_PEER):
        taken += data.count(intruder.TAKEN[-1:])
        if taken == _FROM_PEER:
            break
    return taken


def _ask(path: Path) -> int:
    """All at once, whatever is answered meanwhile."""
    questions = [Envelope.around(StatusRequest(), number) for number in range(1, _FROM_CLIENT + 1)]
    greeting = Envelope.around(Hello(versions=VERSIONS, client="flood"))
    frames, answered = FrameDecoder(), 0
    for data in _answers(str(path), b"".join(encode_frame(encode(each)) for each in (greeting, *questions))):
        frames.feed(data)
        while payload := frames.next_frame():
            answered += decode(Envelope, payload).status is not None
        if answered == _FROM_CLIENT:
            break
    return answered


def _answers(path: str, sent: bytes) -> Iterator[bytes]:
    """What comes back, while all of it is being sent as fast as it is taken."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(20)
        peer.connect(path)
        writer = threading.Thread(target=peer.sendall, args=(sent,), daemon=True)
        writer.start()
        while data := peer.recv(65536):
            yield data


EXPERIMENT = Experiment(
    name="mailbox flood",
    steady_state="the tree is running, and answers a caller all the time",
    hypothesis=f"every message is taken and every request answered, another caller never waits {_LONGEST_S:g} s",
    blast_radius="an agent of our own, in directories of its own",
    abort_when="it is not over after a minute",
    run=_run,
)
