"""What an rpm database is asked, and when its answer is believed."""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from daemoneye.host.packages import NoPackages, packages_of_this_host, rpm, rpm_database
from daemoneye.host.packages.owners import Owners
from daemoneye.host.packages.rpm import Rpm
from daemoneye.model.alert import Ownership, PackageVerdict
from tests.fakes.rpm_database import HOLD_LOCK, Brought, RpmRoot, header, package

if TYPE_CHECKING:
    from pathlib import Path

TOOL = "/usr/bin/tool"


@pytest.fixture
def database(tmp_path: Path) -> RpmRoot:
    return RpmRoot(tmp_path)


def ask(packages: Rpm, path: str = TOOL, held: bytes = b"good") -> PackageVerdict | None:
    return packages.verdict(path, lambda algorithm: hashlib.new(algorithm, held).hexdigest())


def ownership(packages: Rpm, path: str = TOOL, held: bytes = b"good") -> Ownership | None:
    found = ask(packages, path, held)
    return found.ownership if found else None


def reason(packages: Rpm, path: str = TOOL) -> str:
    found = ask(packages, path)
    assert found
    assert found.ownership is Ownership.UNKNOWN
    return found.reason


def test_a_file_as_its_package_brought_it(database: RpmRoot) -> None:
    """The verdict names the package and its version, with the epoch as rpm shows it."""
    database.install("other", {"/usr/bin/other": b"other"})
    database.add(header(package("gpg-pubkey", {})))
    database.add(header(package("tool", {TOOL: Brought()}, evr=(3, "1.0", "2.fc39"))))
    found = ask(Rpm(database.root))
    assert found == PackageVerdict(ownership=Ownership.MATCHES, name="tool", version="3:1.0-2.fc39", database="rpm")


def test_a_file_that_is_not_what_its_package_brought(database: RpmRoot) -> None:
    """It is still the package's, and that is what makes it bad."""
    database.install("tool", {TOOL: b"good"})
    found = ask(Rpm(database.root), held=b"evil")
    assert found
    assert (found.ownership, found.name, found.version) == (Ownership.DIFFERS, "tool", "1.0-1")


@pytest.mark.parametrize("path", ["/usr/bin/too", "/usr/bin/tool2", "/usr/local/bin/tool", "tool", ""])
def test_a_file_of_nobody(database: RpmRoot, path: str) -> None:
    """Only the whole path counts, and a file of nobody is not read."""

    def never(_: str) -> str:
        raise AssertionError

    database.install("tool", {TOOL: b"good"})
    found = Rpm(database.root).verdict(path, never)
    assert found == PackageVerdict(ownership=Ownership.UNOWNED, database="rpm")


def test_an_old_package(database: RpmRoot) -> None:
    """Where a package does not name its digests, they are MD5."""
    database.add(header(package("tool", {TOOL: Brought()}, algorithm=None)))
    packages = Rpm(database.root)
    assert ownership(packages) is Ownership.MATCHES
    assert ownership(packages, held=b"evil") is Ownership.DIFFERS


@pytest.mark.parametrize(
    ("brought", "why"),
    [
        (Brought(flags=1), "the file is configuration"),
        (Brought(flags=64), "the package does not bring the file"),
        (Brought(verified=0xFFFFFFFE), "the package lets its content change"),
        (Brought(held=None), "the package lists no digest for it"),
        (Brought(state=1), "the file is replaced by another package's"),
        (Brought(state=2), "the file is not installed"),
        (Brought(state=4), "the file is of another architecture"),
    ],
)
def test_files_that_nobody_can_judge(database: RpmRoot, brought: Brought, why: str) -> None:
    """The package is named all the same, and so is the reason."""
    database.add(header(package("tool", {TOOL: brought, "/usr/bin/next": Brought()})))
    found = ask(Rpm(database.root), held=b"evil")
    assert found == PackageVerdict(name="tool", version="1.0-1", database="rpm", reason=why)
    assert ownership(Rpm(database.root), "/usr/bin/next") is Ownership.MATCHES


def test_a_flag_that_changes_nothing(database: RpmRoot) -> None:
    """A file that may be missing, or is documentation, is what the package brought as long as it is there."""
    database.add(header(package("tool", {TOOL: Brought(flags=1 << 1 | 1 << 3)})))
    assert ownership(Rpm(database.root), held=b"evil") is Ownership.DIFFERS


