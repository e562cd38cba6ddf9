"""Identity, loss and repetition in the collector that reads through psutil."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from daemoneye.errors import NoInputError
from daemoneye.host.psutil_source import PsutilSource, seconds_with_sleep
from daemoneye.model.observation import Losses, ProcessKey
from tests.fakes.psutil_recording import STAT, Recording, record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ZSH = ProcessKey(412, 60_250)


def later(recording: Recording, pid: int, **answers: Any) -> None:
    """Another process with the same pid."""
    recording.processes[pid] = recording.processes[pid] | answers


def at(question: str, pid: int, action: Callable[[], object]) -> Callable[[int, str], None]:
    """Do something once, at the moment psutil is asked this."""
    done: list[bool] = []

    def hook(asked_pid: int, asked: str) -> None:
        if (asked_pid, asked) == (pid, question) and not done:
            done.append(True)
            action()

    return hook


@pytest.mark.parametrize("blank", [False, True], ids=["psutil knows", "psutil may not know"])
def test_a_pid_that_changes_hands_while_it_is_read_makes_no_record(blank: bool) -> None:
    """No record mixes two processes, not even where psutil's own identity is blank."""
    recording = Recording.load("win32")
    if blank:
        recording.processes[5000]["identity_blank"] = True
    created = recording.processes[5000]["create_time"]
    source = recording.source()
    recording.on_question = at("cmdline", 5000, lambda: later(recording, 5000, create_time=created + 1.0))
    snapshot = source.scan()
    assert 5000 not in {key.pid for key in snapshot.processes}
    assert snapshot.losses == Losses(vanished=2, refused=1)  # the recording has one of each already
    assert ProcessKey(5000, 501_125) in source.scan().processes


@pytest.mark.parametrize(("platform", "first"), [("darwin", 1), ("freebsd14", 1), ("win32", 4)])
def test_a_list_without_the_first_process_hides_others(platform: str, first: int) -> None:
    """Where the process that never ends is not listed, the system keeps others from us as well."""
    recording = Recording.load(platform)
    source = recording.source()
    assert not source.scan().losses.hidden
    recording.processes.pop(first)
    assert source.scan().losses.hidden


def test_a_process_that_ends_while_it_is_read_is_counted() -> None:
    """Half a record is none."""
    recording = Recording.load("darwin")
    recording.on_question = at("cmdline", 412, lambda: recording.processes.pop(412))
    snapshot = recording.source().scan()
    assert ZSH not in snapshot.processes
    assert snapshot.losses == Losses(vanished=2)


def test_a_pid_given_to_another_process_between_scans_is_another_process() -> None:
    """The successor is seen in the scan it is first there for."""
    recording = Recording.load("darwin")
    source = recording.source()
    assert ZSH in source.scan().processes
    later(recording, 412, create_time=1760000999.5, name="bash", exe="/bin/bash")
    found = source.scan().processes
    assert ZSH not in found
    assert found[ProcessKey(412, 999_500)].facts.name == "bash"


def test_setting_the_clock_does_not_make_new_processes() -> None:
    """Identity rests on the start first seen, for as long as psutil knows the process for the same."""
    recording = Recording.load("freebsd14")
    source = recording.source()
    before = source.scan()
    recording.booted += 3600
    after = source.scan()
    assert after.processes.keys() == before.processes.keys()
    assert after.machine.boot_id == before.machine.boot_id
    assert after.machine.start_time_s(0) == before.machine.start_time_s(0) + 3600


def test_setting_the_clock_moves_what_freebsd_says_of_every_start() -> None:
    """There creation times follow the clock, and so does the boot they are counted from."""
    recording = Recording.load("freebsd14")
    source = recording.source()
    before = source.scan().processes.keys()
    recording.booted += 3600
    for answers in recording.processes.values():
        if isinstance(answers["create_time"], float):
            answers["create_time"] += 3600
    assert source.scan().processes.keys() == before


