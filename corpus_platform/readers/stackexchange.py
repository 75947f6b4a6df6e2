"""Stack Exchange's dumps: a folder or zip a site, with Posts.xml and, beside it, Comments.xml and Users.xml.

A document is a question with its answers by falling score, numbers being compared as numbers.
Promise: every row of Posts.xml is a question of a document, an answer in one (`meta.answers`), or a reject; no user is named.
A dump as it is published (.7z) is not unpacked: what reads it holds whole files and needs nine further packages, most of them compiled.

Not here: how threads are brought together (stackexchange_dump.py), layouts (stackexchange_layouts.py), names (people.py).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from corpus_platform.clean.social_pii import USER, is_member
from corpus_platform.extract.markdown import Links, to_markdown
from corpus_platform.readers.archives import ARCHIVE_REASONS
from corpus_platform.readers.reader import SourceDocument, Unit, register_reader
from corpus_platform.readers.safe_xml import XML_REASONS
from corpus_platform.readers.social import Draft, SocialReader, Speakers
from corpus_platform.readers.stackexchange_dump import Attributes, Dump, Thread, number_in
from corpus_platform.readers.stackexchange_layouts import RENDER, Layout, plain_text
from corpus_platform.readers.unpacking import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.readers.stackexchange_layouts import Kind
    from corpus_platform.sources.records import Reject

_PILE_SCORE, _PILE_ANSWERS = 3, 3
_LICENCES = (("2018-05-02", "CC-BY-SA-4.0"), ("2011-04-08", "CC-BY-SA-3.0"), ("", "CC-BY-SA-2.5"))
"""Of a post by the day on which it was written, where the dump does not say it."""
_OWN_DOMAINS = frozenset({"stackoverflow", "superuser", "serverfault", "askubuntu", "stackapps"})
_SEVEN_ZIP = ".7z"
_TAG = re.compile(r"[^<>|\s]+")
_DUPLICATE = re.compile(r"^> \*\*Possible Duplicates?:?\*\*[^\n]*(?:\n>[^\n]*)*\n*")
_COMMENT_LINK = re.compile(r"\[([^\]\n]{1,300})\]\(([^)\s]{1,2000})(?: \"[^\"\n]*\")?\)")


@register_reader
class StackExchange(SocialReader):
    """Questions with their answers, of a site's dump."""

    name = "stackexchange"
    by = "folder"
    has_marks: ClassVar[bool] = False
    suffixes: ClassVar[tuple[str, ...]] = (".zip", _SEVEN_ZIP)
    reasons: ClassVar[dict[str, str]] = {
        **ARCHIVE_REASONS,
        **XML_REASONS,
        "not_a_dump": "There is no Posts.xml of rows in it",
        "seven_zip": "The dump is still packed: unpack it with `7z x` first",
        "bad_row": "The row has no number, no kind, or one that was there before; or it is too long",
        "other_post": "The post is neither question nor answer: a tag's description, a nomination, a notice",
        "orphan_answer": "The answer's question is not in the dump",
        "unanswered": "The question has no answer that is taken",
        "low_score": "The score of the question or answer is below the one that was asked for",
        "too_many_answers": "The question has enough answers of a higher score",
        "question_rejected": "The answer's question is no document",
        "empty_post": "Nothing is left of the post without its markup",
    }

    turns: bool = Field(default=False, description="Keep a thread as turns of a dialogue too, in `meta.turns`")
    layout: Layout = Field(default="markdown", description="How question and answers become one text")
    compat: Literal["sane", "reference"] = Field(
        default="sane",
        description="Of the layout redpajama: `reference` sorts scores as texts (9 before 10) and reads a title as HTML, as the authors' code does",
    )
    unanswered: bool | None = Field(
        default=None, description="Keep questions without answers; by default only the layout redpajama does"
    )
    min_question_score: int | None = Field(default=None, description="Least score of a question")
    min_answer_score: int | None = Field(
        default=None, description="Least score of an answer; in the layout pile 3, and the accepted one whatever it has"
    )
    max_answers: int | None = Field(default=None, ge=1, description="Most answers of a question; 3 in the layout pile")
    comments: bool = Field(default=False, description="Append the comments on question and answers")
    links: Links = Field(
        default="text", description="Of the layout markdown: links as their text, or as `[text](address)`"
    )
    host: str | None = Field(default=None, description="Host of the site, where the folder's name does not say it")

    def part_of(self, name: str) -> str | None:
        """The site by its host: `beer` and `beer.stackexchange.com.zip` are `beer.stackexchange.com`."""
        return self._host(name)

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """The questions in the order of the dump."""
        if unit.name.lower().endswith(_SEVEN_ZIP):
            yield unit.reject(0, "seven_zip", "an archive of 7-Zip")
            return
        try:
            yield from self.settled(_Site(self, unit, self._host(unit.name)).drafts())
        except ArchiveError as error:
            yield unit.reject(0, error.problem.reason, error.problem.detail)

    def _host(self, name: str) -> str:
        if self.host is not None:
            return self.host
        site = name.rpartition("/")[2]
        for suffix in self.suffixes:
            site = site.removesuffix(suffix)
        if "." in site:
            return site
        return f"{site}.com" if site in _OWN_DOMAINS else f"{site}.stackexchange.com"

    @property
    def keeps_unanswered(self) -> bool:
        """Whether questions without answers are documents."""
        return self.layout == "redpajama" if self.unanswered is None else self.unanswered


