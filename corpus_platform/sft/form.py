"""The one form of a dialogue: messages of user, assistant and tools, with what its data set says of it.

    Dialogue((user("What is 2 + 2?"), assistant("4")), system="Answer shortly.", verifiable_answer="4")

A kind (kinds/) makes dialogues, preferences and problems of records; `rows` makes a frame of them with the columns of `sft.messages`.
Promise: `content_id` depends on what is said alone, so that equal dialogues have equal ones in every data set and on every rerun.

Not here: reading files (reading.py), kinds of records (kinds/), repair of roles and texts (recipes/steps/sft_repair.py).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import orjson

from corpus_platform.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from corpus_platform.sft_tables import Construction, Role


@dataclass(frozen=True, slots=True)
class Message:
    """What one side says. `calls` are an assistant's calls of tools: {name, arguments, id?}; `name` is that of the tool whose answer it is.

    `trained` says whether a trainer should learn it; None leaves it to the role: what the assistant says is learnt.
    """

    role: Role
    content: str
    reasoning: str | None = None
    calls: tuple[Mapping[str, Any], ...] = ()
    name: str | None = None
    trained: bool | None = None

    def row(self) -> dict[str, Any]:
        """The message as the struct of the tables."""
        return {
            "role": self.role,
            "content": self.content,
            "reasoning": self.reasoning,
            "calls": dumps(list(self.calls)) if self.calls else None,
            "name": self.name,
            "trained": self.role == "assistant" if self.trained is None else self.trained,
        }

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Message:
        """The message of a struct of the tables."""
        calls = tuple(orjson.loads(row["calls"])) if row.get("calls") else ()
        return cls(row["role"], row["content"], row.get("reasoning"), calls, row.get("name"), row.get("trained"))


def user(content: str) -> Message:
    """What a user says."""
    return Message("user", content)


def assistant(content: str, reasoning: str | None = None) -> Message:
    """What the assistant says."""
    return Message("assistant", content, reasoning)


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Messages with what is known of them. None and empty mean that nobody says: the data set's own values come in then."""

    messages: tuple[Message, ...]
    system: str | None = None
    tools: tuple[Any, ...] = ()
    """What the assistant may call, each as its source writes it (a JSON schema, say)."""
    task_type: str | None = None
    verifiable_answer: str | None = None
    language: str | None = None
    licence: str | None = None
    construction: Construction | None = None
    origin: str | None = None
    origin_model: str | None = None
    title: str | None = None
    url: str | None = None
    labels: Mapping[str, Any] = field(default_factory=dict)
    """What the source says of the record's quality, difficulty, abilities: word, number, truth or list of words by name."""
    meta: Mapping[str, Any] = field(default_factory=dict)
    """Anything else that it says."""
    images_needed: bool = False
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """One of several answers to a prompt."""

    messages: tuple[Message, ...]
    model: str | None = None
    score: float | None = None
    good: bool | None = None

    def row(self) -> dict[str, Any]:
        """The answer as the struct of the tables."""
        own = [message.row() for message in self.messages]
        return {"messages": own, "model": self.model, "score": self.score, "good": self.good}


@dataclass(frozen=True, slots=True)
class Preference:
    """A prompt with its answers. `about` holds what is said of the record; its messages are the prompt."""

    about: Dialogue
    answers: tuple[Answer, ...]
    choice: int | None = None
    tie: bool = False
    judge: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a record, or one dialogue of it, can't be used: a reason code of kinds/kind.py and what was seen. `broken` ones count against the budget."""

    reason: str
    detail: str = ""
    broken: bool = True


Outcome = Dialogue | Preference | Problem


@dataclass(frozen=True, slots=True)
class Found:
    """An outcome with its place: file, ordinal of the record in it from 0, number within the record from 0."""

    file: str
    position: int
    ordinal: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class SetFacts:
    """What is true of a whole data set: values for what its records do not say."""

    name: str
    """Name of the partition."""
    source: str
    """Name in the catalogue (letters, digits, _)."""
    kind: str = ""
    task_type: str | None = None
    construction: str | None = None
    origin: str | None = None
    origin_model: str | None = None
    language: str | None = None
    licence: str | None = None


def text_of(messages: Iterable[Message], system: str | None = None) -> str:
    """The contents (system, then reasoning and content of each message), joined by blank lines."""
    pieces = [system or ""]
    for message in messages:
        pieces += [message.reasoning or "", message.content]
    return "\n\n".join(piece for piece in pieces if piece)


