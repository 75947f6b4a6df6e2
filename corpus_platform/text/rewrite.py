"""The one loop behind all normal forms: it reads characters, asks a table what becomes of each, and writes UTF-8.

A table has a uint32 for each code point: its replacement (bits 0-20), and the bits below. What no table can say is in the loop: U+0130, whose lower case is
two characters; U+03A3, whose lower case depends on its neighbours; runs of white space; numbers that become one 0; canonical decomposition with its
reordering of combining marks. Pure ASCII takes a path without any of it.
Promise: time grows as the text does, also for texts made of marks.
Source: Unicode standard 3.11 and 3.13; Python's str.lower and unicodedata.normalize.

Not here: which characters a normal form deletes or replaces (normalise.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false, reportCallIssue=false

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.text import unicode
from corpus_platform.text.kernel import inlined, kernel, part
from corpus_platform.text.utf8 import before, decode, encode
from corpus_platform.text.wide import WIDTH, copy_lowered, letters, lowest

if TYPE_CHECKING:
    from corpus_platform.text.batch import Spans

REPLACEMENT = unicode.LOWER
WHITE = unicode.WHITE
"""Part of a run that becomes one space; nothing at the ends of a text."""
CASED = unicode.CASED
IGNORABLE = unicode.IGNORABLE
NUMBER = 1 << 24
"""Part of a number that becomes one 0."""
POINT = 1 << 25
"""May stand once inside a number."""
SPECIAL = 1 << 26
"""More happens than the replacement: see the loop."""
NOTHING = unicode.LOWER
"""A replacement: the character is deleted."""

_U64 = np.uint64
_DELETED, _SPACE, _READ = 0x80, 0x81, 0x82
"""What becomes of an ASCII character where it is not another one: nothing, a space, or what the table says."""


@dataclass(frozen=True)
class Rules:
    """What becomes of each character: `table` uint32[0x110000]. `decompose`: canonical decomposition at the end; `drop_marks`: without non-spacing marks."""

    table: np.ndarray
    decompose: bool = False
    drop_marks: bool = False


def rewrite(spans: Spans, rules: Rules) -> tuple[np.ndarray, np.ndarray]:
    """Each span rewritten: bytes, and offsets (int64[n + 1])."""
    decompositions = unicode.decompositions()
    size = spans.end - spans.start
    out = np.empty(int(size.sum()) * 9 // 8 + 3 * int(size.max(initial=0)) + WIDTH, np.uint8)
    out_start = np.zeros(len(spans) + 1, np.int64)
    row = 0
    scratch = np.empty((3, max(int(size.max(initial=0)), 256)), np.int64)
    action = _ascii(rules.table)
    plain = _is_plain(action)
    while True:
        row = _rewrite(
            spans.data,
            spans.start,
            spans.end,
            row,
            rules.table,
            action,
            decompositions.offset,
            decompositions.characters,
            decompositions.combining,
            scratch,
            rules.decompose,
            rules.drop_marks,
            plain,
            out,
            out_start,
        )
        if row == len(spans):
            return out[: out_start[-1]], out_start
        out = np.concatenate([out[: out_start[row]], np.empty(2 * out.size, np.uint8)])


def _is_plain(action: np.ndarray) -> bool:
    """Whether ASCII text only gets lower case, loses its punctuation and has its white space collapsed: then 64 bytes are done together."""
    plain = {
        **dict.fromkeys(string.whitespace + "\x1c\x1d\x1e\x1f", _SPACE),
        **dict.fromkeys(string.punctuation, _DELETED),
    }
    plain |= {character: ord(character.lower()) for character in string.ascii_letters + string.digits}
    return all(action[ord(character)] == becomes for character, becomes in plain.items())


def _ascii(table: np.ndarray) -> np.ndarray:
    """What becomes of each byte: uint8[256]."""
    action = np.full(256, _READ, np.uint8)
    for code in range(128):
        entry = int(table[code])
        if entry & WHITE:
            action[code] = _SPACE
        elif entry & (NUMBER | SPECIAL) == 0:
            action[code] = _DELETED if entry & REPLACEMENT == NOTHING else entry & REPLACEMENT
    return action


@part
def _is_final_sigma(data: np.ndarray, start: int, end: int, at: int, table: np.ndarray) -> bool:
    """Is a capital sigma at `at` the last letter of a word: a cased letter before it and none after, ignorable characters aside."""
    i, fact = at, np.uint32(0)
    while i > start:
        i = before(data, i)
        fact = table[decode(data, i)[0]]
        if not fact & np.uint32(IGNORABLE):
            break
    if not fact & np.uint32(CASED):
        return False
    i, fact = at + 2, np.uint32(0)
    while i < end:
        code, size = decode(data, i)
        fact = table[code]
        if not fact & np.uint32(IGNORABLE):
            break
        i += size
    return not fact & np.uint32(CASED)


@part
def _end_of_number(data: np.ndarray, i: int, end: int, table: np.ndarray) -> int:
    """End of the number whose first digit is at i: digits, and one point with digits behind it."""
    points = 0
    after = i
    while i < end:
        code, size = decode(data, i)
        if table[code] & np.uint32(NUMBER):
            i += size
            after = i
        elif points == 0 and after == i and table[code] & np.uint32(POINT):
            points = 1
            i += size
        else:
            break
    return after


@part
def _sort_marks(out: np.ndarray, start: int, end: int, combining: np.ndarray, scratch: np.ndarray) -> None:
    """Puts a run of combining marks in canonical order: by class, and those of a class as they come."""
    scratch[2, :256] = 0
    i, marks = start, 0
    while i < end:
        code, size = decode(out, i)
        kind = np.int64(combining[code]) & 0xFF
        scratch[0, marks], scratch[1, marks] = code, kind
        scratch[2, kind] += 1
        marks += 1
        i += size
    i = start
    for kind in range(256):
        # There are about fifty classes.
        if scratch[2, kind]:
            for mark in range(marks):
                if scratch[1, mark] == kind:
                    i = encode(scratch[0, mark], out, i)


@part
def _end_run(out: np.ndarray, run: np.ndarray, combining: np.ndarray, scratch: np.ndarray) -> None:
    """Brings a run of combining marks in order, if it is not, and forgets it. `run`: start, end, class of the last mark, out of order."""
    if run[3]:
        _sort_marks(out, run[0], run[1], combining, scratch)
    run[1], run[3] = -1, 0


@part
def _emit(
    code: int, out: np.ndarray, to: int, run: np.ndarray, combining: np.ndarray, scratch: np.ndarray, drop: bool
) -> int:
    """Writes a decomposed character, unless it is dropped; returns the place after it."""
    kind = np.int64(combining[code])
    if kind & 0xFF == 0 or run[1] != to:
        _end_run(out, run, combining, scratch)
    if drop and kind & 0x100:
        return to
    after = encode(code, out, to)
    kind &= 0xFF
    if kind:
        if run[1] != to:
            run[0] = to
        elif kind < run[2]:
            run[3] = 1
        run[1], run[2] = after, kind
    return after


@part
def _emit_special(
    data: np.ndarray,
    start: int,
    end: int,
    i: int,
    code: int,
    table: np.ndarray,
    out: np.ndarray,
    to: int,
    run: np.ndarray,
    offset: np.ndarray,
    parts: np.ndarray,
    combining: np.ndarray,
    scratch: np.ndarray,
    decompose: bool,
    drop: bool,
) -> int:
    """Writes what becomes of the character at i; returns the place after it."""
    lower = np.int64(table[code] & np.uint32(REPLACEMENT))
    if code == unicode.CAPITAL_SIGMA and _is_final_sigma(data, start, end, i, table):
        lower = unicode.FINAL_SIGMA
    if code == unicode.CAPITAL_I_DOT:
        to = encode(0x69, out, to)
        lower = 0x307
    if not decompose:
        return encode(lower, out, to)
    first = offset[lower]
    if first == 0:
        return _emit(lower, out, to, run, combining, scratch, drop)
    for k in range(first + 1, first + 1 + parts[first]):
        to = _emit(np.int64(parts[k]), out, to, run, combining, scratch, drop)
    return to


@part
def _without_spaces_at_ends(out: np.ndarray, begin: int, end: int) -> int:
    """Takes spaces from both ends of what was written; returns the new end."""
    first = begin
    while first < end and out[first] == 32:
        first += 1
    while end > first and out[end - 1] == 32:
        end -= 1
    if first > begin:
        for i in range(first, end):
            out[i - first + begin] = out[i]
    return end - first + begin


@inlined
def _becomes(entry: np.uint32) -> int:
    """What becomes of a character: nothing, a space, or what the table says."""
    if entry & np.uint32(WHITE):
        return _SPACE
    return _DELETED if entry & np.uint32(REPLACEMENT) == np.uint32(NOTHING) else _READ


@part
def _rewrite_block(
    data: np.ndarray, i: int, out: np.ndarray, to: int, space: bool, seen: bool
) -> tuple[int, bool, bool, bool]:
    """Writes letters and digits of 64 bytes from i on in lower case, with one space for each gap.

    Returns the place after them, whether a space is due and something was seen, and whether it was done: not where there is more than printable ASCII.
    Copies are of 64 bytes, of which those behind a run are written over.
    """
    runs, gaps, other = letters(data, i)
    if other != 0:
        return to, space, seen, False
    while runs:
        first = lowest(runs)
        space |= seen & ((gaps & ((_U64(1) << _U64(first)) - _U64(1))) != 0)
        out[to] = 32
        to = copy_lowered(out, to + space, data, i + first)
        size = lowest(~(runs >> _U64(first)))
        to += size
        # The bits of the run, and of the gaps before it, are done with.
        left = ~_U64(0) << _U64(first) << _U64(size - 1) << _U64(1)
        runs, gaps = runs & left, gaps & left
        space, seen = False, True
    return to, space | (seen & (gaps != 0)), seen, True


@part
def _rewrite_text(
    data: np.ndarray,
    start: int,
    end: int,
    table: np.ndarray,
    action: np.ndarray,
    out: np.ndarray,
    to: int,
    run: np.ndarray,
    offset: np.ndarray,
    parts: np.ndarray,
    combining: np.ndarray,
    scratch: np.ndarray,
    decompose: bool,
    drop: bool,
    plain: bool,
) -> int:
    """Writes a range rewritten; returns the place after it."""
    space = seen = False
    # A copy from the last byte of a block must not reach over the end of the data.
    last_block = min(end, data.size - WIDTH) - WIDTH if plain else start - 1
    i = stop = start
    while i < end:
        if stop <= i <= last_block:
            stop = i + WIDTH
            to, space, seen, done = _rewrite_block(data, i, out, to, space, seen)
            if done:
                i = stop
                continue
        becomes = np.int64(action[data[i]])
        code, size, entry = becomes, 1, np.uint32(0)
        if becomes == _READ:
            code, size = decode(data, i)
            entry = table[code]
            becomes = _becomes(entry)
        if becomes == _SPACE:
            space = seen
        elif becomes != _DELETED:
            out[to] = 32
            to += space
            space, seen = False, True
            if becomes < _DELETED:
                out[to] = becomes
                to += 1
            elif entry & np.uint32(NUMBER):
                to = encode(48, out, to)
                size = _end_of_number(data, i, end, table) - i
            elif entry & np.uint32(SPECIAL):
                to = _emit_special(
                    data, start, end, i, code, table, out, to, run, offset, parts, combining, scratch, decompose, drop
                )
            else:
                to = encode(np.int64(entry & np.uint32(REPLACEMENT)), out, to)
        i += size
    return to


@kernel
def _rewrite(
    data: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    row: int,
    table: np.ndarray,
    action: np.ndarray,
    offset: np.ndarray,
    parts: np.ndarray,
    combining: np.ndarray,
    scratch: np.ndarray,
    decompose: bool,
    drop: bool,
    plain: bool,
    out: np.ndarray,
    out_start: np.ndarray,
) -> int:
    """Rewrites ranges from `row` on, until there might be no room for the next; returns its number."""
    run = np.array([0, -1, 0, 0], np.int64)
    to = out_start[row]
    # No character becomes more than three times as long.
    while row < start.size and to + 3 * (end[row] - start[row]) + WIDTH <= out.size:
        begin = to
        to = _rewrite_text(
            data,
            start[row],
            end[row],
            table,
            action,
            out,
            to,
            run,
            offset,
            parts,
            combining,
            scratch,
            decompose,
            drop,
            plain,
        )
        _end_run(out, run, combining, scratch)
        if drop:
            to = _without_spaces_at_ends(out, begin, to)
        row += 1
        out_start[row] = to
    return row
