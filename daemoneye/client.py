"""Talk to a running agent over its socket; for programs of other people, too.

    with Client("/run/daemoneye/agent.sock") as agent:
        print(agent.status().state)
        for record in agent.processes():
            ...

Every call ends within ``timeout_s`` or says why it did not; nothing that the other side sends is believed before it has
been checked, and at most one frame of it is held. A connection serves one call at a time and, after a failure other
than a ``Refused``, none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from daemoneye.connection import (
    Connection,
    NoAnswer,
    NotAllowed,
    NotRunning,
    Refused,
    Rejected,
    Unanswered,
    UnknownChild,
)
from daemoneye.model.agent import (
    Accepted,
    ChildAction,
    ChildRequest,
    HealthRequest,
    Processes,
    ProcessesRequest,
    ReloadRequest,
    StatusRequest,
)
from daemoneye.model.lookup import Entries, EntriesRequest, Metrics, MetricsRequest, following
from daemoneye.model.status import Health, Status
from daemoneye.model.trust import Baselines, BaselinesRequest, pages, parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from daemoneye.model.lookup import RecordedEntry
    from daemoneye.model.process import ProcessRecord
    from daemoneye.model.trust import BaselineEntry, Trust

__all__ = ["Client", "NoAnswer", "NotAllowed", "NotRunning", "Refused", "Rejected", "Unanswered", "UnknownChild"]

# The agent gives all its children half a minute to take new settings; a little more, to hear how that ended.
RELOAD_TIMEOUT_S: Final = 35.0
# It gives integrity ten seconds to write down what is trusted.
TRUST_TIMEOUT_S: Final = 15.0


class Client(Connection):
    def status(self) -> Status:
        return self._ask(StatusRequest(), Status)

    def health(self, child: str | None = None) -> Health:
        """Of one child or of all; ``UnknownChild`` names those there are."""
        return self._ask(HealthRequest(child=child), Health)

    def restart(self, child: str) -> str:
        """Return, as the next two do, what will happen; it has not happened yet."""
        return self._control(ChildAction.RESTART, child)

    def pause(self, child: str) -> str:
        return self._control(ChildAction.PAUSE, child)

    def resume(self, child: str) -> str:
        return self._control(ChildAction.RESUME, child)

    def reload(self, timeout_s: float = RELOAD_TIMEOUT_S) -> str:
        """Have the settings read again; ``Rejected`` has the mistakes."""
        return self._ask(ReloadRequest(), Accepted, timeout_s).text

    def processes(self) -> Iterator[ProcessRecord]:
        """Every process, as the collector last saw it. The timeout is that of each part."""
        for part in self.process_parts():
            yield from part.records

    def process_parts(self) -> Iterator[Processes]:
        """The same in parts as they come; the last has the coverage."""
        number = self._request(ProcessesRequest(), self._deadline())
        expected = 0
        while True:
            part = self._hear(number, Processes, self._deadline())
            if part.part != expected:
                raise self._nonsense(f"part {part.part} of a list where {expected} comes next")
            expected += 1
            yield part
            if part.last:
                return

    def metrics(self) -> str:
        """In the text format of Prometheus."""
        return self._ask(MetricsRequest(), Metrics).text

    def alerts(self, **conditions: Any) -> Iterator[RecordedEntry]:
        """Those recorded by now, in order; conditions are fields of ``EntriesRequest``, with AND between them."""
        return self._recorded(EntriesRequest(stream="alerts", **conditions))

    def events(self, **conditions: Any) -> Iterator[RecordedEntry]:
        return self._recorded(EntriesRequest(stream="events", **conditions))

    def _recorded(self, request: EntriesRequest) -> Iterator[RecordedEntry]:
        for answer in following(request, self.entries):
            yield from answer.entries

    def entries(self, request: EntriesRequest) -> Entries:
        """One stretch of what was recorded, and how far it goes."""
        answer = self._ask(request, Entries)
        if not answer.last and answer.reached <= (request.after or 0):
            raise self._nonsense(f"a stretch that ends at {answer.reached}, where it began")
        return answer

    def baselines(self, path: str | None = None) -> Iterator[BaselineEntry]:
        """What is trusted, in the order of namespace and path; of one path, or of all."""
        for answer in pages(BaselinesRequest(path=path), self.baselines_part):
            yield from answer.baselines

    def baselines_part(self, request: BaselinesRequest) -> Baselines:
        """As much as fits a frame."""
        answer = self._ask(request, Baselines)
        before = (request.after_namespace or "", request.after_path or "")
        reached = max(((each.namespace, each.path) for each in answer.baselines), default=before)
        if not answer.last and reached <= before:
            raise self._nonsense("a part of a list that does not go on from where it began")
        return answer

    def trust(self, trusts: Iterable[Trust], timeout_s: float = TRUST_TIMEOUT_S) -> str:
        """Have all of them trusted from now on, or none. The timeout is that of each part."""
        answers = [self._ask(part, Accepted, timeout_s) for part in parts(trusts)]
        return answers[-1].text

    def _control(self, action: ChildAction, child: str) -> str:
        return self._ask(ChildRequest(action=action, child=child), Accepted).text
