r"""A file of tokens with an index beside it, as Megatron-LM reads it: `<prefix>.bin` and `<prefix>.idx`.

The index: the 9 bytes `MMIDIDX\0\0`; version 1 (u64); code of the tokens' type (u8: 4 int32, 8 uint16); number of sequences (u64); number of entries of
the list of documents (u64); length of each sequence in tokens (int32); where each begins in `.bin`, in bytes (int64); the sequence at which each document
begins, and one past the last (int64). All little-endian. A document is one sequence here, and ends with the tokenizer's end token.
Source: NVIDIA/Megatron-LM, megatron/core/datasets/indexed_dataset.py.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MAGIC = b"MMIDIDX\x00\x00"
VERSION = 1
CODES = {np.dtype("<i4"): 4, np.dtype("<u2"): 8}
_SMALL = 65_500
"""Vocabularies below this have tokens of two bytes, as Megatron chooses."""


class TokenFile:
    """Writes `.bin` as documents come, and `.idx` at the end; memory is 12 bytes a document."""

    def __init__(self, prefix: Path, vocabulary: int) -> None:
        """`prefix`: path of both files without their endings."""
        self.bin, self.idx = prefix.with_name(f"{prefix.name}.bin"), prefix.with_name(f"{prefix.name}.idx")
        self.dtype = np.dtype("<u2") if vocabulary < _SMALL else np.dtype("<i4")
        self.lengths: list[int] = []
        self._file = self.bin.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, tokens: Sequence[int], end: int) -> None:
        """Adds a document."""
        self._file.write(np.asarray([*tokens, end], self.dtype).tobytes())
        self.lengths.append(len(tokens) + 1)

    def finish(self) -> int:
        """Writes the index; the tokens of all documents, end tokens included."""
        self._file.close()
        lengths = np.asarray(self.lengths, "<i4")
        starts = np.zeros(lengths.size, "<i8")
        np.cumsum(lengths[:-1].astype("<i8") * self.dtype.itemsize, out=starts[1:])
        documents = np.arange(lengths.size + 1, dtype="<i8")
        head = struct.pack("<QBQQ", VERSION, CODES[self.dtype], lengths.size, documents.size)
        self.idx.write_bytes(b"".join((MAGIC, head, lengths.tobytes(), starts.tobytes(), documents.tobytes())))
        return int(lengths.sum(dtype=np.int64))
