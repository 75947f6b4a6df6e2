"""The whole estimation: text to ids, ids to counts, counts to discounts, probabilities and the ARPA file.

Memory is bounded by the setting plus the vocabulary; everything else is streamed through files in a temporary folder, which needs about
35 bytes of disk for each n-gram of each order. Promise: the file's bytes depend on the text and the settings of the model, not on memory or block sizes.

Not here: choosing between this and `lmplz` (models/ngram.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.errors import ModelError
from corpus_platform.models.ngram_estimation.arpa import ArpaWriter
from corpus_platform.models.ngram_estimation.counting import adjusted_counts
from corpus_platform.models.ngram_estimation.discounts import Discounts, discounts_of
from corpus_platform.models.ngram_estimation.packing import Packing
from corpus_platform.models.ngram_estimation.probabilities import Discounted, SortedTable, interpolated
from corpus_platform.models.ngram_estimation.vocabulary import END, Vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Found:
    """What was found on the way; `models/ngram.py` says what each is."""

    counts: tuple[int, ...]
    discounts: tuple[Discounts, ...]
    fallback_orders: tuple[int, ...]
    sentences: int
    tokens: int
    types: int


@dataclass(frozen=True)
class _Work:
    packing: Packing
    folder: Path
    memory: int


def estimate_arpa(
    blocks: Iterable[bytes],
    arpa: Path,
    *,
    order: int,
    memory: int,
    folder: Path,
    fallback: Discounts | None,
    prune: Sequence[int],
) -> Found:
    """Estimates a model from blocks of text (text.py) and writes its ARPA file; `folder` is for temporary files.

    Raises `ModelError` where there is no sentence or no discount.
    """
    vocabulary = Vocabulary()
    tokens = folder / "tokens.ids"
    written = sentences = 0
    with tokens.open("wb") as file:
        for block in blocks:
            ids = vocabulary.ids(block)
            ids.tofile(file)
            written += len(ids)
            sentences += int(np.count_nonzero(ids == END))
    if not sentences:
        raise ModelError("no sentence to estimate a language model from: the text is empty; give it at least one line")
    work = _Work(Packing.of(order, len(vocabulary)), folder, memory)
    thresholds = np.array(prune, dtype=np.uint64)
    adjusted, counts = adjusted_counts(tokens, work.packing, thresholds, folder, memory)
    found = [discounts_of(size, counts.of_counts[size - 1].tolist(), fallback) for size in range(1, order + 1)]
    with ArpaWriter(arpa, counts.kept.tolist(), vocabulary, work.packing) as writer:
        _write_model(work, adjusted, [discounts for discounts, _ in found], int(counts.kept[0]) - 1, writer)
    return Found(
        counts=tuple(counts.kept.tolist()),
        discounts=tuple(discounts for discounts, _ in found),
        fallback_orders=tuple(size for size, (_, fell_back) in enumerate(found, start=1) if fell_back),
        sentences=sentences,
        tokens=written - sentences,
        types=len(vocabulary),
    )


def _write_model(work: _Work, adjusted: list[Path], discounts: list[Discounts], words: int, writer: ArpaWriter) -> None:
    """Orders upwards: each needs the probabilities of the one below and, for its back-offs, the context weights of the one above."""
    packing, folder, memory = work.packing, work.folder, work.memory
    lower: SortedTable | None = None
    current = Discounted(1, packing, adjusted[0], discounts[0], folder=folder, memory=memory // 2)
    for size in range(1, packing.order + 1):
        above, backoffs = None, None
        if size < packing.order:
            above = Discounted(size + 1, packing, adjusted[size], discounts[size], folder=folder, memory=memory // 2)
            backoffs = SortedTable(above.gammas, size, packing)
        probabilities = folder / f"probabilities-{size}.rows"
        writer.section(size)
        with probabilities.open("wb") as file:
            for rows in current.rows():
                below = 1.0 / words if lower is None else lower.values(rows, np.nan)
                values = interpolated(rows, below)
                writer.lines(rows, size, values, None if backoffs is None else backoffs.values(rows, 1.0))
                rows[:, -1] = values.view(np.uint64)
                rows.tofile(file)
        if lower is not None:
            lower.remove()
        if backoffs is not None:
            backoffs.remove()
            lower = SortedTable(probabilities, size, packing)
        if above is not None:
            current = above
