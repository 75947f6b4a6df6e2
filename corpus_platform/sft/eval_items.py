"""Items of evaluation sets as what is searched for: a prompt with its options, an answer, each in passages of one normal form.

    EvalItem("mmlu", "7", ("Which is a planet? A. Mars B. Vega",)) has the prompt of three passages: question, `Mars`, `Vega`

Promise: the letters of options, width of characters, separators of thousands and the marks of a calculator (`<<3*2=6>>`) are no part of a passage.

Not here: the search (contamination.py), reading evaluation sets (recipes/test_sets.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corpus_platform.sft.form import Dialogue

PartName = Literal["prompt", "answer"]

_FULL_WIDTH = {chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F)} | {"\u3000": " "}
_MARK = re.compile(r"(?:(?<=\s)|(?<=^))[(\[]?([A-J])[)\].:、](?=\s|[^\sA-Za-z0-9]|\S)", re.MULTILINE)
_NUMBER = re.compile(r"[A-Za-z0-9_]*[0-9][A-Za-z0-9_]*")
_NUMBER_WORDS = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty"
    r"|fifty|sixty|seventy|eighty|ninety|hundred|thousand|half|twice|thrice|double|triple|quarter|third|dozen)\b|[二三四五六七八九十百千万两半]",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class EvalItem:
    """An item of an evaluation set: what is asked, the options where it has some, and the answer. `maths`: its variants differ in their numbers."""

    benchmark: str
    id: str
    prompt: tuple[str, ...]
    answer: str = ""
    maths: bool = False

    @classmethod
    def of(cls, benchmark: str, identity: str, dialogue: Dialogue, *, maths: bool = False) -> EvalItem:
        """The item of a dialogue that a kind has read from an evaluation set; options that stand in the prompt are found by their letters."""
        asked = tuple(m.content for m in dialogue.messages if m.role == "user")
        answers = [m.content for m in dialogue.messages if m.role == "assistant"]
        return cls(benchmark, identity, asked, "\n".join(answers) or dialogue.verifiable_answer or "", maths)


@dataclass(frozen=True)
class Part:
    """A part of an item: passages of normal text, and the numbers in it."""

    item: int
    name: PartName
    passages: tuple[str, ...]
    numbers: tuple[str, ...]


def normal_form(texts: pl.Series) -> pl.Series:
    """The texts as they are compared: half-width, digits without separators of thousands, without the marks of a calculator; nulls are empty."""
    made = texts.fill_null("").str.replace_all(r"<<[^<>\n]*>>", "")
    made = made.str.replace_many(list(_FULL_WIDTH), list(_FULL_WIDTH.values()))
    for _ in range(2):  # 1,000,000 has two of them, and matches do not overlap
        made = made.str.replace_all(r"(\d),(\d{3})\b", "${1}${2}")
    return made


def parts_of(items: Sequence[EvalItem]) -> list[Part]:
    """The prompts and the answers of items in normal form."""
    said = normal_form(pl.Series([text for item in items for text in (*item.prompt, item.answer)], dtype=pl.String))
    found: list[Part] = []
    texts = iter(said)
    for number, item in enumerate(items):
        passages = tuple(passage for _ in item.prompt for passage in split_options(next(texts)))
        answer = next(texts)
        patterns = (_NUMBER, _NUMBER_WORDS) if item.maths else (_NUMBER,)
        if passages:
            found.append(Part(number, "prompt", passages, _numbers("\n".join(passages), patterns)))
        if answer.strip():
            found.append(Part(number, "answer", (answer,), _numbers(answer, (_NUMBER,)) if item.maths else ()))
    return found


def _numbers(text: str, patterns: Sequence[re.Pattern[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(number.lower() for pattern in patterns for number in pattern.findall(text)))


def split_options(text: str) -> tuple[str, ...]:
    """A prompt cut before each of its options, without their letters: the letters A, B ... in their order, at the beginning of a line or after a space."""
    marks, cuts = list(_MARK.finditer(text)), []
    wanted = ord("A")
    for mark in marks:
        if ord(mark.group(1)) == wanted:
            cuts.append(mark)
            wanted += 1
    if len(cuts) < 2:
        return (text,) if text.strip() else ()
    starts = [0, *(mark.end() for mark in cuts)]
    ends = [*(mark.start() for mark in cuts), len(text)]
    return tuple(piece for a, b in zip(starts, ends, strict=True) if (piece := text[a:b]).strip())
