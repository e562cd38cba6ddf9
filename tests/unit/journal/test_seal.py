"""The key that is used once."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from daemoneye.journal.seal import Epoch, SealFile, decode, encode, read

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.seal"


def test_the_file_is_for_its_owner_only_and_not_even_writable(path: Path) -> None:
    """Nobody reads the key by accident, nobody overwrites it by accident."""
    seal = SealFile(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    seal.advance("ab" * 16, "cd" * 32)
    seal.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o400


def test_the_secret_of_yesterday_is_gone_from_the_disk(path: Path) -> None:
    """Whoever takes the host over today cannot seal for yesterday: the file holds the new key in place of the old."""
    seal = SealFile(path)
    before, inode = seal.epoch, path.stat().st_ino
    seal.advance("ab" * 16, "cd" * 32)
    seal.close()
    assert before.secret not in path.read_bytes()
    assert path.stat().st_ino == inode, "the same blocks, not a new file beside the old"
    assert read(path) == before.after("ab" * 16, "cd" * 32)


def test_each_key_follows_from_the_one_before_and_not_the_other_way() -> None:
    """The old key announces the new one; the new one says nothing about the old."""
    first = Epoch(0, b"\1" * 32)
    second = first.after("ab" * 16, "cd" * 32)
    assert second == first.after("ab" * 16, "cd" * 32)
    assert first.after("00" * 16, "ff" * 32).signer.public == second.signer.public, "it can be announced beforehand"
    assert len({first.secret, second.secret, first.signer.public, second.signer.public}) == 4


def test_it_goes_on_where_it_was(path: Path) -> None:
    """A restart does not begin the keys anew."""
    seal = SealFile(path)
    seal.advance("ab" * 16, "cd" * 32)
    seal.close()
    again = SealFile(path)
    assert (again.epoch.number, again.epoch.chain) == (1, "ab" * 16)
    again.close()


def test_there_is_one_writer(path: Path) -> None:
    """A second agent on the same directory is kept out."""
    seal = SealFile(path)
    with pytest.raises(BlockingIOError):
        SealFile(path)
    seal.close()
    SealFile(path).close()


@pytest.mark.parametrize("damage", [b"", b"x" * 127, b"x" * 128, b"x" * 200])
def test_a_damaged_file_is_no_key(path: Path, damage: bytes) -> None:
    """Half a key is not used; a new one begins, which does not fit the journal, and that is noticed there."""
    path.write_bytes(damage)
    assert read(path) is None
    seal = SealFile(path)
    assert not seal.epoch.began_a_chain
    seal.close()
    assert read(path) == seal.epoch


def test_every_bit_of_the_file_counts() -> None:
    """A flipped bit is noticed wherever it is."""
    block = encode(Epoch(7, b"\1" * 32, "ab" * 16, "cd" * 32))
    for place in range(len(block)):
        assert decode(block[:place] + bytes([block[place] ^ 1]) + block[place + 1 :]) is None


def test_a_link_or_a_pipe_is_not_followed(path: Path, tmp_path: Path) -> None:
    """Nobody makes us write a secret, or wait, where they choose."""
    (tmp_path / "elsewhere").write_bytes(b"")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError):
        SealFile(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(PermissionError):
        SealFile(path)


def test_a_secret_does_not_show_in_a_log() -> None:
    """Printing the key by mistake prints its number."""
    assert repr(Epoch(7, b"\1" * 32)) == f"Epoch(7, chain={'00' * 16})"
