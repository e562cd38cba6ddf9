"""What leaves the agent, whoever sends it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemoneye.gateway.notebook import Notebook
from daemoneye.messages.forwarding import SinksState
from daemoneye.messages.record import JournalState
from daemoneye.model.status import ClientsReport, JournalReport, SinkReport
from tests.fakes.doorstep import report

COPY = SinkReport(name="syslog", state="connected", acknowledged=3)
RELP = SinkReport(name="relp", state="connected", acknowledged=9)
AWAY = SinkReport(name="syslog", state="away", trouble="unavailable: no such file or directory")


@pytest.mark.parametrize(("copy", "state"), [(COPY, "running"), (AWAY, "degraded")])
def test_copies_stand_beside_what_is_forwarded(copy: SinkReport, state: str) -> None:
    """In the status, whichever was told last; and a logger that is away is a reason to look."""
    notebook = Notebook()
    notebook.note(JournalState(number=1, report=JournalReport(), sinks=(copy,)))
    notebook.note(SinksState(number=1, sinks=(RELP,)))
    found = notebook.status(replace(report(1), state="running"), pid=1, version="1", clients=ClientsReport())
    assert (found.sinks, found.state) == ((copy, RELP), state)
    notebook.note(JournalState(number=2, report=JournalReport()))
    assert notebook.sinks == (RELP,)
