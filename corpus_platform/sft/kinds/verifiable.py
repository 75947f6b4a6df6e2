r"""Questions with worked solutions and an answer that a program can check; one solution, or several that were sampled.

    {"question": ..., "answer": "... <<48/2=24>>24 ...\n#### 72"}                                             GSM8K
    {"problem": ..., "solution": "... \\boxed{30}"}                                                            MATH
    {"problem": ..., "answer": "30", "generations": ["<think>...</think>..."], "correctness_math_verify": [true]}   OpenR1
    {"question": ..., "generated_solution": ..., "expected_answer": ..., "is_correct": true}                   OpenMathInstruct
    {"question": ..., "ground_truth": ..., "6b_finetuning": {"is_correct": false, "solution": ...}, ...}       GSM8K's samples
    {"query": ..., "resp": ..., "gt_ans": ...}, {"question": ..., "longCOT": ..., "answer": ...}               DART's pool, o1-journey

Each solution is a dialogue: what stands in `<think>` (or in a column) is its reasoning. `samples` names one column of generations, or several columns that
each hold one. A solution that the source calls wrong is a problem `wrong_answer`, or a dialogue with the label `correct`, as `wrong` says.
`verifiable_answer` is the gold answer, cleaned of commas and `$`: its own column, else what the solution ends in.
Calculator marks `<<48/2=24>>` go from the text (unless `calculator: keep`) and their equations stay in `meta`; the marks between socratic questions and
their steps become line breaks.

Sources: openai/grade-school-math, hendrycks/math, nvidia/OpenMathInstruct-1, open-r1/OpenR1-Math-220k, hkust-nlp/dart-math, GAIR/o1-journey.
Not here: whether answers are right (construct/rft.py), which are drawn (construct/dart.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from corpus_platform.sft.form import Outcome, Problem, assistant, user
from corpus_platform.sft.kinds.about import COMMON, about, given_input, listed, truth, words
from corpus_platform.sft.kinds.answers import CALCULATOR, clean_answer, final_answer, split_thinking, without_marks
from corpus_platform.sft.kinds.kind import Column, Kind, at, register_kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from corpus_platform.sft.kinds.kind import Record

_TEXTS = ("solution", "response", "resp", "generation", "completion", "output", "text", "answer")
_RIGHT = ("is_correct", "correct", "correctness", "verified", "passed")


@dataclass(frozen=True)
class _Solution:
    """A solution with what its source says of it."""

    text: str
    right: bool | None = None
    complete: bool | None = None
    model: str | None = None
    sampled: bool = True


@register_kind
class Verifiable(Kind):
    """GSM8K, MATH, OpenMathInstruct, OpenR1, DART's pool and the like."""

    name: ClassVar[str] = "verifiable"
    about: ClassVar[str] = "A question with one or more worked solutions and an answer that can be checked"
    fields: ClassVar[Mapping[str, Column]] = {
        **COMMON,
        "question": Column("What is asked", ("question", "problem", "query"), required=True),
        "context": Column("What it is about", ("passage", "context")),
        "solution": Column(
            "A worked solution",
            (
                "solution",
                "generated_solution",
                "ground_truth",
                "resp",
                "response",
                "deepseek_solution",
                "answer",
                "output",
            ),
        ),
        "gold": Column("The right answer", ("expected_answer", "gt_ans", "final_answer", "golden", "answer")),
        "predicted": Column("The answer that the solution comes to", ("predicted_answer", "ans")),
        "right": Column("Whether the solution is right", ("is_correct", "correct")),
        "reasoning": Column(
            "What was thought before the solution", ("longCOT", "reasoning", "deepseek_reasoning", "thought")
        ),
        "samples": Column(
            "Sampled solutions: a column with their list, or several columns with one each", ("generations",)
        ),
        "verdicts": Column("Whether each sample is right", ("correctness_math_verify", "correctness_llama")),
        "complete": Column("Whether each sample came to its end", ("is_reasoning_complete",)),
    }
    reasons: ClassVar[Mapping[str, str]] = {
        "cut_off": "The source says that the reasoning broke off, or it is never closed"
    }

    wrong: Literal["reject", "label"] = Field(
        default="reject", description="What becomes of solutions that the source calls wrong"
    )
    reference: bool = Field(default=False, description="Whether the solution is a dialogue too where there are samples")
    calculator: Literal["strip", "keep"] = Field(default="strip", description="What becomes of `<<48/2=24>>`")
    evaluation: bool = Field(default=False, description="Whether the records are an evaluation set, never trained on")

    def read(self, record: Record) -> Iterator[Outcome]:
        """A dialogue or a problem for each solution."""
        question = "\n\n".join(text for name in ("context", "question") if (text := given_input(record.get(name))))
        if not question:
            yield Problem("no_prompt")
            return
        if self.evaluation:
            yield Problem("evaluation_set", question[:120], broken=False)
            return
        solutions = list(self._solutions(record))
        gold = self._gold(record, solutions)
        for solution in solutions:
            yield self._dialogue(question, solution, gold, record)
        if not solutions:
            yield Problem("no_answer", question[:120])

    def _solutions(self, record: Record) -> Iterator[_Solution]:
        given = record.map.columns.get("samples")
        own = words(record.get("solution")) or words(record.get("gold"))
        sampled = list(_samples(record, given)) if given else []
        if own and (not sampled or self.reference):
            right = True if sampled else _right(record)
            yield _Solution(own, right, sampled=False)
        yield from sampled

    def _gold(self, record: Record, solutions: list[_Solution]) -> str | None:
        """The gold answer: its column, else the end of the solution by which it goes."""
        gold, own = words(record.get("gold")), words(record.get("solution"))
        if gold and (own or record.map.columns.get("samples")):
            return clean_answer(final_answer(gold) or gold)
        if found := final_answer(own or gold):
            return clean_answer(found)
        if gold:
            return clean_answer(gold)
        return next((clean_answer(found) for s in solutions if s.right and (found := final_answer(s.text))), None)

    def _dialogue(self, question: str, solution: _Solution, gold: str | None, record: Record) -> Outcome:
        if solution.right is False and self.wrong == "reject":
            return Problem("wrong_answer", f"{solution.model or ''} {question[:120]}".strip(), broken=False)
        reasoning, said = split_thinking(solution.text)
        if reasoning is None:
            reasoning = None if solution.sampled else words(record.get("reasoning")) or None
        if solution.complete is False or not said:
            return Problem(
                "cut_off" if reasoning or solution.complete is False else "no_answer", question[:120], broken=False
            )
        equations = CALCULATOR.findall(said)
        if self.calculator == "strip":
            said = without_marks(said)
        labels = {} if solution.right is None else {"correct": solution.right}
        known = {"origin": "model", "origin_model": solution.model} if solution.sampled else {}
        messages = (user(question), assistant(said, reasoning))
        meta = {"equations": equations} if equations else {}
        return about(record, messages, verifiable_answer=gold, labels=labels, meta=meta, **known)


