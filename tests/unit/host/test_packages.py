"""What a package database is asked, and when its answer is believed. The trees are as dpkg lays them out."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from daemoneye.host.packages import NoPackages, packages_of_this_host
from daemoneye.host.packages.dpkg import Dpkg
from daemoneye.host.packages.owners import Owners
from daemoneye.model.alert import Ownership, PackageVerdict

if TYPE_CHECKING:
    from pathlib import Path


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


class Database:
    """A root directory with a dpkg database, written the way dpkg does: by renaming."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / "var/lib/dpkg"
        for name in ("info", "updates"):
            (self.home / name).mkdir(parents=True)
        (self.home / "lock").touch()
        self.stanzas: dict[str, str] = {}
        self.write("status", "")

    def write(self, name: str, text: str) -> None:
        new = self.home / f"{name}.new"
        new.write_text(text, encoding="utf-8")
        new.rename(self.home / name)

    def install(
        self,
        package: str,
        files: dict[str, bytes | None],
        *,
        version: str = "1.0",
        state: str = "installed",
        note: str = "",
    ) -> None:
        """``None`` as content: listed without a digest."""
        name, _, architecture = package.partition(":")
        directories = sorted({path.rpartition("/")[0] for path in files})
        listed = ["/.", *directories, *files]
        self.write(f"info/{package}.list", "".join(f"{path}\n" for path in listed))
        digests = [f"{md5(held)}  {path[1:]}\n" for path, held in files.items() if held is not None]
        self.write(f"info/{package}.md5sums", "".join(digests) + note)
        self.stanzas[package] = (
            f"Package: {name}\nStatus: install ok {state}\nArchitecture: {architecture or 'all'}\n"
            f"Description: not\n Version: a field\nVersion: {version}\n"
        )
        self.write("status", "\n".join(self.stanzas.values()))

    def divert(self, path: str, to: str, by: str) -> None:
        self.write("diversions", f"{path}\n{to}\n{by}\n")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path)


def ask(packages: Dpkg, path: str, held: bytes = b"good") -> PackageVerdict | None:
    return packages.verdict(path, lambda algorithm: md5(held) if algorithm == "md5" else None)


def ownership(packages: Dpkg, path: str, held: bytes = b"good") -> Ownership | None:
    found = ask(packages, path, held)
    return found.ownership if found else None


def test_a_file_as_its_package_brought_it(database: Database) -> None:
    """The verdict names the package and its version."""
    database.install("other", {"/usr/bin/other": b"other"}, version="9")
    database.install("tool", {"/usr/bin/tool": b"good"}, version="1:2.3-4")
    found = ask(Dpkg(database.root), "/usr/bin/tool")
    assert found == PackageVerdict(ownership=Ownership.MATCHES, name="tool", version="1:2.3-4", database="dpkg")


def test_a_file_that_is_not_what_its_package_brought(database: Database) -> None:
    """It is still the package's, and that is what makes it bad."""
    database.install("tool", {"/usr/bin/tool": b"good"})
    found = ask(Dpkg(database.root), "/usr/bin/tool", b"evil")
    assert found
    assert (found.ownership, found.name) == (Ownership.DIFFERS, "tool")


@pytest.mark.parametrize("path", ["/usr/bin/too", "/usr/bin/tool2", "/usr/local/bin/tool", "tool", ""])
def test_a_file_of_nobody(database: Database, path: str) -> None:
    """Only the whole path counts."""
    database.install("tool", {"/usr/bin/tool": b"good"})
    assert ownership(Dpkg(database.root), path) is Ownership.UNOWNED


def test_a_file_without_a_digest(database: Database) -> None:
    """Configuration may be changed: a package that lists no digest has no opinion."""
    database.install("tool", {"/etc/init.d/tool": None})
    found = ask(Dpkg(database.root), "/etc/init.d/tool")
    assert found
    assert (found.ownership, found.name) == (Ownership.UNKNOWN, "tool")
    assert "no digest" in found.reason


