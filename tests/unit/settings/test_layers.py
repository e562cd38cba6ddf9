"""Defaults, files, environment and patches: all of it, or nothing and every reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemoneye.errors import ConfigError, Exit
from daemoneye.settings import Settings
from daemoneye.settings.layers import VARIABLES, Loaded, from_document, from_environment, patch, settle
from daemoneye.settings.model import KEYS
from daemoneye.settings.places import ConfigRejected

NATS_URL = "an address such as tls://host:4222 or nats://host, port 1 to 65535, without user or password"
UNKNOWN = "no such setting: DAEMONEYE_SECTION__KEY"


def loaded(*texts: str, environ: dict[str, str] | None = None) -> Loaded:
    files = [from_document(f"f{number}", text.encode()) for number, text in enumerate(texts, start=1)]
    return settle(*files, from_environment(environ or {}))


def complaints(*texts: str, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigRejected) as rejected:
        loaded(*texts, environ=environ)
    return [f"{each.place.where}: {each.found}: {each.expected}" for each in rejected.value.problems]


def test_without_any_source_every_value_is_its_default() -> None:
    """An empty machine runs with what the documentation says."""
    nothing = loaded()
    assert nothing.settings == Settings()
    assert set(nothing.origins) == set(KEYS)
    assert set(nothing.origins.values()) == {"default"}


def test_later_layers_win_key_by_key() -> None:
    """A file that sets one key of a section leaves the others to earlier ones."""
    result = loaded(
        "scan: {interval: 1s, enhanced: true}\n", "scan:\n  interval: 2s\n", environ={"DAEMONEYE_USER": "nobody"}
    )
    assert (result.settings.scan.interval, result.settings.scan.enhanced) == (2.0, True)
    assert result.settings.user == "nobody"
    assert {name: result.origins[name] for name in ("scan.interval", "scan.enhanced", "user", "scan.proc")} == {
        "scan.interval": "f2:2:13",
        "scan.enhanced": "f1:1:32",
        "user": "environment DAEMONEYE_USER",
        "scan.proc": "default",
    }


def test_servers_are_named_with_or_without_a_port() -> None:
    """The highest port is one, and so is an address of version 6."""
    servers = "outputs: {nats: {servers: ['nats://h', 'tls://h:65535', 'tls://[::1]:1']}}\n"
    assert loaded(servers).settings.outputs.nats.servers == ("nats://h", "tls://h:65535", "tls://[::1]:1")


def test_a_list_replaces_a_list() -> None:
    """Nobody has to guess in which order lists were glued together."""
    result = loaded("ipc: {allow_users: [a, b]}\n", "ipc: {allow_users: [1000]}\n")
    assert result.settings.ipc.allow_users == ("1000",)


def test_all_mistakes_of_all_layers_are_reported_together() -> None:
    """An overridden mistake is still one, and the second file is read although the first is wrong."""
    assert complaints(
        "scan:\n  intervall: 5s\n  enhanced: maybe\n",
        "scan: {enhanced: true}\nhashing:\n",
        environ={"DAEMONEYE_X": ""},
    ) == [
        "f1:2:3: unknown key 'intervall': a key of scan (did you mean 'interval'?)",
        "f1:3:13: 'maybe': true or false",
        "f2:2:9: nothing below: the keys of hashing, indented below it; without any, leave it out",
        "environment DAEMONEYE_X: no such setting: DAEMONEYE_SECTION__KEY",
    ]


def test_the_error_shows_the_line_and_points_at_the_place() -> None:
    """What an operator reads is where to look, what is there, and what should be."""
    with pytest.raises(ConfigRejected) as rejected:
        loaded("scan:\n  interval: 5\n")
    assert str(rejected.value) == (
        "f1:2:13: '5': a duration from 200ms to 1d, with its unit (ms, s, m, h, d), such as 5s\n"
        "      interval: 5\n"
        "                ^"
    )
    assert isinstance(rejected.value, ConfigError)
    assert rejected.value.exit_code == Exit.CONFIG


def test_a_long_or_hostile_line_is_cut_and_escaped() -> None:
    """Somebody else's file does not write on the operator's terminal."""
    with pytest.raises(ConfigRejected) as rejected:
        settle(from_document("f\x1b[2J", ("x: '" + "\u202e" * 200 + "', user: a b\n").encode()))
    text = str(rejected.value)
    assert text.startswith("f\\x1b[2J:1:")
    assert all(line.isprintable() for line in text.split("\n"))
    assert max(len(line) for line in text.split("\n")) < 1000


def test_endless_mistakes_are_counted() -> None:
    """A generated file with thousands of mistakes does not scroll the first one away."""
    with pytest.raises(ConfigRejected) as rejected:
        loaded("".join(f"k{number}: 1\n" for number in range(1000)))
    assert str(rejected.value).splitlines()[-1] == "… and 800 more"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("scan: {user: me}\n", "f1:1:8: unknown key 'user': a key of scan (did you mean 'user' at the top?)"),
        ("scans: {}\n", "f1:1:1: unknown key 'scans': a key of the settings (did you mean 'scan'?)"),
        ("? '" + "x" * 1000 + "'\n: 1\n", f"f1:1:3: unknown key '{'x' * 60}…': a key of the settings"),
        ("scan: 5s\n", "f1:1:7: '5s': the keys of scan, indented below it; without any, leave it out"),
        ("scan: [interval]\n", "f1:1:7: a list: the keys of scan, indented below it; without any, leave it out"),
        ("scan:\n  interval:\n",
         "f1:2:12: no value: a duration from 200ms to 1d; leave the key out for the default"),
        ("- scan\n", "f1:1:1: a list: 'section:' with keys indented below it"),
        ("scan\n", "f1:1:1: 'scan': 'section:' with keys indented below it"),
        ("integrity: {similarity_threshold: 0}\n", "f1:1:35: '0': a whole number from 1 to 99"),
        ("integrity: {similarity_threshold: 100}\n", "f1:1:35: '100': a whole number from 1 to 99"),
        ("supervisor: {heartbeat_interval: 99ms}\n", "f1:1:34: '99ms': a duration from 100ms to 1h"),
        ("supervisor: {missed_heartbeats: 0}\n", "f1:1:33: '0': a whole number from 1 to 100"),
        ("scan: {interval: 199ms}\n", "f1:1:18: '199ms': a duration from 200ms to 1d"),
        *(
            (f"outputs: {{nats: {{servers: ['{url}']}}}}\n", f"f1:1:28: '{url}': {NATS_URL}")
            for url in ("nats://h:0", "nats://h:65536", "nats://h:04222", "http://h", "nats://me@h", "h:4222", "tls://h:")
        ),
        ("outputs: {nats: {servers: ['tls://me:secret@h']}}\n",
         f"f1:1:28: 'tls://me:secret@h': {NATS_URL}"),
    ],
)  # fmt: skip
def test_each_mistake_says_what_would_be_right(text: str, complaint: str) -> None:
    """Misplaced keys, missing values, wrong shapes and values out of range."""
    assert complaints(text) == [complaint]


SCAN_INTERVAL = "'scan.interval', that is 'interval' below 'scan'"
DEDUP_WINDOWS = (
    "'integrity.dedup_window', that is 'dedup_window' below 'integrity'"
    " or 'triggers.dedup_window', that is 'dedup_window' below 'triggers'"
)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("interval: 5s\n", SCAN_INTERVAL),
        ("intervall: 5s\n", SCAN_INTERVAL),
        ("scan.interval: 5s\n", SCAN_INTERVAL),
        ("scan.intervall: 5s\n", SCAN_INTERVAL),
        ("user: me\nhashing: {intervall: 5s}\n", SCAN_INTERVAL),
        ("scan: {max_clients: 3}\n", "'ipc.max_clients', that is 'max_clients' below 'ipc'"),
        ("scan: {usr: me}\n", "'user' at the top"),
        ("dedup_windows: 1s\n", DEDUP_WINDOWS),
        ("hashing: {max_size: 1KiB}\n", "'max_file_size'"),
        ("journal: {intervals: 5s, max_sise: 1GiB}\n", SCAN_INTERVAL),
    ],
)
def test_a_key_of_another_section_is_sent_home(text: str, meant: str) -> None:
    """Also when it is misspelt, unless the section has one like it."""
    assert complaints(text)[0].endswith(f"(did you mean {meant}?)")


def test_a_name_that_many_sections_have_says_nothing() -> None:
    """Nobody is sent to seven places."""
    assert complaints("enabled: true\n") == ["f1:1:1: unknown key 'enabled': a key of the settings"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (f"paths: {{runtime_dir: /{'r' * 93}}}\n",
         "f1:1:22: a runtime_dir of 94 bytes: at most 93, so that the paths of sockets fit the kernel's limit"),
        ("outputs: {relp: {enabled: true}}\n", "f1:1:27: relp enabled without a host: outputs.relp.host"),
        ("outputs: {nats: {enabled: true}}\n", "f1:1:27: nats enabled without servers: outputs.nats.servers"),
        ("outputs: {relp: {tls: {cert_file: /c}}}\n", "f1:1:35: cert_file without key_file: both or neither"),
        ("outputs: {nats: {tls: {key_file: /k}}}\n", "f1:1:34: key_file without cert_file: both or neither"),
    ],
)  # fmt: skip
def test_keys_that_depend_on_each_other_are_checked_together(text: str, complaint: str) -> None:
    """What cannot work is refused before anything starts, at a key that somebody set."""
    assert complaints(text) == [complaint]


def test_a_dependent_key_may_come_from_another_layer() -> None:
    """One file switches an output on, the environment names its host."""
    result = loaded("outputs: {relp: {enabled: true}}\n", environ={"DAEMONEYE_OUTPUTS__RELP__HOST": "logs.example"})
    assert result.settings.outputs.relp.host == "logs.example"


def test_a_wrong_value_is_not_also_called_missing() -> None:
    """One mistake is one complaint."""
    assert complaints("outputs: {relp: {enabled: true, host: 'a b'}}\n") == ["f1:1:39: 'a b': a host name or address"]


def test_the_longest_runtime_directory_that_fits_is_taken() -> None:
    """The bound is the kernel's and not one byte less."""
    assert len(str(loaded(f"paths: {{runtime_dir: /{'r' * 92}}}\n").settings.paths.runtime_dir)) == 93


