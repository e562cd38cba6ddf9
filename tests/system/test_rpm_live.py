"""Real rpm: packages that it builds and installs into a root of its own, and what it says of them itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from daemoneye.host.packages.rpm import Rpm
from daemoneye.integrity.digests import Digester
from daemoneye.model.alert import Ownership

if TYPE_CHECKING:
    from pathlib import Path

    from daemoneye.model.alert import PackageVerdict

pytestmark = [
    pytest.mark.skipif(not shutil.which("rpmbuild"), reason="there is no rpm here"),
    pytest.mark.skipif(os.geteuid() != 0, reason="rpm installs into another root only for root"),
]
HOME = "/usr/lib/sysimage/rpm"
SPEC = """\
Name: {name}
Version: {version}
Release: 1
Epoch: 2
Summary: s
License: l
BuildArch: noarch
%description
d
%install
{build}
%files
{files}
{more}
"""
# Runs when the files are laid down, within the transaction; stays until it is told to go.
LINGER = """\
%post -p <lua>
io.open("/there", "w"):close()
while posix.stat("/go") == nil do posix.sleep(1) end
"""
PATIENCE_S = 20


class Tree:
    """A root of its own, in which real rpm works."""

    def __init__(self, place: Path) -> None:
        self.root = place / "root"
        self.root.mkdir()
        self._build = place / "build"
        self._build.mkdir()
        self.packages: Rpm | None = None

    def build(self, name: str, version: str, files: dict[str, str], *macros: str, more: str = "") -> Path:
        """``files``: what each holds, with what the specification says of it before its name."""
        lines = []
        for each, held in files.items():
            path = "%{buildroot}" + each.rpartition(" ")[2]
            lines.append(f"install -D -m 755 /dev/null {path}; printf '%s' '{held}' > {path}")
        spec = self._build / f"{name}.spec"
        text = SPEC.format(name=name, version=version, build="\n".join(lines), files="\n".join(files), more=more)
        spec.write_text(text, encoding="utf-8")
        options = [f"--define={each}" for each in (f"_topdir {self._build}", *macros)]
        assert rpm("rpmbuild", "-bb", *options, str(spec)).returncode == 0
        return self._build / "RPMS/noarch" / f"{name}-{version}-1.noarch.rpm"

    def rpm(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return rpm("rpm", f"--root={self.root}", f"--dbpath={HOME}", *arguments)

    def install(self, package: Path) -> None:
        done = self.rpm("-U", "--nodeps", str(package))
        assert done.returncode == 0, done.stderr

    def look(self, path: str) -> PackageVerdict:
        found = self.ask(path)
        assert found
        return found

    def ask(self, path: str) -> PackageVerdict | None:
        """Ask one reader, from the first to the last."""
        self.packages = self.packages or Rpm(self.root)
        digester = Digester(want_ssdeep=False, want_md5=True)
        digester.update((self.root / path.lstrip("/")).read_bytes())
        digests = digester.finish()
        return self.packages.verdict(path, {"md5": digests.md5, "sha256": digests.sha256}.get)

    def owner(self, path: str) -> tuple[str, str] | None:
        """Ask rpm."""
        done = self.rpm("-qf", "--qf", "%{NAME} %{EVR}", path)
        name, _, version = done.stdout.partition(" ")
        return (name, version) if done.returncode == 0 else None

    def has_changed(self, path: str) -> bool:
        """Ask rpm whether the digest of a file is another: the third letter of its line."""
        lines = self.rpm("-Vf", "--nodeps", path).stdout.splitlines()
        return any(line.endswith(f" {path}") and line[2] == "5" for line in lines)


def rpm(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


@pytest.mark.parametrize("algorithm", [1, 8])
def test_the_same_word_as_rpm(tree: Tree, algorithm: int) -> None:
    """Who owns a file and whether it is what was brought: before and after a change, in MD5 and in SHA-256."""
    files = {"/usr/bin/tool": "one", "/usr/bin/other": "two", "/opt/tool/data": "three"}
    tree.install(tree.build("tool", "1.0", files, f"_binary_filedigest_algorithm {algorithm}"))
    tree.install(tree.build("next", "7", {"/usr/bin/next": "four"}))
    (tree.root / "usr/bin/nobody").write_text("five", encoding="utf-8")
    for changed in (False, True):
        for path in (*files, "/usr/bin/next"):
            found = tree.look(path)
            assert (found.name, found.version) == tree.owner(path), path
            changed_here = changed and path == "/usr/bin/tool"
            assert tree.has_changed(path) is changed_here
            assert found.ownership is (Ownership.DIFFERS if changed_here else Ownership.MATCHES), path
        assert tree.owner("/usr/bin/nobody") is None
        assert tree.look("/usr/bin/nobody").ownership is Ownership.UNOWNED
        (tree.root / "usr/bin/tool").write_text("evil", encoding="utf-8")


def test_update_and_removal(tree: Tree) -> None:
    """The life of a program, as rpm writes it down; one reader follows it."""
    tree.install(tree.build("tool", "1.0", {"/usr/bin/tool": "one"}))
    assert tree.look("/usr/bin/tool").version == "2:1.0-1"
    tree.install(tree.build("tool", "1.1", {"/usr/bin/tool": "two"}))
    second = tree.look("/usr/bin/tool")
    assert (second.ownership, second.version) == (Ownership.MATCHES, "2:1.1-1")
    assert tree.rpm("-e", "tool").returncode == 0
    (tree.root / "usr/bin").mkdir(parents=True, exist_ok=True)
    (tree.root / "usr/bin/tool").write_text("two", encoding="utf-8")
    assert tree.look("/usr/bin/tool").ownership is Ownership.UNOWNED


def test_what_a_package_leaves_to_others(tree: Tree) -> None:
    """Configuration, what it does not bring, and what it lets change: rpm says nothing of the last two either."""
    files = {"%config /etc/tool.sh": "a", "%ghost /usr/bin/ghost": "b", "%verify(not filedigest) /usr/bin/own": "c"}
    tree.install(tree.build("tool", "1.0", files))
    for path in ("/etc/tool.sh", "/usr/bin/ghost", "/usr/bin/own"):
        (tree.root / path.lstrip("/")).write_text("edited", encoding="utf-8")
        found = tree.look(path)
        assert (found.ownership, found.name) == (Ownership.UNKNOWN, "tool"), path
    assert tree.has_changed("/etc/tool.sh")
    assert not tree.has_changed("/usr/bin/ghost")
    assert not tree.has_changed("/usr/bin/own")


def test_a_digest_that_is_not_taken_here(tree: Tree) -> None:
    """SHA-512, as some distributions would have it, is not guessed at."""
    tree.install(tree.build("tool", "1.0", {"/usr/bin/tool": "one"}, "_binary_filedigest_algorithm 10"))
    found = tree.look("/usr/bin/tool")
    assert (found.ownership, found.name) == (Ownership.UNKNOWN, "tool")
    assert found.reason.endswith(": 10")


def test_reading_leaves_no_trace(tree: Tree) -> None:
    """The database stays as rpm left it, and nothing is put beside it."""
    tree.install(tree.build("tool", "1.0", {"/usr/bin/tool": "one"}))
    home = tree.root / HOME.lstrip("/")
    before = {each.name: each.read_bytes() for each in home.iterdir()}
    assert tree.look("/usr/bin/tool").ownership is Ownership.MATCHES
    assert {each.name: each.read_bytes() for each in home.iterdir()} == before
    assert tree.rpm("--verifydb").returncode == 0


def test_while_rpm_works(tree: Tree) -> None:
    """No bad word as long as a transaction lasts, and every word after it."""
    tree.install(tree.build("tool", "1.0", {"/usr/bin/tool": "one"}))
    assert tree.look("/usr/bin/tool").version == "2:1.0-1"
    (tree.root / "proc").symlink_to("/proc")
    (tree.root / "usr/bin/nobody").touch()
    package = tree.build("tool", "1.1", {"/usr/bin/tool": "two"}, more=LINGER)
    with subprocess.Popen(["rpm", f"--root={tree.root}", f"--dbpath={HOME}", "-U", "--nodeps", str(package)]) as rpm_:
        try:
            wait_for(tree.root / "there")
            assert tree.ask("/usr/bin/nobody") is None
            during = tree.ask("/usr/bin/tool")
            assert during is None or (during.ownership, during.version) == (Ownership.MATCHES, "2:1.1-1")
        finally:
            (tree.root / "go").touch()
        assert rpm_.wait(PATIENCE_S) == 0
    assert tree.look("/usr/bin/nobody").ownership is Ownership.UNOWNED
    after = tree.look("/usr/bin/tool")
    assert (after.ownership, after.version) == (Ownership.MATCHES, "2:1.1-1")


def wait_for(path: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.02)
