"""Questions asked backwards (MetaMath): a number of the question is masked, the answer is given, and the number is asked for.

    ... buys a house for $x and then ... How much profit did he make?
    If we know the answer of the above question is 70000, what is the value of unknown variable x?                       -> 80000

`fobar` adds that sentence; `sv` is the mechanical half of Self-Verification: the last sentence, with its answer, becomes what is known.
English is taken apart at blanks: a token is a number where it has digits and no letter, colon, dash, bracket or slash, or is a number word; `$`, `%` and the
stops behind it stay. In Chinese a number is a run of digits, or Chinese numerals that are followed by a measure word; ordinals (第3) are none.
"one" and "half" are masked as MetaMath does it (`half` as x%) only if `ambiguous` says so, and 一 never: they are seldom numbers.

Source: meta-math/MetaMath, code_for_generating_data. The Chinese forms are our own.
Not here: rephrased questions and worked answers, which need a model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from corpus_platform.sft.construct.maths import plain_answer
from corpus_platform.sft.construct.rows import kept, prompt_of
from corpus_platform.sft.construct.way import Made, Way, made, register_way, skipped
from corpus_platform.sft.form import Dialogue, assistant, user
from corpus_platform.sft.kinds.about import chinese

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORDS = {word: n for n, word in enumerate(_SMALL)} | {word: 10 * n for n, word in enumerate(_TENS, 2)}
_AMBIGUOUS = {"one": "1", "half": "50"}
_TOKEN = re.compile(
    r"(?P<before>[$¥￥€£]?)(?P<number>\d(?:[\d,]*\d)?(?:\.\d+)?|\.\d+|[A-Za-z]+)(?P<after>[%$]?[.,?!;:\"']*)"
)
_HAN_DIGITS = {
    "〇": 0,
    "零": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_HAN_UNITS = {"十": 10, "百": 100, "千": 1_000, "万": 10_000}
_MEASURES = "个只张本元块米人天支条头棵辆名位次箱包盒瓶斤双件台套朵枝筐袋桶车页道岁角吨里公千分厘毫平小年周间份串杯碗把架艘匹顶颗粒幅"
_IN_CHINESE = re.compile(
    r"(?<![\dA-Za-z.:：\-(（第/])(?P<digits>\d(?:[\d,]*\d)?(?:\.\d+)?)(?![\dA-Za-z:：\-)）/])"
    rf"|(?<![第分之几一二两三四五六七八九十百千万〇零])(?P<han>[一二两三四五六七八九十百千万〇零]+)(?=[{_MEASURES}])(?!分之|年级)"
)
_STOPS = re.compile(r"(?<=[.!?。！？])\s*")


@dataclass(frozen=True)
class Masked:
    """A question with the variable for one of its numbers, and that number as it is written shortest."""

    text: str
    number: str
    start: int


def masked(question: str, variable: str = "x", *, ambiguous: bool = False) -> list[Masked]:
    """The question with each of its numbers masked in turn, in their order."""
    return _masked_chinese(question, variable) if chinese(question) else _masked_english(question, variable, ambiguous)


def _masked_english(question: str, variable: str, ambiguous: bool) -> list[Masked]:
    found = []
    for token in re.finditer(r"\S+", question):
        part = _TOKEN.fullmatch(token[0])
        if part is None:
            continue
        word = part["number"].lower()
        number = _AMBIGUOUS.get(word) if word in _AMBIGUOUS else _number(word)
        if number is not None and (ambiguous or word not in _AMBIGUOUS):
            start, end = token.start() + part.start("number"), token.start() + part.end("number")
            sign = "%" if word == "half" else ""
            found.append(Masked(f"{question[:start]}{variable}{sign}{question[end:]}", number, start))
    return found


def _masked_chinese(question: str, variable: str) -> list[Masked]:
    found = []
    for match in _IN_CHINESE.finditer(question):
        number = _number(match["digits"]) if match["digits"] else _han_number(match["han"])
        if number is not None:
            found.append(Masked(question[: match.start()] + variable + question[match.end() :], number, match.start()))
    return found


def _number(written: str) -> str | None:
    if written[0].isalpha():
        value = _WORDS.get(written)
        return None if value is None else str(value)
    return plain_answer(written)


def _han_number(written: str) -> str | None:
    """Value of Chinese numerals; None for 一 alone, and for what is no number (千万一)."""
    total, section, digit = 0, 0, None
    last_unit = 10**5
    for sign in written:
        if sign in _HAN_DIGITS:
            if digit:
                return None
            digit = _HAN_DIGITS[sign]
        elif _HAN_UNITS[sign] == 10_000:
            total, section, digit, last_unit = (section + (digit or 0)) * 10_000, 0, None, 10**5
            if not total:
                return None
        else:
            unit = _HAN_UNITS[sign]
            if unit >= last_unit or (digit is None and unit > 10):
                return None
            section, digit, last_unit = section + (1 if digit is None else digit) * unit, None, unit
    value = total + section + (digit or 0)
    return None if written == "一" else str(value)


@register_way
class Fobar(Way):
    """Backward questions by masking."""

    name: ClassVar[str] = "fobar"
    about: ClassVar[str] = "a question of maths asked backwards: its answer is given, one of its numbers is asked for"
    reasons: ClassVar[Mapping[str, str]] = {
        "no_gold": "The row has no right answer",
        "no_number": "The question has no number to mask",
        "variable_taken": "The question has the variable already",
    }

    form: Literal["fobar", "sv"] = Field(
        default="fobar", description="How the answer is given: MetaMath's FOBAR, or Self-Verification"
    )
    variable: str = Field(
        default="x", pattern="^[A-Za-z]$", description="Letter for the number; MetaMath has X for MATH"
    )
    ambiguous: bool = Field(default=False, description="Whether `one` and `half` are numbers, as in MetaMath")
    most: int | None = Field(
        default=None, ge=1, description="Numbers masked of a question at most, drawn; all by default"
    )

    def make(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Made]:
        """A dialogue for each number of each question."""
        for row in rows:
            yield from self._of_row(row)

    def _of_row(self, row: Mapping[str, Any]) -> Iterator[Made]:
        doc_id, question = row["doc_id"], prompt_of(row).strip()
        gold = row.get("verifiable_answer")
        if not question or not gold:
            yield skipped("no_gold" if question else "lacks_field", doc_id)
            return
        if re.search(rf"(?<![A-Za-z]){self.variable}(?![A-Za-z])", question):
            yield skipped("variable_taken", doc_id)
            return
        known, asked = self._parts(question)
        found = masked(known, self.variable, ambiguous=self.ambiguous)
        if not found:
            yield skipped("no_number", doc_id)
        drawn = sorted(range(len(found)), key=lambda n: self.draw("mask", doc_id, n))[: self.most]
        for number in sorted(drawn):
            yield made(self._dialogue(row, found[number], asked, plain_answer(str(gold))), doc_id)

    def _parts(self, question: str) -> tuple[str, str]:
        """What may be masked, and the sentence that asks (Self-Verification needs it by itself)."""
        if self.form == "fobar":
            return question, ""
        sentences = [one for one in _STOPS.split(question) if one]
        asked = sentences[-1]
        return question[: question.rindex(asked)], asked

    def _dialogue(self, row: Mapping[str, Any], one: Masked, asked: str, answer: str) -> Dialogue:
        language = "zh" if chinese(one.text + asked) else "en"
        x = self.variable
        if self.form == "fobar" and language == "en":
            text = f"{one.text}\nIf we know the answer of the above question is {answer}, what is the value of unknown variable {x}?"
        elif self.form == "fobar":
            text = f"{one.text}\n如果上述问题的答案是{answer}，那么未知量{x}是多少？"
        elif language == "en":
            text = f"{one.text.rstrip()} We know that the answer to “{asked}” is {answer}. What is the value of unknown variable {x}?"
        else:
            text = f"{one.text.rstrip()}已知“{asked}”的答案是{answer}。未知量{x}是多少？"
        said = f"The value of {x} is {one.number}." if language == "en" else f"{x}的值是{one.number}。"
        return Dialogue(
            (user(text), assistant(said)),
            task_type="maths",
            verifiable_answer=one.number,
            construction="expanded",
            labels={"backward": self.form},
            meta={"answer": answer},
            **kept(row) | {"language": language},
        )
