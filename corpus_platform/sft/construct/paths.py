"""Solution paths of rows: one row a path, or columns of a row that hold one path or several.

Not here: which paths are kept (rft.py, dart.py), reading of answers (maths.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import Field

from corpus_platform.sft.construct.maths import answer_of_solution
from corpus_platform.sft.construct.rows import fields_of, set_of
from corpus_platform.sft.construct.way import Way
from corpus_platform.sft.kinds.kind import at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True)
class Path:
    """A solution of a question, the row that it is from, who wrote it, and whether it is the data set's own."""

    row: Mapping[str, Any]
    text: str
    gold: str
    writer: str
    original: bool
    correct: bool | None
    """What the data says of it; None where it says nothing."""


class PathWay(Way):
    """A way that reads solution paths by question."""

    question: str = Field(default="prompt", description="Field with the question")
    paths: tuple[str, ...] = Field(
        default=("answer",),
        min_length=1,
        description="Fields with a solution, or a list of them (paths: `7b.solution`)",
    )
    gold: str = Field(
        default="verifiable_answer", description="Field with the right answer, or with a solution that ends in it"
    )
    correct: str | None = Field(
        default=None,
        description="Field that says whether a path is right; its place is beside the path's (`is_correct`)",
    )
    original: str | None = Field(default=None, description="Field with the data set's own solution")
    original_sets: tuple[str, ...] = Field(default=(), description="Data sets whose rows are the own solutions")

    def question_of(self, row: Mapping[str, Any]) -> str:
        """What tells questions apart: their text without blanks at its ends, runs of white space as one blank."""
        return " ".join(str(at(fields_of(row), self.question) or "").split())

    def gold_of(self, row: Mapping[str, Any]) -> str | None:
        """The right answer that a row names."""
        given = at(fields_of(row), self.gold)
        if given is None:
            return None
        text = str(given)
        return answer_of_solution(text) or (text if "\n" not in text.strip() else None)

    def paths_of(self, row: Mapping[str, Any], gold: str) -> Iterator[Path]:
        """The row's own solution, then its paths in the order of the option."""
        fields = fields_of(row)
        if self.original and (own := at(fields, self.original)):
            yield Path(row, str(own), gold, "original", True, True)
        for name in self.paths:
            found = at(fields, name)
            writer = name.partition(".")[0] if len(self.paths) > 1 else str(row.get("origin_model") or set_of(row))
            for number, text in enumerate(found if isinstance(found, list) else [found]):
                if isinstance(text, str) and text.strip():
                    yield Path(
                        row, text, gold, writer, set_of(row) in self.original_sets, self._said(fields, name, number)
                    )

    def _said(self, fields: Mapping[str, Any], name: str, number: int) -> bool | None:
        if self.correct is None:
            return None
        parent, _, _ = name.rpartition(".")
        said = at(fields, f"{parent}.{self.correct}" if parent else self.correct)
        if isinstance(said, list):
            said = said[number] if number < len(said) else None
        return None if said is None else bool(said)