def test_a_repeated_key_is_checked_like_the_first() -> None:
    """The second value may be the one that stays."""
    assert complaints("hashing:\n  workers: 3\n  workers: 0\nscan: {}\nscan: {intervall: 5s}\n") == [
        "f1:3:3: the key 'workers' again (first in line 2): each key once",
        "f1:3:12: '0': a whole number from 1 to 64",
        "f1:5:1: the key 'scan' again (first in line 4): each key once",
        "f1:5:8: unknown key 'intervall': a key of scan (did you mean 'interval'?)",
    ]


def test_a_repeated_name_of_a_rule_is_reported_whatever_else_is_wrong() -> None:
    """Mending the first rule does not bring up the second."""
    rules = "triggers:\n  rules:\n    - {name: a, when: never}\n    - {name: a, when: hash_mismatch}\n"
    assert [each.split(": ")[0:2] for each in complaints(rules)] == [["f1:3:23", "'never'"], ["f1:4:14", "'a' again"]]


def test_what_a_broken_line_may_have_held_is_not_called_missing() -> None:
    """One mistake is one complaint, for keys that depend on each other and for rules."""
    for text in (
        "outputs:\n  relp:\n    enabled: true\n    host x\n",
        "triggers:\n  rules:\n    - name: a\n      when name_matches\n",
        "scan:\n  interval: @5\n",
        "triggers:\n  rules: [{name: a, when: name_matches",
    ):
        assert [": not YAML, " in each for each in complaints(text)] == [True]