def test_a_fault_of_our_own_is_not_blamed_on_the_process() -> None:
    """A redactor that breaks ends the scan; it does not quietly make every process disappear."""

    def broken(_arguments: Sequence[str]) -> tuple[str, ...]:
        raise ValueError("bug")

    with pytest.raises(ValueError, match="bug"):
        Recording.load("darwin").source(mask=broken).scan()


def test_a_process_started_after_the_clock_was_set_has_its_true_age() -> None:
    """A new start counts from the boot as the clock now dates it, so nothing seems to come from the future."""
    recording = Recording.load("darwin")
    source = recording.source()
    source.scan()
    recording.booted += 3600
    recording.shift_s = 3600.0
    recording.processes[999] = recording.processes[412] | {"create_time": recording.booted + 100.5}
    assert ProcessKey(999, 100_500) in source.scan().processes


def test_an_older_psutil_tells_the_same_starts() -> None:
    """Version 7.0 has no unshifted creation time on macOS, and needs none."""
    recording = Recording.load("darwin")
    recording.shift_s = None
    assert recording.source().scan().processes.keys() == Recording.load("darwin").source().scan().processes.keys()


def test_executing_another_program_changes_the_mark() -> None:
    """The same process with another image is looked at anew; a title it gives itself is no other image."""
    recording = Recording.load("darwin")
    source = recording.source()
    marks = [source.scan().processes[ZSH].sample.image_mark]
    later(recording, 412, cmdline=["-zsh: idle"])
    marks.append(source.scan().processes[ZSH].sample.image_mark)
    later(recording, 412, exe="/private/tmp/zsh")
    marks.append(source.scan().processes[ZSH].sample.image_mark)
    assert marks[0] == marks[1] != marks[2]


def test_processes_that_left_are_forgotten() -> None:
    """Memory holds as many processes as the machine."""
    recording = Recording.load("darwin")
    source = recording.source()
    source.scan()
    recording.processes = {1: recording.processes[1]}
    source.scan()
    assert source._known.keys() == {1}
    source.close()
    assert not source._known


def test_an_image_that_is_not_shown_has_no_mark() -> None:
    """Losing and regaining sight of a program is not taken for executing another."""
    recording = Recording.load("darwin")
    source = recording.source()
    later(recording, 412, exe={"raises": "AccessDenied"})
    assert source.scan().processes[ZSH].sample.image_mark == ()


def test_a_process_that_cannot_be_identified_is_not_taken_for_ended() -> None:
    """No news of a pid is told apart from the news that it is free."""
    snapshot = Recording.load("win32").source().scan()
    assert snapshot.unseen == {5500}


def test_every_process_is_a_sign_of_progress() -> None:
    """Who watches a scan can tell a long one from one that hangs."""
    recording, told = Recording.load("darwin"), list[None]()
    source = recording.source()
    source._progress = lambda: told.append(None)
    source.scan()
    assert len(told) == len(recording.processes)


def test_command_lines_leave_masked() -> None:
    """The reader hands every command line to the redactor and keeps what comes back."""

    def mask(arguments: Sequence[str]) -> tuple[str, ...]:
        return tuple("--token=***" if argument.startswith("--token=") else argument for argument in arguments)

    snapshot = Recording.load("darwin").source(mask=mask).scan()
    line = snapshot.processes[ProcessKey(500, 90_500)].facts.command_line
    assert line[1:] == ("--type=renderer", "--token=***")
    assert "s3cret" not in repr(snapshot)


def test_a_machine_that_lists_nothing_is_the_operators_to_mend() -> None:
    """One line instead of a traceback."""
    recording = Recording.load("darwin")
    source = recording.source()

    def refuse() -> None:
        raise PermissionError(1, "Operation not permitted")

    recording.on_question = at("pids", -1, refuse)
    with pytest.raises(NoInputError, match=r"^process list: .*Operation not permitted: a list of processes$"):
        source.scan()


