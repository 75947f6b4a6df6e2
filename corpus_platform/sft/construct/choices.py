"""Multiple-choice questions answered with their reasons (COIG's exams), options shuffled.

The analysis comes first, then the letter. Shuffled options change the letters of the analysis with them; where it speaks of letters in a way that can't be told
from other capitals (vitamin C), or an option speaks of others (all of the above, A和B), the order stays.

Source: BAAI/COIG (exam part), by the survey's specification.
Not here: how questions are read (kinds/choice.py, which keeps question, options and answer in `meta`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from corpus_platform.sft.construct.rows import fields_of, kept, prompt_of, reasoning_of
from corpus_platform.sft.construct.way import Made, Way, made, register_way, skipped
from corpus_platform.sft.form import Dialogue, assistant, user
from corpus_platform.sft.kinds.about import chinese, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_LETTER = re.compile(r"(?<![A-Za-z])[A-Z](?![A-Za-z])")
_NAMED = re.compile(
    r"(?:(?<=[选項项])|(?<=选择)|(?<=答案)|(?<=答案[是为])|(?<=应为)|(?<=[(（、和与及])|(?<=[Oo]ption )|(?<=[Oo]ptions )|(?<=[Aa]nswer )"
    r"|(?<=[Aa]nswer is )|(?<=[Aa]nd )|(?<=[Oo]r ))([A-Z])(?![A-Za-z])"
    r"|(?<![A-Za-z])([A-Z])(?=项|選項|选项|正确|错误|不正确|不符|、|[)）:：]| is (?:right|wrong|correct|incorrect|true|false))",
)
"""Letters that are spoken of as options. Of `vitamin C and D` the first is not, which is enough to leave the order."""
_OF_OTHERS = re.compile(
    r"(?:all|none|both|neither|any) of the (?:above|other)|以上|上述|(?:皆|都|均)(?:是|不是|对|错|正确)|[A-Z]\s?(?:和|与|、|and|or|&)\s?[A-Z](?![a-z])",
    re.IGNORECASE,
)


@register_way
class Choices(Way):
    """Choice with reasons."""

    name: ClassVar[str] = "choices"
    about: ClassVar[str] = "a multiple-choice question, its options in another order, answered with the reasons"
    reasons: ClassVar[Mapping[str, str]] = {
        "no_choice": "The row names no right letter",
        "no_analysis": "Nothing says why the answer is right",
    }

    shuffle: bool = Field(default=True, description="Whether options are put in another order")
    put: Literal["content", "reasoning"] = Field(
        default="content", description="Where the analysis goes: before the answer, or into the message's reasoning"
    )
    bare: bool = Field(
        default=False, description="Whether questions without an analysis are answered by letter and option alone"
    )

    def make(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Made]:
        """One dialogue a question."""
        for row in rows:
            yield self._of_row(row)

    def _of_row(self, row: Mapping[str, Any]) -> Made:
        doc_id, fields = row["doc_id"], fields_of(row)
        letters = str(row.get("verifiable_answer") or fields.get("answer") or "")
        analysis = (reasoning_of(row) or words(fields.get("analysis"))).strip()
        asked = prompt_of(row).strip()
        if not asked or not letters or not letters.isalpha() or not letters.isupper():
            return skipped("no_choice" if asked else "lacks_field", doc_id)
        if not analysis and not self.bare:
            return skipped("no_analysis", doc_id)
        options = fields.get("options")
        order = self._order(doc_id, options, analysis) if isinstance(options, dict) else None
        moved = order is not None and list(order) != list(order.values())
        if order is not None and isinstance(options, dict):
            asked = _with_options(asked, words(fields.get("question")), options, order)
            letters = "".join(sorted(order[letter] for letter in letters if letter in order))
            analysis = _LETTER.sub(lambda m: order.get(m[0], m[0]), analysis)
            options = {new: options[old] for old, new in sorted(order.items(), key=lambda pair: pair[1])}
        said = self._answer(letters, options if isinstance(options, dict) else {}, analysis, asked)
        dialogue = Dialogue(
            (user(asked), assistant(said, analysis or None if self.put == "reasoning" else None)),
            task_type="choice",
            verifiable_answer=letters,
            construction="rewritten",
            origin=row.get("origin"),
            labels={"shuffled": moved, "analysis": bool(analysis)},
            **kept(row),
        )
        return made(dialogue, doc_id)

    def _order(self, doc_id: str, options: Mapping[str, Any], analysis: str) -> dict[str, str] | None:
        """New letter by old one; None where the options have to stay."""
        letters = list(options)
        if not self.shuffle or len(letters) < 2 or any(_OF_OTHERS.search(words(text)) for text in options.values()):
            return None
        plain = {m.start() for m in _LETTER.finditer(analysis) if m[0] in options}
        named = {m.start(n) for m in _NAMED.finditer(analysis) for n in (1, 2) if m[n]}
        if plain - named:
            return None
        drawn = sorted(letters, key=lambda letter: self.draw("order", doc_id, letter))
        return dict(zip(drawn, letters, strict=True))

    def _answer(self, letters: str, options: Mapping[str, Any], analysis: str, asked: str) -> str:
        texts = [f"{letter}. {options[letter]}" if options.get(letter) else letter for letter in letters]
        if not analysis:
            return "\n".join(texts)
        spoken = "、".join(letters) if chinese(asked) else ", ".join(letters)
        end = f"因此，答案是{spoken}。" if chinese(asked) else f"So the answer is {spoken}."
        return end if self.put == "reasoning" else f"{analysis}\n{end}"


def _with_options(asked: str, question: str, options: Mapping[str, Any], order: Mapping[str, str]) -> str:
    """The prompt with its options in the new order; they stand at its end, a line each."""
    old = "\n".join(f"{letter}. {text}" for letter, text in options.items() if text)
    by_new = sorted((new, options[letter]) for letter, new in order.items())
    new = "\n".join(f"{letter}. {text}" for letter, text in by_new if text)
    if asked.endswith(old):
        return asked.removesuffix(old) + new
    return f"{question or asked}\n{new}"
