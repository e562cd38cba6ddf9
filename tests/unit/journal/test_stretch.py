"""A question for entries, answered as far as a stretch goes."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from daemoneye.errors import HostileInput, IOFailedError
from daemoneye.journal import query as queries
from daemoneye.journal import stretch as stretches
from daemoneye.journal.entry import Severity, Stream
from daemoneye.journal.reading import Reader
from daemoneye.journal.stretch import stretch
from daemoneye.model.lookup import Entries, EntriesRequest, following
from daemoneye.wire.codec import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.journals import World

ROOM = 1 << 20


def ask(world: World, room: int = ROOM, clock: Callable[[], float] = lambda: 0.0, **wanted: Any) -> Entries:
    with closing(Reader(world.path)) as reader:
        return stretch(reader, EntriesRequest(**({"stream": "events"} | wanted)), room, clock)


def all_of(world: World, room: int = ROOM, clock: Callable[[], float] = lambda: 0.0, **wanted: Any) -> list[Entries]:
    request = EntriesRequest(**({"stream": "events"} | wanted))
    with closing(Reader(world.path)) as reader:
        return list(following(request, lambda each: stretch(reader, each, room, clock)))


def sequences(*answers: Entries) -> list[int]:
    return [entry.sequence for answer in answers for entry in answer.entries]


def record_events(world: World, *names: str, **given: Any) -> None:
    """One of each name, a second apart."""
    journal = world.journal()
    for number, name in enumerate(names):
        world.wall_ms += 1000
        journal.append(world.events(1, name=name, pid=number % 3, **given))
    journal.close()


def test_an_entry_comes_with_everything_that_is_on_record(world: World) -> None:
    """Body, columns, clocks and place."""
    entry = world.entry(
        Stream.EVENTS, Severity.LOW, kind="process.started", pid=7, entity_id="e" * 32, name="ls", sha256="a" * 64
    )
    world.journal().append([entry])
    (found,) = ask(world).entries
    assert (found.stream, found.sequence, found.id, found.severity, found.kind) == (
        "events",
        1,
        entry.id,
        30,
        "process.started",
    )
    assert (found.wall_ms, found.monotonic_ns, found.boot_id) == (
        entry.occurred.wall_ms,
        entry.occurred.monotonic_ns,
        entry.occurred.boot_id,
    )
    assert found.body.encode() == entry.body
    assert (found.pid, found.entity_id, found.parent_entity_id, found.name, found.sha256) == (
        7,
        "e" * 32,
        None,
        "ls",
        "a" * 64,
    )


def test_the_streams_are_apart(world: World) -> None:
    """Who asks for alerts hears of no event."""
    world.journal().append([*world.events(3), *world.alerts(2)])
    assert sequences(ask(world)) == [1, 2, 3]
    assert sequences(ask(world, stream="alerts")) == [1, 2]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"name": "bash"}, [2, 4]),
        ({"name": "bas"}, []),
        ({"name_glob": "*s*"}, [1, 2, 4]),
        ({"name_glob": "l[!a]"}, [1]),
        ({"name_glob": "[a-b]*", "pid": 0}, [4]),
        ({"pid": 1}, [2]),
        ({"after": 2}, [3, 4]),
        ({"after": 2, "through": 3}, [3]),
        ({"kind": "nosuch"}, []),
        ({"at_least": 30}, []),
        ({"sha256": "b" * 64}, [1, 2, 3, 4]),
        ({"sha256": "b" * 63 + "a"}, []),
    ],
)
def test_what_is_given_is_what_is_found(world: World, wanted: dict[str, Any], found: list[int]) -> None:
    """By index or without."""
    record_events(world, "ls", "bash", "id", "bash", sha256="b" * 64)
    assert sequences(*all_of(world, **wanted)) == found


def test_times_include_their_beginning_and_not_their_end(world: World) -> None:
    """Two stretches of time that meet have no entry in common."""
    record_events(world, "a", "b", "c", "d")
    last = world.wall_ms
    assert sequences(*all_of(world, since_ms=last - 2000, until_ms=last)) == [2, 3]
    assert sequences(*all_of(world, since_ms=last - 2000, until_ms=last, name="c")) == [3]


def test_a_clock_that_was_set_back_hides_nothing(world: World) -> None:
    """What is of that time is found wherever it stands."""
    record_events(world, "a", "b", "c")
    late = world.wall_ms
    world.wall_ms -= 1_000_000
    record_events(world, "d", "e")
    assert sequences(*all_of(world, since_ms=late)) == [3]
    assert sequences(*all_of(world, until_ms=late - 100_000)) == [4, 5]


def test_however_small_the_stretches_nothing_is_lost_or_told_twice(world: World) -> None:
    """A reader goes on where it stopped."""
    record_events(world, *(f"name-{number % 7}" for number in range(50)))
    answers = all_of(world, room=1500)
    assert len(answers) > 5
    assert sequences(*answers) == list(range(1, 51))
    assert [answer.last for answer in answers] == [False] * (len(answers) - 1) + [True]


def test_a_stretch_ends_when_it_has_taken_long_enough(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits behind this reader has his turn, and an answer without entries gets on all the same."""
    monkeypatch.setattr(stretches, "_READ", 3)
    record_events(world, *("a" * 40))
    seconds = count()
    answers = all_of(world, clock=lambda: float(next(seconds)), at_least=90)
    assert [answer.reached for answer in answers] == [7, 15, 23, 31, 39, 40]
    assert sequences(*answers) == []