def test_a_file_that_cannot_be_read(database: Database) -> None:
    """No digest, no verdict."""
    database.install("tool", {"/usr/bin/tool": b"good"})
    found = Dpkg(database.root).verdict("/usr/bin/tool", lambda _: None)
    assert found
    assert (found.ownership, found.reason) == (Ownership.UNKNOWN, "the file could not be read")


def test_nobody_is_asked_for_a_digest_that_decides_nothing(database: Database) -> None:
    """A file of nobody is not read."""

    def never(_: str) -> str:
        raise AssertionError

    assert Dpkg(database.root).verdict("/opt/x", never) == PackageVerdict(ownership=Ownership.UNOWNED, database="dpkg")


@pytest.mark.parametrize("top", ["bin", "sbin", "lib", "lib64"])
def test_a_merged_usr(database: Database, top: str) -> None:
    """An old package lists a file under the name it had before; the kernel knows only the new one."""
    (database.root / top).symlink_to(f"usr/{top}")
    database.install("old", {f"/{top}/x/tool": b"good"})
    database.install("new", {f"/usr/{top}/newer": b"good"})
    packages = Dpkg(database.root)
    for path in (f"/usr/{top}/x/tool", f"/{top}/x/tool", f"/usr/{top}/newer", f"/{top}/newer"):
        assert ownership(packages, path) is Ownership.MATCHES, path


def test_an_unmerged_usr(database: Database) -> None:
    """There the two are different files."""
    (database.root / "bin").mkdir()
    database.install("old", {"/bin/tool": b"good"})
    assert ownership(Dpkg(database.root), "/usr/bin/tool") is Ownership.UNOWNED


def test_a_diverted_file(database: Database) -> None:
    """Under its name lies the diverter's; the other package's was laid aside, and is found there."""
    (database.root / "bin").symlink_to("usr/bin")
    database.install("dash", {"/bin/sh": b"dash"})
    database.install("bash", {"/bin/sh": b"bash"})
    database.divert("/bin/sh", "/bin/sh.distrib", "dash")
    packages = Dpkg(database.root)
    assert ownership(packages, "/usr/bin/sh", b"dash") is Ownership.MATCHES
    assert ownership(packages, "/usr/bin/sh", b"bash") is Ownership.DIFFERS
    assert ownership(packages, "/usr/bin/sh.distrib", b"bash") is Ownership.MATCHES
    assert ownership(packages, "/usr/bin/sh.distrib", b"dash") is Ownership.DIFFERS


def test_a_file_that_the_administrator_diverted(database: Database) -> None:
    """What lies there now is nobody's."""
    database.install("tool", {"/usr/bin/tool": b"good"})
    database.divert("/usr/bin/tool", "/usr/bin/tool.real", ":")
    packages = Dpkg(database.root)
    assert ownership(packages, "/usr/bin/tool") is Ownership.UNOWNED
    assert ownership(packages, "/usr/bin/tool.real") is Ownership.MATCHES


def test_packages_of_several_architectures(database: Database) -> None:
    """The version is that of the architecture which brought the file."""
    database.install("lib:amd64", {"/usr/lib/a/x.so": b"64"}, version="1")
    database.install("lib:i386", {"/usr/lib/i/x.so": b"32"}, version="2")
    packages = Dpkg(database.root)
    found = ask(packages, "/usr/lib/i/x.so", b"32")
    assert found
    assert (found.name, found.version) == ("lib:i386", "2")


def test_a_file_that_two_packages_share(database: Database) -> None:
    """It is right if it is what one of them brought."""
    database.install("lib:amd64", {"/usr/lib/x": b"one"})
    database.install("lib:i386", {"/usr/lib/x": b"two"})
    packages = Dpkg(database.root)
    assert ownership(packages, "/usr/lib/x", b"one") is Ownership.MATCHES
    assert ownership(packages, "/usr/lib/x", b"two") is Ownership.MATCHES
    assert ownership(packages, "/usr/lib/x", b"three") is Ownership.DIFFERS


