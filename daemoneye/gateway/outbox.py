"""What waits to be read by one client: whole frames, counted in bytes, and how long the first has waited."""

from __future__ import annotations

from collections import deque


class Outbox:
    def __init__(self) -> None:
        self._frames: deque[memoryview] = deque()
        self._head_s = 0.0
        self.size = 0  # in bytes

    def __bool__(self) -> bool:
        return bool(self._frames)

    def put(self, frame: bytes, now_s: float) -> None:
        if not self._frames:
            self._head_s = now_s
        self._frames.append(memoryview(frame))
        self.size += len(frame)

    @property
    def first(self) -> memoryview:
        """As much as is left of it."""
        return self._frames[0]

    @property
    def head_s(self) -> float:
        """Since when the first frame has been the first."""
        return self._head_s

    def sent(self, count: int, now_s: float) -> None:
        self.size -= count
        if count < len(self._frames[0]):
            self._frames[0] = self._frames[0][count:]
        else:
            self._frames.popleft()
            self._head_s = now_s

    def clear(self) -> None:
        self._frames.clear()
        self.size = 0