def test_an_entry_that_fits_no_frame_is_left_out_and_counted(world: World) -> None:
    """Its neighbours can be read."""
    journal = world.journal()
    journal.append([*world.events(1), *world.events(1, size=5000), *world.events(1)])
    answers = all_of(world, room=2000)
    assert (sequences(*answers), sum(answer.left_out for answer in answers)) == ([1, 3], 1)


@pytest.mark.parametrize("text", ["x", "é", "\U0001f600", "\x00"])
def test_the_size_that_is_reckoned_with_is_never_below_the_real_one(world: World, text: str) -> None:
    """What is said to fit a frame does."""
    body = f'{{"a":"{text * 300}"}}'.encode()
    columns = {"entity_id": "e" * 32, "parent_entity_id": "f" * 32, "sha256": "a" * 64, "name": text * 60}
    world.journal().append(world.events(3, body=body, kind="k" * 64, pid=2**22, **columns))
    answer = ask(world)
    assert len(encode(answer)) <= sum(map(stretches._weight, answer.entries))


def test_bytes_that_are_no_text_are_shown(world: World) -> None:
    """Nobody's strange name keeps others from reading."""
    world.journal().append(world.events(1, body=b'{"a":"\xff"}'))
    assert ask(world).entries[0].body == '{"a":"\\xff"}'


def test_who_asks_for_what_comes_next_is_told_where_the_end_is(world: World) -> None:
    """From there he can follow."""
    record_events(world, "a", "b")
    answer = ask(world, after=stretches.NEWEST)
    assert (answer.entries, answer.reached, answer.last) == ((), 2, True)
    record_events(world, "c")
    assert sequences(ask(world, after=answer.reached)) == [3]


def test_a_journal_that_began_anew_is_noticed(world: World) -> None:
    """It ends before the place where the reader was."""
    record_events(world, "a", "b")
    assert ask(world, after=50).reached == 2


def test_an_empty_journal_has_an_end(world: World) -> None:
    """At nothing."""
    world.journal().append(world.alerts(1))
    answer = ask(world)
    assert (answer.entries, answer.reached, answer.end, answer.last) == ((), 0, 0, True)


def test_what_has_gone_by_the_limits_is_passed_over(world: World) -> None:
    """A reader that asks from the beginning gets what is left of it."""
    record_events(world, *("a" * 30))
    with world.tampering() as connection:
        connection.execute("DELETE FROM entries WHERE sequence < 20")
    answer = ask(world, after=3)
    assert sequences(answer) == list(range(20, 31))


def test_beyond_a_number_of_entries_the_index_of_times_is_not_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is the same; it takes no longer than to read everything."""
    record_events(world, "a", "b", "c", "d")
    first = world.wall_ms - 2000
    monkeypatch.setattr(queries, "_COUNTED", 2)
    monkeypatch.setattr(queries, "_OF_TIME", queries._OF_TIME.replace("2000000", "2"))
    assert sequences(*all_of(world, since_ms=first)) == [2, 3, 4]


@pytest.mark.parametrize(
    "wanted", [{"stream": ""}, {"stream": "Alerts"}, {"after": 2**60}, {"since_ms": 2**64 - 1}, {"through": 2**56}]
)
def test_a_question_that_makes_no_sense_is_refused(world: World, wanted: dict[str, Any]) -> None:
    """And names what is wrong with it."""
    record_events(world, "a")
    with pytest.raises(HostileInput, match=r"stream|number"):
        ask(world, **wanted)


@pytest.mark.parametrize("change", ["severity = 11", "kind = CAST(x'ff' AS TEXT)", "id = x'00'"])
def test_a_row_that_nobody_of_us_wrote_is_damage(world: World, change: str) -> None:
    """It is told as such, and to `journal verify` it is a finding."""
    record_events(world, "a", "b")
    with world.tampering() as connection:
        connection.execute(f"UPDATE entries SET {change} WHERE sequence = 2")  # noqa: S608
    with pytest.raises(IOFailedError, match=r"not an entry .*: an undamaged journal: see `journal verify`"):
        ask(world)


def test_a_pattern_of_many_stars_takes_no_time(world: World) -> None:
    """A question cannot keep the one who answers it busy."""
    record_events(world, *["a" * 60] * 20)
    answer = ask(world, name_glob="*a" * 30 + "b")
    assert answer.last
    assert sequences(answer) == []


def test_what_is_read_at_once_is_bounded_in_bytes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries of the largest size do not come a thousand at a time."""
    world.journal().append(world.events(120, size=100_000))
    sizes: list[int] = []
    real = Reader.ask

    def watched(self: Reader, *question: Any) -> list[tuple[Any, ...]]:
        rows = real(self, *question)
        sizes.append(len(rows))
        return rows

    monkeypatch.setattr(Reader, "ask", watched)
    with closing(Reader(world.path)) as reader:
        answers = following(EntriesRequest(stream="events"), lambda each: stretch(reader, each, ROOM, lambda: 0.0))
        assert sequences(*answers) == list(range(1, 121))
    assert max(sizes) <= 50


def test_going_on_does_not_look_for_the_time_again(world: World) -> None:
    """What was answered once holds for all that follows."""
    record_events(world, "a", "b", "c")
    request = EntriesRequest(stream="events", since_ms=world.wall_ms - 1000)
    with closing(Reader(world.path)) as reader:
        first = stretch(reader, request, ROOM, lambda: 0.0)
        record_events(world, "d")
        assert sequences(stretch(reader, replace(request, after=first.reached), ROOM, lambda: 0.0)) == [4]
