"""Integrity as far as trust goes: the real memory and the real store, without an actor around them."""

from __future__ import annotations

import itertools
from contextlib import closing
from typing import TYPE_CHECKING

from daemoneye.host.baseline_store import BaselineStore
from daemoneye.integrity.baselines import Baseline, Key, Source
from daemoneye.integrity.digests import Digester
from daemoneye.integrity.similarity import Similarity
from daemoneye.integrity.tracker import Tracker
from daemoneye.integrity.verdicts import Policy
from daemoneye.messages.integrity import Accepted
from daemoneye.model.alert import Content, Ownership, PackageVerdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from daemoneye.messages.integrity import Accept

NOW_MS = 1_700_000_000_000
PACKAGE = PackageVerdict(ownership=Ownership.MATCHES, name="coreutils", version="9.1-1", database="dpkg")


def content(text: str) -> Content:
    digester = Digester()
    digester.update(text.encode() * 100)
    found = digester.finish()
    return Content(sha256=found.sha256, ssdeep=str(found.ssdeep))


def seen(path: str, namespace: str = "", text: str = "") -> Baseline:
    return Baseline.seeded(Key(namespace, path), content(text or path), NOW_MS)


class Integrity:
    def __init__(self, directory: Path, *kept: Baseline) -> None:
        numbers = itertools.count()
        self.store = BaselineStore(directory, lambda: NOW_MS)
        self.tracker = Tracker(
            policy=Policy(compare=lambda *_: Similarity(None, "not asked")),
            dedup_window_s=300,
            new_id=lambda: str(next(numbers)),
            kept=self.store.load(),
        )
        self.know(*kept)

    def know(self, *kept: Baseline) -> None:
        for each in kept:
            self.tracker.baselines.set(each)
        self.save()

    def save(self) -> None:
        assert self.store.save(self.tracker.pending())
        self.tracker.written()

    def accept(self, message: Accept) -> Accepted:
        known = self.tracker.baselines
        for each in message.trusts:
            if each.sha256 is None and not known.get(Key(each.namespace, each.path)):
                refusal = f"{each.path}: no baseline: a program that has been seen, or its digests"
                return Accepted(request=message.request, count=0, refusal=refusal)
        for each in message.trusts:
            said = Content(sha256=each.sha256, ssdeep=each.ssdeep) if each.sha256 else None
            self.tracker.accept(each.path, said, NOW_MS, each.namespace)
        self.save()
        return Accepted(request=message.request, count=len(message.trusts))

    def close(self) -> None:
        self.store.close()


def accepting(directory: Path) -> Callable[[Accept], Accepted]:
    """For an agent in a thread of its own: SQLite wants each connection to stay in one."""

    def accept(message: Accept) -> Accepted:
        with closing(Integrity(directory)) as integrity:
            return integrity.accept(message)

    return accept


def of_package(path: str, text: str = "") -> Baseline:
    return seen(path).moved(content(text or path), Source.PACKAGE, NOW_MS + 60_000, PACKAGE)