def test_mistakes_are_listed_as_one_reads() -> None:
    """File by file from the top, keys that contradict each other among them; the environment is last."""
    found = complaints(
        "outputs: {relp: {enabled: true}}\nscan: {interval: 5}\n",
        "hashing: {workers: 0}\noutputs: {nats: {enabled: true}}\nuser: a b\n",
        environ={"DAEMONEYE_SCAN__PROC": "proc", "DAEMONEYE_OUTPUTS__NATS__TLS__KEY_FILE": "/k"},
    )
    assert [each.split(": ")[0] for each in found] == [
        "f1:1:27", "f1:2:18", "f2:1:20", "f2:2:27", "f2:3:7",
        "environment DAEMONEYE_SCAN__PROC", "environment DAEMONEYE_OUTPUTS__NATS__TLS__KEY_FILE",
    ]  # fmt: skip


def test_bytes_that_are_no_text_are_shown_as_what_they_are() -> None:
    """A name from an old disk can be found again."""
    with pytest.raises(ConfigRejected) as rejected:
        settle(from_document("caf\udce9.yaml", b"user: a b\n"))
    assert str(rejected.value).startswith("caf\\xe9.yaml:1:7: ")


def test_keys_of_others_are_left_alone() -> None:
    """Templates keep their own notes at the top level, under x-."""
    assert loaded("x-team: {owner: [a, b]}\nx-1: 2\nuser: me\n").settings.user == "me"
    assert len(complaints("scan: {x-note: 1}\n")) == 1


