"""Loops behind NeMo Curator's heuristics: classes of characters, URLs, paragraphs, its top n-gram and its scan for repeated n-grams.

Source: NVIDIA-NeMo/Curator 1e2e427, nemo_curator/stages/text/filters/heuristic.

Not here: the signals (nemo.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

import numpy as np

from corpus_platform.text.kernel import inlined, kernel, part
from corpus_platform.text.repeats import longest_range, place_of, room_for
from corpus_platform.text.utf8 import decode

_U64 = np.uint64
_BASE = _U64(0xC2B2AE3D27D4EB4F)
CLASSES = 4


@kernel
def class_counts(data: np.ndarray, document_start: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Characters of each document with each of the four bits of a table: int64[4, d]."""
    found = np.zeros((CLASSES, document_start.size - 1), np.int64)
    for d in range(document_start.size - 1):
        i = document_start[d]
        while i < document_start[d + 1]:
            code, size = decode(data, i)
            bits = table[code]
            for k in range(CLASSES):
                found[k, d] += (bits >> k) & 1
            i += size
    return found


@inlined
def _is_in_url(byte: int) -> bool:
    """May the byte be in a URL; a percent sign only with two hexadecimal digits behind it."""
    if byte >= 97:
        return byte <= 122 or byte == 126
    if byte >= 63:
        return byte <= 90 or byte == 95
    return byte in (33, 35, 36, 38, 40, 41, 42, 43, 44, 45, 46, 47, 58, 61) or 48 <= byte <= 57


@inlined
def _is_hex(byte: int) -> bool:
    return 48 <= byte <= 57 or 65 <= byte <= 70 or 97 <= byte <= 102


@kernel
def url_characters(data: np.ndarray, document_start: np.ndarray) -> np.ndarray:
    """Characters of all URLs with `http://` or `https://` of each document: int64[d]."""
    found = np.zeros(document_start.size - 1, np.int64)
    head = np.array([104, 116, 116, 112], np.uint8)
    for d in range(found.size):
        i, last = document_start[d], document_start[d + 1]
        while i + 8 <= last:
            first = i
            i += 1
            if (
                data[first] != head[0]
                or data[first + 1] != head[1]
                or data[first + 2] != head[2]
                or data[first + 3] != head[3]
            ):
                continue
            at = first + 4 + (data[first + 4] == 115)
            if at + 3 >= last or data[at] != 58 or data[at + 1] != 47 or data[at + 2] != 47:
                continue
            at += 3
            begin = at
            while at < last:
                if _is_in_url(data[at]):
                    at += 1
                elif data[at] == 37 and at + 2 < last and _is_hex(data[at + 1]) and _is_hex(data[at + 2]):
                    at += 3
                else:
                    break
            if at > begin:
                found[d] += at - first
                i = at
    return found


