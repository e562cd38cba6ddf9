"""The loop of one output: it connects, sends what the journal has, hears what is acknowledged, and connects again.

It runs in a thread of its own and has nobody to share with: the actor meets it at the desk. What it decides is decided
in ``delivery`` and ``pace``; here are the clock, the disk and the connection.

The cursor is saved after the acknowledgement, a moment later at most. Whoever is killed in between sends again what was
acknowledged last, under the ids it had.
"""

from __future__ import annotations

import select
import time
from dataclasses import asdict
from math import inf
from typing import TYPE_CHECKING, Final

from daemoneye.forwarding.asking import Asking
from daemoneye.forwarding.delivery import Delivery
from daemoneye.forwarding.desk import PutAside, State, Wanted
from daemoneye.forwarding.line import NoConnection
from daemoneye.forwarding.pace import SPREAD_S, Pace, Reconnecting, backoff
from daemoneye.forwarding.rendering import Unfit
from daemoneye.messages.forwarding import Pulled
from daemoneye.outputs.relp import Acked, Closed, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemoneye.forwarding.delivery import SetAside
    from daemoneye.forwarding.desk import Desk
    from daemoneye.forwarding.health import Health
    from daemoneye.forwarding.line import Line, Receiver, Told
    from daemoneye.forwarding.shelf import Shelf

_SAVE_S: Final = 0.25  # a disk is not asked for more than four promises a second
_MOST_REFUSALS: Final = 64  # in a row: so many poisonous records there are not, it is the receiver that is not well
_LAST_ANSWERS_S: Final = 2.0  # when we are asked to stop; below the time that the supervisor gives us


