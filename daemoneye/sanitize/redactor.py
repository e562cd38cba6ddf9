"""The door: secrets out, everything else byte for byte as it was."""

# ruff: noqa: SIM905 - word lists read better as prose
from __future__ import annotations

import functools
import hmac
import re
from bisect import bisect_left
from collections import Counter
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from daemoneye.sanitize.command import Finding, search
from daemoneye.sanitize.limits import ARGUMENT_BYTES, TOTAL_BYTES, cut, cut_all, size_of
from daemoneye.sanitize.literals import Literals, threes_of
from daemoneye.sanitize.programs import PROGRAMS
from daemoneye.sanitize.rules.environment import SAFE_NAMES
from daemoneye.sanitize.rules.wrappers import SHELLS
from daemoneye.sanitize.text import TELLING, looks_for
from daemoneye.sanitize.values import MASK, MASKED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

# Without one of these there is nothing to find by name; lower case.
_ROOTS: Final = Literals(
    "pass pwd pw secret token key auth cred cookie sig sas bearer basic jwt psk otp pin community mnemonic phrase "
    "connstr salt hash licen seed honeycomb art-api -code _code user usr account kennwort wachtwoord login "
    "nonce".split()
)
_WORD: Final = re.compile(r"[a-z0-9][a-z0-9.+_-]*")
_SHORT: Final = ARGUMENT_BYTES // 4  # characters; whatever they are, no limit is reached
_LOOKED_AT: Final = 4 * ARGUMENT_BYTES  # characters; a secret that begins in what is kept shows itself within these
# A host starts the same command lines again and again: timers, probes, workers. All together hold 5 MB at most.
_REMEMBERED: Final = 4096
_REMEMBERED_LENGTH: Final = 512  # characters
_LOOKS: Final = 8  # masking can uncover what it hid; one look and one that finds nothing are usual, four were seen


