"""How much of the machine a scan has seen, as numbers that an operator can put an alarm on."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """``seen`` is ``fully_read`` plus ``partly_read``; what was listed and could not be shown is counted beside it.

    A record is partly read if something is missing that the system tells: ``unsupported`` fields do not count, for
    nobody can read them there. ``hidden`` says that the system lists only part of its processes to us.

    ``came_and_went_at_most`` is a bound, not a count: the kernel's fork counter does not tell threads from processes.
    """

    seen: int = 0
    fully_read: int = 0
    partly_read: int = 0
    partly_read_by_reason: tuple[tuple[str, int], ...] = ()  # a process with two reasons is in both
    kernel_threads: int = 0
    vanished: int = 0
    malformed: int = 0
    timeout: int = 0
    refused: int = 0
    hidden: bool = False
    started: int | None = None  # None: there is no earlier scan to compare with
    exited: int | None = None
    came_and_went_at_most: int | None = None
    hashed: int | None = None
    not_hashed_by_reason: tuple[tuple[str, int], ...] = ()
    unknown: bytes = b""  # fields of a newer release

    def as_json(self) -> dict[str, object]:
        told = asdict(self)
        for name in ("partly_read_by_reason", "not_hashed_by_reason"):
            told[name] = dict(getattr(self, name))
        del told["unknown"]
        return told

    def sentence(self) -> str:
        """The same for people, in one line."""
        losses = {
            "vanished": self.vanished,
            "malformed": self.malformed,
            "timed out": self.timeout,
            "refused": self.refused,
        }
        seen = f"{self.seen} processes seen, {self.kernel_threads} of them kernel threads"
        clauses = [seen, f"{self.fully_read} fully read"]
        if self.partly_read:
            clauses.append(f"{self.partly_read} partly read ({_reasons(self.partly_read_by_reason)})")
        clauses += [f"{count} {what}" for what, count in losses.items() if count]
        if self.hidden:
            clauses.append("other accounts' processes are hidden from this one")
        if self.came_and_went_at_most is not None:
            clauses.append(f"at most {self.came_and_went_at_most} came and went unseen")
        if self.hashed is not None:
            clauses.append(f"{self.hashed} hashed")
        if self.not_hashed_by_reason:
            without = sum(count for _, count in self.not_hashed_by_reason)
            clauses.append(f"{without} not hashed ({_reasons(self.not_hashed_by_reason)})")
        return ", ".join(clauses)


def _reasons(counts: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in counts)
