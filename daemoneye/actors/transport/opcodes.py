"""The grammar of our pickles: every opcode that may appear, checked before the first one is executed.

An unpickler that refuses most classes still runs the peer's program: ``BUILD`` rewrites the attributes of whatever lies
on its stack (of a listed class, too), the memo opcodes make it allocate gigabytes for ten bytes or hang in the hash of
a tuple that contains itself a thousand times over, ``NEWOBJ`` and ``INST`` call things. Our own encoder writes without
memo and without any of those, so that what arrives is a tree with at most one node per byte, and everything else is a
forgery. Lengths are taken at their word only here, where it is seen whether the bytes are there.

One compiled expression does nearly all the work, so the check costs about a third of the decoding it guards.
"""

from __future__ import annotations

import re
import struct
from typing import Final

from daemoneye.actors.transport.refusals import Refusal, Refused


class ForgedPickleError(Refused):
    kind = Refusal.FORGERY


def _sized(opcode: bytes) -> bytes:
    """An opcode, one byte of length, and as many bytes as it says: a regular language after all."""
    return re.escape(opcode) + b"(?:" + b"|".join(re.escape(bytes([n])) + b".{%d}" % n for n in range(256)) + b")"


_CONSTANTS: Final = rb"[N\x88\x89)\]}\x8f]"  # None, True, False, and the empty (), [], {}, set
_COLLECT: Final = rb"[(t\x85\x86\x87aesu\x90\x91]"  # MARK; tuples; append(s), setitem(s), additems, frozenset
_NUMBERS: Final = rb"K.|M.{2}|J.{4}|G.{8}"  # integers of 1, 2 and 4 bytes; a float
_TYPES: Final = rb"[\x93R]"  # STACK_GLOBAL asks the list of types, REDUCE calls what the list gave
_SIZED: Final = b"|".join(_sized(each) for each in (b"\x8c", b"C", b"\x8a"))  # short text, short bytes, integers
_FRAME: Final = rb"\x95.{8}"  # advice about buffering
_ANY: Final = b"|".join((_CONSTANTS, _COLLECT, _SIZED, _NUMBERS, _TYPES, _FRAME))
_SHORT: Final = re.compile(b"(?:" + _ANY + b")*+", re.DOTALL)

_PROTOCOL: Final = b"\x80\x05"
_STOP: Final = ord(".")
# Text and bytes of 256 bytes and more, with a length of four bytes; bytearray, with one of eight.
_LONG: Final = {ord("X"): struct.Struct("<I"), ord("B"): struct.Struct("<I"), 0x96: struct.Struct("<Q")}


def check(pickled: bytes) -> None:
    """Return if our encoder could have written it, as far as its opcodes go."""
    if not pickled.startswith(_PROTOCOL):
        raise ForgedPickleError("pickle: not of protocol 5: expected what our own encoder writes")
    position = len(_PROTOCOL)
    while True:
        position = _end_of_short(pickled, position)
        if position >= len(pickled):
            raise ForgedPickleError("pickle: no end: expected STOP as the last byte")
        opcode = pickled[position]
        if opcode == _STOP and position == len(pickled) - 1:
            return
        position = _end_of_long(pickled, position, opcode)


def _end_of_short(pickled: bytes, position: int) -> int:
    found = _SHORT.match(pickled, position)
    return found.end() if found else position


def _end_of_long(pickled: bytes, position: int, opcode: int) -> int:
    length = _LONG.get(opcode)
    if length is None or position + 1 + length.size > len(pickled):
        raise ForgedPickleError(f"pickle: opcode {opcode:#04x} at {position}: expected only those that describe values")
    end: int = position + 1 + length.size + length.unpack_from(pickled, position + 1)[0]
    if end > len(pickled):
        raise ForgedPickleError(f"pickle: value at {position} ends at {end}: expected at most {len(pickled)}")
    return end
