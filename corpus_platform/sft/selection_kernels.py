"""Loops behind the choice among dialogues: greedy by labels that are new, greedy by unlikeness.

Not here: what is chosen among and why (selection.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

import numpy as np

from corpus_platform.text.kernel import kernel, part

LEFT = -1
"""Round of a row that no round has taken."""


@kernel
def take_by_tags(tag: np.ndarray, start: np.ndarray, tags: int, limit: int, rounds: int) -> np.ndarray:
    """int32[n]: in which round (from 0) each row is taken, or LEFT. Row r has the numbers `tag[start[r]]` to `tag[start[r + 1]]` of `tags` in all.

    A round goes through the rows that are left, in their order, and takes each that has a tag which the round has not seen yet. There are at most
    `rounds`, and all ends with `limit` rows.
    """
    n = start.size - 1
    taken = np.full(n, LEFT, np.int32)
    seen = np.full(tags, LEFT, np.int32)
    count, left = 0, n
    for r in range(rounds):
        before = count
        for d in range(n):
            if count == limit:
                return taken
            if taken[d] == LEFT and _brings(tag, start[d], start[d + 1], seen, r):
                taken[d] = r
                count += 1
                left -= 1
        if count == before or left == 0:
            break
    return taken


@part
def _brings(tag: np.ndarray, first: int, last: int, seen: np.ndarray, r: int) -> bool:
    """Whether a row has a tag that a round has not seen; the tags of one that has are seen then."""
    new = False
    for k in range(first, last):
        if seen[tag[k]] != r:
            seen[tag[k]] = r
            new = True
    return new


@kernel
def keep_unlike(
    feature: np.ndarray,
    weight: np.ndarray,
    start: np.ndarray,
    head_end: np.ndarray,
    features: int,
    most: float,
    limit: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Keeps rows, in their order, whose cosine with every kept one is at most `most`, up to `limit` rows.

    Rows are vectors of length 1 (or 0): `feature` and `weight` from `start[r]` to `start[r + 1]`, features ascending, of `features` in all. What is behind
    `head_end[r]` is so short that rows which share nothing before it can't be that much alike. Gives bool[n] kept; float64[n] the largest cosine with a row
    kept before, where it is above `most`, else 0; int64[n] which row that is, or -1. Rows behind the limit have neither.
    """
    n = start.size - 1
    kept, largest, like = np.zeros(n, np.bool_), np.zeros(n), np.full(n, -1, np.int64)
    newest = np.full(features, -1, np.int64)
    before, owner = np.full(feature.size, -1, np.int64), np.full(feature.size, -1, np.int64)
    looked_at = np.full(n, -1, np.int64)
    own = np.zeros(features)
    count = 0
    for r in range(n):
        if count == limit:
            break
        _put(own, feature, weight, start[r], start[r + 1])
        for k in range(start[r], head_end[r]):
            entry = newest[feature[k]]
            while entry >= 0:
                other = owner[entry]
                if looked_at[other] != r:
                    looked_at[other] = r
                    cosine = _dot(own, feature, weight, start[other], start[other + 1])
                    if cosine > most and cosine > largest[r]:
                        largest[r], like[r] = cosine, other
                entry = before[entry]
        _clear(own, feature, start[r], start[r + 1])
        if like[r] >= 0:
            continue
        kept[r] = True
        count += 1
        for k in range(start[r], head_end[r]):
            before[k], owner[k] = newest[feature[k]], r
            newest[feature[k]] = k
    return kept, largest, like


@kernel
def heads(weight: np.ndarray, start: np.ndarray, most: float) -> np.ndarray:
    """int64[n]: where the head of each row ends. The squares of the weights behind it make less than the square of `most`."""
    found = start[1:].copy()
    for r in range(start.size - 1):
        rest = 0.0
        for k in range(start[r + 1] - 1, start[r] - 1, -1):
            rest += weight[k] * weight[k]
            if rest >= most * most:
                found[r] = k + 1
                break
            found[r] = k
    return found


@part
def _put(own: np.ndarray, feature: np.ndarray, weight: np.ndarray, first: int, last: int) -> None:
    for k in range(first, last):
        own[feature[k]] = weight[k]


@part
def _clear(own: np.ndarray, feature: np.ndarray, first: int, last: int) -> None:
    for k in range(first, last):
        own[feature[k]] = 0.0


@part
def _dot(own: np.ndarray, feature: np.ndarray, weight: np.ndarray, first: int, last: int) -> float:
    total = 0.0
    for k in range(first, last):
        total += own[feature[k]] * weight[k]
    return total