@pytest.mark.parametrize(
    ("variable", "text", "key", "value"),
    [
        ("DAEMONEYE_SCAN__INTERVAL", "10s", "scan.interval", 10.0),
        ("DAEMONEYE_OUTPUTS__JSONL__PATH", "/srv/x.jsonl", "outputs.jsonl.path", Path("/srv/x.jsonl")),
        ("DAEMONEYE_OUTPUTS__RELP__TLS__ENABLED", "false", "outputs.relp.tls.enabled", False),
        ("DAEMONEYE_OUTPUTS__METRICS_TEXTFILE", "", "outputs.metrics_textfile", None),
        ("DAEMONEYE_IPC__ALLOW_USERS", "a, 1000 ,b", "ipc.allow_users", ("a", "1000", "b")),
        ("DAEMONEYE_IPC__ALLOW_USERS", "[a, '1000']", "ipc.allow_users", ("a", "1000")),
        ("DAEMONEYE_IPC__ALLOW_USERS", "", "ipc.allow_users", ()),
        ("DAEMONEYE_HASHING__WORKERS", "3", "hashing.workers", 3),
    ],
)  # fmt: skip
def test_every_key_can_come_from_the_environment(variable: str, text: str, key: str, value: object) -> None:
    """A container is configured without a file."""
    result = loaded(environ={variable: text, "PATH": "/bin", "DAEMON": "x"})
    section, _, name = key.rpartition(".")
    owner: object = result.settings
    for part in section.split("."):
        owner = getattr(owner, part)
    assert (getattr(owner, name), result.origins[key]) == (value, f"environment {variable}")


def test_trigger_rules_can_come_from_the_environment() -> None:
    """Even the one key with structure fits a variable."""
    result = loaded(environ={"DAEMONEYE_TRIGGERS__RULES": "[{name: a, when: name_matches, patterns: [nc*]}]"})
    assert [(rule.name, rule.condition, rule.patterns) for rule in result.settings.triggers.rules] == [
        ("a", "name_matches", ("nc*",))
    ]


