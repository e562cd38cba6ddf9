"""Settings as YAML that reads back as the same settings, with a comment above or behind each key."""

from __future__ import annotations

import json
import re
import textwrap
from typing import TYPE_CHECKING, Any, Final

from daemoneye.settings.keys import Key, Section, value_of
from daemoneye.settings.model import TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemoneye.settings.model import Settings

WIDTH: Final = 110  # of a comment: two panes of an editor side by side

# what every YAML, old or new, takes for the text that it is; all else goes in quotes
_PLAIN: Final = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*|[0-9]+(ms|[smhd]|B|[KMG]iB)")
_WORDS_OF_YAML: Final = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})


def spelled(settings: Settings, section: Section = TABLE) -> dict[str, Any]:
    """Nested plain values, each as YAML or JSON would have it."""
    return {
        name: spelled(settings, member) if isinstance(member, Section) else _spell(settings, member)
        for name, member in section.members.items()
    }


def as_yaml(
    settings: Settings,
    *,
    above: Callable[[Key | Section], str] = lambda _: "",
    behind: Callable[[Key], str] = lambda _: "",
) -> str:
    return "\n".join(_section(settings, TABLE, above, behind)) + "\n"


def explanation(member: Key | Section) -> str:
    """The comment of the example file."""
    if isinstance(member, Section):
        return member.means
    return f"{member.means} {member.because}\n({member.kind.expected})"


def _section(
    settings: Settings, section: Section, above: Callable[[Key | Section], str], behind: Callable[[Key], str]
) -> Iterator[str]:
    for name, member in section.members.items():
        if isinstance(member, Section) and above(member) and name != next(iter(section.members)):
            yield ""
        for paragraph in above(member).splitlines():
            yield from textwrap.wrap(paragraph, WIDTH, initial_indent="# ", subsequent_indent="# ")
        if isinstance(member, Section):
            yield f"{name}:"
            yield from (f"  {line}" if line else "" for line in _section(settings, member, above, behind))
        else:
            yield from _key(name, _spell(settings, member), behind(member))


def _key(name: str, value: Any, comment: str) -> Iterator[str]:
    trailing = f"  # {comment}" if comment else ""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        yield f"{name}:{trailing}"
        for each in value:
            lines = [f"{part}: {_inline(of_part)}" for part, of_part in each.items()]
            yield from (f"  {'  ' if number else '- '}{line}" for number, line in enumerate(lines))
    else:
        yield f"{name}: {_inline(value)}{trailing}"


def _spell(settings: Settings, key: Key) -> Any:
    return key.kind.write(value_of(settings, key.name))


def _inline(value: Any) -> str:
    match value:
        case list():
            return "[" + ", ".join(_inline(each) for each in value) + "]"
        case str() if _PLAIN.fullmatch(value) and value.lower() not in _WORDS_OF_YAML:
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)
