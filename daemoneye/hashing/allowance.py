"""The worker's side of the budget: whether what was granted covers the piece that would be read next."""

from __future__ import annotations


class Allowance:
    """``size`` is that of the open file; that of the question may be older."""

    def __init__(self, *, size: int, piece: int, granted: int) -> None:
        self.left = granted  # below nothing, if the first piece was larger than anybody thought
        self._rest = size
        self._piece = piece

    def spend(self, count: int) -> None:
        self.left -= count
        self._rest -= count

    def grant(self, amount: int) -> None:
        """What was left had been handed in with the question."""
        self.left = amount

    @property
    def covers_next(self) -> bool:
        return self.left >= min(self._piece, self._rest)
