"""What is trusted, on agent.sock: the baselines there are, part by part, and what an operator wants trusted.

Who reads them keeps the place, as with the record: a request says behind which baseline to go on. What is to be trusted
may be more than a request holds; all of its parts are taken together, or none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# At once: as many baselines as there is room for.
MOST_TRUSTS: Final = 10_000
# Of them all: with a message to another child around it, below what the actors' transport takes as one (4 MiB).
MOST_BYTES: Final = 3 * 1024 * 1024
# Of one request: they take 0.15 ms to decode (measured).
TRUSTS: Final = 64
# Of one request: the longest path has room in it, with all that belongs to it.
PART_BYTES: Final = 18 * 1024
# A path of the longest kind, every byte of it shown as \\xNN.
LONGEST_PATH: Final = 4 * 4096
# Bytes of a trust in a message beside its texts: their tags and lengths.
_AROUND: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What an operator trusts at a path; without digests, what was last seen there."""

    path: str = ""
    namespace: str = ""  # empty: the host's own
    sha256: str | None = None
    ssdeep: str | None = None
    unknown: bytes = b""

    @property
    def weight(self) -> int:
        """In bytes, at most."""
        texts = (self.path, self.namespace, self.sha256, self.ssdeep)
        return _AROUND + sum(len(text.encode()) for text in texts if text)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustRequest:
    """One part; parts count from 0."""

    trusts: tuple[Trust, ...] = ()
    part: int = 0
    last: bool = False
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselinesRequest:
    """In the order of namespace and path."""

    path: str | None = None  # of this alone, in whatever namespace
    after_namespace: str | None = None
    after_path: str | None = None
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineEntry:
    """``sha256`` and ``ssdeep`` are the reference; ``last`` is what was last seen."""

    namespace: str = ""
    path: str = ""
    sha256: str = ""
    ssdeep: str | None = None
    last_sha256: str = ""
    last_ssdeep: str | None = None
    source: str = ""
    since_ms: int = 0
    first_seen_ms: int = 0
    last_seen_ms: int = 0
    open: bool = False
    ownership: str | None = None
    package: str | None = None
    version: str | None = None
    unknown: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baselines:
    baselines: tuple[BaselineEntry, ...] = ()
    last: bool = False
    unknown: bytes = b""


def pages(request: BaselinesRequest, ask: Callable[[BaselinesRequest], Baselines]) -> Iterator[Baselines]:
    """Ask, and go on asking, until there is no more."""
    while True:
        answer = ask(request)
        yield answer
        if answer.last or not answer.baselines:
            return
        reached = answer.baselines[-1]
        request = replace(request, after_namespace=reached.namespace, after_path=reached.path)


def parts(trusts: Iterable[Trust]) -> Iterator[TrustRequest]:
    """Cut into requests; nothing at all is one, too."""
    part, size = 0, 0
    taken: list[Trust] = []
    for trust in trusts:
        if len(taken) == TRUSTS or (taken and size + trust.weight > PART_BYTES):
            yield TrustRequest(trusts=tuple(taken), part=part)
            part, size, taken = part + 1, 0, []
        taken.append(trust)
        size += trust.weight
    yield TrustRequest(trusts=tuple(taken), part=part, last=True)