@pytest.mark.parametrize(
    ("variable", "text", "complaint"),
    [
        ("DAEMONEYE_SCAN__INTERVALL", "1s", f"{UNKNOWN} (did you mean 'DAEMONEYE_SCAN__INTERVAL'?)"),
        ("DAEMONEYE_scan__interval", "1s", f"{UNKNOWN} (did you mean 'DAEMONEYE_SCAN__INTERVAL'?)"),
        ("DAEMONEYE_SCAN__INTERVAL", "", "'': a duration from 200ms to 1d, such as 5s"),
        ("DAEMONEYE_SCAN__INTERVAL", "5s\n", "'5s\\x0a': a duration from 200ms to 1d, such as 5s"),
        ("DAEMONEYE_SCAN__PROC", "/\udcff", "'/\\xff': a path of at most 4095 bytes without control characters"),
        ("DAEMONEYE_IPC__ALLOW_USERS", "[a", "not YAML"),
        ("DAEMONEYE_IPC__ALLOW_USERS", "[true]", "'true', which YAML takes for no text: a name or a number"),
        ("DAEMONEYE_SCAN__ENHANCED", '"true"', "'\"true\"': true or false, without quotes around it"),
        ("DAEMONEYE_USER", "'me'", "''me'': the name of an account, without quotes around it"),
        ("DAEMONEYE_IPC__ALLOW_USERS", "[\ud800]", "the byte 0xed: UTF-8 text"),
        ("DAEMONEYE_IPC__ALLOW_USERS", "[a]: b", "a key that is a list or a mapping: the name of a setting"),
        ("DAEMONEYE_HASHING__WORKERS", "[1]", "'[1]': a whole number from 1 to 64, in digits"),
    ],
)  # fmt: skip
def test_a_wrong_variable_is_named(variable: str, text: str, complaint: str) -> None:
    """A misspelt variable would silently do nothing."""
    (problem,) = complaints(environ={variable: text})
    assert problem.startswith(f"environment {variable}: {complaint}")


def test_a_broken_list_in_a_variable_is_answered_with_a_right_one() -> None:
    """Nobody looks for a line in a variable."""
    (problem,) = complaints(environ={"DAEMONEYE_IPC__ALLOW_USERS": "[a, b"})
    assert problem.endswith("the end of what starts here, in a list such as [a, b], or words between commas")


def test_names_of_variables_are_the_keys() -> None:
    """Two underscores are a level, one belongs to the name."""
    assert VARIABLES["DAEMONEYE_OUTPUTS__JSONL__MAX_SIZE"].name == "outputs.jsonl.max_size"
    assert len(VARIABLES) == len(KEYS)


def test_a_patch_changes_what_it_names_and_nothing_else() -> None:
    """Live changes keep the origin of everything they do not touch."""
    before = loaded("scan: {interval: 2s}\n")
    after = patch(before, {"hashing.workers": "4", "ipc.allow_groups": "adm"})
    assert (after.settings.hashing.workers, after.settings.ipc.allow_groups) == (4, ("adm",))
    assert after.settings.scan == before.settings.scan
    assert (after.origins["hashing.workers"], after.origins["scan.interval"]) == ("patch hashing.workers", "f1:1:18")
    assert before.settings.hashing.workers == 2


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"hashing.worker": "1"},
         "patch hashing.worker: no such setting: one of the keys (did you mean 'hashing.workers'?)"),
        ({"": "x"}, "patch : no such setting: one of the keys"),
        ({"outputs.relp.enabled": "true"},
         "patch outputs.relp.enabled: relp enabled without a host: outputs.relp.host"),
    ],
)  # fmt: skip
def test_a_wrong_patch_changes_nothing(changes: dict[str, str], complaint: str) -> None:
    """It is validated as a whole, together with what is in force."""
    before = loaded("scan: {interval: 2s}\n")
    settings, origins = before.settings, dict(before.origins)
    with pytest.raises(ConfigRejected) as rejected:
        patch(before, {"hashing.workers": "9", **changes})
    assert [str(problem) for problem in rejected.value.problems] == [complaint]
    assert (before.settings, dict(before.origins)) == (settings, origins)
    assert before.settings.hashing.workers == 2


def test_loaded_settings_cannot_be_changed_in_place() -> None:
    """Whoever holds settings holds them unchanged."""
    result = loaded()
    with pytest.raises(AttributeError):
        result.settings.scan.interval = 1.0  # type: ignore[misc]
    with pytest.raises(TypeError):
        result.origins["user"] = "me"  # type: ignore[index]
