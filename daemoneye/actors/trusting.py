"""What an operator accepts: all of it, or nothing of it and why not. Nothing here writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from daemoneye.integrity.baselines import Key
from daemoneye.integrity.trust import flaw
from daemoneye.model.alert import Content
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from daemoneye.integrity.baselines import Baseline, Baselines
    from daemoneye.integrity.tracker import Tracker
    from daemoneye.model.trust import Trust

_SHOWN: Final = 200  # bytes of a path in an answer of one line


def refusal(trusts: Iterable[Trust], baselines: Baselines) -> str:
    """Say what is wrong with the first that cannot be trusted; empty if nothing is."""
    for trust in trusts:
        if found := flaw(trust):
            return f"{found.found}: {found.expected}; nothing is changed"
        if trust.sha256 is None and baselines.get(_key(trust)) is None:
            path = printable(trust.path, _SHOWN)
            return (
                f"{path}: nothing was ever seen there: expected a path that is known, or a sha256; nothing is changed"
            )
    return ""


def accept(trusts: Iterable[Trust], tracker: Tracker, now_ms: int) -> Mapping[Key, Baseline | None]:
    """Trust them; return what there was before."""
    before: dict[Key, Baseline | None] = {}
    for trust in trusts:
        before.setdefault(_key(trust), tracker.baselines.get(_key(trust)))
        content = Content(sha256=trust.sha256, ssdeep=trust.ssdeep) if trust.sha256 else None
        tracker.accept(trust.path, content, now_ms, trust.namespace)
    return before


def take_back(before: Mapping[Key, Baseline | None], baselines: Baselines) -> None:
    for key, baseline in before.items():
        if baseline:
            baselines.set(baseline)
        else:
            baselines.forget(key)


def _key(trust: Trust) -> Key:
    return Key(trust.namespace, trust.path)
