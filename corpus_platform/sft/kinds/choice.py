"""Questions with options of which one is right, or several.

    {"question": ..., "options": ["(A)1", "(B)2"], "label": "B", "passage": ...}                  AGIEval; MMLU: `answer`
    {"Question": ..., "A": ..., "B": ..., "C": ..., "D": ..., "Answer": "D"}                      CMMLU, C-Eval
    {"textbox_q_instruction": ..., "textbox_question": ..., "textbox_answer": ..., "textbox_answer_analysis": ...}   COIG's exams: options in the question

The prompt is instruction, passage, question, and the options line by line, by the letters that they begin with; the answer is letter and option, or
either. An analysis is the reasoning.
`verifiable_answer` holds the letters. Question, options and letters stay in `meta`, so that a construction can shuffle them.

Sources: ruixiangcui/AGIEval, haonan-li/CMMLU, hkust-nlp/ceval, hendrycks/test, BAAI/COIG.
Not here: shuffled options and answers with reasons (construct/choices.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from corpus_platform.sft.form import Outcome, Problem, assistant, user
from corpus_platform.sft.kinds.about import COMMON, about, texts, words
from corpus_platform.sft.kinds.kind import Column, Kind, at, register_kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from corpus_platform.sft.kinds.kind import Record

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MARK = re.compile(r"^\s*[(（]?([A-Z])\s*(?:[)）]|[.．、:：](?!\d))\s*")
_OPENING = re.compile(r"\s*[(（]?([A-Z])\s*[)）.．、:：]\s*")
_OPENING_BLANK = re.compile(r"\s*[(（]?([A-Z])(?:\s*[)）.．、:：]|\s)\s*")
_ONLY_LETTERS = re.compile(r"[\s(（]*([A-Z](?:[\s,，、;；)）(（]*[A-Z])*)[\s)）.．。]*$")


@register_kind
class Choice(Kind):
    """Multiple-choice questions."""

    name: ClassVar[str] = "choice"
    about: ClassVar[str] = "A question with options and the letter, number or text of the right one"
    fields: ClassVar[Mapping[str, Column]] = {
        **COMMON,
        "question": Column("What is asked", ("question", "Question", "stem", "textbox_question"), required=True),
        "instruction": Column("What is to be done", ("instruction", "textbox_q_instruction")),
        "context": Column("What it is about", ("passage", "context", "article", "textbox_q_context")),
        "options": Column("A column with all options, or a column for each", ("options", "choices")),
        "answer": Column(
            "The right one: letter, number or text; a list where several are", ("label", "answer", "Answer", "textbox_answer"), required=True
        ),
        "analysis": Column("Why it is the right one", ("analysis", "explanation", "rationale", "textbox_answer_analysis")),
    }  # fmt: skip

    answer: Literal["letter_text", "letter", "text"] = Field(default="letter_text", description="What the answer says")
    base: Literal[0, 1] = Field(default=0, description="Number of the first option, where the answer is a number")
    evaluation: bool = Field(default=False, description="Whether the records are an evaluation set, never trained on")

    def read(self, record: Record) -> Iterator[Outcome]:
        """One dialogue, or why there is none."""
        question = words(record.get("question"))
        if not question:
            yield Problem("no_prompt")
        elif self.evaluation:
            yield Problem("evaluation_set", question[:120], broken=False)
        elif "options" in record.map.columns:
            yield self._with_options(question, _options(record), record)
        elif answer := words(record.get("answer")):
            # The options, if there are any, stand in the question.
            letters = _letters(answer)
            yield self._dialogue(question, answer, letters or answer, {}, record)
        else:
            yield Problem("no_choice", question[:120])

    def _with_options(self, question: str, options: dict[str, str], record: Record) -> Outcome:
        right = self._right(record.get("answer"), options)
        if not options or not right:
            return Problem(
                "no_choice", f"answer {record.get('answer')!r:.60} of {len(options)} options: {question[:120]}"
            )
        options = dict(sorted(options.items()))
        lines = [f"{letter}. {text}" for letter, text in options.items() if text]
        said = {
            "letter_text": "\n".join(f"{letter}. {options[letter]}" if options[letter] else letter for letter in right),
            "letter": right,
            "text": "\n".join(options[letter] or letter for letter in right),
        }[self.answer]
        meta = {"question": question, "options": options, "answer": right}
        return self._dialogue("\n".join([question, *lines]), said, right, meta, record)

    def _dialogue(self, asked: str, said: str, right: str, meta: dict[str, Any], record: Record) -> Outcome:
        head = [text for name in ("instruction", "context") if (text := words(record.get(name)))]
        analysis = words(record.get("analysis")) or None
        known = {} if record.task_type else {"task_type": "choice"}
        messages = (user("\n\n".join([*head, asked])), assistant(said, analysis))
        return about(record, messages, verifiable_answer=right, meta=meta, **known)

    def _right(self, given: Any, options: Mapping[str, str]) -> str:
        """Letters of the right options, in their order; nothing where the answer names none, or one that is not there."""
        named = set()
        for one in given if isinstance(given, list) else [given]:
            named |= set(self._letters_of(one, options) or "?")
        return "" if "?" in named else "".join(letter for letter in sorted(options) if letter in named)

    def _letters_of(self, one: Any, options: Mapping[str, str]) -> str:
        letters = list(options)
        if isinstance(one, int) and not isinstance(one, bool):
            return letters[one - self.base] if 0 <= one - self.base < len(letters) else ""
        text = words(one)
        if (named := _letters(text)) and set(named) <= set(letters):
            return named
        bare = _MARK.sub("", text)
        same = [letter for letter, option in options.items() if option and option in (text, bare)]
        if same:
            return same[0]
        if text.isdigit():
            return self._letters_of(int(text), options)
        return (found[1] if found[1] in options else "") if (found := _MARK.match(text)) else ""


def _letters(text: str) -> str:
    """The letters of an answer that is nothing else: "B", "(B)", "A, C", "ACD"."""
    found = _ONLY_LETTERS.fullmatch(text)
    return "".join(sign for sign in found[1] if sign in LETTERS) if found else ""


def _options(record: Record) -> dict[str, str]:
    """Options by letter, without the letters that they may begin with."""
    given = record.map.columns["options"]
    if isinstance(given, tuple):
        named = [(path.rpartition(".")[2], words(at(record.value, path))) for path in given]
        by_letter = all(len(name) == 1 and name.upper() in LETTERS for name, _ in named)
        pairs = [(name.upper() if by_letter else LETTERS[i], text) for i, (name, text) in enumerate(named)]
        return {letter: text for letter, text in pairs if text}
    found = record.get("options")
    if isinstance(found, dict):
        if isinstance(found.get("text"), list):
            names = texts(found.get("label")) or LETTERS
            return dict(zip(names, map(words, found["text"]), strict=False))
        return {str(letter).strip().upper(): words(text) for letter, text in found.items() if words(text)}
    several = found if isinstance(found, list) else words(found).split("\n")
    pieces = [words(one) for one in several][: len(LETTERS)]
    return _by_own_letters(pieces) or {LETTERS[i]: piece for i, piece in enumerate(pieces) if piece}


def _by_own_letters(pieces: list[str]) -> dict[str, str]:
    """Options by the letters that they begin with, as they come; nothing unless these are the first letters, each once.

    Files have them out of order ("(A)", "(C)", "(B)", "(D)"). A letter with a blank behind it counts from three options on, and where the rests differ.
    """
    for pattern, least in ((_OPENING, 1), (_OPENING_BLANK, 3)):
        marks = [pattern.match(piece) for piece in pieces]
        if len(pieces) < least or not all(marks):
            continue
        found = {mark[1]: piece[mark.end() :].strip() for mark, piece in zip(marks, pieces, strict=True) if mark}
        if sorted(found) == list(LETTERS[: len(pieces)]) and (least == 1 or len(set(found.values())) == len(found)):
            return found
    return {}