def test_a_package_whose_digests_name_a_file_it_lost(database: Database) -> None:
    """When a file moves to another package, only the list of the old one says so."""
    database.install("old", {"/usr/bin/old": b"old"}, note=f"{md5(b'moved')}  usr/bin/moved\n")
    database.install("new", {"/usr/bin/moved": b"new"})
    packages = Dpkg(database.root)
    assert ownership(packages, "/usr/bin/moved", b"moved") is Ownership.DIFFERS
    assert ownership(packages, "/usr/bin/moved", b"new") is Ownership.MATCHES


def test_names_with_a_backslash(database: Database) -> None:
    """md5sum writes them twice, and says so at the beginning of the line."""
    database.install("unit", {"/usr/lib/x\\x2d.so": None}, note=f"\\{md5(b'good')}  usr/lib/x\\\\x2d.so\n")
    assert ownership(Dpkg(database.root), "/usr/lib/x\\x2d.so") is Ownership.MATCHES


def test_an_update_is_noticed(database: Database) -> None:
    """Whoever asks again gets today's answer."""
    database.install("tool", {"/usr/bin/tool": b"good"}, version="1")
    packages = Dpkg(database.root)
    assert ownership(packages, "/usr/bin/tool") is Ownership.MATCHES
    database.install("tool", {"/usr/bin/tool": b"better"}, version="2")
    assert ownership(packages, "/usr/bin/tool") is Ownership.DIFFERS
    found = ask(packages, "/usr/bin/tool", b"better")
    assert found
    assert (found.ownership, found.version) == (Ownership.MATCHES, "2")
    database.install("more", {"/usr/bin/more": b"good"})
    assert ownership(packages, "/usr/bin/more") is Ownership.MATCHES


@pytest.mark.parametrize(("state", "certain"), [("unpacked", True), ("half-installed", False), ("config-files", False)])
def test_a_package_that_is_not_all_there(database: Database, state: str, certain: bool) -> None:
    """A package that was interrupted in the middle proves nothing."""
    database.install("tool", {"/usr/bin/tool": b"good"}, state=state)
    expected = Ownership.MATCHES if certain else Ownership.UNKNOWN
    assert ownership(Dpkg(database.root), "/usr/bin/tool") is expected


def test_the_latest_word_counts(database: Database) -> None:
    """While dpkg works, what it has done last is not in its status file yet."""
    database.install("tool", {"/usr/bin/tool": b"good"}, version="1")
    for number, version in (("0001", "2"), ("0002", "3")):
        database.write(f"updates/{number}", f"Package: tool\nStatus: install ok unpacked\nVersion: {version}\n")
    found = ask(Dpkg(database.root), "/usr/bin/tool")
    assert found
    assert found.version == "3"


def test_a_package_without_a_stanza(database: Database) -> None:
    """A list that no status explains is no evidence."""
    database.install("tool", {"/usr/bin/tool": b"good"})
    database.write("status", "")
    found = ask(Dpkg(database.root), "/usr/bin/tool")
    assert found
    assert found.reason == "the package is not in the status file"


@pytest.mark.parametrize(("path", "held"), [("/usr/bin/tool", b"better"), ("/usr/bin/new", b"new")])
def test_a_bad_word_waits_until_dpkg_is_done(database: Database, path: str, held: bytes) -> None:
    """Files are laid down before the lists know them: what looks wrong or strange may be half of an update."""
    database.install("tool", {"/usr/bin/tool": b"good"})
    packages = Dpkg(database.root)
    (database.root / "proc").mkdir()
    inode = (database.home / "lock").stat().st_ino
    locks = database.root / "proc/locks"
    locks.write_text(f"1: POSIX  ADVISORY  WRITE 71 fe:01:{inode} 0 EOF\n", encoding="ascii")
    assert ask(packages, path, held) is None
    assert ownership(packages, "/usr/bin/tool", b"good") is Ownership.MATCHES
    locks.write_text(f"1: POSIX  ADVISORY  WRITE 71 fe:01:{inode}7 0 EOF\n", encoding="ascii")
    assert ask(packages, path, held) is not None


