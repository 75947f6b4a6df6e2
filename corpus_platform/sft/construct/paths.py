"""Solution paths of rows: one row a path, or columns of a row that hold one path or several.

Not here: which paths are kept (rft.py, dart.py), reading of answers (maths.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from corpus_platform.sft.construct.maths import answer_of_solution, equations, plain_answer, same_answer
from corpus_platform.sft.construct.rows import fields_of, kept, reasoning_of, set_of
from corpus_platform.sft.construct.way import Made, Way, skipped
from corpus_platform.sft.form import Dialogue, assistant, user
from corpus_platform.sft.kinds.kind import at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


@dataclass(frozen=True)
class Path:
    """A solution of a question, the row that it is from, who wrote it, and whether it is the data set's own."""

    row: Mapping[str, Any]
    text: str
    gold: str
    writer: str
    original: bool = False
    correct: bool | None = None
    """What the data says of it; None where it says nothing."""
    marked: tuple[str, ...] = ()
    """Equations that the row has besides its text."""
    reasoning: str | None = None

    @cached_property
    def equations(self) -> list[str]:
        """Its equations, without blanks."""
        return ["".join(one.split()) for one in self.marked] or equations(self.text)

    def refused(self) -> str | None:
        """Why it is not a right one, by a reason code; None where it is."""
        answer = answer_of_solution(self.text)
        if answer is None and self.correct is None:
            return "no_final_answer"
        wrong = self.correct is False or (answer is not None and not same_answer(answer, self.gold))
        return "wrong_answer" if wrong else None

    def dialogue(self, question: str, text: str, labels: Mapping[str, Any]) -> Dialogue:
        """Question and path as a dialogue."""
        return Dialogue(
            (user(question), assistant(text, self.reasoning)),
            task_type="maths",
            verifiable_answer=plain_answer(self.gold),
            construction="expanded",
            origin="human" if self.original else "model",
            origin_model=None if self.original else self.writer,
            labels=labels,
            **kept(self.row),
        )


class PathWay(Way):
    """A way that reads solution paths by question."""

    reasons: ClassVar[Mapping[str, str]] = {
        "no_gold": "No row of the question names its right answer",
        "no_final_answer": "The path says no final answer",
        "wrong_answer": "The path's answer is not the right one",
    }

    question: str = Field(default="prompt", description="Field with the question")
    paths: tuple[str, ...] = Field(
        default=("answer",),
        min_length=1,
        description="Fields with a solution, or a list of them (paths: `7b.solution`)",
    )
    gold: str = Field(
        default="verifiable_answer", description="Field with the right answer, or with a solution that ends in it"
    )
    correct: str = Field(default="correct", description="Field beside a path's own that says whether it is right")
    original: str | None = Field(default=None, description="Field with the data set's own solution")
    original_sets: tuple[str, ...] = Field(
        default=(), description="Data sets whose rows are the own solutions, besides rows whose origin is human"
    )

    def question_of(self, row: Mapping[str, Any]) -> str:
        """What tells questions apart: their text without blanks at its ends, runs of white space as one blank."""
        return " ".join(str(at(fields_of(row), self.question) or "").split())

    def asked(self, group: Sequence[Mapping[str, Any]]) -> str:
        """The question of some rows as the first of them writes it."""
        return str(at(fields_of(group[0]), self.question) or "").strip()

    def gold_of(self, row: Mapping[str, Any]) -> str | None:
        """The right answer that a row names."""
        given = at(fields_of(row), self.gold)
        if given is None:
            return None
        text = str(given).strip()
        return answer_of_solution(text) or (plain_answer(text) if text and "\n" not in text else None)

    def gold_among(self, group: Iterable[Mapping[str, Any]]) -> str | None:
        """The right answer that the first row of a question names that names one."""
        return next((gold for row in group if (gold := self.gold_of(row)) is not None), None)

    def without_gold(self, question: str, group: Iterable[Mapping[str, Any]]) -> Iterator[Made]:
        """Why nothing is made of rows without a question, or without its right answer."""
        reason, detail = ("no_gold", self.gold) if question else ("lacks_field", self.question)
        yield from (skipped(reason, row["doc_id"], detail=detail) for row in group)

    def paths_of(self, row: Mapping[str, Any], gold: str) -> Iterator[Path]:
        """The row's own solution, then its paths in the order of the option."""
        fields = fields_of(row)
        if self.original and (own := at(fields, self.original)):
            yield Path(row, str(own), gold, "original", original=True, correct=True)
        for name in self.paths:
            found = at(fields, name)
            own_row = set_of(row) in self.original_sets or row.get("origin") == "human"
            marked = tuple(fields.get("equations") or ()) if name == "answer" else ()
            thought = reasoning_of(row) if name == "answer" else None
            writer = name.partition(".")[0] if len(self.paths) > 1 else str(row.get("origin_model") or set_of(row))
            for number, text in enumerate(found if isinstance(found, list) else [found]):
                if isinstance(text, str) and text.strip():
                    said = self._said(fields, name, number)
                    yield Path(row, text, gold, writer, own_row, said, marked, thought)

    def _said(self, fields: Mapping[str, Any], name: str, number: int) -> bool | None:
        parent, _, _ = name.rpartition(".")
        said = at(fields, f"{parent}.{self.correct}" if parent else self.correct)
        if isinstance(said, list):
            said = said[number] if number < len(said) else None
        return None if said is None else bool(said)
