"""The table of programs, made ready to be asked: which part of which argument is the secret?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from daemoneye.sanitize.rules.cloud import CLOUD
from daemoneye.sanitize.rules.databases import DATABASES
from daemoneye.sanitize.rules.development import DEVELOPMENT
from daemoneye.sanitize.rules.files import FILES
from daemoneye.sanitize.rules.networks import NETWORKS
from daemoneye.sanitize.rules.remote import REMOTE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemoneye.sanitize.rules.row import Program

_MODES: Final = "*.:%,/=^~!"
_ASSIGNMENT_OR_SHARE: Final = re.compile(r"[a-z_]{2,}=[^=]|/\w+(?::.*)?$|\\|//")
_SPEECH: Final = re.compile(r"(?:/bin/)?(?:echo|printf)\s++(?:-n\s++|'?%s'?\s++)?[\"']?([^\"']++)")
_ORACLE_USER: Final = re.compile(r"[\w$#\"\\-][\w$#\"\\.-]*/")


@dataclass(frozen=True, slots=True)
class Rules:
    """One row, split up."""

    row: Program
    flags: dict[str, str]  # flag -> mode
    begins: tuple[tuple[str, str], ...]  # beginnings of arguments, with their mode
    attached: tuple[str, ...]
    pattern: tuple[str, ...]
    takes: frozenset[str]
    after: frozenset[str]
    after_flags: tuple[str, ...]
    prompts: frozenset[str]
    harmless: tuple[str, ...]
    prose: tuple[str, ...]


def _split(row: Program) -> Rules:
    flags, begins = dict[str, str](), list[tuple[str, str]]()
    for item in row.flags.split():
        flag, mode = (item[:-1], item[-1]) if item[-1] in _MODES else (item, "")
        if flag.startswith("/") and mode == ":":
            begins.append((item, ""))
        elif flag.startswith(("-", "/")):
            flags[flag] = mode
        else:
            begins.append((flag, mode))
    attached = tuple(flag for flag, mode in flags.items() if mode != "." and (mode == "*" or re.fullmatch("-.", flag)))
    return Rules(
        row,
        flags,
        tuple(begins),
        attached,
        tuple(row.pattern.split()),
        frozenset(row.takes.split()) | {flag for flag, mode in flags.items() if mode != "*"},
        frozenset(row.after.replace("|", " ").split()),
        tuple(word for word in row.after.replace("|", " ").split() if word.startswith("-")),
        frozenset((row.prompts + " " + row.harmless).split()),
        tuple(f"{flag}=" for flag in row.harmless.split()),
        tuple(f"{flag}=" for flag in row.prose.split()),
    )


def _index(rows: Iterable[Program]) -> dict[str, tuple[Rules, ...]]:
    index: dict[str, tuple[Rules, ...]] = {}
    for row in rows:
        rules = _split(row)
        for name in row.names.split():
            index[name.lower()] = (*index.get(name.lower(), ()), rules)
    return index


TABLE: Final = DATABASES + REMOTE + NETWORKS + FILES + CLOUD + DEVELOPMENT
PROGRAMS: Final = _index(TABLE)


def program_name(argument: str) -> str:
    """Name the program an argument would start: no directory, no version, no suffix."""
    name = argument[-256:].replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe").lstrip("-")
    return name if name in PROGRAMS else name.rstrip("0123456789.") or name


def part(mode: str, value: str) -> tuple[int, int] | None:  # noqa: PLR0911 - one line for each mode
    """Return the part of a value that a flag of this mode keeps secret."""
    match mode:
        case "" | "*" | "." | "X" | "X...":
            return (0, len(value)) if value else None
        case "X!":
            return None if _ASSIGNMENT_OR_SHARE.match(value) or not value else (0, len(value))
        case "~":
            return (0, len(value)) if "=" in value else None
        case "^":
            return (5, len(value)) if value.startswith("pass:") and len(value) > 5 else None
        case "!":
            speech = _SPEECH.match(value)
            return speech.span(1) if speech else None
        case "?:X@":
            colon, at = value.find(":"), value.rfind("@")
            end = len(value) if at < 0 <= value.find("/", 0, colon) else at
            return (colon + 1, end) if 0 <= colon < end - 1 else None
        case "/" | "?/X":
            return _of_oracle(value)
    separator = mode if len(mode) == 1 else mode[1]
    start = value.find(separator) + 1
    return (start, len(value)) if 0 < start < len(value) and not value.startswith("//", start) else None


def _of_oracle(value: str) -> tuple[int, int] | None:
    """`user/secret@service as sysdba`."""
    user = _ORACLE_USER.match(value)
    if not user:
        return None
    at = value.rfind("@")
    end = at if at > user.end() else len(value)
    blank = value.find(" ", user.end(), end)
    end = blank if blank > 0 else end
    return (user.end(), end) if user.end() < end else None
