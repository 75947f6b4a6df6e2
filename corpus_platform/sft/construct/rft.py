"""Rejection sampling on solutions that are there (RFT): right ones, one for each way of reckoning.

A path is kept where its answer is the right one and each of its equations holds. Its key is its equations, joined. Of two paths of a question with one key
the one stays that is farther from the question's other kept paths, by the sum of edit distances. The data set's own solution is added, and stays.
Paths of several models, or data sets, go together by question.

Sources: OFA-Sys/gsm8k-ScRel, collect_rejection_sampling.py; openai/grade-school-math, example_model_solutions.
Not here: sampling by difficulty (dart.py), asking a model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from corpus_platform.sft.construct.edit_distance import edit_distance
from corpus_platform.sft.construct.maths import holds
from corpus_platform.sft.construct.paths import Path, PathWay
from corpus_platform.sft.construct.spool import Spool
from corpus_platform.sft.construct.way import Made, made, register_way, skipped
from corpus_platform.sft.kinds.answers import without_marks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@register_way
class Rft(PathWay):
    """Unique right paths by question."""

    name: ClassVar[str] = "rft"
    about: ClassVar[str] = (
        "right solutions of a question, one for each way of reckoning, from solutions of several models"
    )
    gathers: ClassVar[bool] = True
    pools: ClassVar[bool] = True
    reasons: ClassVar[Mapping[str, str]] = {
        **PathWay.reasons,
        "no_equation": "The path has no equation to tell it by",
        "wrong_equation": "An equation of the path does not hold",
        "same_path": "Another path of the question reckons in the same way",
    }

    keep_calculator: bool = Field(default=False, description="Whether `<<a=b>>` stays in the text")
    without_equations: bool = Field(
        default=False, description="Whether paths without equations are kept, told apart by their text"
    )

    def make(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Made]:
        """Kept paths of each question, and why the others were not. A question's rows are in memory together."""
        for _, group in Spool(rows).groups(self.question_of):
            yield from self._of_question(group)

    def _of_question(self, group: list[dict[str, Any]]) -> Iterator[Made]:
        question, gold = self.asked(group), self.gold_among(group)
        if not question or gold is None:
            yield from self.without_gold(question, group)
            return
        chosen = _Chosen()
        for row in group:
            found = list(self.paths_of(row, gold))
            if not found:
                yield skipped("lacks_field", row["doc_id"], detail=", ".join(self.paths))
            for path in sorted(found, key=lambda p: not p.original):
                reason = self._refused(path)
                if reason:
                    yield skipped(reason, row["doc_id"], detail=path.writer)
                else:
                    out = chosen.put(self._key(path), path)
                    if out:
                        yield skipped("same_path", out.row["doc_id"], detail=out.writer)
        own = next((p.row["doc_id"] for p in chosen.paths if p.original), None)
        yield from (self._made(question, path, own) for path in chosen.paths)

    def _refused(self, path: Path) -> str | None:
        if (reason := path.refused()) or path.original:
            return reason
        if not path.equations and not self.without_equations:
            return "no_equation"
        return None if all(map(holds, path.equations)) else "wrong_equation"

    def _key(self, path: Path) -> str:
        return "|".join(path.equations) or " ".join(path.text.split())

    def _made(self, question: str, path: Path, own: str | None) -> Made:
        text = path.text if self.keep_calculator else without_marks(path.text)
        dialogue = path.dialogue(question, text, {"equations": len(path.equations), "original": path.original})
        return made(dialogue, *dict.fromkeys(p for p in (path.row["doc_id"], own) if p))


class _Chosen:
    """Paths of a question by their keys."""

    def __init__(self) -> None:
        self._by_key: dict[str, Path] = {}
        self._distances: dict[tuple[str, str], int] = {}

    @property
    def paths(self) -> list[Path]:
        """The kept paths; the own solution first, then in the order in which their keys came."""
        return sorted(self._by_key.values(), key=lambda p: not p.original)

    def put(self, key: str, path: Path) -> Path | None:
        """Takes a path in; gives back the one that has to go, which may be itself."""
        held = self._by_key.get(key)
        if held is None:
            self._by_key[key] = path
            return None
        if held.original or (not path.original and self._apart(path, key) <= self._apart(held, key)):
            return path
        self._by_key[key] = path
        return held

    def _apart(self, path: Path, key: str) -> int:
        return sum(self._distance(path.text, other.text) for k, other in self._by_key.items() if k != key)

    def _distance(self, one: str, other: str) -> int:
        pair = (one, other) if one <= other else (other, one)
        if pair not in self._distances:
            self._distances[pair] = edit_distance(*pair)
        return self._distances[pair]
