"""What is believed of a child that reads the files of strangers."""

from __future__ import annotations

from typing import Any

import pytest

from daemoneye.actors.stamping import take_in
from daemoneye.lifecycle.digests import Digest, Digests
from daemoneye.messages.hashing import Digested, FileDigest
from daemoneye.model.alert import Content
from daemoneye.model.process import FileIdentity, HashStatus
from tests.fakes.snapshots import facts

SHA256, SSDEEP = "a" * 64, "3:abc:de"
FILE = FileIdentity(dev=1, ino=2, size=3, mtime_ns=4, ctime_ns=5)


def said(**fields: Any) -> FileDigest:
    given: dict[str, Any] = {
        "status": HashStatus.HASHED,
        "sha256": SHA256,
        "ssdeep": SSDEEP,
        "ssdeep_missing": False,
    }
    return FileDigest(dev=1, ino=2, size=3, mtime_ns=4, ctime_ns=5, **(given | fields))


def learned(*files: FileDigest) -> tuple[int, Digest | None]:
    digests = Digests()
    strange = take_in(Digested(number=1, files=files), digests)
    return strange, digests.of(facts(executable_file=FILE))


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (said(), Digest(HashStatus.HASHED, Content(sha256=SHA256, ssdeep=SSDEEP))),
        (said(status=HashStatus.CACHED), Digest(HashStatus.CACHED, Content(sha256=SHA256, ssdeep=SSDEEP))),
        (said(ssdeep="", ssdeep_missing=True), Digest(HashStatus.HASHED, Content(sha256=SHA256), ssdeep_missing=True)),
        (said(status=HashStatus.TOO_LARGE, sha256="", ssdeep=""), Digest(HashStatus.TOO_LARGE)),
        (said(status=HashStatus.UNSPECIFIED, sha256="", ssdeep=""), Digest(HashStatus.UNSPECIFIED)),
    ],
)
def test_an_answer_is_kept_under_its_content(message: FileDigest, digest: Digest) -> None:
    """With the digests, or with why there are none."""
    assert learned(message) == (0, digest)


@pytest.mark.parametrize(
    "message",
    [
        said(status=13),
        said(status=-1),
        said(status=2**40),
        said(sha256="A" * 64),
        said(sha256="a" * 63),
        said(sha256="a" * 64 + "\n"),
        said(sha256="a" * 65_000),
        said(ssdeep="3:abc"),
        said(ssdeep="5:abc:de"),
        said(ssdeep="3:" + "a" * 65_000 + ":b"),
        said(sha256=""),
        said(status=HashStatus.GONE),
    ],
)
def test_what_no_hasher_says_is_counted_and_dropped(message: FileDigest) -> None:
    """And nothing else with it."""
    assert learned(message) == (1, None)
    assert learned(message, said()) == (1, Digest(HashStatus.HASHED, Content(sha256=SHA256, ssdeep=SSDEEP)))


def test_a_file_name_behind_a_digest_is_not_kept() -> None:
    """C ssdeep would print one; only the digest is a digest."""
    _, digest = learned(said(ssdeep=SSDEEP + ',"name"'))
    assert digest is not None
    assert digest.content == Content(sha256=SHA256, ssdeep=SSDEEP)
