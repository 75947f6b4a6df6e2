"""Chats of real users: only with consent and terms of use, whole, harmless, without personal data, and not too many of one person.

    for found in collected(read(unit, reading), CollectUsers(), harmful): ...           # Dialogue | Problem

A chat is a record of the kind `turns`; what its other columns are is told by the options: consent, terms, user, time, model, withdrawal, votes. Of these a
dialogue keeps the user's pseudonym (as `author`, by which it can be forgotten), time, terms and votes; all else goes, addresses of machines too, unless
`keep` names it. An empty consent or empty terms block a chat, whatever else it has.
Promise: of a chat that is turned away nothing is told but its place and the reason; every chat is a dialogue or has a reason code.
Sources: what WildChat and LMSYS-Chat-1M tell of consent, hashed addresses and redaction.

Not here: the kind (kinds/turns.py), what is harmful (signals/sft_safety.py), what is personal data (private.py), votes as a table (stages/sft_feedback.py).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from corpus_platform.errors import SettingsError
from corpus_platform.sft.collected.pseudonyms import Pseudonyms
from corpus_platform.sft.collected.sheet import units
from corpus_platform.sft.flat import MESSAGE_TYPE
from corpus_platform.sft.form import Dialogue, Found, Message, Problem
from corpus_platform.sft.kinds.about import truth, words
from corpus_platform.sft.kinds.kind import at
from corpus_platform.sft.private import USUAL, masked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

REASONS = {
    "no_consent": "Nothing says that the user has consented",
    "consent_refused": "The user has not consented",
    "consent_withdrawn": "The user has withdrawn consent",
    "no_terms": "Nothing says under which terms of use the chat was had",
    "other_terms": "The terms of use are none of those that allow it",
    "no_user": "Nothing says which user it is, so that it could not be withdrawn",
    "too_short": "What is asked is too short to be a request",
    "no_answer": "Nobody answers in the chat",
    "test_message": "The user only tries whether something answers",
    "harmful": "The chat is flagged, toxic or full of listed words",
    "over_user_cap": "As many chats of this user as the cap allows were taken",
}
"""Reason codes of chats that are turned away, with their meaning."""

VOTES = {
    "up": "up", "like": "up", "liked": "up", "good": "up", "thumbs_up": "up", "thumbsup": "up", "1": "up", "+1": "up", "true": "up", "👍": "up", "赞": "up",
    "down": "down", "dislike": "down", "disliked": "down", "bad": "down", "thumbs_down": "down", "thumbsdown": "down", "-1": "down", "0": "down",
    "false": "down", "👎": "down", "踩": "down", "regenerate": "regenerate", "regenerated": "regenerate", "retry": "regenerate", "重新生成": "regenerate",
    "edit": "edit", "edited": "edit", "编辑": "edit", "修改": "edit",
}  # fmt: skip
"""Votes by the words that products write; any other word is `other`."""

_NO = frozenset({"no", "none", "denied", "declined", "refused", "false", "0", "不同意", "否", "拒绝"})
_TEST = re.compile(
    r"(?i)(?:this is )?(?:(?:just )?(?:a )?test(?:ing)?(?: (?:test|message|only|123|1 2 3|one two three))*"
    r"|(?:hello|hi|hey)[ ,]+test|asdf+|qwer(?:ty)?|abc|foo|xxx+|\d{1,6}|ping|测试(?:一下|消息|中)?|试试|试一下|(?:测试)+|你好测试|啊+|一二三)[\s.!?。！？~～]*"
)
_BATCH = 500


class CollectUsers(BaseModel):
    """Which columns of a chat say what, and which chats are taken. A column may be a path into objects."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    consent: str = Field(default="consent", description="Column: that the user has consented; empty blocks")
    terms: str = Field(default="terms", description="Column: terms of use that were agreed to; empty blocks")
    accepted_terms: tuple[str, ...] = Field(
        default=(), description="Terms that allow it; any that are named by default"
    )
    user: str = Field(default="user", description="Column: pseudonym of the user; empty blocks")
    time: str = Field(default="timestamp", description="Column: when it was")
    model: str = Field(default="model", description="Column: model that answered")
    withdrawn: str = Field(default="withdrawn", description="Column: that, or when, consent was withdrawn")
    withdrawn_users: Path | None = Field(
        default=None,
        description="File of users who have withdrawn consent, one a line, as the column of users names them",
    )
    votes: str = Field(
        default="votes",
        description="Column: a vote (up, down, regenerate, edit), or a list of {turn, vote, reason, edit}",
    )
    flags: tuple[str, ...] = Field(
        default=("flagged", "toxic", "redflag", "unsafe"), description="Columns that say that a chat is harmful"
    )
    least: int = Field(default=2, ge=1, description="Fewest words, or Chinese characters, that the user says")
    most_of_user: int | None = Field(default=100, ge=1, description="Most chats of one user; null: all")
    deidentify: bool = Field(default=True, description="Whether personal data is replaced before anything is written")
    kinds: tuple[str, ...] = Field(default=USUAL, description="Kinds of personal data that are replaced")
    keep: tuple[str, ...] = Field(default=(), description="Other columns that are kept in `meta`")
    key: Path | None = Field(
        default=None, description="File with the key of pseudonyms: ids of users are hashed with it"
    )

    def gone(self) -> frozenset[str]:
        """Users who have withdrawn consent. Raises SettingsError where the file can't be read."""
        if self.withdrawn_users is None:
            return frozenset()
        try:
            lines = self.withdrawn_users.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise SettingsError(f"`withdrawn_users`: {self.withdrawn_users} can't be read: {error.strerror}") from None
        return frozenset(line.strip() for line in lines if line.strip())


