"""The layout is a promise: this reads every import of the package and holds it to the rules of docs/architecture.md."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).parents[2] / "daemoneye"

PURE = ("model", "lifecycle", "sanitize", "supervisor", "messages", "integrity", "gateway", "hashing")
AMBIENT = frozenset(
    [
        "asyncio",
        "ctypes",
        "datetime",
        "fcntl",
        "io",
        "logging",
        "loguru",
        "mmap",
        "multiprocessing",
        "os",
        "pathlib",
        "platform",
        "pwd",
        "random",
        "resource",
        "secrets",
        "select",
        "shutil",
        "signal",
        "socket",
        "sqlite3",
        "ssl",
        "stat",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
        "urllib",
        "uuid",
    ]
)

# One library, one home: whoever wants to swap or audit a library has one place to look.
HOMES = {
    "psutil": ("host/",),
    "google": ("wire/",),
    "google_crc32c": ("wire/",),
    "yaml": ("settings/",),
    "click": ("cli/", "__main__.py"),
    "rich": ("cli/",),
    "thespian": ("actors/",),
    "loguru": ("logs/",),
    "setproctitle": ("host/",),
    "sqlite3": ("journal/", "host/"),
    "cryptography": ("journal/", "host/", "forwarding/"),
    "nats": ("forwarding/",),
    "numpy": ("integrity/",),
    "rapidfuzz": ("integrity/",),
    "ppdeep": ("integrity/",),
}

# Who may import whom within the package. A layer sees what stands left of it, never what stands right.
LAYERS = {
    "errors.py": (),
    "model": ("errors",),
    "sanitize": ("errors", "model"),
    "lifecycle": ("errors", "model", "sanitize"),
    "integrity": ("errors", "model", "sanitize", "lifecycle"),
    "supervisor": (),
    "settings": ("errors", "model", "sanitize"),
    "messages": ("errors", "model", "settings", "integrity"),
    "wire": ("errors", "model"),
    "logs": ("errors", "sanitize"),
    "host": ("errors", "model", "sanitize", "lifecycle", "integrity", "hashing"),
    "hashing": ("errors", "model", "sanitize", "lifecycle"),
    "journal": ("errors", "model", "sanitize", "host"),
    "outputs": ("errors", "model", "sanitize", "supervisor", "wire"),
    "forwarding": ("errors", "model", "sanitize", "supervisor", "settings", "messages", "outputs"),
    "gateway": ("errors", "model", "messages", "wire", "outputs", "integrity"),
    "broker": ("errors", "sanitize", "supervisor", "host"),
    "connection.py": ("errors", "model", "sanitize", "wire"),
    "client.py": ("errors", "model", "sanitize", "wire", "connection"),
    "tree.py": ("host", "messages", "settings", "supervisor"),
    "actors": (
        *("errors", "model", "sanitize", "lifecycle", "supervisor", "settings", "messages", "wire", "logs", "host"),
        *("gateway", "broker", "tree", "journal", "outputs", "forwarding", "integrity", "hashing"),
    ),
    "premises.py": ("errors", "settings", "host", "tree"),
    "agent.py": (
        "errors",
        "supervisor",
        "settings",
        "messages",
        "logs",
        "host",
        "broker",
        "actors",
        "tree",
        "premises",
    ),
    "cli": (
        *("errors", "model", "sanitize", "lifecycle", "integrity", "settings", "wire", "host", "journal", "client"),
        *("outputs", "agent", "tree"),
    ),
    "__main__.py": ("errors", "cli", "sanitize"),
}


def sources() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if "generated" not in p.parts)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides which layer it reaches into"
            yield node.module or ""


def home_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", sources(), ids=home_of)
def test_a_pure_package_knows_nothing_of_the_world(path: Path) -> None:
    """Decisions take time, randomness and the state of the machine as parameters."""
    if home_of(path).split("/")[0] in PURE:
        roots = {name.split(".")[0] for name in imports(path)}
        # a library of numbers may be at home here; one that touches the machine is not
        libraries = {name for name, homes in HOMES.items() if not home_of(path).startswith(homes)}
        assert not roots & (AMBIENT | libraries)


@pytest.mark.parametrize("path", sources(), ids=home_of)
def test_a_library_lives_in_one_place(path: Path) -> None:
    """What a library may touch can be read from a directory name."""
    for name in imports(path):
        homes = HOMES.get(name.split(".")[0])
        assert homes is None or home_of(path).startswith(homes), f"{home_of(path)} imports {name}"


@pytest.mark.parametrize("path", sources(), ids=home_of)
def test_a_layer_imports_only_what_stands_below_it(path: Path) -> None:
    """There is one direction, so that a core can be read without its shell."""
    layer = home_of(path).split("/")[0]
    allowed = {layer.removesuffix(".py"), *LAYERS.get(layer, ())}
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "daemoneye" and len(parts) > 1:
            assert parts[1] in allowed, f"{home_of(path)} imports {name}"


def test_every_package_has_a_layer() -> None:
    """A new directory says where it stands before it is used."""
    packages = {home_of(p).split("/")[0] for p in sources()} - {"__init__.py"}
    assert packages <= LAYERS.keys()


def test_the_package_itself_imports_nothing() -> None:
    """Importing daemoneye costs nothing and has no effect."""
    assert list(imports(PACKAGE / "__init__.py")) == []


def test_broad_excepts_live_in_two_places() -> None:
    """A bug ends the process that has it: an actor with its last words, a command with an exit code."""
    guilty = [
        home_of(path)
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}))
    ]
    assert guilty == ["__main__.py", "actors/base.py"]