def _right(record: Record) -> bool | None:
    """Whether the record's own solution is right: as it says, else by the answer that it comes to."""
    right, predicted, gold = truth(record.get("right")), words(record.get("predicted")), words(record.get("gold"))
    if right is None and predicted and gold:
        return clean_answer(predicted) == clean_answer(gold)
    return right


def _samples(record: Record, given: str | tuple[str, ...]) -> Iterator[_Solution]:
    paths = (given,) if isinstance(given, str) else given
    verdicts, complete = listed(record.get("verdicts")), listed(record.get("complete"))
    for path in paths:
        several = at(record.value, path)
        model = path if len(paths) > 1 else record.text("origin_model")
        for i, one in enumerate(several if isinstance(several, list) else [several]):
            solution = _sample(one, _nth(verdicts, i), _nth(complete, i), model)
            if solution.text:
                yield solution


def _sample(one: Any, right: bool | None, complete: bool | None, model: str | None) -> _Solution:
    if not isinstance(one, dict):
        return _Solution(words(one), right, complete, model)
    text = next((said for name in _TEXTS if (said := words(one.get(name)))), "")
    own = next((found for name in _RIGHT if (found := truth(one.get(name))) is not None), None)
    return _Solution(text, right if own is None else own, complete, words(one.get("model")) or model)


def _nth(values: list[Any], i: int) -> bool | None:
    return truth(values[i]) if i < len(values) else None
