"""Did you mean …? For typing mistakes and for keys that were put one level too high or too low."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from daemoneye.settings.nodes import Fault, quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from daemoneye.settings.nodes import Scalar

LONGEST: Final = 80  # comparing costs the product of the lengths; no name here is half as long
HOMES_SHOWN: Final = 3  # of a name that several sections have: with more, it says nothing about what was meant


def did_you_mean(word: str, names: Iterable[str], prefix: str = "") -> str:
    """`` (did you mean 'x'?)``, or nothing when nothing comes near; a prefix that all share proves nothing."""
    near = _nearest(word.removeprefix(prefix), {name.removeprefix(prefix): name for name in names})
    return f" (did you mean '{near}'?)" if near else ""


def unknown(key: Scalar, names: Collection[str], within: str, everywhere: Iterable[str] = ()) -> Fault:
    """A name that nothing listens to: a setting that silently does nothing is worse than none."""
    meant = _misplaced(key.text, names, everywhere) or did_you_mean(key.text, names)
    return Fault(key.mark, f"unknown key {quoted(key.text)}", f"a key of {within}{meant}")


def _misplaced(word: str, names: Collection[str], everywhere: Iterable[str]) -> str:
    """The same for a key of another section, misspelt or not, unless one of this section comes near."""
    homes: dict[str, list[str]] = {}
    for full in everywhere:
        for name in {full, full.rpartition(".")[2]}:
            homes.setdefault(name, []).append(full)
    if len(homes.get(word, ())) != 1 and _nearest(word, {name: name for name in names}):
        return ""
    found = homes.get(word if word in homes else _nearest(word, {name: name for name in homes}), ())
    return f" (did you mean {' or '.join(map(_address, found))}?)" if 0 < len(found) <= HOMES_SHOWN else ""


def _address(full: str) -> str:
    section, _, name = full.rpartition(".")
    return f"'{full}', that is '{name}' below '{section}'" if section else f"'{name}' at the top"


def _nearest(word: str, names: dict[str, str]) -> str:
    import difflib  # noqa: PLC0415 - only a mistake needs it

    if len(word) > LONGEST:
        return ""
    known = {spelling.lower(): name for spelling, name in names.items()}
    near = difflib.get_close_matches(word.lower(), known, n=1)
    return known[near[0]] if near else ""
