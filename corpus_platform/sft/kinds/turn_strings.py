"""Dialogues as lists of texts, without a word on who speaks: the sides take turns.

    {"id": ..., "data": ["q", "a", "q", "a"]}, {"conversations": [...]}        UltraChat, LIMA, HuatuoGPT ("问：...", "答：...")
    ["q", "a", "q"]                                                            LCCC: a bare list
    q TAB a TAB q                                                              LCCC: a line
    {"input": ["q", "q"], "output": ["a", "a"]}                                Chinese-Vicuna: a list for either side
    {"message_1": ..., "message_2": {"content": ...}, ...}                     CAMEL: numbered messages (`numbered: message_`)

Blanks between Chinese characters, which LCCC and other corpora of tokens have, go where most characters have them; "问：" and "答：" go where every turn of
its side begins so. A turn too many at the end stays: which dialogues are whole is a matter of repair.

Sources: thunlp/UltraChat, GAIR/lima, FreedomIntelligence/HuatuoGPT, thu-coai/CDial-GPT, Facico/Chinese-Vicuna, camel-ai/camel.
Not here: turns that say who speaks (turns.py), one text with marks (marked_text.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from corpus_platform.sft.form import Message, Outcome, Problem
from corpus_platform.sft.kinds.about import COMMON, about, words
from corpus_platform.sft.kinds.answers import split_thinking
from corpus_platform.sft.kinds.kind import Column, Kind, register_kind
from corpus_platform.sft.kinds.numbered import is_numbered, numbered_values, without_numbered
from corpus_platform.sft.kinds.pairs import listed_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from corpus_platform.sft.kinds.kind import Record, Shape
    from corpus_platform.sft_tables import Role

_CJK = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_MARK = "\u3000-\u303f\uff00-\uffef“”‘’—…·～"
_HAN = re.compile(f"[{_CJK}]")
_APART = re.compile(f"[{_CJK}] (?=[{_CJK}{_MARK}])")
_POINT = "!?.,;:~\"'()%"
_BLANKS = re.compile(
    f"(?<=[{_CJK}{_MARK}]) +(?=[{_CJK}{_MARK}{_POINT}0-9])|(?<=[{_POINT}0-9]) +(?=[{_CJK}{_MARK}])|(?<=[{_POINT}]) +(?=[{_POINT}])|(?<=[0-9]) +(?=[0-9])"
)
_SPELT = re.compile(r"(?<![A-Za-z])[A-Za-z](?: [A-Za-z])+(?![A-Za-z])")
_WORD = re.compile(r"[A-Za-z]{2}")
_SIDES = (re.compile(r"\s*(?:问|Q|Question|用户|患者|Human|User)\s*[:：]\s*"), re.compile(r"\s*(?:答|A|Answer|助手|医生|Assistant|AI)\s*[:：]\s*"))  # fmt: skip


@register_kind
class TurnStrings(Kind):
    """UltraChat, LIMA, HuatuoGPT, LCCC, Chinese-Vicuna's chats, CAMEL."""

    name: ClassVar[str] = "turn_strings"
    about: ClassVar[str] = "A list of texts whose speakers take turns, or a list of texts for either side"
    version: ClassVar[str] = "2"
    shapes: ClassVar[tuple[Shape, ...]] = ("row", "line")
    fields: ClassVar[Mapping[str, Column]] = {
        **COMMON,
        "turns": Column(
            "The texts: a list, its JSON, or a text with `between` between them",
            ("data", "conversations", "conversation", "dialog", "dialogue", "utterances", "turns", "messages", "dialogs"),
        ),
        "user": Column("The texts of the one who asks, where either side has its list", ("input", "inputs", "questions")),
        "assistant": Column("The texts of the one who answers", ("output", "outputs", "answers", "responses")),
    }  # fmt: skip

    first: Literal["user", "assistant"] = Field(default="user", description="Who speaks first")
    between: str = Field(default="\t", description="What is between the turns of a line")
    spaced: bool | None = Field(
        default=None, description="Take blanks between Chinese characters out; by default where most have one"
    )
    prefixes: bool = Field(
        default=True, description="Take 问：, 答： and the like off, where all turns of a side have them"
    )
    numbered: str | None = Field(default=None, description="Beginning of the columns of numbered messages: `message_`")

    def takes(self, column: str) -> bool:
        """Whether a column is one of the numbered messages."""
        return is_numbered(column, self.numbered)

    def read(self, record: Record) -> Iterator[Outcome]:
        """A dialogue."""
        if self.numbered and isinstance(record.value, dict):
            record = without_numbered(record, self.numbered)
        sides = self._sides(record)
        if isinstance(sides, Problem):
            yield sides
            return
        texts = [text for _, text in sides]
        joined = [unspaced(text) for text in texts] if self._is_spaced(texts) else texts
        bare = self._bare(joined)
        messages: list[Message] = []
        for number, ((role, _), text) in enumerate(zip(sides, bare, strict=True)):
            reasoning, said = split_thinking(text) if role == "assistant" else (None, text)
            if not said:
                yield Problem("empty_message", f"{role}, turn {number}", broken=False)
                return
            messages.append(Message(role, said, reasoning))
        yield about(record, messages) if messages else Problem("no_turns", broken=False)

    def _sides(self, record: Record) -> list[tuple[Role, str]] | Problem:
        """Who says what, in order."""
        value = record.value
        if isinstance(value, dict) and self.numbered:
            spoken = numbered_values(value, self.numbered)
            return self._alternating([one.get("content") if isinstance(one, dict) else one for one in spoken])
        if not isinstance(value, dict):
            return self._alternating(self._split(value))
        asked, said = record.get("user"), record.get("assistant")
        if isinstance(asked, list) and isinstance(said, list):
            return _parallel(asked, said)
        return self._alternating(self._split(record.get("turns")))

    def _split(self, value: Any) -> list[Any] | Problem:
        if isinstance(value, str) and not value.lstrip().startswith("["):
            return [part for part in value.split(self.between) if part.strip()]
        return listed_of(value)

    def _alternating(self, turns: list[Any] | Problem) -> list[tuple[Role, str]] | Problem:
        if isinstance(turns, Problem):
            return turns
        if odd := next((one for one in turns if not isinstance(one, str | int | float | None)), None):
            return Problem("wrong_shape", f"a turn is {type(odd).__name__}, not a text")
        order: tuple[Role, Role] = ("user", "assistant") if self.first == "user" else ("assistant", "user")
        return [(order[number % 2], words(text)) for number, text in enumerate(turns)]

    def _is_spaced(self, texts: list[str]) -> bool:
        if self.spaced is not None:
            return self.spaced
        han = sum(len(_HAN.findall(text)) for text in texts)
        apart = sum(len(_APART.findall(text)) for text in texts)
        return apart >= 2 and apart * 2 >= han - len(texts)

    def _bare(self, texts: list[str]) -> list[str]:
        """The turns without the marks of their sides, where every turn has its own."""
        marks = _SIDES if self.first == "user" else _SIDES[::-1]
        found = [marks[number % 2].match(text) for number, text in enumerate(texts)]
        if not self.prefixes or not all(found):
            return texts
        return [text[match.end() :] if match else text for match, text in zip(found, texts, strict=True)]


def unspaced(text: str) -> str:
    """A text without blanks between Chinese characters, marks and digits; those beside Latin words stay, and letters that are spelt out are words."""
    joined = _BLANKS.sub("", text)
    # Where a word is whole, single letters are what they are: point A, B.
    return joined if _WORD.search(joined) else _SPELT.sub(lambda spelt: spelt[0].replace(" ", ""), joined)


def _parallel(asked: list[Any], said: list[Any]) -> list[tuple[Role, str]] | Problem:
    if not 0 <= len(asked) - len(said) <= 1:
        return Problem("wrong_shape", f"{len(asked)} questions and {len(said)} answers")
    found: list[tuple[Role, str]] = []
    for number, text in enumerate(asked):
        found.append(("user", words(text)))
        if number < len(said):
            found.append(("assistant", words(said[number])))
    return found
