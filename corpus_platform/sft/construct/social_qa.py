"""Questions of sites with their best answers, from cleaned threads.

A thread's turns say who asks and who answers: on Stack Exchange by the kinds of posts; elsewhere the first post asks, and the others answer, but for
replies to replies.
The best answers by score are taken, the accepted one first among equals, if they have LIMA's form: long enough, not too long, no first person, no word of
other answers, floors or the site. A text that the cleaning has changed is not used: what it took out would come back.

Sources: LIMA (score of 10, 1200 to 4096 characters, style), from memory in the survey's specification; lengths for Chinese are a third of these.
Not here: threads (readers/), their cleaning (recipes/), dialogues of forums (meta.turns through the kinds).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from corpus_platform.sft.construct.rows import json_of, kept
from corpus_platform.sft.construct.way import Made, Way, made, register_way, skipped
from corpus_platform.sft.form import Dialogue, assistant, user
from corpus_platform.sft.kinds.about import chinese

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_FIRST_PERSON = re.compile(r"\b(?:I|I'm|I've|I'd|I'll|my|mine|myself)\b|我(?!国|们国|方|校|市|省)|本人|笔者|俺")
_OTHERS = re.compile(
    r"\b(?:as (?:mentioned|said|noted|stated|others?)|stack\s?(?:exchange|overflow)|reddit|(?:other|previous|above|accepted) answers?"
    r"|this (?:answer|thread|subreddit)|upvot\w*|downvot\w*|OP\b|edit\s?\d*:|IM[H]?O\b"
    r"|(?:this|the) site\b|mods?\b|moderators?\b|close[- ]vot\w+|(?:on|off)[- ]topic\b)"
    r"|楼上|楼主|楼下|谢邀|泻药|谢谢邀请|题主|答主|如上所述|上面(?:的)?回答|其他(?:的)?(?:回答|答案|答主)|知乎|贴吧|点赞|收藏|关注我|评论区|更新[:：]|编辑于",
    re.IGNORECASE,
)
_PRIVATE = re.compile(r"<(?:EMAIL|PHONE|USER|NAME|IP|ID)[^<>\s]*>|\[(?:EMAIL|PHONE|USER|NAME)\]")


@dataclass(frozen=True)
class Reply:
    """An answer of a thread."""

    text: str
    score: int | None
    accepted: bool


@register_way
class SocialQa(Way):
    """Best answers of threads."""

    name: ClassVar[str] = "social_qa"
    about: ClassVar[str] = "a question of a site with one of its best answers"
    reads: ClassVar[Literal["messages", "documents"]] = "documents"
    source: ClassVar[str | None] = "social"
    reasons: ClassVar[Mapping[str, str]] = {
        "no_turns": "The thread's turns were not kept (option `turns` of its reader)",
        "no_question": "Nothing is asked",
        "no_answer": "Nobody answers",
        "asks_of_site": "The question is about the site or its people",
        "low_score": "No answer has the score",
        "too_short": "The answer is shorter than asked for",
        "too_long": "The answer is longer than asked for",
        "first_person": "The answer speaks of its writer",
        "speaks_of_others": "The answer speaks of other answers, floors or the site",
        "changed_by_cleaning": "The cleaning has changed the text of question or answer",
    }

    least_score: int | None = Field(
        default=10, description="Least score of an answer; null takes any, and those without one"
    )
    answers: int = Field(default=1, ge=1, description="Answers of a question at most")
    shortest: int = Field(default=1200, ge=1, description="Characters of an answer at least; of a Chinese one a third")
    longest: int = Field(default=4096, ge=1, description="Characters of an answer at most; of a Chinese one a third")
    style: bool = Field(
        default=True, description="Whether answers in the first person and those that speak of others are left out"
    )

    def make(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Made]:
        """Dialogues of each thread, and why its answers were not taken."""
        for row in rows:
            yield from self._of_thread(row)

    def _of_thread(self, row: Mapping[str, Any]) -> Iterator[Made]:
        doc_id, meta = row["doc_id"], json_of(row, "meta")
        turns = meta.get("turns")
        if not isinstance(turns, list) or not turns:
            yield skipped("no_turns", doc_id)
            return
        question, replies = thread_of(turns, meta, str(row.get("title") or ""))
        reason = "no_question" if not question else "no_answer" if not replies else None
        if reason is None and self.style and (_OTHERS.search(question) or _PRIVATE.search(question)):
            reason = "asks_of_site"
        if reason is None and not _within(question, row):
            reason = "changed_by_cleaning"
        if reason:
            yield skipped(reason, doc_id)
            return
        ranked = sorted(replies, key=lambda r: (-(r.score or 0), not r.accepted))
        taken = 0
        for reply in ranked:
            reason = "over_cap" if taken >= self.answers else self._refused(reply, row)
            if reason:
                yield skipped(reason, doc_id)
            else:
                taken += 1
                yield made(self._dialogue(row, question, reply, meta), doc_id)

    def _refused(self, reply: Reply, row: Mapping[str, Any]) -> str | None:
        if self.least_score is not None and (reply.score is None or reply.score < self.least_score):
            return "low_score"
        size = len(reply.text) * (3 if chinese(reply.text) else 1)
        if size < self.shortest:
            return "too_short"
        if size > self.longest:
            return "too_long"
        if self.style and _FIRST_PERSON.search(reply.text):
            return "first_person"
        if self.style and (_OTHERS.search(reply.text) or _PRIVATE.search(reply.text)):
            return "speaks_of_others"
        return None if _within(reply.text, row) else "changed_by_cleaning"

    def _dialogue(self, row: Mapping[str, Any], question: str, reply: Reply, meta: Mapping[str, Any]) -> Dialogue:
        return Dialogue(
            (user(question), assistant(reply.text)),
            task_type="qa",
            construction="users",
            origin="human",
            labels={
                name: value
                for name, value in (("score", reply.score), ("accepted", reply.accepted))
                if value is not None
            },
            meta={"site": meta.get("site")} if meta.get("site") else {},
            **kept(row),
        )


def thread_of(turns: list[dict[str, Any]], meta: Mapping[str, Any], title: str) -> tuple[str, list[Reply]]:
    """What a thread asks (its title and first post), and its answers. A first post without text has no turn."""
    if any(turn.get("kind") for turn in turns):
        return _of_posts(turns, meta)
    first = turns[0]
    has_head = first["depth"] == 0 if "depth" in first else len(turns) > (meta.get("replies") or len(turns) - 1)
    body = first["text"].strip() if has_head else ""
    head = body if body.startswith(title) else "\n\n".join(piece for piece in (title, body) if piece)
    rest = turns[1:] if has_head else turns
    return head.strip(), [Reply(turn["text"], turn.get("score"), False) for turn in rest if turn.get("depth", 1) == 1]


def _of_posts(turns: list[dict[str, Any]], meta: Mapping[str, Any]) -> tuple[str, list[Reply]]:
    question = "\n\n".join(turn["text"] for turn in turns if turn.get("kind") == "question")
    scores, accepted = meta.get("answer_scores") or [], meta.get("accepted")
    answers = [turn["text"] for turn in turns if turn.get("kind") == "answer"]
    known = len(scores) == len(answers)
    return question.strip(), [
        Reply(text, scores[n] if known else None, known and n == accepted) for n, text in enumerate(answers)
    ]


def _within(text: str, row: Mapping[str, Any]) -> bool:
    """Whether each paragraph of a text is in the document still, whatever its blanks."""
    whole = "".join(str(row.get("text") or "").split()) + "\0" + "".join(str(row.get("title") or "").split())
    return all("".join(piece.split()) in whole for piece in text.split("\n\n"))
