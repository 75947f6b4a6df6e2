"""Loops behind NeMo Curator's heuristics: classes of characters, URLs, paragraphs, its top n-gram and its scan for repeated n-grams.

Source: NVIDIA-NeMo/Curator 1e2e427, nemo_curator/stages/text/filters/heuristic.

Not here: the signals (nemo.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

import numpy as np

from corpus_platform.text.kernel import kernel
from corpus_platform.text.repeats import room_for
from corpus_platform.text.utf8 import decode

_U64 = np.uint64
_BASE = _U64(0xC2B2AE3D27D4EB4F)
_SPREAD = _U64(0x9E3779B97F4A7C15)
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


@kernel
def _is_in_url(byte: int) -> bool:
    """May the byte be in a URL; a percent sign only with two hexadecimal digits behind it."""
    if byte >= 97:
        return byte <= 122 or byte == 126
    if byte >= 63:
        return byte <= 90 or byte == 95
    return byte in (33, 35, 36, 38, 40, 41, 42, 43, 44, 45, 46, 47, 58, 61) or 48 <= byte <= 57


@kernel
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
def paragraphs(data: np.ndarray, document_start: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start and end of the parts between two newlines, as `str.split` cuts, and the first one of each document."""
    room = data.size // 2 + document_start.size
    start, end, first = np.empty(room, np.int64), np.empty(room, np.int64), np.zeros(document_start.size, np.int64)
    n = 0
    for d in range(document_start.size - 1):
        i, last = document_start[d], document_start[d + 1]
        start[n] = i
        while i + 1 < last:
            if data[i] == 10 and data[i + 1] == 10:
                end[n] = i
                n += 1
                i += 2
                start[n] = i
            else:
                i += 1
        end[n] = last
        n += 1
        first[d + 1] = n
    return start[:n].copy(), end[:n].copy(), first


@kernel
def _window(hashes: np.ndarray, i: int, n: int) -> np.uint64:
    state = _U64(0)
    for k in range(n):
        state = _U64(_U64(state * _BASE) + hashes[i + k])
    return state


@kernel
def _occurrences(data: np.ndarray, first: int, last: int, needle: np.ndarray, size: int) -> int:
    """How often `str.replace` would find the first `size` bytes of `needle`."""
    found, i = 0, first
    while i + size <= last:
        k = 0
        while k < size and data[i + k] == needle[k]:
            k += 1
        found += k == size
        i += size if k == size else 1
    return found


@kernel
def _most(offset: np.ndarray) -> int:
    """Size of the longest range."""
    most = 0
    for d in range(offset.size - 1):
        most = max(most, offset[d + 1] - offset[d])
    return most


@kernel
def _first_of_the_top(hashes: np.ndarray, low: int, high: int, n: int, keys: np.ndarray, counts: np.ndarray) -> int:
    """Where the most frequent n-gram, the first seen among equals, first begins. `counts` is zeros, a power of two of them."""
    mask, top = _U64(counts.size - 1), 0
    for turn in range(2):
        for i in range(low, high):
            key = _window(hashes, i, n)
            place = _U64(_U64(key * _SPREAD) >> _U64(32)) & mask
            while counts[place] > 0 and keys[place] != key:
                place = _U64(place + _U64(1)) & mask
            if turn == 0:
                keys[place] = key
                counts[place] += 1
                top = max(top, counts[place])
            elif counts[place] == top:
                return i
    return low


@kernel
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
def top_characters(
    data: np.ndarray,
    document_start: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    hashes: np.ndarray,
    document_token: np.ndarray,
    joined: np.ndarray,
    n: int,
) -> np.ndarray:
    """Characters that go when the most frequent n-gram (the first seen among equals) is deleted from the text: int64[d], -1 below n words.

    Its words are joined by a space and looked for in the raw text; where `joined`, they are looked for as they stand.
    """
    found = np.full(document_start.size - 1, -1, np.int64)
    room = room_for(_most(document_token))
    keys, counts = np.empty(room, np.uint64), np.zeros(room, np.int64)
    needle = np.empty(2 * _most(document_start) + n, np.uint8)
    for d in range(found.size):
        low, high = document_token[d], document_token[d + 1] - n + 1
        if high <= low:
            continue
        room = room_for(high - low)
        counts[:room] = 0
        best = _first_of_the_top(hashes, low, high, n, keys[:room], counts[:room])
        size = _join(data, start[best : best + n], end[best : best + n], joined[d], needle)
        length = 0
        for i in range(size):
            length += (needle[i] & 0xC0) != 0x80
        found[d] = length * _occurrences(data, document_start[d], document_start[d + 1], needle, size)
    return found


@kernel
def repeated_characters(
    hashes: np.ndarray, characters: np.ndarray, document_token: np.ndarray, joined: np.ndarray, n: int
) -> np.ndarray:
    """Characters of n-grams that came before, none twice, with the spaces between their words but where `joined`: int64[d], -1 below n words."""
    found = np.full(document_token.size - 1, -1, np.int64)
    room = room_for(_most(document_token))
    keys, used = np.empty(room, np.uint64), np.zeros(room, np.bool_)
    for d in range(found.size):
        low, high = document_token[d], document_token[d + 1] - n + 1
        if high <= low:
            continue
        room = room_for(high - low)
        used[:room] = False
        found[d], known = 0, 0
        for i in range(low, high):
            key = _window(hashes, i, n)
            place = _U64(_U64(key * _SPREAD) >> _U64(32)) & _U64(room - 1)
            while used[place] and keys[place] != key:
                place = _U64(place + _U64(1)) & _U64(room - 1)
            if used[place]:
                for k in range(known, n):
                    found[d] += characters[i + k]
                found[d] += 0 if joined[d] else min(n - known, n - 1)
                known = n
            else:
                used[place], keys[place] = True, key
            known = max(known - 1, 0)
    return found
