"""Whatever is given as settings: a value or a named error, never another exception, and nothing changed by an error."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import event, given, settings
from hypothesis import strategies as st

from daemoneye.settings import Settings
from daemoneye.settings import reading as module
from daemoneye.settings.document import Document
from daemoneye.settings.layers import VARIABLES, Loaded, from_changes, from_document, from_environment, patch, settle
from daemoneye.settings.model import KEYS
from daemoneye.settings.nodes import Mapping, Node, Refusal, Scalar, Sequence, Style, node_of
from daemoneye.settings.places import ConfigRejected
from daemoneye.settings.rules import CONDITIONS
from daemoneye.settings.schema import schema
from daemoneye.settings.show import as_yaml

# pieces of YAML and of settings in any order find more than random bytes do
PIECES = st.sampled_from(
    [
        "scan:", "\n", "  ", "\t", " ", "interval: 5s", "interval", ": ", ":", "- ", "[", "]", "{", "}", ",", "&a ",
        "*a", "!!str ", "!x", "? ", "|", ">", "'", '"', "\\", "\\x41", "\\U0011ffff", "\\ud800", "#", "---", "...",
        "%YAML 1.1\n", "~", "true", "5", "5s", "50MiB", "outputs:\n  relp:\n    enabled: true\n", "<<", "\r\n", "\r",
        "triggers:\n  rules:\n  - name: a\n", "    when: hash_mismatch\n", "\ufeff", "\u2028", "\x85", "\x00", "ä",
        "😀", "user: me\n", "x-y: ", "ipc: {allow_users: [a, 1]}\n",
    ]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=30).map("".join)
FILES = st.one_of(
    TEXTS.map(str.encode), st.binary(max_size=200), TEXTS.map(lambda text: text.encode("latin-1", "replace"))
)
ANY_TEXT = st.one_of(TEXTS, st.text(max_size=30), st.text(st.characters(categories=["Cs", "Cc", "Nd"]), max_size=5))
SCALARS = st.builds(Scalar, ANY_TEXT, st.sampled_from(Style))
NODES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.builds(lambda items: Sequence(tuple(items)), st.lists(inner, max_size=4)),
        st.builds(
            lambda pairs: Mapping(tuple(pairs)),
            st.lists(
                st.tuples(
                    st.builds(Scalar, st.sampled_from(["name", "when", "patterns", "memory", "scans", "other"])), inner
                ),
                max_size=4,
                unique_by=lambda pair: pair[0].text,
            ),
        ),
    ),
    max_leaves=8,
)


def outcome(*layers: object) -> Loaded | ConfigRejected:
    """Nothing but these two may come out."""
    try:
        return settle(*layers)  # type: ignore[arg-type] # the layers of one test
    except ConfigRejected as rejected:
        return rejected


@pytest.mark.parametrize("loader", [module._LOADER, yaml.SafeLoader])
@settings(max_examples=300, deadline=None)
@given(data=FILES)
def test_any_file_is_settings_or_a_named_error(loader: type, data: bytes) -> None:
    """No file, however broken, ends in a traceback, and no error message writes on the terminal."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "_LOADER", loader)
        result = outcome(from_document("f", data))
    if isinstance(result, ConfigRejected):
        assert result.problems
        assert all(line.isprintable() for line in str(result).split("\n"))
        assert all(problem.place.where.startswith("f") for problem in result.problems)
    else:
        assert isinstance(result.settings, Settings)
        assert settle(from_document("g", as_yaml(result.settings).encode())).settings == result.settings


@settings(max_examples=200, deadline=None)
@given(data=FILES)
def test_places_are_inside_the_file(data: bytes) -> None:
    """An editor can jump to every mistake: its line and column exist, or are where the file ends."""
    document = Document("f", data)
    for problem in document.problems:
        line, column = problem.place.order
        if document.lines:  # there are none of a file in another encoding
            assert 1 <= line <= len(document.lines)
            assert 1 <= column <= len(document.lines[line - 1]) + 1
            assert problem.place.source
            assert problem.place.source.strip()


@settings(max_examples=300, deadline=None)
@given(key=st.sampled_from(list(KEYS.values())), node=NODES)
def test_any_node_is_a_value_or_a_refusal(key: object, node: Node) -> None:
    """Every kind answers everything, and what it takes it can write so that it reads back."""
    kind = key.kind  # type: ignore[attr-defined]
    try:
        value = kind.read(node)
    except Refusal:
        return
    assert kind.read(node_of(kind.write(value))) == value
    json.dumps(kind.write(value))


