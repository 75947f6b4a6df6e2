r"""Lines as Python and the other systems cut them, and where they are in their document.

`TextBatch.lines` is `str.split("\n")`; here are `kept_lines`, which keep their newline (RedPajama-V2, Dolma), and `python_lines`, `str.splitlines`.
Promise: equal to Python's own functions on any text; nothing is copied.
Source: RedPajama-Data, app/src/core/document.py (split_paragraphs).

Not here: rules about lines (signals/, recipes/).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false, reportReturnType=false

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.text import unicode
from corpus_platform.text.batch import Spans, count_characters
from corpus_platform.text.kernel import inlined, kernel, part
from corpus_platform.text.utf8 import before, decode

if TYPE_CHECKING:
    from corpus_platform.text.batch import TextBatch


def kept_lines(batch: TextBatch) -> tuple[Spans, np.ndarray]:
    r"""Lines with their newline inside, and the offsets of each document's lines (int64[n + 1]).

    `re.findall(r"[^\n]*\n|[^\n]+$", text)`: the last line may lack its newline, there is none after a final newline, and none in an empty text.
    """
    start, end, document_line = _break_lines(batch.data, batch.document_start, universal=False)
    return Spans(batch.data, start, end), document_line


def python_lines(batch: TextBatch) -> tuple[Spans, np.ndarray]:
    """`text.splitlines()` and the offsets of each document's lines (int64[n + 1])."""
    start, end, document_line = _break_lines(batch.data, batch.document_start, universal=True)
    return Spans(batch.data, start, end), document_line


def strip(spans: Spans) -> Spans:
    """Each span without white space at its ends, as `str.strip`: narrower spans of the same buffer."""
    return Spans(spans.data, *_trimmed(spans.data, spans.start, spans.end, unicode.facts(), left=True, right=True))


def lstrip(spans: Spans) -> Spans:
    """Each span without white space at its start, as `str.lstrip`."""
    return Spans(spans.data, *_trimmed(spans.data, spans.start, spans.end, unicode.facts(), left=True, right=False))


def rstrip(spans: Spans) -> Spans:
    """Each span without white space at its end, as `str.rstrip`."""
    return Spans(spans.data, *_trimmed(spans.data, spans.start, spans.end, unicode.facts(), left=False, right=True))


def span_characters(spans: Spans) -> np.ndarray:
    """Code points of each span, int64[n]."""
    return count_characters(spans.data, spans.start, spans.end)


def code_point_offsets(batch: TextBatch, spans: Spans, document_span: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Start and end of spans in characters of their document: int64[s] twice.

    Those of document d are `document_span[d]` to `document_span[d + 1]`, in order of their start; they may not overlap.
    """
    return _code_point_offsets(batch.data, batch.document_start, spans.start, spans.end, document_span)


@part
def trim(data: np.ndarray, start: int, end: int, facts: np.ndarray, left: bool, right: bool) -> tuple[int, int]:
    """A range without white space at its ends."""
    space = np.uint32(unicode.SPACE)
    while left and start < end:
        code, size = decode(data, start)
        if not facts[code] & space:
            break
        start += size
    while right and start < end:
        last = before(data, end)
        if not facts[decode(data, last)[0]] & space:
            break
        end = last
    return start, end


@kernel
def _trimmed(
    data: np.ndarray, start: np.ndarray, end: np.ndarray, facts: np.ndarray, left: bool, right: bool
) -> tuple[np.ndarray, np.ndarray]:
    """`trim` of each range."""
    first, last = np.empty_like(start), np.empty_like(end)
    for row in range(start.size):
        first[row], last[row] = trim(data, start[row], end[row], facts, left, right)
    return first, last


@kernel
def _code_point_offsets(
    data: np.ndarray, document_start: np.ndarray, start: np.ndarray, end: np.ndarray, document_span: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Ranges in characters of their document."""
    first, last = np.empty_like(start), np.empty_like(end)
    for d in range(document_start.size - 1):
        i, seen = document_start[d], 0
        for span in range(document_span[d], document_span[d + 1]):
            while i < start[span]:
                seen += (data[i] & 0xC0) != 0x80
                i += 1
            first[span] = seen
            while i < end[span]:
                seen += (data[i] & 0xC0) != 0x80
                i += 1
            last[span] = seen
    return first, last


@inlined
def _break_size(byte: int, second: int, third: int, universal: bool) -> int:
    """Bytes of the line end that starts with these, 0 where there is none. `universal`: all that `str.splitlines` breaks at, CR LF as one; else LF alone."""
    if byte == 10 or not universal:
        return byte == 10
    if byte == 13:
        return 2 if second == 10 else 1
    if byte < 32:
        return byte in (11, 12, 28, 29, 30)
    if byte == 0xC2:
        return 2 * (second == 0x85)
    # U+2028 and U+2029
    return 3 * (byte == 0xE2 and second == 0x80 and (third | 1) == 0xA9)


@kernel
def _break_lines(
    data: np.ndarray, document_start: np.ndarray, universal: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start and end of each line, and the first line of each document. Not `universal`: lines end after their newline."""
    total = document_start.size - 1
    for i in range(data.size):
        total += (data[i] < 32) | (data[i] == 0xC2) | (data[i] == 0xE2)
    start, end = np.empty(total, np.int64), np.empty(total, np.int64)
    document_line = np.zeros(document_start.size, np.int64)
    line = 0
    for d in range(document_start.size - 1):
        first, last = document_start[d], document_start[d + 1]
        i = first
        while i < last:
            byte = data[i]
            if 32 <= byte < 0xC2:
                i += 1
                continue
            second = np.int64(data[i + 1]) if i + 1 < last else 0
            third = np.int64(data[i + 2]) if i + 2 < last else 0
            size = _break_size(np.int64(byte), second, third, universal)
            if size:
                start[line], end[line] = first, i if universal else i + size
                line += 1
                first = i + size
            i += max(size, 1)
        if first < last:
            start[line], end[line] = first, last
            line += 1
        document_line[d + 1] = line
    return start[:line].copy(), end[:line].copy(), document_line
