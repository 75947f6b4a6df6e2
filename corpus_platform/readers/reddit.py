"""Reddit: submissions and comments as JSON lines (packed or not), CSV or Parquet; threads put together again.

Files that differ in `submissions` and `comments` only (`RS_` and `RC_`, too) are one unit. A document is a submission with its comments, each
behind the one that it answers, siblings by falling score. Comments whose submission is not there make a thread of their own.
What users or moderators have deleted goes; replies to it stay. Names go, speakers are numbers.
Promise: every record is a document, a comment in one (`meta.comments`), or a reject.

Not here: how records come together (thread_groups.py).
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl
from pydantic import Field

from corpus_platform.clean.social_pii import USER, is_member
from corpus_platform.extract.markdown import Links  # noqa: TC001  (a field of the model)
from corpus_platform.readers.archives import ARCHIVE_REASONS
from corpus_platform.readers.reader import SourceDocument, Unit, register_reader
from corpus_platform.readers.record_values import number_of, text_of, time_of, value_of
from corpus_platform.readers.rows import ROW_REASONS, ROW_SUFFIXES, rows
from corpus_platform.readers.social import Draft, SocialReader, Speakers, paragraphs
from corpus_platform.readers.thread_groups import threads
from corpus_platform.readers.unpacking import Problem
from corpus_platform.sources.records import Reject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from corpus_platform.sources.location import InputLocation
    from corpus_platform.sources.store import InputFile

Record = dict[str, Any]

_NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id", "post_id", "comment_id", "submission_id", "name"),
    "link": ("link_id", "submission_id", "post_id", "parent_post_id", "thread_id"),
    "parent": ("parent_id", "parent", "parent_comment_id"),
    "title": ("title", "post_title"),
    "text": ("selftext", "body", "self_text", "post_text", "comment", "content", "text", "post", "comment_body"),
    "score": ("score", "ups", "upvotes", "points"),
    "author": ("author", "user", "username", "author_name"),
    "time": ("created_utc", "created", "timestamp", "date", "created_at", "datetime"),
    "subreddit": ("subreddit", "subreddit_name", "community"),
    "permalink": ("permalink", "full_link"),
    "url": ("url", "link", "post_url"),
    "adult": ("over_18", "nsfw"),
    "gone": ("removed_by_category", "banned_by"),
}
_DELETED = frozenset(["[deleted]", "[removed]", "[deleted by user]", "[ removed by reddit ]", "deleted", "removed"])
_MACHINES = frozenset(["automoderator"])
_KIND = re.compile(r"(?:^|[_\-./])(?:RS|RC)_|[_\-.]?(?:submissions?|comments?|posts?)(?=[_\-./]|$)", re.IGNORECASE)
_PREFIX = re.compile(r"^t[1-6]_")
_LINK = re.compile(r"!?\[([^\]\n]{0,300})\]\((\S{1,2000}?)(?: \"[^\"\n]*\")?\)")
_QUIET = re.compile("&(?:amp;)?#x200[bB];|[\u200b\u200e\u200f\ufeff]")
_DEEPEST = 1_000


@register_reader
class Reddit(SocialReader):
    """Submissions with their comments."""

    name = "reddit"
    suffixes: ClassVar[tuple[str, ...]] = ROW_SUFFIXES
    reasons: ClassVar[dict[str, str]] = {
        **ARCHIVE_REASONS,
        **ROW_REASONS,
        "deleted": "The submission or comment was deleted or removed",
        "machine": "A program wrote it",
        "adult": "The submission is marked as for adults",
        "low_score": "The score is below the one that was asked for",
        "empty_post": "There is neither title nor text",
        "too_few_comments": "The submission has fewer comments than were asked for",
        "orphan_comment": "The comment's submission is not in the files",
        "thread_rejected": "The comment's submission is no document",
    }

    columns: dict[str, tuple[str, ...]] = Field(
        default={},
        description=f"Names of columns, where they differ: {', '.join(_NAMES)}; each a list, the first that has a value counts",
    )
    min_score: int | None = Field(default=None, description="Least score of a submission")
    min_comment_score: int | None = Field(default=None, description="Least score of a comment")
    min_comments: int = Field(default=0, ge=0, description="Least comments of a submission")
    adult: bool = Field(default=False, description="Keep submissions for adults")
    machines: bool = Field(default=False, description="Keep what AutoModerator wrote")
    orphans: bool = Field(
        default=True, description="Keep comments whose submission is not there, as threads without one"
    )
    links: Links = Field(default="text", description="Links as their text, or as `[text](address)`")

    def units(self, location: InputLocation, files: Iterable[InputFile]) -> list[Unit]:
        """Files of submissions with those of their comments."""
        found: dict[str, list[InputFile]] = {}
        for file in files:
            if self._is_read(file.path):
                found.setdefault(_stem(file.path), []).append(file)
        return [
            Unit(mine[0].path if len(mine) == 1 else stem, tuple(mine), location)
            for stem, mine in sorted(found.items())
        ]

    def part_of(self, name: str) -> str | None:
        """The site, `reddit`."""
        del name
        return "reddit"

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """The threads in the order of their first record."""
        yield from self.settled(self._drafts(unit))

    def addresses(self, unit: Unit, *, least: int = 3) -> pl.DataFrame:
        """Addresses that submissions link to, as OpenWebText2 has them: `url`, `score` over all submissions (`least` or more), `submissions`."""
        pairs = [
            (url, number_of(record, self._paths("score")) or 0)
            for item in self._records(unit)
            if not isinstance(item, Reject) and self._is_submission(item[1])
            for url in [text_of(item[1], self._paths("url"))]
            if url.startswith(("http://", "https://")) and "reddit.com/" not in url and "redd.it/" not in url
            for record in [item[1]]
        ]
        frame = pl.DataFrame(pairs, schema={"url": pl.String, "score": pl.Int64}, orient="row")
        made = frame.group_by("url", maintain_order=True).agg(pl.col("score").sum(), submissions=pl.len())
        return made.filter(pl.col("score") >= least)

    def _paths(self, name: str) -> tuple[str, ...]:
        return self.columns.get(name, _NAMES[name])

    def _records(self, unit: Unit) -> Iterator[tuple[int, Record, int] | Reject]:
        base = 0
        for file in unit.files:
            number = -1
            for number, row in rows(unit, path=file.path):
                if isinstance(row, Problem):
                    yield unit.reject(base + number, row.reason, f"{file.path}: {row.detail}")
                else:
                    yield base + number, row, sum(len(v) for v in row.values() if isinstance(v, str)) + 200
            base += number + 1

    def _is_submission(self, record: Record) -> bool:
        title = text_of(record, self._paths("title"))
        has_link = any(path in record and record[path] not in (None, "") for path in ("link_id", "parent_id"))
        return not has_link and title.lower() not in ("", "comment")

    def _thread(self, record: Record) -> str:
        paths = self._paths("id") if self._is_submission(record) else self._paths("link")
        own = text_of(record, paths) or text_of(record, self._paths("id"))
        return _PREFIX.sub("", own)

    def _drafts(self, unit: Unit) -> Iterator[Draft | Reject]:
        for thread in threads(lambda: self._records(unit), self._thread):
            if isinstance(thread, Reject):
                yield thread
            else:
                yield from self._draft(unit, thread)

    def _draft(self, unit: Unit, thread: list[tuple[int, Record]]) -> Iterator[Draft | Reject]:
        posts = [one for one in thread if self._is_submission(one[1])]
        comments = [one for one in thread if not self._is_submission(one[1])]
        kept: list[_Comment] = []
        for number, record in comments:
            comment = self._comment(number, record)
            reason = self._unfit(record, comment.text, self.min_comment_score)
            reason = reason or (None if posts or self.orphans else "orphan_comment")
            if reason:
                yield unit.reject(number, reason, broken=False)
            else:
                kept.append(comment)
        for number, record in posts[1:]:
            yield unit.reject(number, "repeated_record", text_of(record, self._paths("id")), broken=False)
        gone = self._unfit_thread(posts[0][1], kept) if posts else None
        if gone:
            yield unit.reject(posts[0][0], gone, broken=False)
            yield from (unit.reject(one.number, "thread_rejected", broken=False) for one in kept)
        elif posts or kept:
            yield self._made(posts[0] if posts else None, kept, [record for _, record in thread])

    def _unfit(self, record: Record, text: str, least: int | None) -> str | None:
        author = text_of(record, self._paths("author")).lower()
        score = number_of(record, self._paths("score"))
        if text.lower() in _DELETED or value_of(record, self._paths("gone")):
            return "deleted"
        if author in _MACHINES and not self.machines:
            return "machine"
        if least is not None and (score is None or score < least):
            return "low_score"
        return None if text else "empty_post"

    def _unfit_thread(self, record: Record, comments: list[_Comment]) -> str | None:
        title, text = text_of(record, self._paths("title")), text_of(record, self._paths("text"))
        if title.lower() in _DELETED or (text.lower() in _DELETED and not comments):
            return "deleted"
        reason = self._unfit(record, f"{title} {text}".strip(), self.min_score)
        if reason == "deleted" and text.lower() not in _DELETED:
            return reason
        if reason and reason != "deleted":
            return reason
        if value_of(record, self._paths("adult")) in (True, "True", "true", 1, "1") and not self.adult:
            return "adult"
        return "too_few_comments" if len(comments) < self.min_comments else None

    def _comment(self, number: int, record: Record) -> _Comment:
        return _Comment(
            number,
            _PREFIX.sub("", text_of(record, self._paths("id"))),
            _PREFIX.sub("", text_of(record, self._paths("parent"))),
            number_of(record, self._paths("score")),
            text_of(record, self._paths("author")),
            self._plain(text_of(record, self._paths("text"))),
        )

    def _made(self, post: tuple[int, Record] | None, comments: list[_Comment], records: list[Record]) -> Draft:
        number, record = post or (comments[0].number, records[0])
        speakers = Speakers()
        title = self._plain(text_of(record, self._paths("title"))) if post else ""
        body = self._plain(text_of(record, self._paths("text"))) if post else ""
        body = "" if body.lower() in _DELETED or (body.startswith("http") and " " not in body) else body
        placed = _in_order(comments)
        parts = [body, *(one.text for one, _ in placed)] if post else [one.text for one, _ in placed]
        authors = [text_of(record, self._paths("author")), *(one.author for one, _ in placed)]
        names = [None if not a or a.lower() in _DELETED else a for a in (authors if post else authors[1:])]
        more: list[dict[str, Any]] = [{"depth": depth + 1, "score": one.score} for one, depth in placed]
        community = text_of(record, self._paths("subreddit")) or None
        community = None if community is not None and community.startswith("u_") else community
        identity = self._thread(record)
        document = SourceDocument(
            identity=f"reddit:{identity}" if identity else f"reddit:{number}",
            position=number,
            text="",
            title=" ".join(title.split()) or None,
            url=_address(text_of(record, self._paths("permalink")), identity, community),
            date=time_of(record, self._paths("time")),
            category=community,
            meta={
                "site": "reddit",
                "score": number_of(record, self._paths("score")),
                "comments": len(placed),
                "has_submission": post is not None,
            },
        )
        more = [{"depth": 0, "score": document.meta["score"]}, *more] if post else more
        return Draft(document, parts, paragraphs, [speakers.number(name) for name in names], more)

    def _plain(self, text: str) -> str:
        """Reddit's Markdown without entities, pictures, invisible characters and marks of the site."""
        text = _QUIET.sub("", html.unescape(html.unescape(text)))
        if self.links == "text":
            text = _LINK.sub(lambda link: "" if link[0][0] == "!" else USER if is_member(link[2]) else link[1], text)
        return re.sub(r"\n{3,}", "\n\n", text).strip()


