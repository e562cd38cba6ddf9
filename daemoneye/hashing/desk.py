"""Where questions are asked and answered.

What is known is answered at once. Other questions wait, all those about one file together, and each is answered once:
when its file was hashed, when there is no room for it, or when it has waited too long. The room is counted in
questions. When there is none left, the job that would be done last has to go, be it the new one.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from daemoneye.hashing.cache import DigestCache
from daemoneye.hashing.effects import Result
from daemoneye.hashing.job import Job
from daemoneye.hashing.shortfall import Shortfall, missing
from daemoneye.hashing.values import Answer, key_of
from daemoneye.hashing.waiting import Waiting, turn
from daemoneye.lifecycle.bounded import Occupancy
from daemoneye.model.process import HashStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemoneye.hashing.effects import Effect
    from daemoneye.hashing.events import Wanted
    from daemoneye.hashing.values import Key, Known, Limits, Tag
    from daemoneye.model.process import FileIdentity

QUESTIONS: Final = 10_000  # as many as the cache has answers for; who is turned away asks again at its next scan
PATIENCE_S: Final = 600.0  # what is answered later is mostly about processes that have ended
_DISABLED: Final = Answer(HashStatus.DISABLED)


class Desk:
    def __init__(self, limits: Limits, effects: list[Effect], room: int = QUESTIONS) -> None:
        self.limits = limits
        self.cache = DigestCache()
        self.waiting = Waiting()
        self.shortfall = Shortfall()
        self.answered: Counter[HashStatus] = Counter()
        self._effects = effects
        self._room = room
        self._jobs: dict[Key, Job] = {}
        self._asked: dict[Tag, Job] = {}
        self._shed = 0

    def at_once(self, wanted: Wanted, now_s: float) -> Result | None:
        """Answer from what is known. Nothing in here may be slow: a scan asks for everything that runs."""
        if wanted.tag in self._asked:
            return None
        answer = self._known(wanted.file)
        return answer and self._result(wanted.file, (wanted.tag,), answer, now_s)

    def has(self, tag: Tag) -> bool:
        return tag in self._asked

    def refuse(self, wanted: Wanted, answer: Answer, now_s: float) -> None:
        self._effects.append(self._result(wanted.file, (wanted.tag,), answer, now_s))

    def take(self, wanted: Wanted, now_s: float) -> None:
        """Have it wait with the others who want the same, if there is room."""
        key = key_of(wanted.file)
        job = self._asked.get(wanted.tag) or self._jobs.get(key)
        if job is not None:
            self._hurry(job, wanted, now_s)
        if wanted.tag not in self._asked and not self._has_room(wanted, now_s):
            self._shed += 1
            self.refuse(wanted, Answer(HashStatus.BUDGET, f"{self._room} questions wait already"), now_s)
            return
        if job is None:
            job = self._jobs[key] = Job(wanted, now_s)
            self.waiting.add(job, now_s)
        self._asked.setdefault(wanted.tag, job).askers.setdefault(wanted.tag, wanted.mount_namespace)

    def answer(self, job: Job, answer: Answer, now_s: float, tags: Iterable[Tag] | None = None) -> None:
        """Tell everybody who asked, or these."""
        told = tuple(job.askers if tags is None else tags)
        for tag in told:
            del job.askers[tag]
            del self._asked[tag]
        if told:
            self._effects.append(self._result(job.file, told, answer, now_s))

    def close(self, job: Job) -> None:
        """No more is to be done about it."""
        del self._jobs[job.key]

    def expire(self, now_s: float) -> None:
        while (job := self.waiting.longest()) and now_s >= job.since_s + PATIENCE_S:
            self._turn_away(job, Answer(HashStatus.BUDGET, f"waited for {PATIENCE_S:g} s"), now_s)

    def send_all_away(self, now_s: float) -> None:
        """Hashing was switched off. What is in hand ends by itself."""
        for job in tuple(self._jobs.values()):
            if job.in_hand:
                self.answer(job, _DISABLED, now_s)
            else:
                self._turn_away(job, _DISABLED, now_s)

    def _turn_away(self, job: Job, answer: Answer, now_s: float) -> None:
        self.waiting.remove(job)
        self.close(job)
        self.answer(job, answer, now_s)

    def _hurry(self, job: Job, wanted: Wanted, now_s: float) -> None:
        if job.in_hand:
            job.priority = min(job.priority, wanted.priority)
        else:
            self.waiting.hurry(job, wanted.priority, now_s)

    def _has_room(self, wanted: Wanted, now_s: float) -> bool:
        if len(self._asked) < self._room:
            return True
        last = self.waiting.last()
        if last is None or turn(last.since_s, last.priority) <= turn(now_s, wanted.priority):
            return False
        self._shed += len(last.askers)
        self._turn_away(last, Answer(HashStatus.BUDGET, "made room for what is more urgent"), now_s)
        return True

    def _known(self, file: FileIdentity) -> Answer | None:
        if not self.limits.enabled:
            return _DISABLED
        if file.size > self.limits.max_file_size:
            return Answer(HashStatus.TOO_LARGE, f"{file.size} bytes, more than {self.limits.max_file_size}")
        known = self.cache.get(key_of(file))
        if known is None or not self._suffices(known):
            return None
        return Answer(HashStatus.CACHED, "", known, file)

    def _suffices(self, known: Known) -> bool:
        has_ssdeep = bool(known.content.ssdeep or known.no_ssdeep)
        return (has_ssdeep or not self.limits.ssdeep) and (bool(known.md5) or not self.limits.md5)

    def _result(self, file: FileIdentity, tags: tuple[Tag, ...], answer: Answer, now_s: float) -> Result:
        self.answered[answer.status] += len(tags)
        reason = missing(answer.status, answer.known, want_ssdeep=self.limits.ssdeep)
        if reason is not None or self.shortfall:
            self.shortfall.note((file.dev, file.ino), reason, now_s)
        return Result(tags, answer)

    @property
    def open_files(self) -> int:
        return len(self._jobs)

    @property
    def wake_s(self) -> float | None:
        longest = self.waiting.longest()
        return longest.since_s + PATIENCE_S if longest else None

    @property
    def occupancies(self) -> tuple[Occupancy, ...]:
        questions = Occupancy("hash_questions", len(self._asked), self._room, self._shed)
        return self.cache.occupancy, questions, self.shortfall.occupancy
