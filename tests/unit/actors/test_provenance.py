"""What the package database is asked, and for how long its answer holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemoneye.actors.provenance import Provenance
from daemoneye.integrity.sighting import Hashed, Sighting
from daemoneye.model.alert import AlertProcess, Ownership, PackageVerdict
from daemoneye.model.process import FileIdentity, HashStatus, OnDisk
from tests.fakes.executables import content

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PROCESS = AlertProcess(pid=1, entity_id="e", name="prog", executable="/prog")
HERE, THERE = FileIdentity(dev=1, ino=1), FileIdentity(dev=1, ino=2)
HASHED = Hashed(HashStatus.HASHED, content("good"), "", "0" * 32)
OTHER = Hashed(HashStatus.HASHED, content("evil"), "", "1" * 32)


class Database:
    database = "dpkg"

    def __init__(self) -> None:
        self.edition = 1
        self.asked: list[tuple[str, str | None]] = []
        self.contents: list[str | None] = []
        self.says: PackageVerdict | None = PackageVerdict(ownership=Ownership.MATCHES)
        self.moves = False

    def mark(self) -> object:
        return self.edition

    def verdict(self, path: str, digest: Callable[[str], str | None]) -> PackageVerdict | None:
        assert digest("sha1") is None
        self.asked.append((path, digest("md5")))
        self.contents.append(digest("sha256"))
        self.edition += self.moves
        return self.says


def sighting(**more: Any) -> Sighting:
    given: dict[str, Any] = {"path": "/prog", "on_disk": OnDisk.PRESENT, "file": HERE, "running": HASHED} | more
    return Sighting(process=PROCESS, start_ticks=1, detected_ms=0, **given)


def test_it_is_asked_about_what_lies_at_the_path() -> None:
    """By the digests of that file; of one that is not there, by none."""
    database = Database()
    provenance = Provenance(database)
    provenance.verdict(sighting())
    provenance.verdict(sighting(on_disk=OnDisk.REPLACED, file_there=THERE, there=OTHER))
    provenance.verdict(sighting(on_disk=OnDisk.DELETED))
    assert database.asked == [("/prog", "0" * 32), ("/prog", "1" * 32), ("/prog", None)]
    assert database.contents == [content("good").sha256, content("evil").sha256, None]
    assert provenance.verdict(sighting(path=None)) == PackageVerdict(reason="it has no path")


def test_an_answer_holds_until_the_database_changes() -> None:
    """Each question once, whoever asks it."""
    database = Database()
    provenance = Provenance(database)
    for _ in range(3):
        assert provenance.verdict(sighting()) == database.says
    assert len(database.asked) == 1
    assert provenance.occupancy.entries == 1
    database.edition += 1
    provenance.verdict(sighting())
    assert len(database.asked) == 2


def test_another_content_is_another_question() -> None:
    """Even where nobody has taken its MD5."""
    database = Database()
    provenance = Provenance(database)
    for held in ("good", "evil", "good"):
        provenance.verdict(sighting(running=Hashed(HashStatus.HASHED, content(held))))
    assert database.contents == [content("good").sha256, content("evil").sha256]


def test_what_is_no_answer_is_not_remembered() -> None:
    """Neither is one during which the database has changed."""
    database = Database()
    provenance = Provenance(database)
    says, database.says = database.says, None
    assert provenance.verdict(sighting()) is None
    database.says, database.moves = says, True
    provenance.verdict(sighting())
    database.moves = False
    provenance.verdict(sighting())
    assert len(database.asked) == 3


def test_a_bad_word_about_a_file_that_is_no_longer_there_is_none() -> None:
    """A package that is installed twice in a row must not look like tampering; a good word is good."""
    database = Database()
    there = False
    provenance = Provenance(database, lambda path, file: there and (path, file) == ("/prog", HERE))
    assert provenance.verdict(sighting()) == database.says
    database.edition += 1
    database.says = PackageVerdict(ownership=Ownership.DIFFERS)
    assert provenance.verdict(sighting()) is None
    there = True
    assert provenance.verdict(sighting()) == database.says


def test_this_host_has_an_answer(tmp_path: Path) -> None:
    """Whatever there is, or is not."""
    provenance = Provenance()
    assert provenance.database
    found = provenance.verdict(sighting(path=str(tmp_path / "nobody's")))
    assert found is None or found.ownership in {Ownership.UNOWNED, Ownership.UNKNOWN}