class Courier:
    def __init__(
        self,
        receiver: Receiver,
        desk: Desk,
        shelf: Shelf,
        health: Health,
        *,
        backlog_rate: int,
        random: Callable[[], float],
        spread_s: float = SPREAD_S,
    ) -> None:
        self._receiver = receiver
        self._desk = desk
        self._shelf = shelf
        self._health = health
        self._saved = shelf.load()
        self._delivery = Delivery(self._saved, Pace(backlog_rate, random), backoff(random))
        self._reconnecting = Reconnecting(random, spread_s)
        self._asking = Asking()
        self._refusal, self._refusals = "", 0
        self._save_at_s = self._heard_s = 0.0
        self._stop_by_s = inf

    def run(self) -> None:
        """Until the desk says stop."""
        while not self._desk.stopping:
            self._talk_to_journal()
            left_s = self._reconnecting.at_s - time.monotonic()
            if left_s > 0:
                self._pause(left_s)
            else:
                self._visit()
        self._save()
        self._shelf.close()

    # -- the receiver

    def _visit(self) -> None:
        """One connection, from its beginning to its end."""
        try:
            with self._desk.at_rest():  # names are looked up in there, and that has no limit of time
                line = self._receiver.connect()
        except NoConnection as error:
            self._away(str(error))
            return
        try:
            self._delivery.connected()
            self._heard_s, self._refusals = time.monotonic(), 0
            # what there was to complain of is not over before a record is taken
            self._desk.update(state=State.CONNECTED)
            self._away(self._serve(line))
        finally:
            line.close()

    def _serve(self, line: Line) -> str:
        """Answer why it ended."""
        while not self._may_leave():
            self._talk_to_journal()
            self._fill(line)
            with self._desk.at_rest():
                told = line.wait(self._longest_wait_s(), self._desk.wake)
            ended = self._hear(told)
            self._save_now_and_then()
            if ended is not None:
                return ended
        return "stopped"

    def _fill(self, line: Line) -> None:
        now_s = time.monotonic()
        if not self._delivery.in_flight:
            self._heard_s = now_s  # there was nothing to hear
        while line.room and not self._desk.stopping and (parcel := self._delivery.take(now_s)):
            try:
                line.send(parcel.id, parcel.stream, self._receiver.render(parcel.entry, parcel.sequence))
            except Unfit as error:
                self._put_aside(self._delivery.unfit(parcel, str(error)))
        if self._health.anchor:
            line.tell(*self._health.report(self._delivery, now_s))

    def _hear(self, told: list[Told]) -> str | None:
        """Answer why the connection has ended, or has to."""
        now_s, closed = time.monotonic(), None
        for each in told:
            self._heard_s = now_s
            match each:
                case Acked(identity):
                    self._refusals = 0
                    self._delivery.acknowledged(identity)
                case Refused(identity, text):
                    self._refusals += 1
                    self._refusal = f"the receiver refuses records: {text}"
                    self._put_aside(self._delivery.refused(identity, text, now_s))
                case Closed(text):
                    closed = text
        acked = any(isinstance(each, Acked) for each in told)
        if acked:
            self._reconnecting.proved()
            self._desk.count(self._delivery, time.time_ns() // 1_000_000)
        if acked or not self._delivery.held:
            self._desk.update(trouble=self._refusal if self._delivery.suspects else "")
        return closed or self._out_of_patience(now_s)

    def _out_of_patience(self, now_s: float) -> str | None:
        if self._refusals >= _MOST_REFUSALS:
            return self._refusal
        patience_s = self._receiver.timeout_s
        silent = self._delivery.in_flight and now_s - self._heard_s > patience_s
        return f"no answer for {patience_s:g} s" if silent else None

    def _away(self, why: str) -> None:
        now_s = time.monotonic()
        self._put_aside(self._delivery.lost(why, now_s))
        self._reconnecting.lost(now_s)
        self._desk.update(state=State.AWAY, trouble=why)

    def _put_aside(self, gone: SetAside | None) -> None:
        if gone is None:
            return
        parcel = gone.parcel
        told = PutAside(
            stream=parcel.stream.word, sequence=parcel.sequence, id=parcel.id, tries=parcel.tries, reason=gone.reason
        )
        self._complain(self._shelf.set_aside(asdict(told)))
        self._desk.tell(told)

    def _longest_wait_s(self) -> float:
        now_s = time.monotonic()
        next_s = min(
            self._asking.next_s,
            self._stop_by_s,
            self._heard_s + self._receiver.timeout_s,
            self._delivery.due_s(now_s),
            self._save_at_s if self._delivery.cursor != self._saved else inf,
        )
        return max(0.0, next_s - now_s)

    def _may_leave(self) -> bool:
        """What was sent may still be acknowledged, for a while."""
        if not self._desk.stopping:
            return False
        now_s = time.monotonic()
        self._stop_by_s = min(self._stop_by_s, now_s + _LAST_ANSWERS_S)
        return not self._delivery.in_flight or now_s > self._stop_by_s

    # -- the journal

    def _talk_to_journal(self) -> None:
        now_s = time.monotonic()
        for answer in self._desk.answers():
            self._asking.answered(now_s, refused=not isinstance(answer, Pulled))
            if isinstance(answer, Pulled):
                if self._delivery.arrived(answer):
                    self._health.anchor = answer.anchor or self._health.anchor
                else:
                    self._asking.restart()
        if self._asking.due(now_s, self._delivery.appetite):
            self._asking.asked(now_s)
            self._desk.count(self._delivery)
            alerts, events = self._delivery.question()
            self._desk.tell(Wanted(alerts=alerts, events=events, anchored=self._health.due(now_s)))

    def _pause(self, seconds: float) -> None:
        poll = select.poll()
        poll.register(self._desk.wake, select.POLLIN)
        self._save_now_and_then()
        with self._desk.at_rest():
            poll.poll(max(0.0, min(seconds, self._asking.next_s - time.monotonic())) * 1000)

    # -- the disk

    def _save_now_and_then(self) -> None:
        now_s = time.monotonic()
        if self._delivery.cursor != self._saved and now_s >= self._save_at_s:
            self._save_at_s = now_s + _SAVE_S
            self._save()

    def _save(self) -> None:
        if self._delivery.cursor != self._saved:
            cursor = self._delivery.cursor
            if self._complain(self._shelf.save(cursor)):
                self._saved = cursor

    def _complain(self, trouble: str | None) -> bool:
        """Whether there is nothing to complain of."""
        self._desk.update(disk=trouble or "")
        return not trouble
