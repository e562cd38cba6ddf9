"""What is to be trusted is cut into requests that an agent takes, and what is trusted is read page by page."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemoneye.gateway.session import LARGEST_REQUEST, MOST_PARTS
from daemoneye.integrity.baselines import CAPACITY
from daemoneye.model.agent import Envelope
from daemoneye.model.trust import (
    LONGEST_PATH,
    MOST_TRUSTS,
    PART_BYTES,
    TRUSTS,
    BaselineEntry,
    Baselines,
    BaselinesRequest,
    Trust,
    TrustRequest,
    pages,
    parts,
)
from daemoneye.wire.codec import decode, encode

LONGEST = Trust(
    path="/" + "\u00e4" * (LONGEST_PATH // 2 - 1) + "x",
    namespace="container:" + "f" * 240,
    sha256="a" * 64,
    ssdeep=f"3221225472:{'B' * 64}:{'C' * 64}",
)
TRUST = st.builds(Trust, path=st.integers(1, LONGEST_PATH).map(lambda length: "/" * length))


def test_the_longest_trust_fits_a_part() -> None:
    """No program is out of reach because of its name."""
    assert len(LONGEST.path.encode()) == LONGEST_PATH
    assert LONGEST.weight <= PART_BYTES
    (part,) = parts([LONGEST])
    assert len(encode(Envelope.around(part, 2**64 - 1))) <= LARGEST_REQUEST


@given(st.lists(TRUST | st.just(LONGEST), max_size=3 * TRUSTS))
def test_every_part_is_a_request_that_an_agent_takes(trusts: list[Trust]) -> None:
    """And together they are the list, whatever its names are."""
    found = list(parts(trusts))
    assert [each for part in found for each in part.trusts] == trusts
    assert [part.part for part in found] == list(range(len(found)))
    assert [part.last for part in found] == [False] * (len(found) - 1) + [True]
    for part in found:
        payload = encode(Envelope.around(part, 2**64 - 1))
        assert len(payload) <= LARGEST_REQUEST
        assert decode(Envelope, payload, most_parts=MOST_PARTS).trust_request == part


def test_nothing_at_all_is_one_part() -> None:
    """Whoever imports an empty list hears that nothing was to be done."""
    assert list(parts([])) == [TrustRequest(last=True)]


def test_as_many_can_be_trusted_as_there_is_room_for() -> None:
    """What one host has exported, another can import."""
    assert MOST_TRUSTS == CAPACITY


def test_pages_follow_each_other_until_the_last() -> None:
    """Nothing is left out between them."""
    known = [BaselineEntry(namespace=namespace, path=path) for namespace in ("", "c") for path in ("/a", "/b", "/c")]

    def ask(request: BaselinesRequest) -> Baselines:
        after = (request.after_namespace or "", request.after_path or "")
        found = [each for each in known if (each.namespace, each.path) > after]
        return Baselines(baselines=tuple(found[:2]), last=len(found) <= 2)

    found = [each for page in pages(BaselinesRequest(), ask) for each in page.baselines]
    assert found == known
    assert list(pages(BaselinesRequest(), lambda _: Baselines())) == [Baselines()]  # an end without a word for it