@dataclass(frozen=True)
class _Comment:
    number: int
    id: str
    parent: str
    score: int | None
    author: str
    text: str


def _in_order(comments: list[_Comment]) -> list[tuple[_Comment, int]]:
    """Each comment behind the one that it answers, with its depth; siblings by falling score, then as they came. A reply to what is gone is at the top."""
    known = {one.id for one in comments if one.id}
    below: dict[str, list[_Comment]] = {}
    for one in comments:
        below.setdefault(one.parent if one.parent in known and one.parent != one.id else "", []).append(one)
    for siblings in below.values():
        siblings.sort(key=lambda one: -(one.score or 0))
    found: list[tuple[_Comment, int]] = []
    seen: set[int] = set()
    for top in [
        *below.get("", ()),
        *comments,
    ]:  # Those after the first are in rings of parents, which no real thread has.
        waiting = [(top, 0)]
        while waiting:
            one, depth = waiting.pop()
            if one.number in seen:
                continue
            seen.add(one.number)
            found.append((one, depth))
            waiting += [
                (child, min(depth + 1, _DEEPEST)) for child in reversed(below.get(one.id, ()) if one.id else ())
            ]
    return found


def _stem(path: str) -> str:
    """A file's name without its ending and what says of which kind it is."""
    folder, _, name = path.rpartition("/")
    lowered = name.lower()
    ending = max((s for s in ROW_SUFFIXES if lowered.endswith(s)), key=len, default="")
    stem = _KIND.sub("", name[: len(name) - len(ending)]) or "reddit"
    return f"{folder}/{stem}" if folder else stem


def _address(permalink: str, identity: str, community: str | None) -> str | None:
    names_a_user = re.search(r"/(?:user|u|r/u_[^/]*)/", permalink) is not None
    if permalink.startswith("/") and not names_a_user:
        return f"https://www.reddit.com{permalink}"
    if permalink.startswith("https://") and not names_a_user:
        return permalink
    if not re.fullmatch(r"[a-z0-9]{3,10}", identity):
        return None
    return f"https://www.reddit.com/{f'r/{community}/' if community else ''}comments/{identity}/"