@pytest.mark.parametrize("algorithm", [2, 9, 10, 11, 99])
def test_digests_of_another_kind(database: RpmRoot, algorithm: int) -> None:
    """What is not taken is not compared."""
    database.add(header(package("tool", {TOOL: Brought()}, algorithm=algorithm)))
    assert reason(Rpm(database.root)) == f"the package lists a digest of a kind that is not taken: {algorithm}"


@pytest.mark.parametrize("digest", [b"abc", b"g" * 64, b"a" * 32, b"\xff" * 64])
def test_a_digest_that_is_none(database: RpmRoot, digest: bytes) -> None:
    """It proves nothing against a file."""
    database.add(header(package("tool", {TOOL: Brought()}) | {1035: [digest]}))
    assert reason(Rpm(database.root)) == "its digest makes no sense"


def test_a_file_that_cannot_be_read(database: RpmRoot) -> None:
    """No digest, no verdict."""
    database.install("tool", {TOOL: b"good"})
    found = Rpm(database.root).verdict(TOOL, lambda _: None)
    assert found
    assert (found.ownership, found.reason) == (Ownership.UNKNOWN, "the file could not be read")


def test_a_file_of_several_packages(database: RpmRoot) -> None:
    """It is right if it is what one of them brought, and one whose file was replaced has no say."""
    database.add(header(package("old", {TOOL: Brought(b"old", state=1)})))
    database.install("tool-i686", {TOOL: b"32"})
    database.install("tool-x86_64", {TOOL: b"64"})
    packages = Rpm(database.root)
    assert ownership(packages, held=b"64") is Ownership.MATCHES
    assert ownership(packages, held=b"32") is Ownership.MATCHES
    assert ownership(packages, held=b"old") is Ownership.DIFFERS


