"""Every event has a row in docs/operations.md: what operators match on cannot change behind their backs."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from daemoneye.logs.lines import Entry, as_json
from daemoneye.sanitize.names import meaning_of
from daemoneye.sanitize.rules.row import Meaning

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
MANUAL: Final = ROOT / "docs/operations.md"
NAME: Final = re.compile(r"[a-z]+(_[a-z]+)*(\.[a-z]+(_[a-z]+)*)+")
RESERVED: Final = {"ts", "level", "event", "role", "pid"}


@dataclass(frozen=True)
class Call:
    where: str
    names: re.Pattern[str]  # a literal, or a literal with holes where the code puts a word in
    levels: frozenset[str]  # empty: decided elsewhere
    fields: frozenset[str]
    open: bool  # more fields than are named here


@dataclass(frozen=True)
class Row:
    name: str
    levels: frozenset[str]
    fields: frozenset[str]


def literals(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield re.escape(text)
        case ast.IfExp(body=one, orelse=other):
            yield from literals(one)
            yield from literals(other)
        case ast.JoinedStr(values=parts):
            yield "".join(re.escape(str(p.value)) if isinstance(p, ast.Constant) else "[a-z_]+" for p in parts)


def call(path: Path, node: ast.Call) -> Call:
    where = f"{path.relative_to(ROOT)}:{node.lineno}"
    level, name = node.args
    names = [*literals(name)]
    assert names, f"{where}: a name that a reader of the code can find"
    given = frozenset(each.arg for each in node.keywords if each.arg)
    levels = frozenset(literals(level))
    return Call(where, re.compile("|".join(names)), levels, given, any(each.arg is None for each in node.keywords))


def calls() -> list[Call]:
    return [
        call(path, node)
        for path in sorted((ROOT / "daemoneye").rglob("*.py"))
        if "daemoneye.logs" in (text := path.read_text(encoding="utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and len(node.args) == 2 and called(node.func) in {"log", "_say"}
    ]


def called(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id="logs" | "self"), attr=name):
            return name
        case _:
            return ""


def rows() -> list[Row]:
    table = MANUAL.read_text(encoding="utf-8").split("## Every event\n")[1].split("\n## ")[0]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("| `")]
    return [Row(name.strip("`"), words(levels), words(fields)) for name, levels, fields, _ in cells]


def words(cell: str) -> frozenset[str]:
    return frozenset(re.findall(r"`([^`]+)`", cell))


@pytest.mark.parametrize("call", calls(), ids=lambda call: call.where)
def test_every_event_is_in_the_manual(call: Call) -> None:
    """With its level and its fields."""
    known = [row for row in rows() if call.names.fullmatch(row.name)]
    row = f"| `{call.names.pattern}` | {' '.join(f'`{each}`' for each in sorted(call.levels))} | … | … |"
    assert known, f"{call.where}: add to the table of {MANUAL.name}: {row}"
    for each in known:
        assert call.fields <= each.fields, f"{call.where}: fields that the row of {each.name} does not name"
        assert not call.levels or call.levels & each.levels, f"{call.where}: other levels than the row of {each.name}"


def test_the_manual_has_no_event_that_cannot_happen() -> None:
    """And no field that no line has."""
    for row in rows():
        matching = [each for each in calls() if each.names.fullmatch(row.name)]
        assert matching or row.name in OWN, f"{row.name}: nobody says that"
        if matching and not any(each.open for each in matching):
            assert row.fields == frozenset().union(*(each.fields for each in matching)), row.name
    assert {row.name for row in rows()} >= OWN


OWN: Final = {"log.lost", "log.left_out"}  # what the logs say of themselves


def test_names_are_dotted_words() -> None:
    """Easy to type, and to match by their first word; each once."""
    names = [row.name for row in rows()]
    assert all(NAME.fullmatch(each) for each in names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("call", calls(), ids=lambda call: call.where)
def test_no_field_is_called_like_a_secret_or_like_what_every_line_has(call: Call) -> None:
    """Nothing is masked in a log, so nothing that needs it may be given to one."""
    assert {each for each in call.fields if meaning_of(each) is not Meaning.PLAIN} == set()
    assert call.fields & RESERVED == set()


def test_the_reserved_names_are_those_of_every_line() -> None:
    """What is refused here is what would be overwritten there."""
    entry = Entry(when=datetime.now(UTC), level="info", event="a.b", role="main", pid=1, fields={})
    assert json.loads(as_json(entry, {})).keys() == RESERVED
