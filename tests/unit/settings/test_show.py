"""Settings as text: it reads back, and the example and the manual are made of the same table."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from daemoneye.settings import Settings
from daemoneye.settings.files import check
from daemoneye.settings.layers import from_document, patch, settle
from daemoneye.settings.model import KEYS
from daemoneye.settings.places import ConfigRejected
from daemoneye.settings.schema import schema
from daemoneye.settings.show import as_yaml, explanation, spelled

if TYPE_CHECKING:
    from daemoneye.settings.keys import Key

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "config/daemoneye.yaml"


def accepted(document: Any) -> bool:
    return jsonschema.Draft202012Validator(schema()).is_valid(document)


def test_the_example_is_valid_and_shows_the_defaults() -> None:
    """Whoever copies the example changes nothing by it."""
    loaded = check(EXAMPLE)
    assert loaded.settings == Settings()


def test_the_example_has_every_key_with_its_reason() -> None:
    """It is what `config show --explain` prints, under a header: the program and its example cannot drift apart."""
    header, body = EXAMPLE.read_text().split("\n\n", 1)
    assert all(line.startswith("#") for line in header.splitlines())
    assert body == as_yaml(Settings(), above=explanation)
    assert "default" not in check(EXAMPLE).origins.values()


def row(key: Key) -> str:
    default = key.spelled if isinstance(key.spelled, str) and key.spelled else json.dumps(key.spelled)
    default = "see the example" if isinstance(key.spelled, list) and len(key.spelled) > 2 else f"`{default}`"
    return f"| `{key.name}` | {default} | {key.kind.expected} | {key.means} |"


def test_the_manual_has_every_key() -> None:
    """Name, default, range and meaning of each key, in the order of the example."""
    manual = (ROOT / "docs/configuration.md").read_text()
    table = manual.split("## Every key\n")[1].splitlines()[2:]
    assert table == [row(key) for key in KEYS.values()]


def test_every_key_explains_itself() -> None:
    """A meaning and a reason are sentences."""
    for key in KEYS.values():
        assert key.means.endswith("."), key.name
        assert key.because.endswith("."), key.name


CHANGES = {
    "user": "no",
    "scan.interval": "1.5s",
    "scan.proc": "/ho st/'proc\"",
    "outputs.metrics_textfile": "/a: b # c\\n",
    "outputs.nats.servers": "[tls://a:4222, 'nats://[::1]']",
    "ipc.allow_users": "1000,on,DOM\\me$",
    "triggers.rules": "[{name: '1', when: path_matches, patterns: ['/tmp/*', '{a, b}: *', '~']}]",
}  # fmt: skip


def test_what_is_shown_reads_back_as_the_same_settings() -> None:
    """The output of one machine is the file of the next."""
    before = patch(settle(), CHANGES)
    text = as_yaml(before.settings, behind=lambda key: before.origins[key.name])
    assert settle(from_document("shown", text.encode())).settings == before.settings
    assert "interval: 1500ms  # patch scan.interval" in text


def test_any_yaml_parser_reads_the_same_values() -> None:
    """Words that YAML would turn into something else are in quotes."""
    settings = patch(settle(), CHANGES).settings
    assert yaml.safe_load(as_yaml(settings)) == spelled(settings)


def test_the_schema_is_one() -> None:
    """Editors accept it: draft 2020-12."""
    jsonschema.Draft202012Validator.check_schema(schema())


def test_the_schema_accepts_the_example_and_what_is_shown() -> None:
    """No editor marks a file that the program takes."""
    assert accepted(yaml.safe_load(EXAMPLE.read_text()))
    assert accepted(spelled(patch(settle(), CHANGES).settings))
    assert accepted({"x-mine": 1, "ipc": {"allow_users": [1000]}})
    assert accepted({"paths": {"state_dir": "/a..b/..c/d../..."}, "outputs": {"jsonl": {"path": "a..b"}}})
    assert accepted(None)


def test_every_default_fits_its_schema() -> None:
    """Also taken alone, as an editor inserts it."""
    for key in KEYS.values():
        jsonschema.validate(key.spelled, key.kind.schema())


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonsense": 1},
        {"scan": {"intervall": "5s"}},
        {"scan": {"interval": 5}},
        {"scan": {"interval": "5 s"}},
        {"scan": {"enhanced": "true"}},
        {"hashing": {"workers": 65}},
        {"hashing": {"bytes_per_second": "50MB"}},
        {"integrity": {"similarity_threshold": 0}},
        {"outputs": {"jsonl": {"format": "cef"}}},
        {"paths": {"state_dir": "var"}},
        {"ipc": {"allow_users": "root"}},
        {"ipc": None},
        {"triggers": {"rules": [{"name": "a"}]}},
        {"triggers": {"rules": [{"name": "a", "when": "name_matches"}]}},
        {"triggers": {"rules": [{"name": "a", "when": "resource_anomaly"}]}},
        {"triggers": {"rules": [{"name": "a", "when": "hash_mismatch", "patterns": ["x"]}]}},
        {"triggers": {"rules": [{"name": "a", "when": "name_matches", "patterns": []}]}},
        {"outputs": {"relp": {"enabled": True}}},
        {"outputs": {"relp": {"enabled": True, "host": ""}}},
        {"outputs": {"nats": {"enabled": True}}},
        {"outputs": {"nats": {"enabled": True, "servers": []}}},
        {"outputs": {"nats": {"servers": ["nats://h:65536"]}}},
        {"outputs": {"relp": {"tls": {"cert_file": "/c"}}}},
        {"outputs": {"nats": {"tls": {"cert_file": "", "key_file": "/k"}}}},
        {"paths": {"state_dir": "/var/../lib"}},
        {"paths": {"state_dir": "/.."}},
        {"outputs": {"jsonl": {"path": "../x"}}},
        {"outputs": {"jsonl": {"path": True}}},
        {"ipc": {"allow_users": [True]}},
        {"ipc": {"allow_users": [1.5]}},
        {"ipc": {"allow_users": [4294967295]}},
        {"ipc": {"allow_users": [None]}},
    ],
)
def test_the_schema_refuses_what_the_program_refuses(wrong: Any) -> None:
    """An editor marks the mistake while it is typed."""
    assert not accepted(wrong)
    with pytest.raises(ConfigRejected, match=r"f:1:[0-9]+: "):
        settle(from_document("f", json.dumps(wrong).encode()))


def test_naming_the_settings_does_not_load_a_parser() -> None:
    """Processes that are handed settings never carry YAML."""
    code = "import sys, daemoneye.settings; sys.exit('yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
