"""Dialogues of text files, and reviews of one text a row.

A dialogue is a line with tabs between its turns, or a block of lines. Text whose characters are all apart (`你 好`) is joined.
Promise: every line that is not blank is in a document or a reject.

Not here: threads with replies (threads.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from corpus_platform.readers.archives import ARCHIVE_REASONS
from corpus_platform.readers.reader import SourceDocument, Unit, register_reader
from corpus_platform.readers.record_values import text_of, value_of
from corpus_platform.readers.rows import ROW_REASONS, ROW_SUFFIXES, lines, rows
from corpus_platform.readers.social import Draft, SocialReader, paragraphs
from corpus_platform.readers.social import lines as on_lines
from corpus_platform.readers.thread_columns import GONE, Paths, part_of, plain, site_of
from corpus_platform.readers.unpacking import ArchiveError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.sources.records import Reject

_HAN = re.compile(r"[\u3400-\u9fff]")


@register_reader
class Dialogues(SocialReader):
    """Dialogues of text files: a line each with tabs between turns, or a turn a line with blank lines between dialogues."""

    name = "dialogues"
    suffixes: ClassVar[tuple[str, ...]] = (".txt", ".tsv", ".txt.gz", ".tsv.gz", ".txt.zst", ".txt.bz2", ".txt.xz")
    reasons: ClassVar[dict[str, str]] = {
        **ARCHIVE_REASONS,
        "line_too_long": ROW_REASONS["line_too_long"],
        "bad_encoding": ROW_REASONS["bad_encoding"],
        "too_few_turns": "The dialogue has fewer turns than were asked for",
    }

    between: Literal["tab", "newline"] = Field(
        default="tab",
        description="What is between turns: tabs, a dialogue a line; or newlines, with a blank line between dialogues",
    )
    spaced: bool = Field(default=True, description="Join lines whose characters are all apart (`你 好`)")
    speakers: int = Field(default=2, ge=1, description="Speakers that take turns")
    min_turns: int = Field(default=2, ge=1, description="Least turns of a dialogue")
    site: str | None = Field(default=None, description="Name of the site; by default that of the folder")

    def part_of(self, name: str) -> str | None:
        """The site that was named, or the folder that the file is in."""
        return part_of(self.site, name)

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """The dialogues in order; the position is the number of their first line."""
        yield from self.settled(self._drafts(unit))

    def _drafts(self, unit: Unit) -> Iterator[Draft | Reject]:
        try:
            with unit.open() as stream:
                for number, found in self._dialogues(lines(stream, unit.name)):
                    yield (
                        unit.reject(number, found.reason, found.detail)
                        if isinstance(found, Problem)
                        else self._made(unit, number, found)
                    )
        except ArchiveError as error:
            yield unit.reject(0, error.problem.reason, error.problem.detail)

    def _dialogues(self, found: Iterator[tuple[int, str | Problem]]) -> Iterator[tuple[int, list[str] | Problem]]:
        block: list[str] = []
        first = 0
        for number, line in found:
            if isinstance(line, Problem):
                yield number, line
            elif self.between == "tab":
                if line.strip():
                    yield number, line.split("\t")
            elif line.strip():
                first = first if block else number
                block.append(line)
            elif block:
                yield first, block
                block = []
        if block:
            yield first, block

    def _made(self, unit: Unit, number: int, said: list[str]) -> Draft | Reject:
        turns = [unspaced(one.strip()) if self.spaced else one.strip() for one in said]
        turns = [one for one in turns if one]
        if len(turns) < self.min_turns:
            return unit.reject(number, "too_few_turns", f"{len(turns)}", broken=False)
        site = self.part_of(unit.name) or site_of(unit.name)
        document = SourceDocument(
            identity=f"{site}:{unit.name}#{number}",
            position=number,
            text="",
            category=site,
            meta={"site": site, "records": 1},
        )
        return Draft(document, turns, on_lines, [i % self.speakers for i in range(len(turns))])


@register_reader
class Reviews(SocialReader):
    """Reviews or posts of one text a row, with a label."""

    name = "reviews"
    suffixes: ClassVar[tuple[str, ...]] = ROW_SUFFIXES
    reasons: ClassVar[dict[str, str]] = {
        **ARCHIVE_REASONS,
        **ROW_REASONS,
        "empty_post": "The row has no text",
        "too_short": "The text has fewer characters than were asked for",
    }

    text: Paths = Field(
        default=("review", "text", "content", "comment", "body", "weibo", "评论", "内容"),
        description="Column of the text",
    )
    title: Paths = Field(default=("title", "标题"), description="Column of the title")
    label: Paths = Field(
        default=("label", "rating", "star", "stars", "sentiment", "score", "评分"),
        description="Column that `meta.label` keeps",
    )
    about: Paths = Field(
        default=("cat", "category", "product", "topic", "类别"), description="Column of what it is about"
    )
    min_characters: int = Field(default=1, ge=1, description="Least characters")
    turns: bool = Field(default=False, description="Keep it as a turn of a dialogue too")
    site: str | None = Field(default=None, description="Name of the site; by default that of the folder")

    def part_of(self, name: str) -> str | None:
        """The site that was named, or the folder that the file is in."""
        return part_of(self.site, name)

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """A document a row."""
        yield from self.settled(self._drafts(unit))

    def _drafts(self, unit: Unit) -> Iterator[Draft | Reject]:
        site = self.part_of(unit.name) or site_of(unit.name)
        for number, row in rows(unit):
            if isinstance(row, Problem):
                yield unit.reject(number, row.reason, row.detail)
                continue
            text = plain(text_of(row, self.text))
            if text.lower() in GONE or len(text) < self.min_characters:
                yield unit.reject(
                    number, "too_short" if text else "empty_post", f"{len(text)} characters", broken=False
                )
                continue
            label = value_of(row, self.label)
            document = SourceDocument(
                identity=f"{site}:{unit.name}#{number}",
                position=number,
                text="",
                title=plain(text_of(row, self.title)) or None,
                category=text_of(row, self.about) or site,
                meta={"site": site, "records": 1} | ({} if label is None else {"label": label}),
            )
            yield Draft(document, [text], paragraphs, [0])


def unspaced(line: str) -> str:
    """A line whose characters are all apart, joined; another one with spaces between two Chinese characters or marks taken out if most have one."""
    tokens = line.split(" ")
    if len(tokens) < 3 or not _HAN.search(line):
        return line
    if sum(len(token) <= 1 for token in tokens) >= 0.9 * len(tokens):
        return re.sub(r" ( ?)", r"\1", line)
    return line
