from __future__ import annotations

import pytest

from daemoneye.model.process import ProcessRecord
from daemoneye.model.task import (
    DetectionResult,
    DetectionTask,
    HashCheck,
    HashResult,
    MonitoringDomain,
    ProcessFilter,
    TaskType,
)


def test_an_enumeration_is_asked_for_by_its_id_and_maybe_a_filter() -> None:
    """The shortest question is: everything you see."""
    assert DetectionTask.new_enumerate("t") == DetectionTask(task_id="t", task_type=TaskType.ENUMERATE_PROCESSES)
    only = ProcessFilter(pids=(1,))
    assert DetectionTask.new_enumerate("t", only).process_filter is only


def test_a_hash_check_is_asked_for_by_its_id_and_what_is_expected() -> None:
    """A client needs two values to have a file checked."""
    check = HashCheck(expected_hash="ab", hash_algorithm="sha256", executable_path="/bin/sh")
    task = DetectionTask.new_hash_check("t", check)
    assert (task.task_type, task.hash_check) == (TaskType.CHECK_PROCESS_HASH, check)


def test_a_whole_answer_is_one_part_and_the_last() -> None:
    """A client that waits for the last part does not wait for ever."""
    digest = HashResult(hash_value="ab", algorithm="sha256")
    done = DetectionResult.new_success("t", (ProcessRecord(pid=1),), digest)
    assert (done.task_id, done.success, done.part, done.last) == ("t", True, 0, True)
    assert (done.processes, done.hash_result, done.error_message) == ((ProcessRecord(pid=1),), digest, None)


def test_a_refusal_says_why_and_is_the_last() -> None:
    """A client learns that nothing more will come, and the reason."""
    refused = DetectionResult.new_failure("t", "no such task")
    assert (refused.task_id, refused.success, refused.last) == ("t", False, True)
    assert refused.error_message == "no such task"


@pytest.mark.parametrize("absent", [None, ""])
def test_a_digest_without_its_algorithm_cannot_exist(absent: str | None) -> None:
    """A digest says which digest it is, in results as in records; an empty word says nothing."""
    with pytest.raises(ValueError, match="together"):
        HashResult(hash_value="ab")
    with pytest.raises(ValueError, match="together"):
        ProcessRecord(executable_hash="ab", hash_algorithm=absent)
    with pytest.raises(ValueError, match="together"):
        ProcessRecord(executable_hash=absent, hash_algorithm="sha256")
    assert ProcessRecord(executable_hash=absent, hash_algorithm="").accessible is False


def test_a_success_shows_the_digest_that_was_right() -> None:
    """Nobody is told that a file is as expected without seeing what it is."""
    with pytest.raises(ValueError, match="success without hash_value"):
        HashResult(algorithm="sha256", success=True)
    assert HashResult(hash_value="ab", algorithm="sha256", success=True).success


def test_labels_are_the_names_that_clients_know() -> None:
    """A task type reads the same in JSON and in proto/; a domain reads as a word."""
    assert TaskType.VERIFY_EXECUTABLE.label == "VERIFY_EXECUTABLE"
    assert TaskType(99).label == "UNRECOGNISED_99"
    assert MonitoringDomain.NETWORK.label == "network"
