"""What the end of a job means: for those who asked, for the cache, and for the file.

The journal knows of every job before it begins. If its worker dies of it, or the pool, that is held against the file;
if somebody wanted that end, it is not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from daemoneye.hashing.cache import is_cacheable
from daemoneye.hashing.effects import Journal, Quarantined
from daemoneye.hashing.suspects import Blame
from daemoneye.hashing.values import Answer
from daemoneye.model.process import HashStatus

if TYPE_CHECKING:
    from daemoneye.hashing.crew import Crew, Hand
    from daemoneye.hashing.desk import Desk
    from daemoneye.hashing.effects import Effect
    from daemoneye.hashing.events import Done, Restored, WorkerDied
    from daemoneye.hashing.job import Job
    from daemoneye.hashing.suspects import Suspect, Suspects
    from daemoneye.hashing.values import Known, Now
    from daemoneye.model.process import FileIdentity

# What a worker can come back with. Some say nothing about the file, only about the way that was taken to it.
_OF_THE_WAY: Final = frozenset({HashStatus.GONE, HashStatus.PERMISSION})
_FAILURES: Final = _OF_THE_WAY | {
    HashStatus.TOO_LARGE,
    HashStatus.NOT_REGULAR,
    HashStatus.REMOTE_FILESYSTEM,
    HashStatus.CHANGED_WHILE_READ,
    HashStatus.TIMEOUT,
    HashStatus.BUDGET,
}

# What a digest looks like. A worker has read what anybody may have written, and is not believed any more than need be.
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MD5: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_SSDEEP: Final = re.compile(r"[0-9]{1,10}:[A-Za-z0-9+/]{0,64}:[A-Za-z0-9+/]{0,64}", re.ASCII)
_LONGEST_TEXT: Final = 200  # characters; ours are shorter


class Endings:
    def __init__(self, desk: Desk, crew: Crew, suspects: Suspects, effects: list[Effect]) -> None:
        self._desk = desk
        self._crew = crew
        self._suspects = suspects
        self._effects = effects

    def restored(self, restored: Restored, now: Now) -> None:
        for file, known in restored.kept:
            if gone := self._desk.cache.put(file, known):
                self._effects.append(Journal(forget=gone))
        for suspect in restored.suspects:
            self._suspects.restore(suspect)
        for file in restored.unfinished:
            self._blamed(file, Blame.POOL, now)

    def done(self, done: Done, now: Now) -> None:
        hand = self._crew.put_down(done.worker, done.job, bytes_read=done.bytes_read)
        if hand is None:
            return  # of a job that is over
        self._crew.roster.finished(done.worker, now.s)
        if done.status is HashStatus.HASHED and done.known and done.file and _is_credible(done.known):
            self._hashed(hand, done.known, done.file, now)
            return
        self._effects.append(Journal(ended=hand.job.file))
        status = done.status if done.status in _FAILURES else HashStatus.UNSPECIFIED
        self._answer(hand, Answer(status, done.reason), now)

    def _hashed(self, hand: Hand, known: Known, file: FileIdentity, now: Now) -> None:
        wanted = hand.job.file
        keep = forget = None
        if is_cacheable(file, hand.began_wall_ns):
            keep, forget = (file, known), self._desk.cache.put(file, known)
        cleared = self._suspects.clear(wanted)
        self._effects.append(Journal(ended=wanted, keep=keep, forget=forget, suspect=cleared))
        if (file.dev, file.ino) == (wanted.dev, wanted.ino):
            self._answer(hand, Answer(HashStatus.HASHED, "", known, file), now)
        else:
            self._answer(hand, Answer(HashStatus.GONE, "another file has its place"), now)

    def _answer(self, hand: Hand, answer: Answer, now: Now) -> None:
        """All who asked, or only the one whose way it was; then it is tried as the next one says."""
        job = hand.job
        if answer.status not in _OF_THE_WAY:
            self._close(job, answer, now)
            return
        self._desk.answer(job, answer, now.s, [tag for tag in job.askers if tag == hand.tag])
        self._release(job)
        if job.askers:
            self._desk.waiting.put_back(job)

    def died(self, death: WorkerDied, now: Now) -> None:
        hand = self._crew.put_down(death.worker)
        self._crew.roster.died(death.worker, now.s, blameless=death.blameless)
        if hand is None:
            return
        if death.blameless or not hand.opened:
            self._effects.append(Journal(ended=hand.job.file))
        elif suspect := self._blamed(hand.job.file, Blame.WORKER, now):
            self._close(hand.job, Answer(HashStatus.QUARANTINED, suspect.reason), now)
            return
        self._put_back(hand.job, now)

    def stopped(self, worker: str, now: Now) -> None:
        hand = self._crew.put_down(worker)
        if hand is None:
            return
        self._effects += (self._crew.roster.kill(worker), Journal(ended=hand.job.file))
        self._put_back(hand.job, now)

    def _put_back(self, job: Job, now: Now) -> None:
        """Others first: if it was the moment and not the file, it will have passed."""
        self._release(job)
        if job.askers:
            self._desk.waiting.add(job, now.s)

    def overdue(self, hand: Hand, now: Now) -> None:
        self._crew.put_down(hand.worker)
        self._effects.append(self._crew.roster.kill(hand.worker))
        self._blamed(hand.job.file, Blame.WORKER, now)
        self._close(hand.job, Answer(HashStatus.TIMEOUT, "its worker gave no answer in time"), now)

    def _blamed(self, file: FileIdentity, blame: Blame, now: Now) -> Suspect | None:
        """Return the suspect if it is in quarantine now."""
        suspect = self._suspects.blame(file, blame, now.wall_s)
        self._effects.append(Journal(ended=file, suspect=suspect))
        if suspect.until_s is None:
            return None
        self._effects.append(Quarantined(file, suspect.reason, suspect.until_s))
        return suspect

    def _close(self, job: Job, answer: Answer, now: Now) -> None:
        self._desk.close(job)
        self._desk.answer(job, answer, now.s)

    def _release(self, job: Job) -> None:
        job.in_hand = False
        if not job.askers:
            self._desk.close(job)

    def farewell(self) -> None:
        """What is in hand is innocent of this end."""
        self._effects += (Journal(ended=hand.job.file) for hand in self._crew.hands.values())


def _is_credible(known: Known) -> bool:
    content, why, md5 = known
    return bool(
        _SHA256.fullmatch(content.sha256)
        and (content.ssdeep is None or _SSDEEP.fullmatch(content.ssdeep))
        and (md5 is None or _MD5.fullmatch(md5))
        and len(why) <= _LONGEST_TEXT
        and why.isprintable()
    )
