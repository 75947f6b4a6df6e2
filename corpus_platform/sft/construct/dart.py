"""Sampling by difficulty from a pool of answers (DART-Math): every question gets its number of right answers.

`uniform`: each question gets `answers`. `prop2diff`: in proportion to the share of its answers that are wrong, the hardest gets `answers`:
n = ceil(answers * wrong share / greatest wrong share), at least `least`. The number is capped by the right answers that there are; what is lacking is told.
Which of them are drawn depends on their row and place alone, so that a higher number adds answers and takes none away.

Source: hkust-nlp/dart-math.
Not here: one for each way of reckoning (rft.py), asking a model for more.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from corpus_platform.sft.construct.paths import Path, PathWay
from corpus_platform.sft.construct.spool import Spool
from corpus_platform.sft.construct.way import Made, made, register_way, skipped
from corpus_platform.sft.kinds.answers import without_marks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@register_way
class Dart(PathWay):
    """Right answers by the difficulty of their questions."""

    name: ClassVar[str] = "dart"
    about: ClassVar[str] = "right answers of a pool, as many of each question as its difficulty asks for"
    gathers: ClassVar[bool] = True
    pools: ClassVar[bool] = True
    reasons: ClassVar[Mapping[str, str]] = {
        **PathWay.reasons,
        "not_drawn": "The question has its number of answers without this one",
        "repeated": "The question has this very answer already",
        "unmet_quota": "The pool has fewer right answers of the question than it should get",
    }

    sampling: Literal["uniform", "prop2diff"] = Field(
        default="prop2diff", description="As many for each question, or more for harder ones"
    )
    answers: int = Field(default=4, ge=1, description="Answers for each question, or for the hardest one")
    least: int = Field(default=0, ge=0, description="Answers that even the easiest question gets (prop2diff)")
    keep_calculator: bool = Field(default=False, description="Whether `<<a=b>>` stays in the text")

    def make(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Made]:
        """Drawn answers, why others were not, and the questions whose number was not reached. A question's rows are in memory together."""
        spool = Spool(rows)
        greatest = max((self._wrong_share(group) for _, group in spool.groups(self.question_of)), default=0.0)
        for _, group in spool.groups(self.question_of):
            yield from self._of_question(group, greatest)

    def quota(self, wrong_share: float, greatest: float) -> int:
        """Answers that a question should get whose answers are wrong to a share, where `greatest` is the share of the hardest question."""
        if self.sampling == "uniform":
            return self.answers
        return max(self.least, ceil(self.answers * wrong_share / greatest - 1e-9) if greatest else 0)

    def _split(self, group: list[dict[str, Any]]) -> tuple[list[Path], list[tuple[Path, str]]]:
        """Right paths, and the others with their reasons. The data set's own solutions count for neither: nobody was asked for them."""
        gold = self.gold_among(group)
        right: list[Path] = []
        others: list[tuple[Path, str]] = []
        for row in group if gold is not None else ():
            for path in self.paths_of(row, gold or ""):
                reason = path.refused()
                if reason:
                    others.append((path, reason))
                elif not path.original:
                    right.append(path)
        return right, others

    def _wrong_share(self, group: list[dict[str, Any]]) -> float:
        right, others = self._split(group)
        return len(others) / (len(right) + len(others)) if right or others else 0.0

    def _of_question(self, group: list[dict[str, Any]], greatest: float) -> Iterator[Made]:
        question = self.asked(group)
        if not question or self.gold_among(group) is None:
            yield from self.without_gold(question, group)
            return
        right, others = self._split(group)
        yield from (skipped(reason, path.row["doc_id"], detail=path.writer) for path, reason in others)
        share = len(others) / (len(right) + len(others)) if right or others else 0.0
        wanted = self.quota(share, greatest)
        seen: set[str] = set()
        for path in sorted(right, key=lambda p: self.draw(p.row["doc_id"], p.writer, p.text)):
            doc_id, text = path.row["doc_id"], " ".join(path.text.split())
            if text in seen:
                yield skipped("repeated", doc_id, detail=path.writer)
            elif len(seen) >= wanted:
                yield skipped("not_drawn", doc_id, detail=path.writer)
            else:
                seen.add(text)
                said = path.text if self.keep_calculator else without_marks(path.text)
                labels = {"wrong_share": round(share, 4), "quota": wanted}
                yield made(path.dialogue(question, said, labels), doc_id)
        if len(seen) < wanted:
            yield skipped("unmet_quota", *dict.fromkeys(r["doc_id"] for r in group), detail=f"{len(seen)} of {wanted}")
        for row in group:
            if not any(p.row is row for p in right) and not any(p.row is row for p, _ in others):
                yield skipped("not_drawn", row["doc_id"], detail="the data set's own solution")