class Redactor:
    """Masks secrets. ``redactions`` counts them by rule since the start."""

    def __init__(self, *, mask: bool = True, correlate_key: bytes | None = None) -> None:
        self._masks = mask
        self._key = correlate_key
        self.redactions: Counter[str] = Counter()
        self._remembered = functools.lru_cache(_REMEMBERED)(self._look)

    def command_line(self, argv: Sequence[str]) -> tuple[str, ...]:
        """Mask the secrets of a command line and keep it within the limits."""
        length = sum(map(len, argv)) + len(argv)
        if length > _SHORT:
            return self._long_command_line(argv)
        masked, rules = (self._remembered if length <= _REMEMBERED_LENGTH else self._look)(tuple(argv))
        self.redactions.update(rules)
        return masked

    def _look(self, arguments: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        rules: list[str] = []
        return tuple(self._masked(arguments, rules)), tuple(rules)

    def _long_command_line(self, argv: Sequence[str]) -> tuple[str, ...]:
        reach = _reach(argv)
        arguments: Sequence[str] = [argument[:_LOOKED_AT] for argument in argv[:reach]]
        beyond = [size_of(argument[_LOOKED_AT:]) for argument in argv[:reach]]
        rules: list[str] = []
        arguments = self._masked(arguments, rules)
        self.redactions.update(rules)
        kept = [cut(argument, ARGUMENT_BYTES, more) for argument, more in zip(arguments, beyond, strict=True)]
        return cut_all(kept, sum(map(size_of, argv[reach:])))

    def text(self, text: str) -> str:
        """Mask the secrets of any other text; it may hold a command line."""
        (masked,), rules = self._look((text,))
        self.redactions.update(rules)
        return masked

    def environment(
        self, pairs: Iterable[tuple[str, str]], allowed: Collection[str] = SAFE_NAMES
    ) -> tuple[tuple[str, str], ...]:
        """Keep the variables whose names are allowed, and mask secrets in what they say."""
        kept = [(name, value) for name, value in pairs if name in allowed]
        return tuple((name, self._variable(name, value)) for name, value in kept)

    def _variable(self, name: str, value: str) -> str:
        masked = self.text(f"{name}={self.text(value)}")
        return cut(masked[len(name) + 1 :], ARGUMENT_BYTES)

    def _masked(self, arguments: Sequence[str], rules: list[str]) -> Sequence[str]:
        """Mask, and add what was found by which rule to ``rules``."""
        joined = "\0".join(arguments)
        low = joined.lower()
        threes = threes_of(low)
        if not (self._masks and _is_telling(joined, low, threes)):
            return arguments
        masked = list(arguments)
        looks = looks_for(joined, threes)
        for _ in range(_LOOKS):
            findings = sorted(_clear_of_masks(search(masked, looks, suspicious), masked))
            if not findings:
                break
            self._mask(masked, findings, rules)
        return masked

    def _mask(self, arguments: list[str], findings: list[Finding], rules: list[str]) -> None:
        """Replace the findings, overlapping ones by one mask."""
        whole: list[Finding] = []
        for finding in findings:
            if whole and whole[-1].home == finding.home and finding.start < whole[-1].end:
                whole[-1] = _united(whole[-1], finding)
            else:
                whole.append(finding)
        for home, found in groupby(whole, key=attrgetter("home")):
            arguments[home] = self._replaced(arguments[home], found, rules)

    def _replaced(self, text: str, findings: Iterable[Finding], rules: list[str]) -> str:
        pieces, at = list[str](), 0
        for _, start, end, secret, rule in findings:
            pieces += text[at:start], self._tag(secret)
            at = end
            rules.append(rule)
        return "".join((*pieces, text[at:]))

    def _tag(self, secret: str) -> str:
        if self._key is None:
            return MASK
        # 8 hex digits: enough to see that two are equal, too few to test guesses against without the key
        digest = hmac.new(self._key, secret.encode(errors="surrogatepass"), "sha256").hexdigest()[:8]
        return f"[REDACTED:{digest}]"


def _clear_of_masks(findings: Iterable[Finding], arguments: Sequence[str]) -> Iterator[Finding]:
    """A mask has a colon in it, and is no pair: a find inside one is dropped, one that ends inside one is widened."""
    masks: dict[int, list[tuple[int, int]]] = {}
    for finding in findings:
        home = finding.home
        if home not in masks:
            masks[home] = [mask.span() for mask in MASKED.finditer(arguments[home])]
        start = _outside(masks[home], finding.start)[0]
        end = _outside(masks[home], finding.end)[1]
        if not MASKED.fullmatch(arguments[home], start, end):
            yield finding._replace(start=start, end=end)


def _outside(masks: list[tuple[int, int]], place: int) -> tuple[int, int]:
    """Return the bounds of the mask around a place, or the place."""
    number = bisect_left(masks, (place,)) - 1
    if number >= 0 and masks[number][0] < place < masks[number][1]:
        return masks[number]
    return place, place


def _united(left: Finding, right: Finding) -> Finding:
    """Two rules that found overlapping text: the wider one speaks for both."""
    wider = right if right.end - right.start > left.end - left.start else left
    return wider._replace(start=left.start, end=max(left.end, right.end))


def suspicious(text: str) -> bool:
    """Say cheaply whether a text can hold a secret at all; most command lines cannot."""
    low = text.lower()
    return _is_telling(text, low, threes_of(low))


def _is_telling(text: str, low: str, threes: set[str]) -> bool:
    return (
        _ROOTS.any_in(low, threes)
        or ("@" in low and ":" in low)
        or TELLING.any_in(text, threes)
        or not _RISKY.isdisjoint(_WORD.findall(low))
    )


_RISKY: Final = frozenset(name + ending for name in PROGRAMS for ending in ("", ".exe")) - SHELLS


def _reach(argv: Sequence[str]) -> int:
    """Only so many arguments can be kept, and only they are worth a look; twice as many, for masks are short."""
    left = 2 * TOTAL_BYTES
    for number, argument in enumerate(argv):
        left -= max(1, min(len(argument), ARGUMENT_BYTES))
        if left < 0:
            return number + 1
    return len(argv)
