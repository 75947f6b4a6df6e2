"""Loops behind the search for evaluation items: n-grams that texts and items share, and how much of an item a stretch of a text has.

Not here: what tokens, parts and passages are, and which score is too much (contamination.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from corpus_platform.dedup.contamination import index_of
from corpus_platform.text.kernel import kernel, part

_MOST_REPEATS = 4
"""Places of one n-gram in one text that are looked at."""
_MARGIN = 16
"""Tokens beside an item's length that a stretch may be longer."""
_ALIGNED = 128
"""Tokens of the longest passage that is compared token by token."""
_ALIKE = 0.8
"""Share of a passage that must be there in the same order for changed words to be passed over."""


class Judged(NamedTuple):
    """What texts have of parts, an array each.

    Text, part, tokens found and what they weigh, tokens of the part, stretch in the text and in the part, and whether all its numbers are there.
    """

    row: np.ndarray
    part: np.ndarray
    matched: np.ndarray
    weight: np.ndarray
    tokens: np.ndarray
    start: np.ndarray
    end: np.ndarray
    item_start: np.ndarray
    item_end: np.ndarray
    numbers: np.ndarray


def hits_of(
    gram: np.ndarray,
    gram_start: np.ndarray,
    values: np.ndarray,
    prefix_start: np.ndarray,
    shift: int,
    first: np.ndarray,
    of_part: np.ndarray,
    at: np.ndarray,
    common: np.ndarray,
    length: int,
) -> np.ndarray:
    """int64[6, hits]: text, part, token in the text, token in the part, whether the n-gram is common, its length."""
    return _hits(gram, gram_start, values, prefix_start, shift, first, of_part, at, common, length)


class Parts(NamedTuple):
    """Parts of items as flat arrays.

    Tokens of all parts with what each weighs; where each part begins; where each passage begins, and the first passage of each part; length of a part's
    n-grams, 0 for none; whether a few words may be changed; the numbers that must be there, and where those of each part begin.
    """

    token: np.ndarray
    weight: np.ndarray
    start: np.ndarray
    passage_start: np.ndarray
    first_passage: np.ndarray
    length: np.ndarray
    aligned: np.ndarray
    number: np.ndarray
    number_start: np.ndarray


def judged(hits: np.ndarray, token: np.ndarray, token_start: np.ndarray, parts: Parts) -> Judged:
    """Hits, sorted by text, part and place, as one row for each text and part that share enough to be looked at."""
    text, of_part = hits[0], hits[1]
    new = np.ones(text.size, np.bool_)
    new[1:] = (text[1:] != text[:-1]) | (of_part[1:] != of_part[:-1])
    group = np.append(np.flatnonzero(new), text.size).astype(np.int64)
    found, weight = _judge(group, *hits, token, token_start, *parts)
    head = group[:-1]
    keep = found[0] > 0
    own = of_part[head]
    sizes = np.diff(parts.start)[own]
    columns = (text[head], own, found[0], weight, sizes, found[1], found[2], found[3], found[4], found[5] > 0)
    return Judged(*(column[keep] for column in columns))


@kernel
def _hits(
    gram: np.ndarray,
    gram_start: np.ndarray,
    values: np.ndarray,
    prefix_start: np.ndarray,
    shift: int,
    first: np.ndarray,
    of_part: np.ndarray,
    at: np.ndarray,
    common: np.ndarray,
    length: int,
) -> np.ndarray:
    """Every place of every n-gram that both have, up to a few in a text."""
    size, total = 1024, 0
    found = np.empty((6, size), np.int64)
    seen, times = np.full(values.size, -1, np.int64), np.zeros(values.size, np.int64)
    for d in range(gram_start.size - 1):
        for g in range(gram_start[d], gram_start[d + 1]):
            v = index_of(values, prefix_start, shift, gram[g])
            if v < 0:
                continue
            if seen[v] != d:
                seen[v], times[v] = d, 0
            times[v] += 1
            if times[v] > _MOST_REPEATS:
                continue
            more = first[v + 1] - first[v]
            if total + more > size:
                size = max(2 * size, total + more)
                larger = np.empty((6, size), np.int64)
                larger[:, :total] = found[:, :total]
                found = larger
            for p in range(first[v], first[v + 1]):
                found[0, total], found[1, total] = d, of_part[p]
                found[2, total], found[3, total] = g - gram_start[d], at[p]
                found[4, total], found[5, total] = np.int64(common[v]), length
                total += 1
    return found[:, :total].copy()


@part
def _fullest(place: np.ndarray, first: int, last: int, reach: int) -> int:
    """The hit from which on most hits stand within reach."""
    best, most, end = first, 0, first
    for begin in range(first, last):
        while end < last and place[end] <= place[begin] + reach:
            end += 1
        if end - begin > most:
            best, most = begin, end - begin
    return best


@part
def _mark(
    place: np.ndarray,
    at: np.ndarray,
    common: np.ndarray,
    length: np.ndarray,
    begin: int,
    end: int,
    reach: int,
    covered: np.ndarray,
) -> tuple[bool, int, int, int]:
    """Marks what the hits within reach of the first cover: whether one is rare, and where the last ends; first and last token of the part."""
    rare, high, item_low, item_high = False, 0, at[begin], 0
    for h in range(begin, end):
        if place[h] > place[begin] + reach:
            break
        rare = rare or common[h] == 0
        for t in range(at[h], at[h] + length[h]):
            covered[t] = True
        high = max(high, place[h] + length[h])
        item_low, item_high = min(item_low, at[h]), max(item_high, at[h] + length[h])
    return rare, high, item_low, item_high