class _Site:
    """A site's threads on their way to drafts."""

    def __init__(self, options: StackExchange, unit: Unit, host: str) -> None:
        self._options, self._unit, self._host = options, unit, host
        self._dump = Dump(unit, comments=options.comments)
        self._people = self._dump.people

    def drafts(self) -> Iterator[Draft | Reject]:
        """All threads as drafts."""
        for thread in self._dump.threads():
            yield from self._draft(thread)

    def _draft(self, thread: Thread | Reject) -> Iterator[Draft | Reject]:
        if not isinstance(thread, Thread):
            yield thread
            return
        reason, kept, rejects = self._judged(thread)
        if reason is None:
            made = self._made(thread, kept)
            if isinstance(made, Draft):
                yield from rejects
                yield made
                return
            reason = made
        yield self._dump.reject(thread.row, reason, self._url(thread.question), broken=False)
        yield from rejects
        yield from (self._dump.reject(row, "question_rejected", broken=False) for row, _ in kept)

    def _judged(self, thread: Thread) -> tuple[str | None, list[tuple[int, Attributes]], list[Reject]]:
        """Why the question is no document, the answers that are taken, in order, and rejects of the others."""
        options, is_pile = self._options, self._options.layout == "pile"
        least = _PILE_SCORE if is_pile and options.min_answer_score is None else options.min_answer_score
        most = _PILE_ANSWERS if is_pile and options.max_answers is None else options.max_answers
        rejects: list[Reject] = []
        kept: list[tuple[int, Attributes]] = []
        as_texts = options.layout == "redpajama" and options.compat == "reference"
        for row, answer in sorted(thread.answers, key=lambda one: _rank(one[1], as_texts=as_texts), reverse=True):
            is_saved = is_pile and answer.get("Id") == thread.question.get("AcceptedAnswerId")
            if not (answer.get("Body") or "").strip():
                rejects.append(self._dump.reject(row, "empty_post", broken=False))
            elif least is not None and _score(answer) < least and not is_saved:
                rejects.append(self._dump.reject(row, "low_score", f"{_score(answer)}", broken=False))
            elif most is not None and len(kept) >= most:
                rejects.append(self._dump.reject(row, "too_many_answers", broken=False))
            else:
                kept.append((row, answer))
        score = options.min_question_score
        if score is not None and _score(thread.question) < score:
            return "low_score", kept, rejects
        if not kept and not (options.keeps_unanswered and thread.question.get("Title")):
            return "unanswered", kept, rejects
        return None, kept, rejects

    def _made(self, thread: Thread, kept: list[tuple[int, Attributes]]) -> Draft | str:
        question = thread.question
        speakers, present = Speakers(), self._present(thread)
        title = " ".join((question.get("Title") or "").split())
        kinds: list[Kind] = []
        parts: list[str] = []
        numbers: list[int] = []
        posts: list[tuple[Kind, Attributes]] = [("question", question), *(("answer", one) for _, one in kept)]
        for kind, post in posts:
            kinds.append(kind)
            parts.append(self._people.without_names(self._text(kind, post, title), present, title))
            numbers.append(speakers.number(_owner(post)))
            for comment in thread.comments.get(post.get("Id", ""), ()):
                kinds.append("comment")
                parts.append(self._people.without_names(self._comment(comment["Text"]), present, title))
                numbers.append(speakers.number(_owner(comment)))
        if not parts[0] and not title:
            return "empty_post"
        licences = [_licence(post) for _, post in posts]
        document = SourceDocument(
            identity=f"{self._host}:{question['Id']}",
            position=thread.row,
            text="",
            title=title or None,
            url=self._url(question),
            date=_time(question.get("CreationDate")),
            content_type="text/html",
            licence=max(licences),
            category=self._options.part_of(self._unit.name),
            meta=self._meta(question, [one for _, one in kept], licences),
        )
        return Draft(
            document,
            parts,
            partial(RENDER[self._options.layout], kinds=kinds),
            numbers,
            [{"kind": kind} for kind in kinds],
            says_title=self._options.layout != "redpajama",
        )

    def _meta(self, question: Attributes, answers: list[Attributes], licences: list[str]) -> dict[str, Any]:
        accepted = [i for i, one in enumerate(answers) if one.get("Id") == question.get("AcceptedAnswerId")]
        meta: dict[str, Any] = {
            "site": self._host,
            "question": int(question["Id"]),
            "score": _score(question),
            "answers": len(answers),
            "answer_scores": [_score(one) for one in answers],
            "accepted": accepted[0] if accepted else None,
            "tags": _TAG.findall(question.get("Tags") or ""),
            "layout": self._options.layout,
        }
        if len(set(licences)) > 1:
            meta["licences"] = sorted(set(licences))
        if question.get("ClosedDate"):
            meta["closed"] = True
        return meta

    def _present(self, thread: Thread) -> set[str]:
        """Names of those who take part: who wrote, edited or commented."""
        posts = [thread.question, *(one for _, one in thread.answers)]
        posts += [comment for post in posts for comment in thread.comments.get(post.get("Id", ""), ())]
        return {
            name
            for post in posts
            for user, named in (
                ("Owner", "OwnerDisplayName"),
                ("LastEditor", "LastEditorDisplayName"),
                ("", "UserDisplayName"),
            )
            for name in (post.get(named), self._people.name(post.get(f"{user}UserId")))
            if name
        }

    def _text(self, kind: Kind, post: Attributes, title: str) -> str:
        body, options = post.get("Body") or "", self._options
        if options.layout == "markdown":
            return _DUPLICATE.sub("", to_markdown(body, links=options.links, instead=_person))
        if options.layout == "pile":
            return plain_text(body)
        if options.compat == "reference":
            return plain_text(f"{title} {body}" if kind == "question" else body, starred=True)
        text = plain_text(body, starred=True)
        return f"{title} {text}" if kind == "question" else text

    def _comment(self, text: str) -> str:
        if self._options.links == "markdown":
            return text.strip()
        return _COMMENT_LINK.sub(lambda link: USER if is_member(link[2]) else link[1], text).strip()

    def _url(self, question: Attributes) -> str:
        return f"https://{self._host}/questions/{question.get('Id', '')}"


def _person(address: str) -> str | None:
    return USER if is_member(address) else None


def _score(post: Attributes) -> int:
    return number_in(post.get("Score")) or 0


def _rank(answer: Attributes, *, as_texts: bool) -> Any:
    return answer.get("Score", "0") if as_texts else _score(answer)


def _owner(post: Attributes) -> str | None:
    return post.get("OwnerUserId") or post.get("UserId") or post.get("OwnerDisplayName") or post.get("UserDisplayName")


def _licence(post: Attributes) -> str:
    said = post.get("ContentLicense")
    if said:
        return said.replace(" ", "-")
    day = post.get("CreationDate") or ""
    return next(licence for since, licence in _LICENCES if day >= since)


def _time(value: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(value).replace(tzinfo=UTC) if value else None
    except ValueError:
        return None