@kernel
def hash_runs(data: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Runs of `#` in each range: int64[n]."""
    found = np.zeros(start.size, np.int64)
    for t in range(start.size):
        for i in range(start[t], end[t]):
            found[t] += data[i] == 35 and (i == start[t] or data[i - 1] != 35)
    return found


@kernel
def paragraphs(
    data: np.ndarray, document_start: np.ndarray, by_line: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start and end of the parts between two newlines, as `str.split` cuts, and the first one of each document.

    Of documents that are `by_line` (bool[d]) the parts are cut at each newline but a final one.
    """
    room = data.size + document_start.size
    start, end, first = np.empty(room, np.int64), np.empty(room, np.int64), np.zeros(document_start.size, np.int64)
    n = 0
    for d in range(document_start.size - 1):
        i, last = document_start[d], document_start[d + 1]
        start[n] = i
        while i + 1 < last:
            if data[i] == 10 and (by_line[d] or data[i + 1] == 10):
                end[n] = i
                n += 1
                i += 1 if by_line[d] else 2
                start[n] = i
            else:
                i += 1
        end[n] = last
        n += 1
        first[d + 1] = n
    return start[:n].copy(), end[:n].copy(), first


@inlined
def _window(hashes: np.ndarray, i: int, n: int) -> np.uint64:
    state = _U64(0)
    for k in range(n):
        state = _U64(_U64(state * _BASE) + hashes[i + k])
    return state


@part
def _occurrences(data: np.ndarray, first: int, last: int, needle: np.ndarray, size: int) -> int:
    """How often `str.replace` would find the first `size` bytes of `needle`."""
    found, i, head = 0, first, needle[0]
    while i + size <= last:
        if data[i] != head:
            i += 1
            continue
        k = 1
        while k < size and data[i + k] == needle[k]:
            k += 1
        found += k == size
        i += size if k == size else 1
    return found


@part
def _group(
    hashes: np.ndarray,
    places: np.ndarray,
    count: int,
    n: int,
    keys: np.ndarray,
    table: np.ndarray,
    first: np.ndarray,
    times: np.ndarray,
) -> None:
    """Groups the n-grams that begin at the first `count` places: `first[k]` is the earliest k of the same n-gram, `times[first[k]]` how often it occurs.

    `table` is all -1 before and after, a power of two of places.
    """
    mask = _U64(table.size - 1)
    for k in range(count):
        key = _window(hashes, places[k], n)
        keys[k] = key
        at = place_of(key, mask)
        while table[at] >= 0 and keys[table[at]] != key:
            at = _U64(at + _U64(1)) & mask
        if table[at] < 0:
            table[at] = k
            times[k] = 0
        first[k] = table[at]
        times[first[k]] += 1
    for k in range(count):
        if first[k] == k:
            at = place_of(keys[k], mask)
            while table[at] >= 0:
                table[at] = -1
                at = _U64(at + _U64(1)) & mask


@part
def _jump(places: np.ndarray, first: np.ndarray, count: int, characters: np.ndarray, n: int, joined: bool) -> int:
    """Characters of the n-grams that came before, none twice, with the spaces inside unless `joined`."""
    found, last = 0, -n
    for k in range(count):
        if first[k] == k:
            continue
        known = max(n - (places[k] - last), 0)
        for word in range(places[k] + known, places[k] + n):
            found += characters[word]
        found += 0 if joined else min(n - known, n - 1)
        last = places[k]
    return found


@kernel
def scan(
    hashes: np.ndarray, characters: np.ndarray, document_token: np.ndarray, joined: np.ndarray, longest: int
) -> tuple[np.ndarray, np.ndarray]:
    """Of n-grams of 2 to `longest` words, row n: where the most frequent one (the first seen among equals) begins, and characters of those that came before.

    int64[longest + 1, d] twice; -1 below n words. An n-gram can come again only where the one of n - 1 words does, so few places are looked at again.
    """
    documents = document_token.size - 1
    top, repeated = np.full((longest + 1, documents), -1, np.int64), np.full((longest + 1, documents), -1, np.int64)
    most = longest_range(document_token)
    keys, table = np.empty(most, np.uint64), np.full(room_for(most), -1, np.int64)
    places, first, times = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    for d in range(documents):
        low, high = document_token[d], document_token[d + 1]
        count = high - low
        for k in range(count):
            places[k] = low + k
        for n in range(2, min(longest, high - low) + 1):
            while count and places[count - 1] + n > high:
                count -= 1
            _group(hashes, places, count, n, keys, table[: room_for(count)], first, times)
            best = -1
            for k in range(count):
                if first[k] == k and times[k] > (times[best] if best >= 0 else 1):
                    best = k
            top[n, d] = places[best] if best >= 0 else low
            repeated[n, d] = _jump(places, first, count, characters, n, joined[d])
            kept = 0
            for k in range(count):
                if times[first[k]] > 1:
                    places[kept] = places[k]
                    kept += 1
            count = kept
    return top, repeated


@part
def _join(data: np.ndarray, start: np.ndarray, end: np.ndarray, as_is: bool, needle: np.ndarray) -> int:
    """Writes words, joined by spaces or as they stand, to `needle`; the bytes that they take."""
    size = 0
    for k in range(start.size):
        more = k + 1 < start.size
        for i in range(start[k], start[k + 1] if as_is and more else end[k]):
            needle[size] = data[i]
            size += 1
        if more and not as_is:
            needle[size] = 32
            size += 1
    return size


@kernel
def deleted_characters(
    data: np.ndarray,
    document_start: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    top: np.ndarray,
    joined: np.ndarray,
    n: int,
) -> np.ndarray:
    """Characters that go when the n words from `top` on are deleted from the text wherever they stand: int64[d], -1 where `top` is.

    The words are joined by a space and looked for in the raw text; where `joined`, they are looked for as they stand.
    """
    found = np.full(document_start.size - 1, -1, np.int64)
    needle = np.empty(2 * longest_range(document_start) + n, np.uint8)
    for d in range(found.size):
        if top[d] < 0:
            continue
        size = _join(data, start[top[d] : top[d] + n], end[top[d] : top[d] + n], joined[d], needle)
        length = 0
        for i in range(size):
            length += (needle[i] & 0xC0) != 0x80
        found[d] = length * _occurrences(data, document_start[d], document_start[d + 1], needle, size)
    return found
