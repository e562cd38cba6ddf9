"""How many command lines per second one core masks.

The corpus is the one the tests use: nine harmless command lines, most of them chosen to look like having a secret, for
every one that has some. The peer applies the same rules to the same lines, every one to every argument, without the
cheap first look that lets most lines pass. Both answer alike, or the numbers would mean nothing: that is checked first.
The claim is about lines never seen before, each made so by a number at its end; what a host repeats costs less.
"""

from __future__ import annotations

import itertools
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from daemoneye.sanitize.command import search
from daemoneye.sanitize.redactor import Redactor
from daemoneye.sanitize.text import ALL_LOOKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DATA: Final = Path(__file__).parents[1] / "tests" / "data" / "sanitize"
CLAIM: Final = 20_000  # command lines per second on one core
SECONDS: Final = 2.0  # for each measurement

Line = list[str]


def corpus() -> list[Line]:
    secret, harmless = lines("secret.txt"), lines("harmless.txt")
    return [line for number, one in enumerate(secret) for line in (*nine(harmless, number), one)]


def nine(harmless: list[Line], number: int) -> Iterable[Line]:
    return (harmless[(9 * number + more) % len(harmless)] for more in range(9))


def lines(name: str) -> list[Line]:
    text = (DATA / name).read_text(encoding="utf-8").translate({ord("«"): None, ord("»"): None})
    return [shlex.split(line) for line in text.splitlines() if line and not line.startswith("#")]


def rate(mask: Callable[[Line], object], work: list[Line]) -> float:
    done, begin = 0, time.process_time()
    while (spent := time.process_time() - begin) < SECONDS:
        for line in work:
            mask(line)
        done += len(work)
    return done / spent


def one_by_one(line: Line) -> bool:
    return bool(list(search(line, ALL_LOOKS, lambda _: True)))


def main() -> None:
    work = corpus()
    redactor = Redactor()
    for line in work:
        if (redactor.command_line(line) != tuple(line)) != one_by_one(line):
            raise SystemExit(f"they differ on {line}")
    number = itertools.count()
    ours = rate(lambda line: redactor.command_line([*line, str(next(number))]), work)
    again = rate(redactor.command_line, work)
    naive = rate(one_by_one, work)
    print(f"{len(work)} command lines, {sum(len(' '.join(line)) for line in work) // len(work)} characters on average")
    print(f"daemoneye   {ours:>9,.0f} command lines/s per core, none seen before")
    print(f"            {again:>9,.0f} command lines/s per core, all seen before")
    print(f"one by one  {naive:>9,.0f} command lines/s per core  (peer: same rules, no first look)")
    print(f"claim       {CLAIM:>9,} command lines/s: {'kept' if ours >= CLAIM else 'BROKEN'}")


if __name__ == "__main__":
    main()
