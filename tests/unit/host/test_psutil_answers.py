"""Which failure of psutil means what."""

from __future__ import annotations

import psutil
import pytest

from daemoneye.host.psutil_answers import FAILURES, Answers, why
from daemoneye.model.process import Unread


def wrapped(cause: BaseException | None) -> SystemError:
    error = SystemError("<built-in function proc_cmdline> returned a result with an exception set")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (psutil.AccessDenied(1), Unread.PERMISSION),
        (PermissionError(), Unread.PERMISSION),
        (psutil.NoSuchProcess(1), Unread.GONE),
        (psutil.ZombieProcess(1), Unread.GONE),
        (ProcessLookupError(), Unread.GONE),
        (FileNotFoundError(), Unread.GONE),
        (NotImplementedError(), Unread.UNSUPPORTED),
        (AttributeError(), Unread.UNSUPPORTED),
        (OSError(5, "Input/output error"), Unread.IO),
        (psutil.Error(), Unread.IO),
        (RuntimeError(), Unread.MALFORMED),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), Unread.MALFORMED),
        (IndexError(), Unread.MALFORMED),
        (OverflowError(), Unread.MALFORMED),
        (wrapped(None), Unread.MALFORMED),
        (wrapped(psutil.AccessDenied(1)), Unread.PERMISSION),
        (wrapped(wrapped(psutil.ZombieProcess(1))), Unread.GONE),
    ],
)
def test_every_failure_has_one_reason(error: Exception, reason: Unread) -> None:
    """The word in the record is the nearest cause that is known."""
    assert isinstance(error, FAILURES)
    assert why(error) is reason


def test_a_failed_question_leaves_the_others_alone() -> None:
    """Reasons stand beside the fields that hang on the answer, in a fixed order."""
    answers = Answers()

    def refused() -> int:
        raise psutil.AccessDenied(1)

    assert answers.ask(refused, 0, "threads", "cpu_usage") == 0
    assert answers.ask(lambda: 7, 0, "memory_usage") == 7
    assert answers.unread == (("cpu_usage", "permission"), ("threads", "permission"))
    assert "threads" in answers
    assert "memory_usage" not in answers


@pytest.mark.parametrize("fatal", [MemoryError, KeyboardInterrupt])
def test_what_is_no_answer_is_not_swallowed(fatal: type[BaseException]) -> None:
    """Running out of memory is no property of the process looked at."""

    def question() -> int:
        raise fatal

    with pytest.raises(fatal):
        Answers().ask(question, 0, "threads")