def test_a_bad_word_of_a_database_that_changed_meanwhile(database: Database) -> None:
    """An answer is about a moment: if the moment has passed, it is asked again."""
    database.install("tool", {"/usr/bin/tool": b"good"})
    packages = Dpkg(database.root)

    def meanwhile(_: str) -> str:
        database.install("tool", {"/usr/bin/tool": b"better"})
        return md5(b"better")

    assert packages.verdict("/usr/bin/tool", meanwhile) is None
    assert ownership(packages, "/usr/bin/tool", b"better") is Ownership.MATCHES


def test_a_lock_is_seen_where_the_kernel_shows_it(database: Database) -> None:
    """The kernel's own list, of a lock that is really held."""
    (database.root / "proc").symlink_to("/proc")
    packages = Dpkg(database.root)
    hold = "import fcntl, sys; f = open(sys.argv[1], 'r+'); fcntl.lockf(f, 2); print(flush=True); input()"
    command = [sys.executable, "-c", hold, str(database.home / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        holder.stdout.readline()
        assert ask(packages, "/opt/x") is None
        holder.communicate(b"\n")
    assert ownership(packages, "/opt/x") is Ownership.UNOWNED


def test_a_database_that_is_gone_half_way(database: Database) -> None:
    """What cannot be read gives no verdict, and says why."""
    database.install("tool", {"/usr/bin/tool": b"good"})
    (database.home / "status").unlink()
    found = ask(Dpkg(database.root), "/usr/bin/tool")
    assert found
    assert (found.ownership, found.reason) == (Ownership.UNKNOWN, "not readable: no such file or directory")


def test_for_how_long_a_verdict_holds(database: Database) -> None:
    """As long as nothing was installed or removed; where nothing can be read there are none that could."""
    database.install("tool", {"/usr/bin/tool": b"good"})
    packages = Dpkg(database.root)
    assert packages.database == "dpkg"
    before = packages.mark()
    assert before == packages.mark()
    database.install("other", {"/usr/bin/other": b"good"})
    assert packages.mark() != before


def test_a_database_that_nobody_may_look_at(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no reason to fail."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    packages = Dpkg(database.root)
    monkeypatch.setattr(type(database.root), "stat", refuse)
    assert packages.mark() is None


def test_hosts_without_dpkg(tmp_path: Path) -> None:
    """No database, no verdict; and one that we cannot read is not passed over in silence."""
    found = packages_of_this_host(tmp_path).verdict("/bin/sh", lambda _: None)
    assert found == PackageVerdict(reason="no package database was found")
    (tmp_path / "usr/lib/sysimage/rpm").mkdir(parents=True)
    packages = packages_of_this_host(tmp_path)
    assert isinstance(packages, NoPackages)
    assert "rpm" in packages.database
    assert packages.mark() == packages.mark()
    assert "rpm" in packages.verdict("/bin/sh", lambda _: None).reason
    Database(tmp_path)
    assert isinstance(packages_of_this_host(tmp_path), Dpkg)


def test_many_owners() -> None:
    """Every file finds its package among many, and strangers find none."""
    packages = [(f"p{number}", [b"/%d/%d" % (number, each) for each in range(40)]) for number in range(200)]
    owners = Owners([*packages, ("last", [b"/7/7"])])
    assert len(owners) == 8001
    for name, paths in packages:
        assert all(name in owners.candidates(path) for path in paths)
    assert owners.candidates(b"/7/7") == ["p7", "last"]
    assert not any(owners.candidates(b"/x/%d" % number) for number in range(1000))
