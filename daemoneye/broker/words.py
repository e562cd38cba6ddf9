"""Everything that main can be told, and everything that it says.

One word is one datagram of ASCII: a verb and its fields, with single spaces between them. What a speaker may say
depends on who it is, so there is one table for each; a datagram that is not exactly a line of its table is hostile.
There is nothing else to parse here, and no field that could carry more than its pattern lets through.
"""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeAlias, TypeVar

from daemoneye.errors import HostileInput
from daemoneye.supervisor.transitions import TreeState

if TYPE_CHECKING:
    from collections.abc import Callable

# The longest word is a beat with the longest text, 181 bytes; a start with the longest of everything has 146.
LONGEST: Final = 256
# Two lines of a terminal: what systemctl shows of a status. It leaves room for a verb and its fields.
LONGEST_TEXT: Final = 160


@dataclass(frozen=True, slots=True)
class StartRequest:
    """The first word of a connection that becomes a lease."""

    role: str
    generation: int
    instance: int
    parent: str  # addresses, as the transport of the actors writes them
    logger: str
    admin_pid: int

    @property
    def parent_pid(self) -> int:
        return int(self.parent.split(".")[1])


@dataclass(frozen=True, slots=True)
class ControlRequest:
    """The first word of the one connection over which main and supervisor talk."""


@dataclass(frozen=True, slots=True)
class BeatAnswered:
    state: TreeState
    moving: bool  # every child that has work gets on with it
    text: str


@dataclass(frozen=True, slots=True)
class StateSaid:
    state: TreeState
    text: str


@dataclass(frozen=True, slots=True)
class ReloadAsked:
    """Somebody asked for it over the agent's own socket."""


@dataclass(frozen=True, slots=True)
class Reloading:
    pass


@dataclass(frozen=True, slots=True)
class Reloaded:
    """With whatever outcome: it is over."""