SCHEMA = jsonschema.Draft202012Validator(schema())
# what the program might take, and its neighbours
LIKELY = st.one_of(
    st.sampled_from(
        [
            "", "5s", "0.20s", "50MiB", "1.5GiB", "true", "null", "me", "1000", "/", "/a", "/a/..b", "/a/../b", "../a",
            "a/b", "//a", "/.", "h", "::1", "a b", "daemoneye.v1", "tls://h:4222", "nats://[::1]", "nats://h:0", "ecs",
            "LD_PRELOAD", "DOM\\me$", "ä", "\x85", "\n", "\u2028", "😀", "/ä", "/\n", "/\u200b",
        ]
    ),
    st.booleans(), st.none(), st.sampled_from([0, 1, 80, 1000, 2**32 - 2, 2**32 - 1, -1, 1.0, 1.5, 1e300]),
)  # fmt: skip
RULES = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["a", "1", 1, "A"]),
        "when": st.sampled_from(list(CONDITIONS)),
        "patterns": st.lists(LIKELY, max_size=2),
        "parents": st.lists(LIKELY, max_size=1),
        "children": st.lists(LIKELY, max_size=1),
        "memory": LIKELY,
        "scans": LIKELY,
        "analysis": st.lists(st.sampled_from(["memory", "network"]), max_size=2),
    },
)
VALUES = LIKELY | st.lists(LIKELY, max_size=2) | st.lists(RULES, max_size=2)
RIGHT_HERE = {
    "outputs.relp.host": "h", "outputs.relp.enabled": True, "outputs.nats.servers": ["nats://h"],
    "outputs.nats.enabled": True, "outputs.nats.tls.cert_file": "/c", "outputs.nats.tls.key_file": "/k",
}  # fmt: skip
GIVEN = st.sampled_from(list(KEYS)).flatmap(
    lambda name: st.tuples(st.just(name), st.sampled_from([RIGHT_HERE.get(name, KEYS[name].spelled)]) | VALUES)
)
TOGETHER = st.dictionaries(st.sampled_from(list(RIGHT_HERE)), st.none(), max_size=6).map(
    lambda names: {name: RIGHT_HERE[name] for name in names}
)


@settings(max_examples=400, deadline=None)
@given(values=TOGETHER | st.lists(GIVEN, max_size=2).map(dict))
def test_whatever_the_program_takes_no_editor_marks(values: dict[str, object]) -> None:
    """And so whatever the schema refuses, the program refuses; the other way round there is only the program."""
    nested: dict[str, Any] = {}
    for name, value in values.items():
        *sections, leaf = name.split(".")
        inner = nested
        for section in sections:
            inner = inner.setdefault(section, {})
        inner[leaf] = value
    taken = isinstance(outcome(from_document("f", json.dumps(nested, ensure_ascii=False).encode())), Loaded)
    event("taken" if taken else "refused")
    if taken:
        SCHEMA.validate(nested)


@settings(max_examples=200, deadline=None)
@given(
    environ=st.dictionaries(
        st.one_of(st.sampled_from(list(VARIABLES)), ANY_TEXT.map(lambda text: f"DAEMONEYE_{text}")),
        ANY_TEXT,
        max_size=4,
    )
)
def test_any_environment_is_settings_or_a_named_error(environ: dict[str, str]) -> None:
    """A stray variable is named, in a line that prints."""
    result = outcome(from_environment(environ))
    if isinstance(result, ConfigRejected):
        assert all(str(problem).startswith("environment DAEMONEYE_") for problem in result.problems)
        assert str(result).replace("\n", "").isprintable()
    else:
        assert set(environ) <= set(VARIABLES)


@settings(max_examples=200, deadline=None)
@given(changes=st.dictionaries(st.one_of(st.sampled_from(list(KEYS)), ANY_TEXT), ANY_TEXT, max_size=4))
def test_a_rejected_patch_changes_nothing(changes: dict[str, str]) -> None:
    """All of a patch is taken or none of it."""
    before = settle(from_document("f", b"scan: {interval: 2s}\n"))
    held, origins = before.settings, dict(before.origins)
    try:
        after = patch(before, changes)
    except ConfigRejected:
        pass
    else:
        untouched = set(KEYS) - set(changes)
        assert {name: after.origins[name] for name in untouched} == {name: origins[name] for name in untouched}
        assert not from_changes(changes).problems
    assert before.settings is held
    assert (held, dict(before.origins)) == (settle(from_document("f", b"scan: {interval: 2s}\n")).settings, origins)


@settings(max_examples=100, deadline=None)
@given(milliseconds=st.integers(200, 86_400_000), count=st.integers(4096, 1 << 40))
def test_quantities_survive_being_shown(milliseconds: int, count: int) -> None:
    """No rounding between what is set and what is shown."""
    interval, size = KEYS["scan.interval"].kind, KEYS["hashing.bytes_per_second"].kind
    assert interval.read(node_of(interval.write(milliseconds / 1000))) == milliseconds / 1000
    assert size.read(node_of(size.write(count))) == count
