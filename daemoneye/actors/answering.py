"""Who asked what about which file, and what they are told: each question once, and whoever keeps records of files.

A question is remembered until it is answered, which the pool sees to, and so there are never more than it has room for.
No clock and no actor in here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from daemoneye.actors.postbox import Postbox
from daemoneye.hashing.desk import QUESTIONS
from daemoneye.hashing.values import Tag
from daemoneye.lifecycle.bounded import Occupancy
from daemoneye.messages.hashing import BATCH, Answers, Digested, FileAnswer, FileDigest

if TYPE_CHECKING:
    from daemoneye.hashing.effects import Result
    from daemoneye.hashing.values import Answer
    from daemoneye.messages.hashing import Question
    from daemoneye.model.process import FileIdentity

# Whoever asks asks for no more before it has read; so these are all that can be owed, and one batch of what is known.
_ANSWERS: Final = QUESTIONS + BATCH


class Answering:
    def __init__(self, asker: str) -> None:
        self._asker = asker
        self._asked: dict[int, Question] = {}
        self.answers: Postbox[FileAnswer, Answers] = Postbox(_answers, batch=BATCH, capacity=_ANSWERS)
        self.digests: Postbox[FileDigest, Digested] = Postbox(_digested, batch=BATCH, capacity=_ANSWERS)

    def ask(self, question: Question) -> Tag:
        self._asked[question.number] = question
        return Tag(self._asker, question.number)

    def question(self, tag: Tag) -> Question:
        return self._asked[tag.number]

    def tell(self, result: Result) -> None:
        questions = [self._asked.pop(tag.number) for tag in result.tags]
        answer = result.answer
        self.answers.put(_file_answer(tuple(each.number for each in questions), answer))
        # who has records of what was asked for does not know it yet by the times that it was read with
        files = {questions[0].file: None} | ({answer.file: None} if answer.file and answer.known else {})
        for file in files:
            self.digests.put(_file_digest(file, answer))

    @property
    def occupancies(self) -> tuple[Occupancy, ...]:
        return (
            Occupancy("answers to be taken", len(self.answers), _ANSWERS, self.answers.displaced),
            Occupancy("digests to be taken", len(self.digests), _ANSWERS, self.digests.displaced),
        )


def _answers(number: int, answers: tuple[FileAnswer, ...]) -> Answers:
    return Answers(number=number, answers=answers)


def _digested(number: int, files: tuple[FileDigest, ...]) -> Digested:
    return Digested(number=number, files=files)


def _file_answer(numbers: tuple[int, ...], answer: Answer) -> FileAnswer:
    known = answer.known
    return FileAnswer(
        questions=numbers,
        status=answer.status,
        reason=answer.reason,
        content=known.content if known else None,
        md5=known.md5 if known else None,
        no_ssdeep=known.no_ssdeep if known else "",
        file=answer.file,
    )


def _file_digest(file: FileIdentity, answer: Answer) -> FileDigest:
    known = answer.known
    return FileDigest(
        dev=file.dev,
        ino=file.ino,
        size=file.size,
        mtime_ns=file.mtime_ns,
        ctime_ns=file.ctime_ns,
        status=int(answer.status),
        sha256=known.content.sha256 if known else "",
        ssdeep=(known.content.ssdeep or "") if known else "",
        ssdeep_missing=known is not None and bool(known.no_ssdeep),
    )
