"""Real dpkg: a tree that it installs into, and the machine that this runs on."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemoneye.host.packages import packages_of_this_host
from daemoneye.host.packages.dpkg import Dpkg
from daemoneye.integrity.digests import Digester
from daemoneye.model.alert import Ownership

if TYPE_CHECKING:
    from daemoneye.host.packages import Packages
    from daemoneye.model.alert import PackageVerdict

pytestmark = pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="there is no dpkg here")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="dpkg installs only for root")
ENOUGH = 60  # programs of this machine; every one costs a read


def look(packages: Packages, path: Path, name: str | None = None) -> PackageVerdict:
    digester = Digester(want_ssdeep=False, want_md5=True)
    digester.update(path.read_bytes())
    digests = digester.finish()
    found = packages.verdict(name or str(path), lambda algorithm: digests.md5 if algorithm == "md5" else None)
    assert found
    return found


class Tree:
    """A root of its own, in which real dpkg works."""

    def __init__(self, place: Path) -> None:
        self.root = place / "root"
        self._build = place / "build"
        for name in ("info", "updates"):
            (self.root / "var/lib/dpkg" / name).mkdir(parents=True)
        (self.root / "var/lib/dpkg/status").touch()

    def install(self, name: str, version: str, files: dict[str, str], *, conffiles: str = "") -> None:
        package = self._build / f"{name}-{version}"
        (package / "DEBIAN").mkdir(parents=True)
        control = f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: n <n@x>\nDescription: d\n"
        (package / "DEBIAN/control").write_text(control, encoding="utf-8")
        for path, held in files.items():
            (package / path).parent.mkdir(parents=True, exist_ok=True)
            (package / path).write_text(held, encoding="utf-8")
        sums = subprocess.run(["md5sum", *files], cwd=package, check=True, capture_output=True).stdout
        (package / "DEBIAN/md5sums").write_bytes(sums)
        if conffiles:
            (package / "DEBIAN/conffiles").write_text(f"/{conffiles}\n", encoding="utf-8")
        run("dpkg-deb", "--build", "-Znone", str(package), str(package) + ".deb")
        self.dpkg("--install", str(package) + ".deb")

    def dpkg(self, *arguments: str) -> None:
        run("dpkg", f"--root={self.root}", "--force-script-chrootless", "--force-unsafe-io", *arguments)

    def look(self, path: str) -> PackageVerdict:
        return look(Dpkg(self.root), self.root / path.lstrip("/"), path)


def run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


@as_root
def test_install_tamper_update_remove(tree: Tree) -> None:
    """The life of a program, as dpkg writes it down."""
    tree.install("tool", "1.0-1", {"usr/bin/tool": "one"})
    program = tree.root / "usr/bin/tool"
    first = tree.look("/usr/bin/tool")
    assert (first.ownership, first.name, first.version) == (Ownership.MATCHES, "tool", "1.0-1")
    program.write_text("evil", encoding="utf-8")
    assert tree.look("/usr/bin/tool").ownership is Ownership.DIFFERS
    tree.install("tool", "1.0-2", {"usr/bin/tool": "two"})
    second = tree.look("/usr/bin/tool")
    assert (second.ownership, second.version) == (Ownership.MATCHES, "1.0-2")
    kept = program.read_bytes()
    tree.dpkg("--purge", "tool")
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_bytes(kept)
    assert tree.look("/usr/bin/tool").ownership is Ownership.UNOWNED


@as_root
def test_one_reader_follows_an_update(tree: Tree) -> None:
    """It need not be started again to hear of one."""
    tree.install("tool", "1.0-1", {"usr/bin/tool": "one"})
    packages = Dpkg(tree.root)
    program = tree.root / "usr/bin/tool"
    assert look(packages, program, "/usr/bin/tool").version == "1.0-1"
    tree.install("tool", "1.0-2", {"usr/bin/tool": "two"})
    assert look(packages, program, "/usr/bin/tool").version == "1.0-2"


@as_root
def test_a_real_diversion(tree: Tree) -> None:
    """What dpkg-divert moves aside is still known for what it is."""
    tree.install("tool", "1", {"usr/bin/tool": "one"})
    divert = ["dpkg-divert", "--root", str(tree.root), "--divert", "/usr/bin/tool.real", "--rename"]
    run(*divert, "--package", "wrapper", "--add", "/usr/bin/tool")
    tree.install("wrapper", "2", {"usr/bin/tool": "wrapped"})
    outer, inner = tree.look("/usr/bin/tool"), tree.look("/usr/bin/tool.real")
    assert (outer.ownership, outer.name) == (Ownership.MATCHES, "wrapper")
    assert (inner.ownership, inner.name) == (Ownership.MATCHES, "tool")


@as_root
def test_a_real_configuration_file(tree: Tree) -> None:
    """A package that says so of a file leaves it to the administrator, even if it lists a digest for it."""
    tree.install("conf", "1", {"etc/tool.sh": "one"}, conffiles="etc/tool.sh")
    (tree.root / "etc/tool.sh").write_text("edited", encoding="utf-8")
    found = tree.look("/etc/tool.sh")
    assert (found.ownership, found.name, found.version) == (Ownership.UNKNOWN, "conf", "1")


@as_root
def test_a_real_merged_usr(tree: Tree) -> None:
    """A package of old lays its file under a link."""
    (tree.root / "usr/bin").mkdir(parents=True)
    (tree.root / "bin").symlink_to("usr/bin")
    tree.install("old", "1", {"bin/old": "one"})
    found = tree.look("/usr/bin/old")
    assert (found.ownership, found.name) == (Ownership.MATCHES, "old")


@pytest.mark.skipif(not Dpkg.is_at(Path("/")), reason="this machine has no dpkg database")
def test_the_programs_of_this_machine() -> None:
    """Nothing that a package has brought here is taken for tampered with, and next to nothing for nobody's."""
    packages = packages_of_this_host()
    programs = [each for each in sorted(Path("/usr/bin").iterdir()) if each.is_file() and not each.is_symlink()]
    step = max(1, len(programs) // ENOUGH)
    verdicts = [look(packages, each) for each in programs[::step] if os.access(each, os.R_OK)]
    assert not [each for each in verdicts if each.ownership is Ownership.DIFFERS]
    owned = [each for each in verdicts if each.ownership is Ownership.MATCHES]
    assert len(owned) > len(verdicts) * 0.8
    for each in owned[:5]:
        run("dpkg-query", "--show", each.name or "")