@part
def _first_of(at: np.ndarray, common: np.ndarray, begin: int, end: int, first: int, last: int) -> int:
    """The first hit within a passage, of n-grams that few parts have where there is one; there is at least one."""
    found = -1
    for h in range(begin, end):
        if first <= at[h] < last:
            if common[h] == 0:
                return h
            if found < 0:
                found = h
    return found


@part
def _stands_at(token: np.ndarray, low: int, high: int, wanted: np.ndarray, first: int, last: int) -> int:
    """Where a run of tokens stands between two places; -1 where it does not."""
    size = last - first
    for begin in range(low, high - size + 1):
        i = 0
        while i < size and token[begin + i] == wanted[first + i]:
            i += 1
        if i == size:
            return begin
    return -1


@part
def _common_run(
    a: np.ndarray,
    weight: np.ndarray,
    a_first: int,
    a_last: int,
    b: np.ndarray,
    b_first: int,
    b_last: int,
    row: np.ndarray,
) -> float:
    """Weight of the heaviest sequence of tokens that both have in this order; `row` is room for one more than b has."""
    width = b_last - b_first
    for j in range(width + 1):
        row[j] = 0.0
    for i in range(a_first, a_last):
        diagonal = 0.0
        for j in range(width):
            above = row[j + 1]
            if a[i] == b[b_first + j] and diagonal + weight[i] > above:
                row[j + 1] = diagonal + weight[i]
            row[j + 1] = max(row[j + 1], row[j])
            diagonal = above
    return row[width]


@part
def _alike(
    a: np.ndarray,
    weight: np.ndarray,
    one: np.ndarray,
    first: int,
    last: int,
    token: np.ndarray,
    begins: int,
    text_first: int,
    text_last: int,
    row: np.ndarray,
) -> tuple[int, float]:
    """How many tokens of a passage stand in their order about a place of the text, and what they weigh."""
    slack = _MARGIN // 2 + (last - first) // 8
    low, high = max(text_first, begins - slack), min(text_last, begins + last - first + slack)
    alike = _common_run(a, one, first, last, token, low, high, row)
    return np.int64(alike), _common_run(a, weight, first, last, token, low, high, row)


@part
def _has_all(token: np.ndarray, low: int, high: int, number: np.ndarray, first: int, last: int) -> bool:
    """Whether each of the numbers stands between two places."""
    for i in range(first, last):
        there = False
        for t in range(low, high):
            if token[t] == number[i]:
                there = True
                break
        if not there:
            return False
    return True


@kernel
def _judge(  # noqa: C901  (one loop; what it calls may not hand arrays about)
    group: np.ndarray,
    text: np.ndarray,
    of_part: np.ndarray,
    place: np.ndarray,
    at: np.ndarray,
    common: np.ndarray,
    length: np.ndarray,
    token: np.ndarray,
    token_start: np.ndarray,
    part_token: np.ndarray,
    part_weight: np.ndarray,
    part_start: np.ndarray,
    passage_start: np.ndarray,
    part_passage: np.ndarray,
    part_length: np.ndarray,
    aligned: np.ndarray,
    number: np.ndarray,
    number_start: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """int64[6, groups]: tokens found, stretch in the text and in the part, whether all numbers are there; and what the tokens weigh.

    Nothing is found where only n-grams of many parts agree, on less than half of the part.
    """
    weight = np.zeros(group.size - 1)
    found = np.zeros((6, group.size - 1), np.int64)
    longest = 0
    for p in range(part_start.size - 1):
        longest = max(longest, part_start[p + 1] - part_start[p])
    covered = np.zeros(longest, np.bool_)
    one = np.ones(part_token.size)
    row = np.zeros(2 * _ALIGNED + 2 * _MARGIN + 1)
    for k in range(group.size - 1):
        d, p = text[group[k]], of_part[group[k]]
        size, own = part_start[p + 1] - part_start[p], part_start[p]
        text_first, text_last = token_start[d], token_start[d + 1]
        reach = 2 * size + _MARGIN
        begin = _fullest(place, group[k], group[k + 1], reach)
        covered[:size] = False
        rare, high, item_low, item_high = _mark(place, at, common, length, begin, group[k + 1], reach, covered)
        low = place[begin]
        if not rare and 2 * covered[:size].sum() < size:
            continue
        window_low = max(text_first, text_first + low - size - _MARGIN)
        window_high = min(text_last, text_first + high + size + _MARGIN)
        matched = 0
        for q in range(part_passage[p], part_passage[p + 1]):
            first, last = passage_start[q], passage_start[q + 1]
            have, heavy = 0, 0.0
            for t in range(first, last):
                if covered[t - own]:
                    have += 1
                    heavy += part_weight[t]
            stands = -1
            if have == 0 and last - first < part_length[p]:
                stands = _stands_at(token, window_low, window_high, part_token, first, last)
                if stands >= 0:
                    have, heavy = last - first, part_weight[first:last].sum()
            elif 0 < have < last - first <= _ALIGNED and aligned[p]:
                h = _first_of(at, common, begin, group[k + 1], first - own, last - own)
                begins = text_first + place[h] - (at[h] - (first - own))
                alike, weighs = _alike(
                    part_token, part_weight, one, first, last, token, begins, text_first, text_last, row
                )
                if alike > have and alike >= _ALIKE * (last - first):
                    have, heavy, stands = alike, weighs, max(text_first, begins)
            if stands >= 0:
                low = min(low, stands - text_first)
                high = max(high, min(text_last, stands + last - first) - text_first)
                item_low, item_high = min(item_low, first - own), max(item_high, last - own)
            matched += have
            weight[k] += heavy
        found[0, k], found[1, k], found[2, k] = matched, low, high
        found[3, k], found[4, k] = item_low, item_high
        found[5, k] = _has_all(token, window_low, window_high, number, number_start[p], number_start[p + 1])
    return found, weight
