"""Reloads as the supervisor has them: settings by number, and who hears what came of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from daemoneye.actors.reloading import Finished, Reloads
from daemoneye.messages.tree import SettingsRead, SettingsUnreadable
from daemoneye.settings.model import Settings
from daemoneye.supervisor import reload
from daemoneye.supervisor.effects import WakeMeAt
from daemoneye.tree import COLLECTOR, Read, present

FIRST = Read(settings=Settings(), sha256="00" * 32, at_ms=1_000)
CHILDREN = tuple(role.name for role in present(Settings()))


def read(interval_s: float = 9.0, at_ms: int = 2_000, **changed: Any) -> SettingsRead:
    default = Settings()
    settings = replace(default, scan=replace(default.scan, interval=interval_s), **changed)
    return SettingsRead(settings=settings, sha256="11" * 32, read_ms=at_ms)


@pytest.fixture
def reloads() -> Reloads:
    reloads = Reloads(FIRST)
    for child in CHILDREN:
        assert reloads.begins(child) == (1, FIRST.settings)
    reloads.effects.clear()
    return reloads


def applied(reloads: Reloads, config: int) -> None:
    """Each in its turn takes them."""
    for child in CHILDREN:
        reloads.applied(child, config)


def finished(reloads: Reloads) -> list[Finished]:
    return [each for each in reloads.effects if isinstance(each, Finished)]


def test_at_first_nothing_was_reloaded(reloads: Reloads) -> None:
    """The generation is the first, and the file that of the start."""
    assert (reloads.config.generation, reloads.config.sha256, reloads.config.loaded_at_ms) == (1, "00" * 32, 1_000)
    assert (reloads.report.result, reloads.report.error, reloads.report.at_ms) == ("none", None, None)


def test_settings_that_all_have_taken_are_in_force(reloads: Reloads) -> None:
    """The status tells the new file, whoever asked hears what changed, and the old settings are forgotten."""
    reloads.ask(5)
    reloads.read(read())
    assert reloads.effects[0] == reload.Apply(CHILDREN[0], 2)
    assert reloads.in_force == FIRST
    applied(reloads, 2)
    assert reloads.in_force.settings.scan.interval == 9.0
    assert (reloads.config.generation, reloads.config.sha256, reloads.config.loaded_at_ms) == (2, "11" * 32, 2_000)
    note = "scan.interval: in force, collector goes on with it"
    assert reloads.config.notes == (note,)
    assert finished(reloads) == [Finished(ok=True, text=note, requests=(5,))]
    assert (reloads.report.result, reloads.report.error, reloads.report.at_ms) == ("accepted", None, 2_000)
    with pytest.raises(KeyError):
        reloads.settings(1)


def test_what_could_not_be_read_changes_nothing(reloads: Reloads) -> None:
    """Every mistake is kept for the status and for who asked."""
    reloads.ask(5)
    reloads.read(SettingsUnreadable(problems="f:1:1: a: b\nf:2:1: c: d", read_ms=3_000))
    assert reloads.in_force == FIRST
    assert finished(reloads) == [Finished(ok=False, text="f:1:1: a: b\nf:2:1: c: d", requests=(5,))]
    assert (reloads.report.result, reloads.report.at_ms) == ("rejected", 3_000)
    assert reloads.report.error == "f:1:1: a: b\nf:2:1: c: d"


def test_one_refusal_takes_all_back(reloads: Reloads) -> None:
    """The others get the old settings again, and only then is it over."""
    reloads.read(read())
    *willing, last = CHILDREN
    for child in willing:
        reloads.applied(child, 2)
    reloads.effects.clear()
    reloads.refused(last, 2, "not for me")
    assert [each for each in reloads.effects if isinstance(each, reload.Apply)] == [
        reload.Apply(child, 1) for child in reversed(willing)
    ]
    for child in willing:
        reloads.applied(child, 1)
    assert finished(reloads) == [Finished(ok=False, text=f"{last}: not for me", requests=())]
    assert reloads.report.result == "rolled_back"
    assert reloads.in_force == FIRST
    with pytest.raises(KeyError):
        reloads.settings(2)


def test_silence_is_a_refusal(reloads: Reloads) -> None:
    """When the time that was asked for has come."""
    reloads.read(read())
    (alarm,) = (each for each in reloads.effects if isinstance(each, WakeMeAt))
    reloads.tick(alarm.at_s)
    assert reloads.report.result == "rolled_back" if finished(reloads) else True
    reloads.gone(CHILDREN[0])
    assert "no answer within" in finished(reloads)[0].text


def test_what_is_fixed_keeps_its_value_and_says_so(reloads: Reloads) -> None:
    """The rest of the file is taken."""
    paths = replace(Settings().paths, state_dir=Path("/elsewhere"))
    reloads.read(read(paths=paths))
    applied(reloads, 2)
    assert reloads.in_force.settings.paths == FIRST.settings.paths
    assert "paths.state_dir: takes effect at the next start of the agent" in reloads.config.notes


def test_who_begins_meanwhile_begins_with_the_new_ones(reloads: Reloads) -> None:
    """A child that died in the middle is not asked again for what it has."""
    reloads.read(read())
    reloads.gone(COLLECTOR)
    config, settings = reloads.begins(COLLECTOR)
    assert (config, settings.scan.interval) == (2, 9.0)
    for child in CHILDREN:
        if child != COLLECTOR:
            reloads.applied(child, 2)
    assert reloads.report.result == "accepted"


def test_a_request_that_another_takes_the_place_of_shares_its_outcome(reloads: Reloads) -> None:
    """The files were read again after both; nobody hears of a failure that was none."""
    reloads.ask(1)
    reloads.read(read(9.0))
    reloads.ask(2)
    reloads.read(read(10.0))
    reloads.ask(3)
    reloads.read(read(11.0))  # while the first still goes on: the second is not even tried
    assert finished(reloads) == [Finished(ok=False, text="a later request took the place of this one", requests=())]
    applied(reloads, 2)
    assert finished(reloads)[-1].requests == (1,)
    applied(reloads, 4)
    assert finished(reloads)[-1].ok
    assert finished(reloads)[-1].requests == (2, 3)
    assert reloads.in_force.settings.scan.interval == 11.0


def test_the_requests_of_a_gateway_that_is_gone_are_nobody_s(reloads: Reloads) -> None:
    """The next one counts its requests from one again, and must not hear answers to those of the other."""
    reloads.ask(1)
    reloads.read(read())
    reloads.ask(2)
    reloads.nobody_asks()
    applied(reloads, 2)
    reloads.read(SettingsUnreadable(problems="no", read_ms=1))
    assert [each.requests for each in finished(reloads)] == [(), ()]