def content_id(messages: Sequence[Message], system: str | None = None, tools: Sequence[Any] = ()) -> str:
    """32 hex digits (SHA-256, first 128 bits) of what is said: system, tools, and role, content, reasoning, calls and name of each message."""
    said = [[m.role, m.content, m.reasoning, [dict(c) for c in m.calls], m.name] for m in messages]
    packed = orjson.dumps([system or "", list(tools), said], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(packed).hexdigest()[:32]


def dialogue_id(set_name: str, file: str, position: int, ordinal: int) -> str:
    """doc_id of a dialogue, from its place: equal on every rerun, and different for two equal records of one file."""
    return hashlib.sha256(f"sft\0{set_name}\0{file}\0{position}\0{ordinal}".encode()).hexdigest()[:32]


def row_of(dialogue: Dialogue, facts: SetFacts, *, file: str, position: int, ordinal: int) -> dict[str, Any]:
    """A dialogue with the columns of `sft.messages`, but `shard`, `file_index` and the partition."""
    return {
        **_said(dialogue, facts, file, position, ordinal),
        "text": text_of(dialogue.messages, dialogue.system),
        "messages": [message.row() for message in dialogue.messages],
        "content_id": content_id(dialogue.messages, dialogue.system, dialogue.tools),
        "verifiable_answer": dialogue.verifiable_answer,
        "parents": list(dialogue.parents) or None,
    }


def preference_row(one: Preference, facts: SetFacts, *, file: str, position: int, ordinal: int) -> dict[str, Any]:
    """A preference with the columns of `sft.preferences`, but `shard`, `file_index` and the partition."""
    about = one.about
    spoken = (*about.messages, *(message for answer in one.answers for message in answer.messages))
    return {
        **_said(about, facts, file, position, ordinal),
        "text": text_of(spoken, about.system),
        "prompt": [message.row() for message in about.messages],
        "content_id": content_id(spoken, about.system, about.tools),
        "answers": [answer.row() for answer in one.answers],
        "choice": one.choice,
        "tie": one.tie,
        "judge": one.judge,
    }


def _said(dialogue: Dialogue, facts: SetFacts, file: str, position: int, ordinal: int) -> dict[str, Any]:
    return {
        "doc_id": dialogue_id(facts.name, file, position, ordinal),
        "source": facts.source,
        "file": file,
        "position": position,
        "ordinal": ordinal,
        "url": dialogue.url,
        "title": dialogue.title,
        "language": dialogue.language or facts.language,
        "licence": dialogue.licence or facts.licence,
        "meta": dumps(dict(dialogue.meta)) if dialogue.meta else None,
        "system": dialogue.system or None,
        "tools": dumps(list(dialogue.tools)) if dialogue.tools else None,
        "kind": facts.kind,
        "task_type": dialogue.task_type or facts.task_type,
        "construction": dialogue.construction or facts.construction,
        "origin": dialogue.origin or facts.origin,
        "origin_model": dialogue.origin_model or facts.origin_model,
        "labels": dumps(dict(dialogue.labels)) if dialogue.labels else None,
        "images_needed": dialogue.images_needed,
    }


def of_row(row: Mapping[str, Any]) -> Dialogue:
    """The dialogue of a row of a table of dialogues."""
    return Dialogue(
        messages=tuple(Message.of_row(message) for message in row["messages"]),
        system=row.get("system"),
        tools=tuple(orjson.loads(row["tools"])) if row.get("tools") else (),
        task_type=row.get("task_type"),
        verifiable_answer=row.get("verifiable_answer"),
        language=row.get("language"),
        licence=row.get("licence"),
        construction=row.get("construction"),
        origin=row.get("origin"),
        origin_model=row.get("origin_model"),
        title=row.get("title"),
        url=row.get("url"),
        labels=orjson.loads(row["labels"]) if row.get("labels") else {},
        meta=orjson.loads(row["meta"]) if row.get("meta") else {},
        images_needed=bool(row.get("images_needed")),
        parents=tuple(row.get("parents") or ()),
    )


def made_of(dialogue: Dialogue, *parents: str) -> Dialogue:
    """The dialogue as made of other rows (their doc_ids)."""
    return replace(dialogue, parents=parents)


def dumps(value: Any) -> str:
    """A value as JSON text. Raises CorpusError for what JSON has no form for."""
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError as error:
        raise CorpusError(f"no JSON can be made of {type(value).__name__}: {error}") from error