def collected(
    found: Iterable[Found],
    options: CollectUsers,
    harmful: Callable[[Sequence[Dialogue]], list[str | None]],
    *,
    gone: frozenset[str] = frozenset(),
    pseudonyms: Pseudonyms | None = None,
) -> Iterator[Found]:
    """Outcomes of chats in their order. `harmful` sees dialogues with their labels, and all their columns in `meta`; `gone` are users who have withdrawn."""
    taken: Counter[str] = Counter()
    named = pseudonyms or Pseudonyms()
    source = iter(found)
    while batch := list(islice(source, _BATCH)):
        outcomes = [_admitted(one.outcome, options, gone) for one in batch]
        whole = [i for i, one in enumerate(outcomes) if isinstance(one, Dialogue)]
        chats = [one for one in outcomes if isinstance(one, Dialogue)]
        kept: list[int] = []
        for i, chat, why in zip(whole, chats, harmful(chats) if chats else [], strict=True):
            person = words(at(dict(chat.meta), options.user))
            if why is not None:
                outcomes[i] = _no("harmful", why)
            elif options.most_of_user is not None and taken[person] >= options.most_of_user:
                outcomes[i] = _no("over_user_cap")
            else:
                taken[person] += 1
                kept.append(i)
        told = [_told(outcomes[i], options, named) for i in kept]  # type: ignore[arg-type]
        for i, chat in zip(kept, deidentified(told, options.kinds) if options.deidentify else told, strict=True):
            outcomes[i] = chat
        for one, outcome in zip(batch, outcomes, strict=True):
            yield Found(one.file, one.position, one.ordinal, outcome)


def _admitted(outcome: Any, options: CollectUsers, gone: frozenset[str]) -> Dialogue | Problem:
    """The chat where its columns allow it, with flags among its labels; else why not."""
    if isinstance(outcome, Problem):
        # What was seen may be the user's own words, and nobody knows whether they may be told.
        reason = "no_answer" if outcome.reason in {"no_reply", "empty_message"} else outcome.reason
        return Problem(reason, "", outcome.broken and reason != "no_answer")
    if not isinstance(outcome, Dialogue):
        return Problem("wrong_shape", "", broken=True)
    meta = dict(outcome.meta)
    person = words(at(meta, options.user))
    reason = _blocked(meta, options) or _of_user(meta, person, options, gone) or _invalid(outcome, options)
    if reason is not None:
        return _no(reason)
    flags = {name: True for name in options.flags if truth(at(meta, name))}
    return replace(outcome, labels={**outcome.labels, **flags})


def _blocked(meta: dict[str, Any], options: CollectUsers) -> str | None:
    """Whether consent and terms let a chat in."""
    given, terms = at(meta, options.consent), words(at(meta, options.terms))
    if given is None or (not isinstance(given, bool) and not words(given)):
        return "no_consent"
    if words(given).lower() in _NO:
        return "consent_refused"
    if not terms:
        return "no_terms"
    return "other_terms" if options.accepted_terms and terms not in options.accepted_terms else None


