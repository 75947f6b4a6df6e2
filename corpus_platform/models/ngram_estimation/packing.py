"""N-grams as rows of unsigned integers that sort as their words do.

An n-gram's words are laid in a sequence, `64 // bits` of them in each uint64 column, the first word in the highest bits. Comparing rows column by column
compares the sequences word by word, and the first m words of a sequence are a mask away.
Two sequences are used. Suffix order: last word, the one before it, ..., first word. Context order: the word before the last, ..., first word, last word.
A row holds the columns of its sequence and then one payload column (a count, a float64, or two float32).

Not here: sorting the rows (sorting.py), what they count (counting.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Row = np.ndarray
"""Rows of shape (n, columns + 1), dtype uint64, C-contiguous."""

ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@dataclass(frozen=True)
class Packing:
    """Where each word of an n-gram is, for a vocabulary whose ids need `bits` bits and n-grams of up to `order` words."""

    order: int
    bits: int

    @classmethod
    def of(cls, order: int, words: int) -> Packing:
        """The tightest packing for a vocabulary of `words` words."""
        return cls(order, max(2, (words - 1).bit_length()))

    @property
    def per_column(self) -> int:
        """Words in one column."""
        return 64 // self.bits

    @property
    def mask(self) -> np.uint64:
        """The lowest `bits` bits."""
        return np.uint64((1 << self.bits) - 1)

    def columns(self, words: int) -> int:
        """Key columns of n-grams of so many words; at least one."""
        return max(1, -(-words // self.per_column))

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Column (int64) and left shift (uint64) of each position of a sequence, for the longest n-gram."""
        positions = np.arange(self.order)
        shifts = (self.per_column - 1 - positions % self.per_column) * self.bits
        return positions // self.per_column, shifts.astype(np.uint64)

    def prefix_masks(self, words: int, columns: int) -> np.ndarray:
        """For each of `columns` columns the bits that hold the first `words` words of a sequence: uint64."""
        masks = np.zeros(columns, dtype=np.uint64)
        where, shifts = self.places()
        for position in range(words):
            masks[where[position]] |= self.mask << shifts[position]
        return masks
