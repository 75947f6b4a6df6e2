r"""How new a request is beside others: ROUGE-L of Self-Instruct's novelty rule, with a token for each Chinese character.

    novel(["Name a fruit.", "Name one fruit.", "说出一种水果。"], seeds=["List three fruits."])      # which are kept, in this order

ROUGE-L is the F measure of the longest common subsequence of tokens: 2 LCS / (m + n). Tokens are those of the `rouge_score` package without stemming (runs
of a-z and 0-9 of the lowered text), and besides each Chinese character or kana and each run of other letters: the package drops those, so that every
two Chinese requests are equally unlike for it. The common subsequence is found 64 tokens at a time in the bits of words (Hyyrö 2004).
Promise: equal to the measure by the textbook's table; requests that can't pass the threshold by their lengths alone are not compared.

Source: Wang et al. 2022 (Self-Instruct), bootstrap_instructions.py: a request is dropped where its largest ROUGE-L with seeds and kept ones is above 0.7.

Not here: near-duplicates of whole dialogues (duplicates.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from corpus_platform.text.kernel import kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

THRESHOLD = 0.7
"""Self-Instruct's: a request that is more like another is not new."""
_PIECE = r"[a-z0-9]+|[\p{Han}\p{Hiragana}\p{Katakana}]|[\p{L}\p{N}--\p{Han}\p{Hiragana}\p{Katakana}a-z0-9]+"


class TokenLists(NamedTuple):
    """Texts as numbers of their tokens: `tokens` int32, those of text i from `starts[i]` to `starts[i + 1]` (int64[n + 1]); `words` different ones."""

    tokens: np.ndarray
    starts: np.ndarray
    words: int


@dataclass(frozen=True)
class Novelty:
    """What was found of n texts: `kept` bool[n]; `likest` float64[n], the largest ROUGE-L above the threshold, with a seed or a kept text before it, else 0.0.

    `like` int64[n] says which text that is: seeds first, then the texts; -1 for none.
    """

    kept: np.ndarray
    likest: np.ndarray
    like: np.ndarray


def token_lists(texts: Sequence[str]) -> TokenLists:
    """The tokens of texts; a token has the same number in all of them."""
    found = pl.Series(texts, dtype=pl.String).str.to_lowercase().str.extract_all(_PIECE)
    lengths = found.list.len().fill_null(0).to_numpy()
    flat = found.explode(empty_as_null=False) if lengths.sum() else pl.Series([], dtype=pl.String)
    codes = flat.rank("dense").to_numpy().astype(np.int32) - np.int32(1) if len(flat) else np.empty(0, np.int32)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])
    return TokenLists(codes, starts, int(codes.max()) + 1 if codes.size else 0)


def rouge_l(first: str, second: str) -> float:
    """ROUGE-L of two texts, 0..1; 0.0 where one has no token."""
    lists = token_lists([first, second])
    return float(_pair(lists.tokens, lists.starts, lists.words))


def novel(texts: Sequence[str], seeds: Sequence[str] = (), *, threshold: float = THRESHOLD) -> Novelty:
    """Which texts are new: their ROUGE-L with every seed and every text that was kept before them is the threshold or less.

    A text without a token is kept: nothing is known of it. Quadratic in what is kept, but for texts whose lengths are too far apart.
    """
    lists = token_lists([*seeds, *texts])
    kept, likest, like = _greedy(lists.tokens, lists.starts, lists.words, len(seeds), float(threshold))
    return Novelty(kept[len(seeds) :], likest[len(seeds) :], like[len(seeds) :])


@kernel
def _set_masks(tokens: np.ndarray, start: np.int64, end: np.int64, slot: np.ndarray, masks: np.ndarray) -> np.int64:
    """Masks of the places of each token of a text: row `slot[token] - 1`; the number of 64-bit words."""
    words = (end - start + 63) // 64
    used = 0
    for i in range(start, end):
        token = tokens[i]
        if slot[token] == 0:
            used += 1
            slot[token] = used
            for w in range(words):
                masks[used - 1, w] = np.uint64(0)
        at = i - start
        masks[slot[token] - 1, at // 64] |= np.uint64(1) << np.uint64(at % 64)
    return words


@kernel
def _common(
    tokens: np.ndarray,
    start: np.int64,
    end: np.int64,
    slot: np.ndarray,
    masks: np.ndarray,
    words: np.int64,
    length: np.int64,
    state: np.ndarray,
) -> np.int64:
    """Length of the longest common subsequence of the text in the masks (`length` tokens) and another."""
    for w in range(words):
        state[w] = ~np.uint64(0)
    for i in range(start, end):
        row = slot[tokens[i]]
        if row == 0:
            continue
        carry = np.uint64(0)
        for w in range(words):
            v = state[w]
            u = v & masks[row - 1, w]
            total = v + u
            over = np.uint64(total < v)
            total = total + carry
            over = over | np.uint64(total < carry)
            state[w] = total | (v - u)
            carry = over
    common = 0
    for at in range(length):
        if not (state[at // 64] >> np.uint64(at % 64)) & np.uint64(1):
            common += 1
    return common


@kernel
def _pair(tokens: np.ndarray, starts: np.ndarray, vocabulary: np.int64) -> np.float64:
    m, n = starts[1] - starts[0], starts[2] - starts[1]
    if m == 0 or n == 0:
        return 0.0
    slot, masks = np.zeros(vocabulary, np.int32), np.zeros((m, (m + 63) // 64), np.uint64)
    state = np.zeros((m + 63) // 64, np.uint64)
    words = _set_masks(tokens, starts[0], starts[1], slot, masks)
    return 2.0 * _common(tokens, starts[1], starts[2], slot, masks, words, m, state) / (m + n)


@kernel
def _greedy(
    tokens: np.ndarray, starts: np.ndarray, vocabulary: np.int64, seeds: np.int64, threshold: np.float64
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """kept, likest, like of every text, seeds among them; seeds are kept without being compared."""
    n = starts.size - 1
    kept, likest, like = np.zeros(n, np.bool_), np.zeros(n), np.full(n, -1, np.int64)
    longest = 1
    for i in range(n):
        longest = max(longest, starts[i + 1] - starts[i])
    slot = np.zeros(vocabulary, np.int32)
    masks = np.zeros((longest, (longest + 63) // 64), np.uint64)
    state = np.zeros((longest + 63) // 64, np.uint64)
    pool = np.empty(n, np.int64)
    size = 0
    for i in range(n):
        m = starts[i + 1] - starts[i]
        if i >= seeds and m > 0:
            words = _set_masks(tokens, starts[i], starts[i + 1], slot, masks)
            for p in range(size):
                other = pool[p]
                k = starts[other + 1] - starts[other]
                if k == 0 or 2.0 * min(m, k) / (m + k) <= threshold:
                    continue
                common = _common(tokens, starts[other], starts[other + 1], slot, masks, words, m, state)
                score = 2.0 * common / (m + k)
                if score > threshold and score > likest[i]:
                    likest[i], like[i] = score, other
            for t in range(starts[i], starts[i + 1]):
                slot[tokens[t]] = 0
        if like[i] < 0:
            kept[i] = True
            pool[size] = i
            size += 1
    return kept, likest, like