@pytest.mark.parametrize("question", ["exe", "cmdline", "cwd", "name", "cpu_times", "status"])
def test_an_answer_of_the_wrong_shape_costs_its_field(question: str) -> None:
    """A version of psutil that answers nothing where it used to answer something does not end the scan."""
    recording = Recording.load("darwin")
    source = recording.source()
    whole = source.scan()
    recording.processes[412][question] = None
    maimed = source.scan()
    assert maimed.processes.keys() == whole.processes.keys()
    assert maimed.losses == whole.losses


@pytest.mark.parametrize("ppid", [{"raises": "AccessDenied"}, {"raises": "NoSuchProcess"}])
def test_an_unknown_parent_makes_no_kernel_process(ppid: dict[str, str]) -> None:
    """A zero that stands for "not known" never excuses a process from having a file."""
    recording = Recording.load("freebsd14")
    recording.processes[1000]["ppid"] = ppid
    found = recording.source().scan().processes[ProcessKey(1000, 40_000)]
    assert "ppid" in dict(found.facts.unread)
    assert not found.sample.kernel_thread


def test_a_process_with_a_file_is_no_kernel_process() -> None:
    """Not even when its parent is said to be the kernel's."""
    recording = Recording.load("freebsd14")
    recording.processes[900]["ppid"] = 0
    assert not recording.source().scan().processes[ProcessKey(900, 30_500)].sample.kernel_thread


def test_a_question_psutil_never_expected_to_fail_costs_one_field() -> None:
    """A library without its inner half still lists processes."""
    recording = Recording.load("darwin")
    del recording.processes[412]["exe"]
    facts = recording.source().scan().processes[ZSH].facts
    assert dict(facts.unread)["executable_path"] == "unsupported"
    assert facts.name == "zsh"


def test_the_clock_counts_sleep_and_goes_forward(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed lid does not look like a busy process, on any platform."""
    readings = [seconds_with_sleep()]
    for missing in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"):
        monkeypatch.delattr(f"time.{missing}", raising=False)
        readings.append(seconds_with_sleep())
    assert all(reading > 0 for reading in readings)
    assert seconds_with_sleep() >= readings[-1]


def test_two_scans_are_ordered_in_time() -> None:
    """What happened between two looks can be dated."""
    source = Recording.load("darwin").source()
    first, second = source.scan(), source.scan()
    assert first.monotonic_s < second.monotonic_s
    assert first.wall_ms <= second.wall_ms


@pytest.mark.skipif(sys.platform != "linux", reason="compares with Linux' own words for itself")
def test_a_recording_plays_back_what_psutil_said() -> None:
    """Answers recorded on a machine give the same record as the machine."""
    document = json.loads(json.dumps(record("recorded by this test", [os.getpid()])))
    replayed = PsutilSource(mask=tuple, library=Recording(document), system=Recording(document)).scan()  # type: ignore[arg-type]
    live = PsutilSource(mask=tuple).scan()
    key = next(iter(replayed.processes))
    assert replayed.machine == live.machine
    assert replayed.processes[key].facts == live.processes[key].facts
    assert replayed.processes[key].sample[:4] == live.processes[key].sample[:4]
    assert replayed.processes[key].sample.image_mark == live.processes[key].sample.image_mark


@pytest.mark.skipif(sys.platform != "linux", reason="the answers of Linux")
def test_recording_notes_refusals_and_absences() -> None:
    """A process that is gone before it is asked is written down as gone."""
    unused = next(pid for pid in range(4_000_000, 1, -1) if not psutil.pid_exists(pid))
    document = record("recorded by this test", [os.getpid(), unused])
    assert document["processes"][1] == {"pid": unused, "answers": {"create_time": {"raises": "NoSuchProcess"}}}
    assert all(set(found) == set(STAT) for found in document["files"].values())
