"""What integrity remembers outlives the agent, and whatever happens to the file, the agent goes on."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

from daemoneye.host.baseline_store import FILE_NAME, BaselineStore
from daemoneye.integrity.baselines import Baseline, Key, Source
from daemoneye.integrity.dedup import Occasions, Window
from daemoneye.integrity.kept import Changes, Kept, Saved
from daemoneye.model.alert import Content, Ownership, PackageVerdict, Phase, Shortfall
from tests.fakes.executables import content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Opened: TypeAlias = Callable[[], tuple[BaselineStore, Kept]]

NOW_MS = 1_700_000_000_000
SEEDED = Baseline.seeded(Key("", "/usr/bin/plain"), Content(sha256="ab" * 32), 5)
RICH = Baseline(
    key=Key("container:abc", "/opt/ü (deleted)"),
    reference=content("good"),
    last=content("evil"),
    source=Source.PACKAGE,
    first_seen_ms=1,
    last_seen_ms=2,
    moved_ms=3,
    package=PackageVerdict(ownership=Ownership.MATCHES, name="pack", version="1:2", database="dpkg"),
    former=(content("one").sha256, content("two").sha256),
    open=True,
)
WINDOWS = (
    Window(key=b"1" * 16, alert_id="a", suppressed=3),
    Window(key=b"2" * 16, alert_id="b", committed_ms=7),
)
OCCASIONS = (Occasions(entity_id="e1", keys=frozenset({b"1" * 16, b"2" * 16})),)
SHORTFALLS = (Shortfall(cause="digests", phase=Phase.START, counts=(("permission", 7),), began_ms=9),)
NOTHING = Changes(baselines={}, windows={}, occasions={}, shortfalls=())
ALL = Changes(
    baselines={SEEDED.key: SEEDED, RICH.key: RICH},
    windows={each.key: each for each in WINDOWS},
    occasions={each.entity_id: each for each in OCCASIONS},
    shortfalls=SHORTFALLS,
)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    stores: list[BaselineStore] = []

    def open_it() -> tuple[BaselineStore, Kept]:
        for store in stores:
            store.close()
        stores.append(BaselineStore(tmp_path, lambda: NOW_MS))
        return stores[-1], stores[-1].load()

    yield open_it
    for store in stores:
        store.close()


def filled(opened: Opened) -> None:
    store, kept = opened()
    assert kept == Kept()
    assert store.save(ALL) is Saved.WRITTEN
    store.close()


def test_everything_comes_back(opened: Opened) -> None:
    """An agent that is started again knows what it knew."""
    filled(opened)
    store, kept = opened()
    assert sorted(kept.baselines, key=lambda each: each.key) == [SEEDED, RICH]
    assert set(kept.windows) == set(WINDOWS)
    assert kept.occasions == OCCASIONS
    assert kept.shortfalls == SHORTFALLS
    assert (store.trouble, store.put_aside) == ("", "")


def test_what_is_forgotten_does_not_come_back(opened: Opened) -> None:
    """Each of them is gone for good, and nothing else."""
    filled(opened)
    store, _ = opened()
    store.save(
        Changes(baselines={RICH.key: None}, windows={WINDOWS[0].key: None}, occasions={"e1": None}, shortfalls=())
    )
    _, kept = opened()
    assert kept == Kept(baselines=(SEEDED,), windows=WINDOWS[1:])


def test_alerts_on_their_way_survive(opened: Opened) -> None:
    """They are sent again, in their order and under their ids, until they are on record."""
    store, _ = opened()
    store.save(NOTHING, sent=[("z", b"first"), ("a", b"second")])
    store, _ = opened()
    assert store.on_their_way() == [("z", b"first"), ("a", b"second")]
    store.save(NOTHING, done=["z"])
    store, _ = opened()
    assert store.on_their_way() == [("a", b"second")]


def test_alerts_that_cannot_be_read_are_none(opened: Opened, tmp_path: Path) -> None:
    """The rest is of use; with the first write the damage is found, and the file put aside."""
    store, _ = opened()
    store.save(ALL, sent=[(str(number), bytes(900)) for number in range(400)])
    store.close()
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'alerts'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    with (tmp_path / FILE_NAME).open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    store, kept = opened()
    assert kept.baselines
    assert store.on_their_way() == []
    assert store.save(ALL, sent=[("new", b"alert")]) is Saved.STARTED_OVER


def test_the_file_is_for_us_and_our_group(opened: Opened, tmp_path: Path) -> None:
    """It says which programs run here; others need not know."""
    before = os.umask(0)
    try:
        opened()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o640


def _garbage(path: Path) -> None:
    path.write_bytes(os.urandom(8192))


def _torn(path: Path) -> None:
    held = path.read_bytes()
    path.write_bytes(held[: len(held) // 2])


def _scribbled(path: Path) -> None:
    held = bytearray(path.read_bytes())
    held[4096:] = os.urandom(len(held) - 4096)
    path.write_bytes(held)


def _another_program(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE baselines (other TEXT)")
    connection.close()


def _with_a_trigger(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TRIGGER evil AFTER INSERT ON baselines BEGIN DELETE FROM baselines; END")
    connection.close()


def _impossible(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE baselines SET source = 'hearsay'")
    connection.close()


@pytest.mark.parametrize(
    "damage",
    [_garbage, _torn, _scribbled, _another_program, _with_a_trigger, _impossible],
    ids=lambda each: each.__name__,
)
def test_a_damaged_store_is_put_aside(opened: Opened, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """It is kept as evidence, said aloud, and the agent begins anew."""
    filled(opened)
    damage(tmp_path / FILE_NAME)
    store, kept = opened()
    assert kept == Kept()
    (aside,) = tmp_path.glob(f"{FILE_NAME}.unusable-*")
    assert store.put_aside.startswith(f"{aside}: ")
    assert store.trouble == ""
    assert store.save(ALL) is Saved.WRITTEN
    _, kept = opened()
    assert len(kept.baselines) == 2


@pytest.mark.parametrize("damage", [_garbage, Path.unlink], ids=["garbage", "unlinked"])
def test_damage_while_we_run(opened: Opened, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """Whoever notices while writing is told to write everything, to a new file."""
    filled(opened)
    store, _ = opened()
    damage(tmp_path / FILE_NAME)
    assert store.save(NOTHING) is Saved.STARTED_OVER
    assert store.save(ALL) is Saved.WRITTEN
    assert len(opened()[1].baselines) == 2


def test_only_the_last_ones_are_kept_aside(opened: Opened, tmp_path: Path) -> None:
    """Evidence must not fill the disk."""
    for number in range(6):
        (tmp_path / f"{FILE_NAME}.unusable-{number}").touch()
    (tmp_path / FILE_NAME).write_bytes(b"x" * 5000)
    opened()
    assert len(list(tmp_path.glob(f"{FILE_NAME}.unusable-*"))) == 3


def test_a_directory_that_is_missing(tmp_path: Path) -> None:
    """The agent works without, says so, and writes as soon as it can."""
    store = BaselineStore(tmp_path / "later", lambda: NOW_MS)
    assert store.load() == Kept()
    assert "no such file or directory" in store.trouble
    assert store.save(ALL) is Saved.FAILED
    (tmp_path / "later").mkdir()
    assert store.save(ALL) is Saved.WRITTEN
    assert store.trouble == ""
    store.close()


def test_a_store_that_cannot_be_written(opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it holds is still what counts."""
    filled(opened)
    real = sqlite3.connect

    def read_only(name: str, *, uri: bool = False, timeout: float = 0) -> sqlite3.Connection:
        return real(name.replace("mode=rw", "mode=ro"), uri=uri, timeout=timeout)

    monkeypatch.setattr(sqlite3, "connect", read_only)
    store, kept = opened()
    assert len(kept.baselines) == 2
    assert "readonly" in store.trouble
    assert store.save(NOTHING) is Saved.FAILED
    assert list(tmp_path.glob("*.unusable-*")) == []
    monkeypatch.undo()
    changed = Changes(baselines={SEEDED.key: None}, windows={}, occasions={}, shortfalls=())
    assert store.save(changed) is Saved.WRITTEN
    assert [each.key for each in opened()[1].baselines] == [RICH.key]


def test_a_store_that_could_not_be_read_is_not_overwritten(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever locks it while the agent starts does not make it trust what runs today."""
    monkeypatch.setattr("daemoneye.host.baseline_store._BUSY_S", 0.01)
    filled(opened)
    blocker = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    store, kept = opened()
    assert kept == Kept()
    assert "locked" in store.trouble
    assert store.save(ALL) is Saved.FAILED
    blocker.close()
    today = Baseline.seeded(RICH.key, content("evil"), NOW_MS)
    new = Baseline.seeded(Key("", "/new"), content("x"), NOW_MS)
    assert (
        store.save(Changes(baselines={RICH.key: today, new.key: new}, windows={}, occasions={}, shortfalls=()))
        is Saved.WRITTEN
    )
    kept = opened()[1]
    assert {each.key: each.reference for each in kept.baselines} == {
        SEEDED.key: SEEDED.reference,
        RICH.key: RICH.reference,
        new.key: new.reference,
    }
