"""Threads of any site from JSON, CSV or Parquet, told by a map of columns.

A record is a thread with its replies in a list (`question` with `answers`), or one post of a thread, the thread's name in a column (楼层: floors).
Promise: every record is a document, a reply in one (`meta.records`), or a reject; a thread keeps its order by floor or time, answers by falling score.

Not here: maps (thread_columns.py), Reddit's trees (reddit.py), dialogues (dialogues.py), how records come together (thread_groups.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from corpus_platform.clean.social_pii import PROFILE
from corpus_platform.readers.archives import ARCHIVE_REASONS
from corpus_platform.readers.reader import SourceDocument, Unit, register_reader
from corpus_platform.readers.record_values import number_of, text_of, time_of, value_of
from corpus_platform.readers.rows import ROW_REASONS, ROW_SUFFIXES, RowOptions, rows
from corpus_platform.readers.social import Draft, SocialReader, Speakers, paragraphs
from corpus_platform.readers.thread_columns import GONE, PRESETS, Paths, ThreadColumns, part_of, plain, site_of
from corpus_platform.readers.thread_groups import threads
from corpus_platform.readers.unpacking import Problem
from corpus_platform.sources.records import Reject

if TYPE_CHECKING:
    from collections.abc import Iterator

Record = dict[str, Any]


@register_reader
class Threads(SocialReader):
    """Questions with answers, or posts with replies, by a map of columns."""

    name = "threads"
    suffixes: ClassVar[tuple[str, ...]] = ROW_SUFFIXES
    reasons: ClassVar[dict[str, str]] = {
        **ARCHIVE_REASONS,
        **ROW_REASONS,
        "empty_post": "There is no text in it, or it was deleted",
        "low_score": "The score is below the one that was asked for",
        "unanswered": "The thread has fewer replies than were asked for",
        "thread_rejected": "The post's thread is no document",
    }

    preset: Literal["generic", "zhihu", "weibo", "tieba"] = Field(
        default="generic", description="Map of columns to start from"
    )
    columns: dict[str, Paths] = Field(default={}, description="Columns that differ from the preset's, by name")
    inside: str | None = Field(
        default=None, description="Of a JSON object: the name under which its list of records is"
    )
    order: Literal["score", "floor", "given"] | None = Field(
        default=None,
        description="Of replies: by falling score, by floor, or as they come; by default floors where there are any, else scores",
    )
    min_score: int | None = Field(default=None, description="Least score of a reply")
    min_thread_score: int | None = Field(default=None, description="Least score of a thread")
    min_replies: int = Field(default=0, ge=0, description="Least replies of a thread")
    max_replies: int | None = Field(default=None, ge=1, description="Most replies that are kept")
    site: str | None = Field(
        default=None, description="Name of the site; by default that of the folder, else of the preset"
    )

    def part_of(self, name: str) -> str | None:
        """The site that was named, or the folder that the file is in."""
        return part_of(self.site or (None if self.preset == "generic" else self.preset), name)

    @property
    def known(self) -> ThreadColumns:
        """The map."""
        return ThreadColumns.model_validate({**PRESETS[self.preset].model_dump(), **self.columns})

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """The threads in the order of their first record."""
        self.known  # noqa: B018  (a wrong name is told before anything is read)
        yield from self.settled(self._drafts(unit))

    def _drafts(self, unit: Unit) -> Iterator[Draft | Reject]:
        columns = self.known
        if not columns.thread:
            for item in self._records(unit):
                yield from [item] if isinstance(item, Reject) else self._nested(unit, item[0], item[1], columns)
            return
        for item in threads(lambda: self._records(unit), lambda record: text_of(record, columns.thread)):
            yield from [item] if isinstance(item, Reject) else self._flat(unit, item, columns)

    def _records(self, unit: Unit) -> Iterator[tuple[int, Record, int] | Reject]:
        for number, row in rows(unit, RowOptions(inside=self.inside)):
            if isinstance(row, Problem):
                yield unit.reject(number, row.reason, row.detail)
            else:
                yield number, row, sum(len(value) for value in row.values() if isinstance(value, str)) + 200

    def _nested(self, unit: Unit, number: int, record: Record, columns: ThreadColumns) -> Iterator[Draft | Reject]:
        listed = value_of(record, columns.replies)
        replies = (
            [one if isinstance(one, dict) else {columns.reply_text[0]: one} for one in listed]
            if isinstance(listed, list)
            else []
        )
        if not replies and listed is None and text_of(record, columns.reply_text) != text_of(record, columns.text):
            # One answer a record, beside its question.
            replies = [record] if text_of(record, columns.reply_text) else []
        yield self._made(unit, number, record, [(number, reply) for reply in replies], columns, records=1)

    def _flat(self, unit: Unit, posts: list[tuple[int, Record]], columns: ThreadColumns) -> Iterator[Draft | Reject]:
        """A thread of records: the first post by floor is the thread's own where posts have a text of their own and no question beside it."""
        first = posts[0][1]
        has_question = bool(text_of(first, columns.title)) and text_of(first, columns.reply_text) != text_of(
            first, columns.text
        )
        placed = sorted(posts, key=lambda one: number_of(one[1], columns.floor) or 0)
        head, rest = (posts[0], posts) if has_question else (placed[0], placed[1:])
        made = self._made(unit, posts[0][0], head[1], rest, columns, records=len(posts))
        if isinstance(made, Reject):
            yield made
            yield from (unit.reject(number, "thread_rejected", broken=False) for number, _ in posts[1:])
        else:
            yield made

    def _made(
        self,
        unit: Unit,
        number: int,
        record: Record,
        replies: list[tuple[int, Record]],
        columns: ThreadColumns,
        *,
        records: int,
    ) -> Draft | Reject:
        title, body = " ".join(plain(text_of(record, columns.title)).split()), plain(text_of(record, columns.text))
        body = "" if body == title else body
        score = number_of(record, columns.score)
        kept = self._replies(replies, columns)
        if self.min_thread_score is not None and (score is None or score < self.min_thread_score):
            return unit.reject(number, "low_score", f"{score}", broken=False)
        if not title and body.lower() in GONE and not kept:
            return unit.reject(number, "empty_post", broken=False)
        if len(kept) < self.min_replies:
            return unit.reject(number, "unanswered", f"{len(kept)} replies", broken=False)
        speakers, site = Speakers(), self.part_of(unit.name) or site_of(unit.name)
        turns = [speakers.number(text_of(record, columns.author) or None)]
        turns += [speakers.number(text_of(reply, columns.reply_author) or None) for reply, _, _ in kept]
        own = text_of(record, columns.id)
        document = SourceDocument(
            identity=f"{site}:{own}"
            if own and records == 1 and not columns.thread
            else f"{site}:{unit.name}:{own or number}",
            position=number,
            text="",
            title=title or None,
            url=_address(text_of(record, columns.url)),
            date=time_of(record, columns.time),
            category=text_of(record, columns.category) or None,
            meta={
                "site": site,
                "score": score,
                "replies": len(kept),
                "reply_scores": [s for _, _, s in kept],
                "records": records,
            },
        )
        more: list[dict[str, Any]] = [{"score": score}, *({"score": one} for _, _, one in kept)]
        parts = ["" if body.lower() in GONE else body, *(text for _, text, _ in kept)]
        if not title and not parts[0]:
            parts, turns, more = parts[1:], turns[1:], more[1:]
        return Draft(document, parts, paragraphs, turns, more)

    def _replies(
        self, replies: list[tuple[int, Record]], columns: ThreadColumns
    ) -> list[tuple[Record, str, int | None]]:
        found = [
            (reply, plain(text_of(reply, columns.reply_text)), number_of(reply, columns.reply_score))
            for _, reply in replies
        ]
        found = [one for one in found if one[1].lower() not in GONE]
        if self.min_score is not None:
            found = [one for one in found if one[2] is not None and one[2] >= self.min_score]
        floors = [number_of(reply, columns.floor) for reply, _, _ in found]
        order = self.order or ("floor" if any(floor is not None for floor in floors) else "score")
        if order == "floor":
            found = [one for _, one in sorted(zip(floors, found, strict=True), key=lambda pair: pair[0] or 0)]
        elif order == "score":
            found.sort(key=lambda one: -(one[2] or 0))
        return found[: self.max_replies]


def _address(url: str) -> str | None:
    return url if url.startswith(("http://", "https://")) and not PROFILE.search(url) else None
