"""Requests that fail, in clusters: what people ask for and are not given, so that somebody writes it next.

    clusters(requests, failed)          # Clusters(leader=..., member_of=...): int32[n], -1 where a request is in none

A request *fails* where it is voted down, generated again, edited, or refused. Requests are compared by their words (Chinese: pairs of characters), weighted by
how rare they are (TF-IDF, L2): in their order the failing ones join the first *leader* that they are at least `alike` to by cosine, or become leaders
themselves. Requests that do not fail are held against the leaders too, for the share of failures. Every member is alike to its leader, not to one in between.
Promise: clusters depend on the requests and their order alone. Memory is that of the sparse rows, and of 500 requests against all leaders.

Not here: votes (users.py), tables (stages/sft_failing.py), sheets of clusters (proposed.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.lists.lists import Lists

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scipy.sparse import csr_matrix

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_WORD = re.compile(r"[^\W\d_\u3400-\u4dbf\u4e00-\u9fff]+")
_SAYS_NOTHING = re.compile(
    "请问|请帮我?|帮我|帮忙|麻烦|怎么样?|如何|什么|可以|能不能|能否|一下|一个|我想|想要|[的了吗呢吧啊我你您请是有在和]"
)
"""Chinese words that say nothing of what is asked; what stands on either side of one is no pair."""
_ASKS = frozenset(("please", "could", "would", "can", "tell", "give", "help", "want", "need"))
_ROWS = 500


@dataclass(frozen=True)
class Clusters:
    """Clusters of n requests: `leader` are their leaders' numbers, in order; `member_of` int32[n] is a cluster's place in `leader`, or -1."""

    leader: np.ndarray
    member_of: np.ndarray
    similarity: np.ndarray
    """float32[n]: cosine to the leader; 0 where there is none."""


def clusters(requests: Sequence[str], failed: np.ndarray, *, alike: float = 0.35) -> Clusters:
    """Clusters of requests around failing ones (`failed` bool[n]). A request without a word that counts is in none."""
    rows = _weighted(requests)
    n = len(requests)
    member_of, similarity = np.full(n, -1, np.int32), np.zeros(n, np.float32)
    leaders: list[int] = []
    has_terms = np.diff(rows.indptr) > 0
    for own in _blocks(np.flatnonzero(failed & has_terms)):
        member_of[own], similarity[own] = _nearest(rows, own, leaders)
        within = (rows[own] @ rows[own].T).toarray()
        new: list[int] = []
        for i, request in enumerate(own):
            if new and (best := within[i, new]).max() > similarity[request]:
                found = int(best.argmax())
                member_of[request], similarity[request] = len(leaders) + found, best[found]
            if similarity[request] < alike:
                member_of[request], similarity[request] = len(leaders) + len(new), 1.0
                new.append(i)
        leaders += own[new].tolist()
    for own in _blocks(np.flatnonzero(~failed)):
        found, best = _nearest(rows, own, leaders)
        near = best >= alike
        member_of[own[near]], similarity[own[near]] = found[near], best[near]
    return Clusters(np.array(leaders, np.int64), member_of, similarity)


def _blocks(numbers: np.ndarray) -> Iterator[np.ndarray]:
    yield from (numbers[start : start + _ROWS] for start in range(0, numbers.size, _ROWS))


def _nearest(rows: csr_matrix, own: np.ndarray, leaders: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """The leader that is most alike to each of some requests, the first of several, and its cosine; 0 where there is none."""
    if not leaders:
        return np.full(own.size, -1, np.int32), np.zeros(own.size, np.float32)
    alike_to = (rows[own] @ rows[leaders].T).toarray()
    return alike_to.argmax(axis=1).astype(np.int32), alike_to.max(axis=1)


def terms(request: str) -> Iterator[str]:
    """What a request is compared by: its words in lower case without stop words, and pairs of Chinese characters that stand together."""
    low, common = request.lower(), _common()
    yield from (_stem(word) for word in _WORD.findall(low) if word not in common)
    for run in _HAN.findall(_SAYS_NOTHING.sub(" ", low)):
        yield from ([run[i : i + 2] for i in range(len(run) - 1)] or [run])


@cache
def _common() -> frozenset[str]:
    return Lists.of().get("stop_words", "en").set | _ASKS


def _stem(word: str) -> str:
    """A word without the plural's s, which is all that is needed to see that two requests are alike."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _weighted(requests: Sequence[str]) -> csr_matrix:
    """TF-IDF rows of length 1: float32[n, terms]; a row without terms is empty."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415  (heavy, and asked for here only)

    number: dict[str, int] = {}
    values: list[float] = []
    columns: list[int] = []
    starts = [0]
    for request in requests:
        counted: dict[int, int] = {}
        for term in terms(request):
            place = number.setdefault(term, len(number))
            counted[place] = counted.get(place, 0) + 1
        columns += counted
        values += (1 + np.log(count) for count in counted.values())
        starts.append(len(columns))
    shape = (len(requests), max(1, len(number)))
    rows = csr_matrix(
        (np.array(values, np.float32), np.array(columns, np.int64), np.array(starts, np.int64)),
        shape=shape,
    )
    there = np.bincount(rows.indices, minlength=shape[1])
    rows.data *= np.log((1 + len(requests)) / (1 + there))[rows.indices].astype(np.float32) + 1
    norm = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    rows.data /= np.repeat(np.where(norm > 0, norm, 1), np.diff(rows.indptr)).astype(np.float32)
    return rows
