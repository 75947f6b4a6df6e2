"""The ARPA file of a language model: n-grams with log10 probabilities and back-offs as text.

N-grams are in suffix order (by last word, then the one before, ...), words in order of first appearance in the text, `<unk>`, `<s>`, `</s>` first:
the order in which `lmplz` writes them. Numbers have up to seven decimals. A file that exists is whole: it is written under another name first.

Not here: reading models (models/ngram.py).
"""

from __future__ import annotations

import gzip
import math
from typing import IO, TYPE_CHECKING, Self

import numpy as np

from corpus_platform.text.kernel import kernel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from corpus_platform.models.ngram_estimation.packing import Packing
    from corpus_platform.models.ngram_estimation.vocabulary import Vocabulary

LOWEST = -99.0
"""log10 of a probability of 0, by the custom of ARPA files."""

_BUFFER = 4 << 20
_NUMBER = 16
_DECIMALS = 7


@kernel
def _write_number(value: float, out: np.ndarray, at: int) -> int:
    """Writes a number below 1000 with `_DECIMALS` decimals, without trailing zeros; returns the place after it."""
    scaled = np.int64(math.floor(abs(value) * 10.0**_DECIMALS + 0.5))
    if value < 0 and scaled:
        out[at] = 45
        at += 1
    unit = 10**_DECIMALS
    whole, rest = scaled // unit, scaled % unit
    hundred = 100
    while hundred > 1 and whole < hundred:
        hundred //= 10
    while hundred:
        out[at] = 48 + (whole // hundred) % 10
        at += 1
        hundred //= 10
    if rest:
        out[at] = 46
        at += 1
    while rest:
        unit //= 10
        out[at] = 48 + rest // unit
        rest %= unit
        at += 1
    return at


@kernel
def _logarithm(value: float) -> float:
    return min(0.0, math.log10(value)) if value > 0 else LOWEST


@kernel
def _write_lines(
    rows: np.ndarray,
    row: int,
    size: int,
    probabilities: np.ndarray,
    backoffs: np.ndarray,
    where: np.ndarray,
    shifts: np.ndarray,
    mask: np.uint64,
    starts: np.ndarray,
    letters: np.ndarray,
    longest_line: int,
    out: np.ndarray,
) -> tuple[int, int]:
    """Lines of rows[row:] of `size` words, as many as surely fit; returns the next row and the bytes written. Empty `backoffs`: the highest order."""
    at = 0
    while row < len(rows) and at + longest_line <= len(out):
        at = _write_number(_logarithm(probabilities[row]), out, at)
        separator = 9
        for position in range(size - 1, -1, -1):
            out[at] = separator
            at += 1
            separator = 32
            word = np.int64((rows[row, where[position]] >> shifts[position]) & mask)
            for letter in range(starts[word], starts[word + 1]):
                out[at] = letters[letter]
                at += 1
        if len(backoffs):
            out[at] = 9
            at = _write_number(_logarithm(backoffs[row]), out, at + 1)
        out[at] = 10
        at += 1
        row += 1
    return row, at


class ArpaWriter:
    """Writes one ARPA file, order by order. Use as a context manager; on an error nothing is left under the file's name."""

    def __init__(self, path: Path, counts: Sequence[int], vocabulary: Vocabulary, packing: Packing) -> None:
        """`counts` is the number of n-grams that will be written for each order. A path that ends in `.gz` is compressed."""
        self._path = path
        self._partial = path.with_name(path.name + ".partial")
        self._counts, self._vocabulary, self._packing = counts, vocabulary, packing
        self._longest_line = packing.order * (vocabulary.longest() + 1) + 2 * _NUMBER
        self._buffer = np.empty(max(_BUFFER, 2 * self._longest_line), dtype=np.uint8)

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._raw = self._partial.open("wb")
        self._file: IO[bytes] = self._raw
        if self._path.suffix == ".gz":
            self._file = gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=self._raw, mtime=0)  # type: ignore[assignment]
        header = "".join(f"ngram {order}={count}\n" for order, count in enumerate(self._counts, start=1))
        self._file.write(f"\\data\\\n{header}".encode())
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self._file.write(b"\n\\end\\\n")
        if self._file is not self._raw:
            self._file.close()
        self._raw.close()
        if kind is None:
            self._partial.replace(self._path)
        else:
            self._partial.unlink()

    def section(self, size: int) -> None:
        """Begins the n-grams of `size` words."""
        self._file.write(f"\n\\{size}-grams:\n".encode())

    def lines(self, rows: np.ndarray, size: int, probabilities: np.ndarray, backoffs: np.ndarray | None) -> None:
        """N-grams as rows in suffix order, with their probabilities and back-offs (not logarithms): float64 of shape (rows,)."""
        row = 0
        backoffs = np.empty(0) if backoffs is None else backoffs
        while row < len(rows):
            row, used = _write_lines(
                rows, row, size, probabilities, backoffs, *self._packing.places(), self._packing.mask,
                self._vocabulary.starts, self._vocabulary.letters, self._longest_line, self._buffer,
            )  # fmt: skip
            self._file.write(self._buffer[:used].data)
