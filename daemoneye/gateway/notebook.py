"""What the others have told of themselves: the last of each, put together for whoever asks how the agent is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

from daemoneye.messages.delivery import Taken
from daemoneye.messages.forwarding import SinksState
from daemoneye.messages.hashing import HashingState
from daemoneye.messages.integrity import IntegrityState
from daemoneye.messages.observation import Scanned, ScanTaken
from daemoneye.messages.record import JournalState
from daemoneye.model.status import HashingStatus, IntegrityStatus, ScanReport, Status

if TYPE_CHECKING:
    from daemoneye.messages.control import StatusReport
    from daemoneye.model.reports import HashingReport, IntegrityReport
    from daemoneye.model.status import ClientsReport, JournalReport, SinkReport

Told: TypeAlias = Scanned | JournalState | SinksState | HashingState | IntegrityState
Acknowledgement: TypeAlias = ScanTaken | Taken

_BASELINES: Final = "baselines"  # what they are called among what is bounded


class Notebook:
    def __init__(self) -> None:
        self.scanned: Scanned | None = None
        self.journal: JournalReport | None = None
        self._copies: tuple[SinkReport, ...] = ()  # of the journal itself
        self._forwarded: tuple[SinkReport, ...] = ()
        self.hashing: HashingReport | None = None
        self.integrity: IntegrityReport | None = None

    def note(self, told: Told) -> Acknowledgement:
        match told:
            case Scanned():
                self.scanned = told
                return ScanTaken(scan=told.scan)
            case JournalState():
                self.journal, self._copies = told.report, told.sinks
            case SinksState():
                self._forwarded = told.sinks
            case HashingState():
                self.hashing = told.report
            case IntegrityState():
                self.integrity = told.report
            case _:
                assert_never(told)
        return Taken(number=told.number)

    @property
    def sinks(self) -> tuple[SinkReport, ...]:
        """All ways out."""
        return *self._copies, *self._forwarded

    def status(self, report: StatusReport, *, pid: int, version: str, clients: ClientsReport) -> Status:
        return Status(
            state="degraded" if report.state == "running" and self._troubled else report.state,
            pid=pid,
            version=version,
            uptime_s=report.uptime_s,
            tree=report.tree,
            children=report.children,
            coverage=self.scanned.coverage if self.scanned else None,
            sandbox=report.sandbox,
            findings=report.findings,
            config=report.config,
            reload=report.reload,
            clients=clients,
            scan=_scan(self.scanned) if self.scanned else None,
            journal=self.journal,
            sinks=self.sinks,
            hashing=_hashing(self.hashing) if self.hashing else None,
            integrity=_integrity(self.integrity) if self.integrity else None,
        )

    @property
    def _troubled(self) -> bool:
        """Children that run are not everything: what they find out has to get somewhere."""
        file = self.journal.alert_file if self.journal else None
        return any(each and each.trouble for each in (self.journal, file, self.hashing, self.integrity, *self.sinks))


def _scan(scanned: Scanned) -> ScanReport:
    return ScanReport(
        scan=scanned.scan,
        at_ms=scanned.at_ms,
        duration_s=scanned.duration_s,
        overrun=scanned.overrun,
        failed=scanned.failed,
        shed=scanned.shed,
    )


def _hashing(report: HashingReport) -> HashingStatus:
    return HashingStatus(
        files=report.files,
        bytes_read=report.bytes_read,
        waiting=report.waiting,
        share=report.share,
        degraded=report.degraded,
        quarantined=report.quarantined,
        trouble=report.trouble,
    )


def _integrity(report: IntegrityReport) -> IntegrityStatus:
    return IntegrityStatus(
        alerts=tuple(sorted((f"{rule}/{severity}", count) for rule, severity, count in report.alerts)),
        suppressed=report.suppressed,
        degraded=tuple(sorted((f"{cause}/{reason}", count) for cause, reason, count in report.degraded)),
        waiting=report.waiting,
        packages=report.packages,
        baselines=sum(entries for name, entries, _, _ in report.bounded if name == _BASELINES),
        trouble=report.trouble,
    )
