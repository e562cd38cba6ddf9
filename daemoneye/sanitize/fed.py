"""What is written into a program that reads secrets there: `echo x | chpasswd`, `sudo -S <<< x`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from daemoneye.sanitize.arguments import applies_after
from daemoneye.sanitize.chain import links
from daemoneye.sanitize.programs import PROGRAMS, part, program_name
from daemoneye.sanitize.rules.wrappers import SPEAKERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemoneye.sanitize.shell import Command, Word

_GROUP: Final = 4  # commands before the pipe; a password is said twice, with a shell word before and after it


class Feed:
    """Follows the commands of one script, and knows which of them speak to the next one."""

    def __init__(self) -> None:
        self._recent: list[Command] = []
        self._speaking: list[Command] = []

    def secrets_of(self, command: Command) -> Iterator[tuple[Word, tuple[int, int], str]]:
        said = [*_spoken(self._speaking), *((word, False) for word in command.here)]
        self._follow(command)
        if not said:
            return
        for link in links(command.words):
            for rules in PROGRAMS.get(link.name, ()):
                if rules.row.stdin and (not rules.after or applies_after(rules, link.arguments, [])):
                    for word, whole in said:
                        span = part("X" if whole else rules.row.stdin, word.value)
                        if span and not _is_format(word.value):
                            yield word, span, f"stdin.{link.name}"

    def _follow(self, command: Command) -> None:
        closes = not command.words or command.words[0].value == "}"
        if closes and command.piped:
            self._speaking, self._recent = self._recent, []
            return
        self._speaking = [command] if command.piped else []
        self._recent = [*self._recent, command][-_GROUP:] if command.words else []


def _spoken(commands: list[Command]) -> Iterator[tuple[Word, bool]]:
    """Yield what is said, and whether it is the last thing that a format asks for: the secret, without its user."""
    for command in commands:
        words = command.words[1:] if command.words and command.words[0].value == "{" else command.words
        if words and program_name(words[0].value) in SPEAKERS:
            said = [word for word in words[1:] if not word.value.startswith("-")]
            formatted = len(said) > 1 and "%" in said[0].value and program_name(words[0].value) == "printf"
            yield from ((word, formatted and word is said[-1]) for word in said)


def _is_format(value: str) -> bool:
    return value.strip("\\n%s:") == ""
