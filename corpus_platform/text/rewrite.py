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
from corpus_platform.text.kernel import inlined, kernel
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


@kernel
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


@kernel
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


@kernel
def _reorder(out: np.ndarray, run: np.ndarray, combining: np.ndarray) -> None:
    """Puts a run of combining marks in canonical order, if it is not, and forgets it. `run`: start, end, class of the last mark, out of order."""
    if run[3]:
        size = run[1] - run[0]
        code, kind = np.empty(size, np.int64), np.empty(size, np.int64)
        i, marks = run[0], 0
        while i < run[1]:
            code[marks], size = decode(out, i)
            kind[marks] = combining[code[marks]] & 0xFF
            marks += 1
            i += size
        i = run[0]
        for mark in np.argsort(kind[:marks], kind="mergesort"):
            i = encode(code[mark], out, i)
    run[1], run[3] = -1, 0


@kernel
def _emit(code: int, out: np.ndarray, to: int, run: np.ndarray, combining: np.ndarray, drop: bool) -> int:
    """Writes a decomposed character, unless it is dropped; returns the place after it."""
    kind = np.int64(combining[code])
    if kind & 0xFF == 0 or run[1] != to:
        _reorder(out, run, combining)
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


@kernel
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
        return _emit(lower, out, to, run, combining, drop)
    for k in range(first + 1, first + 1 + parts[first]):
        to = _emit(np.int64(parts[k]), out, to, run, combining, drop)
    return to


@kernel
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


@inlined
def _rewrite_text(  # noqa: C901  (a call for each 64 bytes would count references)
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
    decompose: bool,
    drop: bool,
    plain: bool,
) -> int:
    """Writes a range rewritten; returns the place after it."""
    space = seen = False
    i = start
    # Copies are of 64 bytes, of which those behind the run are written over.
    last_block = min(end, data.size - WIDTH) - WIDTH if plain else start - 1
    stop = start
    while i < end:
        if stop <= i <= last_block:
            run_of, gap, other = letters(data, i)
            stop = i + WIDTH
            if other == 0:
                while run_of:
                    first = lowest(run_of)
                    space |= seen & ((gap & ((_U64(1) << _U64(first)) - _U64(1))) != 0)
                    out[to] = 32
                    to += space
                    to = copy_lowered(out, to, data, i + first)
                    size = lowest(~(run_of >> _U64(first)))
                    to += size
                    # Bits of the run, and of the gaps before it, are done with.
                    done = ~_U64(0) << _U64(first) << _U64(size - 1) << _U64(1)
                    run_of, gap = run_of & done, gap & done
                    space, seen = False, True
                space |= seen & (gap != 0)
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
            if space:
                out[to] = 32
                to += 1
            space, seen = False, True
            if becomes < _DELETED:
                out[to] = becomes
                to += 1
            elif entry & np.uint32(NUMBER):
                to = encode(48, out, to)
                size = _end_of_number(data, i, end, table) - i
            elif entry & np.uint32(SPECIAL):
                to = _emit_special(
                    data, start, end, i, code, table, out, to, run, offset, parts, combining, decompose, drop
                )
            else:
                to = encode(np.int64(entry & np.uint32(REPLACEMENT)), out, to)
        i += size
    _reorder(out, run, combining)
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
            data, start[row], end[row], table, action, out, to, run, offset, parts, combining, decompose, drop, plain
        )
        if drop:
            to = _without_spaces_at_ends(out, begin, to)
        row += 1
        out_start[row] = to
    return row
