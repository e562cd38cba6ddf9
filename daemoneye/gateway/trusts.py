"""What operators want trusted, on its way to integrity: in parts from a client, as one message from here.

All of a list is trusted or none of it, so nothing is said before its last part is here; until then it is kept, up to a
bound over all clients. Nothing is passed on that could not be written down.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from daemoneye.integrity.trust import flaw
from daemoneye.messages.integrity import Accept
from daemoneye.model.agent import Accepted, Refusal, RefusalCode
from daemoneye.model.trust import MOST_BYTES, MOST_TRUSTS

if TYPE_CHECKING:
    from daemoneye.gateway.lists import Asker
    from daemoneye.messages import integrity
    from daemoneye.model.agent import Answer
    from daemoneye.model.trust import Trust, TrustRequest

# At a time: they come from a person, or from a program once in a while.
ON_THE_WAY: Final = 2
# Ten thousand are written in a fraction of a second, on a disk that is at work with something else in some.
ANSWER_S: Final = 10.0

BUSY: Final = Refusal(code=RefusalCode.UNAVAILABLE, text="others are having something trusted: ask again")
COLLECTED: Final = Accepted(text="taken down: the rest is awaited")
ROOM: Final = Refusal(
    code=RefusalCode.REFUSED,
    text=f"too much at once: at most {MOST_TRUSTS:,} programs and {MOST_BYTES >> 20} MiB; nothing is changed",
)


@dataclass(slots=True)
class _List:
    trusts: list[Trust] = field(default_factory=list)
    weight: int = 0
    parts: int = 0


class Trusts:
    def __init__(self) -> None:
        self._lists: dict[int, _List] = {}  # by client, of which the last part is not here
        self._waiting: dict[int, tuple[Asker | None, float]] = {}  # by request, until when

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, client: int, request: TrustRequest) -> Refusal | None:
        """Keep a part; after a refusal nothing of its list is kept."""
        found = self._lists.setdefault(client, _List())
        refusal = self._refusal(found, request)
        if refusal:
            del self._lists[client]
        else:
            found.trusts += (replace(each, unknown=b"") for each in request.trusts)
            found.weight += sum(each.weight for each in request.trusts)
            found.parts += 1
        return refusal

    def _refusal(self, found: _List, request: TrustRequest) -> Refusal | None:
        if request.part != found.parts:
            text = f"part {request.part} of a list where {found.parts} comes next; nothing is changed"
            return Refusal(code=RefusalCode.MALFORMED, text=text)
        for each in request.trusts:
            if wrong := flaw(each):
                text = f"{wrong.found}: {wrong.expected}; nothing is changed"
                return Refusal(code=RefusalCode.REFUSED, text=text)
        count = len(request.trusts) + sum(len(each.trusts) for each in self._lists.values())
        weight = sum(each.weight for each in request.trusts) + sum(each.weight for each in self._lists.values())
        return ROOM if count > MOST_TRUSTS or weight > MOST_BYTES else None

    def accept(self, number: int, asker: Asker, now_s: float) -> Accept | None:
        """Make one message of what was kept of a client; ``None`` when too many are on their way."""
        found = self._lists.pop(asker.client)
        if len(self._waiting) >= ON_THE_WAY:
            return None
        self._waiting[number] = (asker, now_s + ANSWER_S)
        return Accept(request=number, trusts=tuple(found.trusts))

    def give_up(self, number: int) -> None:
        """Nobody was there to be told."""
        del self._waiting[number]

    def answered(self, message: integrity.Accepted) -> tuple[Asker, Answer] | None:
        asker, _ = self._waiting.pop(message.request, (None, 0.0))
        if asker is None:
            return None
        if message.refusal:
            return asker, Refusal(code=RefusalCode.REFUSED, text=message.refusal)
        return asker, Accepted(
            text=f"{message.count:,} {'program is' if message.count == 1 else 'programs are'} trusted"
        )

    def forget(self, client: int) -> None:
        """Whoever went away; what was passed on is done all the same."""
        self._lists.pop(client, None)
        for number, (asker, until_s) in self._waiting.items():
            if asker is not None and asker.client == client:
                self._waiting[number] = None, until_s

    def clear(self) -> list[Asker]:
        """Nobody will answer any of them."""
        left = [asker for asker, _ in self._waiting.values() if asker]
        self._waiting.clear()
        return left

    def expired(self, now_s: float) -> list[Asker]:
        late = [number for number, (_, until_s) in self._waiting.items() if now_s >= until_s]
        return [asker for asker, _ in map(self._waiting.pop, late) if asker]