def test_another_file_of_the_same_package(database: RpmRoot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two names with one hash are still two files."""
    database.install("tool", {TOOL: b"good"})
    monkeypatch.setattr(Owners, "candidates", lambda *_: ["1"])
    packages = Rpm(database.root)
    assert ownership(packages, "/usr/bin/toll") is Ownership.UNOWNED
    assert ownership(packages) is Ownership.MATCHES


def test_merged_directories(database: RpmRoot) -> None:
    """Whatever a package calls a file, the kernel knows one name."""
    for link, place in (("bin", "usr/bin"), ("sbin", "usr/sbin"), ("usr/sbin", "bin")):
        (database.root / link).symlink_to(place)
    database.install("old", {"/bin/one": b"good", "/sbin/two": b"good", "/usr/sbin/three": b"good"})
    packages = Rpm(database.root)
    for path in ("/usr/bin/one", "/bin/one", "/usr/bin/two", "/usr/bin/three", "/usr/sbin/three"):
        assert ownership(packages, path) is Ownership.MATCHES, path


def test_an_update_is_noticed(database: RpmRoot) -> None:
    """Whoever asks again gets today's answer."""
    database.install("tool", {TOOL: b"good"})
    packages = Rpm(database.root)
    assert ownership(packages) is Ownership.MATCHES
    before = packages.mark()
    assert before == packages.mark()
    database.remove_all()
    database.install("tool", {TOOL: b"better"}, version="2.0")
    assert packages.mark() != before
    assert ownership(packages) is Ownership.DIFFERS
    found = ask(packages, held=b"better")
    assert found
    assert (found.ownership, found.version) == (Ownership.MATCHES, "2.0-1")


def test_what_rpm_has_only_logged(database: RpmRoot) -> None:
    """What is in the log counts, and nothing is left beside the database by reading it."""
    database.install("tool", {TOOL: b"good"})
    packages = Rpm(database.root)
    assert ownership(packages, "/usr/bin/new") is Ownership.UNOWNED
    with closing(database.connect()) as connection:
        with connection:
            connection.execute("INSERT INTO Packages (blob) VALUES (?)", (header(package("n", {"/n": Brought()})),))
        assert ownership(packages, "/n") is Ownership.MATCHES
        assert ownership(packages) is Ownership.MATCHES
    database.install("more", {"/usr/bin/more": b"good"})
    present = database.present()
    assert ownership(packages, "/usr/bin/more") is Ownership.MATCHES
    assert database.present() == present == [".rpm.lock", "rpmdb.sqlite"]


def test_a_log_that_cannot_be_read(database: RpmRoot) -> None:
    """A log without its shared memory may hold anything: no verdict, and nothing is made to get at it."""
    database.install("tool", {TOOL: b"good"})
    packages = Rpm(database.root)
    assert ownership(packages) is Ownership.MATCHES
    database.file.with_name("rpmdb.sqlite-wal").write_bytes(b"x" * 64)
    present = database.present()
    assert reason(packages) == "not readable: unable to open database file"
    assert database.present() == present


@pytest.mark.parametrize("broken", [b"", b"x", b"\0" * 8, b"\xff" * 64, header(package("t", {TOOL: Brought()}))[:-1]])
def test_a_header_that_makes_no_sense(database: RpmRoot, broken: bytes) -> None:
    """What it owns cannot be known, so nothing is nobody's; the others are judged as ever."""
    database.install("tool", {TOOL: b"good"})
    database.add(broken)
    packages = Rpm(database.root)
    assert ownership(packages) is Ownership.MATCHES
    assert ownership(packages, held=b"evil") is Ownership.DIFFERS
    if broken == b"\0" * 8:  # a package without anything
        assert ownership(packages, "/opt/x") is Ownership.UNOWNED
    else:
        assert reason(packages, "/opt/x") == "headers that make no sense: 1"


@pytest.mark.parametrize(
    "wrong",
    [
        {1000: b"to ol"},
        {1000: [b"tool", b"tool"]},
        {1001: b""},
        {1002: 7},
        {1037: [0]},
        {1029: [0]},
        {1037: b"text"},
        {1035: [b"a" * 64]},
    ],
)
def test_a_header_that_is_wrong_about_its_files(database: RpmRoot, wrong: dict[int, bytes | int | list[int]]) -> None:
    """Who owns them may be clear while nothing else is."""
    files = {"/usr/bin/first": Brought(), TOOL: Brought()}
    database.add(header({**package("tool", files), **wrong}))
    assert reason(Rpm(database.root)) == "the header of its package makes no sense"


@pytest.mark.parametrize("wrong", [{1116: [0, 1]}, {1116: [7]}, {1118: 3}, {1117: [b"a", b"b"]}])
def test_a_header_whose_paths_make_no_sense(database: RpmRoot, wrong: dict[int, int | list[int] | list[bytes]]) -> None:
    """Such a package owns nothing that could be named."""
    database.add(header({**package("tool", {TOOL: Brought()}), **wrong}))
    assert reason(Rpm(database.root)) == "headers that make no sense: 1"


def test_the_file_list_of_the_last_century(database: RpmRoot) -> None:
    """It is not taken for a package without files."""
    database.add(header({1000: b"old", 1001: b"1", 1002: b"1", 1027: [b"/usr/bin/tool"]}))
    assert reason(Rpm(database.root)) == "headers that make no sense: 1"


def test_more_packages_than_there_can_be(database: RpmRoot, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are not kept, and the reason is given."""
    monkeypatch.setattr(rpm, "MOST_PACKAGES", 2)
    database.install("one", {"/one": b"good"})
    database.install("two", {"/two": b"good"})
    assert ownership(Rpm(database.root), "/two") is Ownership.MATCHES
    database.install("three", {"/three": b"good"})
    assert reason(Rpm(database.root), "/two") == "not readable: more than 2 packages"


def test_a_header_larger_than_any(database: RpmRoot, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not even loaded, and the reason is given."""
    database.install("tool", {TOOL: b"good"})
    monkeypatch.setattr(rpm_database, "_MOST_BYTES", 10_000)
    assert ownership(Rpm(database.root)) is Ownership.MATCHES
    database.add(bytes(10_001))
    assert reason(Rpm(database.root)) == "not readable: string or blob too big"


def test_a_table_that_is_none(database: RpmRoot) -> None:
    """A view may compute without an end, so it is not asked."""
    with closing(sqlite3.connect(database.file)) as connection, connection:
        connection.execute("ALTER TABLE Packages RENAME TO other")
        connection.execute("CREATE VIEW Packages AS SELECT hnum, blob FROM other")
    assert reason(Rpm(database.root)) == "not readable: it has no table of packages"


@pytest.mark.parametrize("held", [b"no database at all", b"SQLite format 3\0" + bytes(4096), b""])
def test_a_file_that_is_no_database(database: RpmRoot, held: bytes) -> None:
    """It gives no verdict and breaks nothing."""
    database.file.write_bytes(held)
    assert reason(Rpm(database.root)).startswith("not readable: ")


def test_a_database_of_something_else(database: RpmRoot) -> None:
    """It says what is missing."""
    with closing(sqlite3.connect(database.file)) as connection, connection:
        connection.execute("DROP TABLE Packages")
    assert reason(Rpm(database.root)) == "not readable: it has no table of packages"


def test_a_database_that_is_gone(database: RpmRoot) -> None:
    """It says so, and comes back with it."""
    database.install("tool", {TOOL: b"good"})
    packages = Rpm(database.root)
    assert packages.database == "rpm"
    database.file.rename(database.home / "aside")
    assert reason(packages) == "not readable: unable to open database file"
    assert not database.file.exists()
    (database.home / "aside").rename(database.file)
    assert ownership(packages) is Ownership.MATCHES


def test_a_database_that_nobody_may_look_at(database: RpmRoot, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no reason to fail."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    packages = Rpm(database.root)
    monkeypatch.setattr(type(database.root), "stat", refuse)
    assert packages.mark() is None
    assert reason(packages) == "not readable: permission denied"


@pytest.mark.parametrize(("kind", "waits"), [("2", True), ("1", False)])
def test_a_bad_word_waits_until_rpm_is_done(database: RpmRoot, kind: str, waits: bool) -> None:
    """The kernel's own list, of a lock that is really held; one that is only shared is a query's."""
    (database.root / "proc").symlink_to("/proc")
    database.install("tool", {TOOL: b"good"})
    packages = Rpm(database.root)
    command = [sys.executable, "-c", HOLD_LOCK, str(database.lock), kind]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        holder.stdout.readline()
        assert (ask(packages, held=b"evil") is None) is waits
        assert (ask(packages, "/opt/x") is None) is waits
        assert ownership(packages) is Ownership.MATCHES
        holder.communicate(b"\n")
    assert ownership(packages, held=b"evil") is Ownership.DIFFERS


def test_a_bad_word_of_a_database_that_changed_meanwhile(database: RpmRoot) -> None:
    """An answer is about a moment: if the moment has passed, it is asked again."""
    database.install("tool", {TOOL: b"good"})
    packages = Rpm(database.root)

    def meanwhile(algorithm: str) -> str:
        database.install("other", {"/usr/bin/other": b"x"})
        return hashlib.new(algorithm, b"evil").hexdigest()

    assert packages.verdict(TOOL, meanwhile) is None
    assert ownership(packages, held=b"evil") is Ownership.DIFFERS


@pytest.mark.parametrize("place", ["usr/lib/sysimage/rpm", "var/lib/rpm"])
def test_where_the_database_is(tmp_path: Path, place: str) -> None:
    """It is found where Red Hat had it and where it is now, unless the host is dpkg's."""
    RpmRoot(tmp_path, place).install("tool", {TOOL: b"good"})
    packages = packages_of_this_host(tmp_path)
    assert isinstance(packages, Rpm)
    assert ownership(packages) is Ownership.MATCHES
    (tmp_path / "var/lib/dpkg/info").mkdir(parents=True)
    (tmp_path / "var/lib/dpkg/status").touch()
    assert packages_of_this_host(tmp_path).database == "dpkg"


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("Packages", "the rpm database in /var/lib/rpm is Berkeley DB, which is not read"),
        ("Packages.db", "the rpm database in /var/lib/rpm is NDB, which is not read"),
        ("other", "there is no rpm database in /var/lib/rpm that can be read"),
    ],
)
def test_databases_of_other_kinds(tmp_path: Path, file: str, why: str) -> None:
    """They are not passed over in silence."""
    (tmp_path / "var/lib/rpm").mkdir(parents=True)
    (tmp_path / "var/lib/rpm" / file).touch()
    packages = packages_of_this_host(tmp_path)
    assert isinstance(packages, NoPackages)
    assert packages.verdict(TOOL, lambda _: None) == PackageVerdict(reason=why)