@dataclass(frozen=True, slots=True)
class Escalated:
    """Restarting does not help; the ordered stop has begun."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """No child is left."""


@dataclass(frozen=True, slots=True)
class SupervisorNamed:
    """From the runner: this process is the supervisor."""

    pid: int


@dataclass(frozen=True, slots=True)
class RunnerFailed:
    text: str


@dataclass(frozen=True, slots=True)
class Started:
    pid: int


@dataclass(frozen=True, slots=True)
class NotStarted:
    error: str  # the name of an errno


@dataclass(frozen=True, slots=True)
class Exited:
    code: int


@dataclass(frozen=True, slots=True)
class Killed:
    signal: int


@dataclass(frozen=True, slots=True)
class AskBeat:
    pass


@dataclass(frozen=True, slots=True)
class Stop:
    """Said again: without waiting for anybody."""


@dataclass(frozen=True, slots=True)
class Reopen:
    """The files that are written to: somebody has moved them away."""


@dataclass(frozen=True, slots=True)
class Reload:
    """To the runner, who reads the settings."""


FirstWord: TypeAlias = StartRequest | ControlRequest
SupervisorWord: TypeAlias = BeatAnswered | StateSaid | ReloadAsked | Reloading | Reloaded | Escalated | Stopped
RunnerWord: TypeAlias = SupervisorNamed | RunnerFailed
MainWord: TypeAlias = Started | NotStarted | Exited | Killed | AskBeat | Stop | Reopen | Reload
Word: TypeAlias = FirstWord | SupervisorWord | RunnerWord | MainWord


class _Field(NamedTuple):
    pattern: str
    read: Callable[[str], object]
    write: Callable[[object], str] = str


_UNPRINTABLE: Final = re.compile("[^ -~]")


def _plain(text: object) -> str:
    """What a status line can show: printable ASCII, and not too much of it."""
    return _UNPRINTABLE.sub("?", str(text))[:LONGEST_TEXT]


# Linux has at most 2**22 pids; a role has the length that an address has room for.
_PID = _Field("[1-9][0-9]{0,6}", int)
_COUNT = _Field("0|[1-9][0-9]{0,9}", int)
_ROLE = _Field("[a-z][a-z0-9_]{0,31}", str)
_PARENT = _Field("supervisor[.][1-9][0-9]{0,6}[.][0-9a-f]{8}", str)
_LOGGER = _Field("[a-z][a-z0-9_]{0,31}[.][1-9][0-9]{0,6}[.][0-9a-f]{8}", str)
_STATE = _Field("|".join(TreeState), TreeState)
_MOVING = _Field("moving|stuck", "moving".__eq__, lambda moving: "moving" if moving else "stuck")
_TEXT = _Field(f"[ -~]{{0,{LONGEST_TEXT}}}", str, _plain)
_ERRNO = _Field("E[A-Z0-9]{1,15}", str)
_SMALL = _Field("0|[1-9][0-9]{0,2}", int)  # an exit code, or the number of a signal

W = TypeVar("W", bound=Word)


class Side(Generic[W]):
    """Who speaks, and so what can be said."""

    def __init__(self, name: str, grammar: dict[type[W], tuple[str, tuple[_Field, ...]]]) -> None:
        self.name = name
        self._kinds: dict[str, tuple[Callable[..., W], tuple[_Field, ...]]] = {
            verb: (kind, fields) for kind, (verb, fields) in grammar.items()
        }
        self._line = re.compile("|".join(_line(verb, fields) for verb, fields in grammar.values()))
        _FORMS.update(grammar)

    def read(self, text: str) -> W:
        found = self._line.fullmatch(text)
        if not found or not found.lastgroup or not found.lastindex:
            raise HostileInput(f"{self.name}: {text[:40]!r}: one of {', '.join(self._kinds)}")
        kind, fields = self._kinds[found.lastgroup]
        texts = found.groups()[found.lastindex : found.lastindex + len(fields)]  # after the group of the whole line
        return kind(*(field.read(text) for field, text in zip(fields, texts, strict=True)))


def _line(verb: str, fields: tuple[_Field, ...]) -> str:
    return f"(?P<{verb}>{' '.join([verb, *(f'({field.pattern})' for field in fields)])})"


_FORMS: Final[dict[type, tuple[str, tuple[_Field, ...]]]] = {}

NEWCOMER: Final[Side[FirstWord]] = Side(
    "newcomer",
    {
        StartRequest: ("start", (_ROLE, _COUNT, _COUNT, _PARENT, _LOGGER, _PID)),
        ControlRequest: ("control", ()),
    },
)
SUPERVISOR: Final[Side[SupervisorWord]] = Side(
    "supervisor",
    {
        BeatAnswered: ("beat", (_STATE, _MOVING, _TEXT)),
        StateSaid: ("state", (_STATE, _TEXT)),
        ReloadAsked: ("reload", ()),
        Reloading: ("reloading", ()),
        Reloaded: ("reloaded", ()),
        Escalated: ("escalated", ()),
        Stopped: ("stopped", ()),
    },
)
RUNNER: Final[Side[RunnerWord]] = Side(
    "runner",
    {
        SupervisorNamed: ("supervisor", (_PID,)),
        RunnerFailed: ("failed", (_TEXT,)),
    },
)
MAIN: Final[Side[MainWord]] = Side(
    "main",
    {
        Started: ("started", (_PID,)),
        NotStarted: ("failed", (_ERRNO,)),
        Exited: ("exited", (_SMALL,)),
        Killed: ("killed", (_SMALL,)),
        AskBeat: ("beat", ()),
        Stop: ("stop", ()),
        Reopen: ("reopen", ()),
        Reload: ("reload", ()),
    },
)


def parse(datagram: bytes, side: Side[W]) -> W:
    # size first: nothing is decoded, searched or quoted beyond it
    if len(datagram) > LONGEST or not datagram.isascii():
        raise HostileInput(f"{side.name}: {len(datagram)} bytes or more: a word is at most {LONGEST} of ASCII")
    return side.read(datagram.decode("ascii"))


def format_word(word: Word) -> bytes:
    verb, fields = _FORMS[type(word)]
    texts = (field.write(value) for field, value in zip(fields, astuple(word), strict=True))
    return " ".join([verb, *texts]).encode("ascii")
