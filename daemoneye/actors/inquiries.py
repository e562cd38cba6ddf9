"""About which programs something is awaited, what was asked about them, and when it is asked again.

A program is judged again when all that its judge wanted to know is in, or when he has waited for long enough; its case
is closed when he wants nothing more. A process that ends leaves its case open: what was asked of its file may still be
answered, and if not soon, it is judged by what is there. No clock and no actor in here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from daemoneye.actors.cases import DIGESTS, Case, again_ms, is_same, priority_of
from daemoneye.actors.postbox import Postbox
from daemoneye.hashing.values import Priority
from daemoneye.integrity.sighting import UNANSWERED, Hashed, Need
from daemoneye.integrity.verdicts import PATIENCE_MS
from daemoneye.lifecycle.bounded import Occupancy
from daemoneye.messages.hashing import BATCH, Ask, FileAnswer, Question
from daemoneye.model.process import HashStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemoneye.integrity.sighting import Now, Sighting
    from daemoneye.model.alert import PackageVerdict

MOST: Final = 32_768  # the default pid_max of Linux
# After the end of a process: a file that is already open is read in this time, and none other will be opened.
PARTING_MS: Final = 10_000
UNQUIET_MS: Final = 2_000  # somebody writes to it: a copy is made in this time, or goes on
_NOTHING_TO_OPEN: Final = Hashed(HashStatus.PERMISSION)
_GONE: Final = Hashed(HashStatus.GONE)


class Inquiries:
    def __init__(self, first_number: int, *, most: int = MOST) -> None:
        """``first_number``: far from those of an earlier life."""
        self._next = first_number
        self._most = most
        self._cases: dict[str, Case] = {}  # by entity id
        self._asked: dict[int, tuple[Case, Need]] = {}
        self._ready: dict[str, None] = {}
        self._for_packages: dict[str, None] = {}
        self._turned_away = 0
        # twice as many as can be open: those of closed cases are not taken out again
        self.to_ask: Postbox[Question, Ask] = Postbox(_ask, batch=BATCH, capacity=4 * most)

    @property
    def waiting(self) -> int:
        """How many, without those that are only tried again."""
        return sum(bool(case.needs) for case in self._cases.values())

    @property
    def occupancy(self) -> Occupancy:
        return Occupancy("waiting_programs", len(self._cases), self._most, self._turned_away)

    # -- what is seen

    def renewed(self, sighting: Sighting, now: Now) -> Sighting:
        """Add what was found out already. How long it has to wait begins now, unless it waits for the same."""
        sighting = replace(sighting, detected_ms=now.wall_ms)
        case = self._cases.get(sighting.process.entity_id)
        if case is None:
            return sighting
        before, known = case.sighting, dict[str, Any]()
        if is_same(before.file, sighting.file):
            known["running"] = before.running if before.running.content else UNANSWERED
        else:
            self._forget(case, Need.RUNNING)
        if is_same(before.file_there, sighting.file_there):
            known["there"] = before.there if before.there.content else UNANSWERED
        else:
            self._forget(case, Need.THERE)
        # whoever exchanges a file again and again must not put off the day
        if before.lost_its_file and sighting.lost_its_file and not case.overdue:
            known["detected_ms"] = before.detected_ms
        case.overdue, case.gone_ms = False, None
        case.later.clear()  # it has changed: whatever is wanted now is wanted at once
        return replace(sighting, **known)

    def judged(self, sighting: Sighting, needs: frozenset[Need], now: Now, *, is_new: bool) -> bool:
        """Keep what is still wanted of it; ``False`` if that was the last of a process that has ended."""
        case = self._cases.get(sighting.process.entity_id)
        has_ended = case is not None and case.gone_ms is not None
        after_ms = None if needs or has_ended else again_ms(sighting.running)
        if not (needs or after_ms) or (has_ended and case and case.overdue):
            self._close(sighting.process.entity_id)
            return not has_ended
        case = case or self._open(sighting)
        if case is None:
            return True
        case.sighting, case.needs, case.priority = sighting, needs, priority_of(sighting, is_new=is_new)
        if after_ms:
            case.later[Need.RUNNING], case.priority = _ms(now) + after_ms, Priority.BACKGROUND
            return True
        for need in DIGESTS:
            if need in needs and need not in case.numbers and need not in case.later:
                self._put(case, need)
        self._advance(case)
        return True

    def ended(self, entity_ids: Iterable[str], now: Now) -> frozenset[str]:
        """Return those that will not be judged again."""
        ended = frozenset(entity_ids)
        for entity_id in ended:
            case = self._cases.get(entity_id)
            if case and case.gone_ms is None:
                case.gone_ms = _ms(now)
                if not case.needs:
                    self._close(entity_id)
        return ended - self._cases.keys()

    def keep_only(self, alive: Iterable[str], now: Now) -> frozenset[str]:
        """Return all of which there may still be something to judge."""
        living = frozenset(alive)
        self.ended(self._cases.keys() - living, now)
        return living | self._cases.keys()

    # -- what is answered

    def answered(self, answer: FileAnswer, now: Now) -> None:
        hashed = Hashed(answer.status, answer.content, answer.no_ssdeep, answer.md5)
        for number in answer.questions:
            case, need = self._asked.pop(number, (None, Need.RUNNING))
            if case is None:
                continue  # nobody wants to know it any more
            del case.numbers[need]
            if hashed.status is HashStatus.CHANGED_WHILE_READ and not case.overdue and case.gone_ms is None:
                case.later[need] = _ms(now) + UNQUIET_MS
            else:
                case.learn(need, hashed, answer.file)
            self._advance(case)

    @property
    def has_package_questions(self) -> bool:
        return bool(self._for_packages)

    def package_question(self) -> Sighting | None:
        """Return one to ask the package database about."""
        while self._for_packages:
            entity_id = next(iter(self._for_packages))
            del self._for_packages[entity_id]
            case = self._cases.get(entity_id)
            if case and case.asks_for_package:
                return case.sighting
        return None

    def package_said(self, sighting: Sighting, verdict: PackageVerdict | None) -> None:
        """``None``: it is asked again with the next tick."""
        case = self._cases.get(sighting.process.entity_id)
        if case and verdict is not None:
            case.sighting = replace(case.sighting, package=verdict)
            self._advance(case)

    def ready(self) -> list[Sighting]:
        """Take those that are to be judged again."""
        found = [self._cases[each].sighting for each in self._ready if each in self._cases]
        self._ready.clear()
        return found

    # -- what time brings, and others

    def tick(self, now: Now) -> None:
        """To be called every second or so."""
        now_ms = _ms(now)
        for case in self._cases.values():
            if case.gone_ms is not None and now_ms - case.gone_ms >= PARTING_MS:
                self._give_up(case)
            if case.needs and not case.overdue and not 0 <= now.wall_ms - case.sighting.detected_ms < PATIENCE_MS:
                case.overdue = True
                self._ready[case.entity_id] = None
            for need in [need for need, at_ms in case.later.items() if at_ms <= now_ms]:
                del case.later[need]
                self._put(case, need)
            if case.asks_for_package:
                self._for_packages[case.entity_id] = None

    def reconsider(self) -> None:
        """Judge all of them again: by other rules they may need no answer, or another."""
        self._ready.update((entity_id, None) for entity_id, case in self._cases.items() if case.needs)

    def hashing_arrived(self) -> None:
        """It is there, or another in its place: ask all that has no answer."""
        self.to_ask.arrived()
        for case in self._cases.values():
            for question in case.questions:
                self.to_ask.put(question)

    # -- within

    def _open(self, sighting: Sighting) -> Case | None:
        """Make room for one whose file is not what it should be; any other is turned away where there is none."""
        if len(self._cases) >= self._most:
            self._turned_away += 1
            if not sighting.lost_its_file:
                return None
            self._close(next(iter(self._cases)))
        case = Case(sighting)
        self._cases[case.entity_id] = case
        return case

    def _close(self, entity_id: str) -> None:
        case = self._cases.pop(entity_id, None)
        for number in case.numbers.values() if case else ():
            del self._asked[number]

    def _put(self, case: Case, need: Need) -> None:
        if case.file(need) is None:
            case.learn(need, _NOTHING_TO_OPEN)
            self._advance(case)
            return
        self._next += 1
        case.numbers[need] = self._next
        self._asked[self._next] = case, need
        for question in case.questions:
            if question.number == self._next:
                self.to_ask.put(question)

    def _forget(self, case: Case, need: Need) -> None:
        case.later.pop(need, None)
        if (number := case.numbers.pop(need, None)) is not None:
            del self._asked[number]

    def _give_up(self, case: Case) -> None:
        """Nothing can be opened through a process that has ended."""
        for need in {*case.numbers, *case.later}:
            self._forget(case, need)
            case.learn(need, _GONE)
        self._advance(case)

    def _advance(self, case: Case) -> None:
        if case.asks_for_package:
            self._for_packages[case.entity_id] = None
        elif case.is_complete:
            self._ready[case.entity_id] = None


def _ask(number: int, questions: tuple[Question, ...]) -> Ask:
    return Ask(number=number, questions=questions)


def _ms(now: Now) -> int:
    return now.monotonic_ns // 1_000_000
