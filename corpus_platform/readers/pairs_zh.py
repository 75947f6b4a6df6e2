"""Classical Chinese with a modern rendering, line by line: `古文：...` and under it `现代文：...`.

The marks before the colon may be any of the usual words (古文, 原文, 文言文; 现代文, 译文, 白话文 ...), or there are none and lines alternate
(`alternating`). A pair is from classical (`lzh`) to modern Chinese (`zh`); the work is the file's name.

Not here: pairs as documents (parallel.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from corpus_platform.readers.archives import ARCHIVE_REASONS
from corpus_platform.readers.parallel import PAIR_REASONS, Pair, ParallelReader, side
from corpus_platform.readers.reader import register_reader
from corpus_platform.readers.rows import ROW_REASONS, lines
from corpus_platform.readers.unpacking import ArchiveError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.readers.reader import SourceDocument, Unit
    from corpus_platform.sources.records import Reject

_CLASSICAL = re.compile(r"(?:古文|原文|文言文|文言|古)\s*[:：]\s*")
_MODERN = re.compile(r"(?:现代文|現代文|译文|譯文|白话文|白話文|今译|今譯|现代汉语|白话|今)\s*[:：]\s*")
_LONGEST_TITLE = 200


@register_reader
class PairsZh(ParallelReader):
    """Alternating lines of classical and modern Chinese."""

    name: ClassVar[str] = "pairs_zh"
    version: ClassVar[str] = "1"
    suffixes: ClassVar[tuple[str, ...]] = (".txt", ".txt.gz", ".txt.xz", ".txt.bz2")
    reasons: ClassVar[dict[str, str]] = {
        **PAIR_REASONS,
        **ROW_REASONS,
        **ARCHIVE_REASONS,
        "lonely_line": "A classical line has no modern one below it, or a modern one no classical above",
        "no_mark": "The line begins with no mark that says which of the two it is",
    }

    alternating: bool = Field(
        default=False, description="Lines have no marks: the first is classical, the second modern, and so on"
    )

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """A document for each pair of lines, or for a run of them."""
        yield from self.documents(unit, self._pairs(unit))

    def pair_of(self, name: str) -> tuple[str, str] | None:
        """Classical to modern Chinese."""
        del name
        return "lzh", "zh"

    def _pairs(self, unit: Unit) -> Iterator[Pair | Reject]:
        work = _work(unit.name)
        waiting: tuple[int, str] | None = None
        for position, kind, text in self._lines(unit):
            if isinstance(text, Problem):
                yield unit.reject(position, text.reason, text.detail)
            elif kind == "none":
                yield unit.reject(position, "no_mark", text[:100])
            elif kind == "classical":
                if waiting:
                    yield unit.reject(waiting[0], "lonely_line", waiting[1][:100])
                waiting = position, text
            elif waiting is None:
                yield unit.reject(position, "lonely_line", text[:100])
            else:
                yield Pair(waiting[0], side(waiting[1]), side(text), "lzh", "zh", group=work, meta={"work": work})
                waiting = None
        if waiting:
            yield unit.reject(waiting[0], "lonely_line", waiting[1][:100])

    def _lines(self, unit: Unit) -> Iterator[tuple[int, str, str | Problem]]:
        """(number, `classical`, `modern` or `none`, text) of each line that is not empty."""
        count = 0
        try:
            with unit.open() as stream:
                for position, line in lines(stream, unit.name):
                    if isinstance(line, Problem):
                        yield position, "none", line
                    elif text := line.strip():
                        if self.alternating:
                            yield position, ("modern" if count % 2 else "classical"), text
                        else:
                            yield position, *_marked(text)
                        count += 1
        except ArchiveError as error:
            yield count, "none", error.problem


def _marked(line: str) -> tuple[str, str]:
    for kind, mark in (("classical", _CLASSICAL), ("modern", _MODERN)):
        if match := mark.match(line):
            return kind, line[match.end() :]
    return "none", line


def _work(name: str) -> str:
    """`史记_七十列传_魏公子列传` of a path."""
    return name.rpartition("/")[2].partition(".txt")[0][:_LONGEST_TITLE]
