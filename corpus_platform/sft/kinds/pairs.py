"""Dialogues as lists of questions with their answers: objects with a key for either side, or lists of two.

    {"conversation": [{"human": "...", "assistant": "..."}, ...]}       Firefly's form: moss-003, ultrachat, ShareGPT-Chinese-English-90k, WizardLM 143k
    {"history": [["q", "a"], ["q", "a"]]}                               pairs as lists
    {"round_1": {"Q": ..., "A": ...}, "round_2": ...}                   COIG's corrections: numbered pairs, be they JSON as text (`numbered: round_`)

Sources: yangjianxin1/Firefly (component/dataset.py), its data/dummy_data.jsonl.
Not here: a history before one request (instruct.py), turns with roles (turns.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import orjson
from pydantic import Field

from corpus_platform.sft.form import Message, Outcome, Problem
from corpus_platform.sft.kinds.about import COMMON, about
from corpus_platform.sft.kinds.answers import split_thinking
from corpus_platform.sft.kinds.kind import Column, Kind, register_kind
from corpus_platform.sft.kinds.numbered import is_numbered, numbered_values, without_numbered
from corpus_platform.sft.kinds.sides import side_of_pair

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from corpus_platform.sft.kinds.kind import Record


@register_kind
class Pairs(Kind):
    """Firefly's form, and lists of [question, answer]."""

    name: ClassVar[str] = "pairs"
    about: ClassVar[str] = "A list of questions with their answers"
    fields: ClassVar[Mapping[str, Column]] = {
        **COMMON,
        "turns": Column(
            "The pairs, as a list or its JSON as text",
            ("conversation", "conversations", "history", "dialog", "dialogue", "qa", "data", "rounds"),
            required=True,
        ),
    }

    numbered: str | None = Field(default=None, description="Beginning of the columns of numbered pairs: `round_`")
    inside: str | None = Field(default=None, description="Key of a numbered object that has the pair: `response`")

    def takes(self, column: str) -> bool:
        """Whether a column is one of the numbered pairs."""
        return is_numbered(column, self.numbered)

    def read(self, record: Record) -> Iterator[Outcome]:
        """A dialogue."""
        if self.numbered and isinstance(record.value, dict):
            record = without_numbered(record, self.numbered)
        pairs = self._pairs(record)
        if isinstance(pairs, Problem):
            yield pairs
            return
        messages: list[Message] = []
        for number, pair in enumerate(pairs):
            sides = side_of_pair(pair)
            if isinstance(sides, Problem):
                yield sides
                return
            for role, text in sides:
                reasoning, said = split_thinking(text) if role == "assistant" else (None, text)
                if not said:
                    yield Problem("empty_message", f"{role} of pair {number}", broken=False)
                    return
                messages.append(Message(role, said, reasoning))
        yield about(record, messages) if messages else Problem("no_turns", broken=False)

    def _pairs(self, record: Record) -> list[Any] | Problem:
        if not isinstance(record.value, dict):
            return listed_of(record.value)
        if self.numbered is None:
            return listed_of(record.get("turns"))
        pairs = numbered_values(record.value, self.numbered)
        if self.inside:
            pairs = [pair.get(self.inside) if isinstance(pair, dict) else pair for pair in pairs]
        try:
            return [orjson.loads(pair) if isinstance(pair, str) else pair for pair in pairs]
        except orjson.JSONDecodeError as error:
            return Problem("bad_inner_json", f"a pair: {error}")


def listed_of(value: Any) -> list[Any] | Problem:
    """A list, or the one that a text holds as JSON."""
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return Problem("bad_inner_json", f"a list was looked for in {value[:80]!r}")
    if isinstance(value, list):
        return value
    return Problem("no_turns" if value is None else "wrong_shape", f"{type(value).__name__} instead of a list")