def _of_user(meta: dict[str, Any], person: str, options: CollectUsers, gone: frozenset[str]) -> str | None:
    withdrawn = words(at(meta, options.withdrawn)).lower()
    if person in gone or (withdrawn and withdrawn not in _NO):
        return "consent_withdrawn"
    return None if person else "no_user"


def _invalid(chat: Dialogue, options: CollectUsers) -> str | None:
    asked = [message.content for message in chat.messages if message.role == "user"]
    if not any(message.role == "assistant" and message.content.strip() for message in chat.messages):
        return "no_answer"
    if asked and all(_TEST.fullmatch(text.strip()) for text in asked):
        return "test_message"
    return "too_short" if sum(len(units(text)) for text in asked) < options.least else None


def _told(chat: Dialogue, options: CollectUsers, pseudonyms: Pseudonyms) -> Dialogue:
    """The chat with what is kept of its columns."""
    meta = dict(chat.meta)
    told: dict[str, Any] = {
        "author": pseudonyms(words(at(meta, options.user))),
        "terms": words(at(meta, options.terms)),
    }
    if when := words(at(meta, options.time)):
        told["time"] = when
    if votes := votes_of(at(meta, options.votes), chat.messages):
        told["votes"] = votes
    told |= {name: value for name in options.keep if (value := at(meta, name)) is not None}
    labels = {name: value for name, value in chat.labels.items() if isinstance(value, str | int | float | bool)}
    return replace(
        chat,
        meta=told,
        labels=labels,
        url=None,
        title=None,
        origin_model=chat.origin_model or words(at(meta, options.model)) or None,
    )


def votes_of(given: Any, messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Votes as {turn, vote, reason?, edit?}: `turn` is the number of the message that is voted on, the last answer where none is named."""
    last = max((i for i, message in enumerate(messages) if message.role == "assistant"), default=-1)
    found: list[dict[str, Any]] = []
    for one in given if isinstance(given, list) else [given]:
        value = one if isinstance(one, dict) else {"vote": one}
        word = words(value.get("vote")).lower()
        if not word:
            continue
        turn = value.get("turn")
        is_answer = isinstance(turn, int) and 0 <= turn < len(messages) and messages[turn].role == "assistant"
        vote: dict[str, Any] = {"turn": turn if is_answer else last, "vote": VOTES.get(word, "other")}
        vote |= {name: text for name in ("reason", "edit") if (text := words(value.get(name)))}
        found.append(vote)
    return found


def deidentified(chats: Sequence[Dialogue], kinds: Sequence[str] = USUAL) -> list[Dialogue]:
    """The chats with personal data as numbered placeholders, in messages, system prompts, and what users wrote to their votes."""
    if not chats:
        return []
    # Words of a vote are masked as messages behind the chat's own, so that one value is one placeholder.
    spoken = [[*(message.row() for message in chat.messages), *map(_as_message, _written(chat))] for chat in chats]
    maths = pl.Series([chat.task_type == "maths" for chat in chats], dtype=pl.Boolean).to_numpy()
    done = masked(
        pl.Series("messages", spoken, dtype=MESSAGE_TYPE),
        pl.Series("system", [chat.system for chat in chats], dtype=pl.String),
        kinds,
        is_maths=maths,
    )
    made = []
    for chat, rows, system in zip(chats, done.put.messages.to_list(), done.put.system.to_list(), strict=True):
        n = len(chat.messages)
        messages = tuple(Message.of_row(row) for row in rows[:n])
        texts = iter([row["content"] for row in rows[n:]])
        votes = [
            {k: next(texts) if k in _WRITTEN else v for k, v in vote.items()} for vote in chat.meta.get("votes", ())
        ]
        meta = {**chat.meta, **({"votes": votes} if votes else {})}
        made.append(replace(chat, messages=messages, system=system, meta=meta))
    return made


_WRITTEN = ("reason", "edit")


def _written(chat: Dialogue) -> list[str]:
    """What a user wrote to votes, in order."""
    return [text for vote in chat.meta.get("votes", ()) for key, text in vote.items() if key in _WRITTEN]


def _as_message(text: str) -> dict[str, Any]:
    return Message("user", text).row()


def _no(reason: str, detail: str = "") -> Problem:
    return Problem(reason, detail, broken=False)
