"""Lines of cells, the last written anew from the others: a question that needs its dialogue, as one that stands alone; a text, as another.

    how old is he TAB who TAB the king TAB how old is the king          history, history, question, rewrite

A record is a line, cut at `delimiter` (TAB, or ` ++$++ `), or a row. Columns go by position (`"0"`, `"1"` ...); without a map the last is the rewrite, the one
before it the question, all others the history. The prompt says what is to be done in the language of the question, then the history turn by turn, then
the question. `instruction` says something else (a poem as prose, say), or nothing: then the question is asked as it is.
Where nothing was to be rewritten the label `unchanged` says so.

Sources: liu-nlper/dialogue-utterance-rewriter, infgrad/dialogue_rewrite_llm, chatopera/insuranceqa-corpus-zh, mobvoi/seq-monkey-data (poems).
Not here: the share of unchanged rows (recipes), both directions (construct/recut.py).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from corpus_platform.sft.form import Outcome, Problem, assistant, user
from corpus_platform.sft.kinds.about import COMMON, about, chinese, listed, truth, words
from corpus_platform.sft.kinds.kind import Column, Kind, at, register_kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from corpus_platform.sft.kinds.kind import Record, Shape

INSTRUCTIONS = {
    "en": "Rewrite the last question so that it can be understood without the dialogue before it.",
    "zh": "请改写最后一句话，补全省略和指代的内容，使它脱离前面的对话也能看懂。",
}
"""What is asked for, by language."""
_SPEAKERS = {"en": ("A: ", "B: "), "zh": ("甲：", "乙：")}


@register_kind
class RewriteTsv(Kind):
    """Rewriting of utterances, and parallel texts."""

    name: ClassVar[str] = "rewrite_tsv"
    version: ClassVar[str] = "2"
    about: ClassVar[str] = "Cells by position: some that come before, a text, and the text written anew"
    shapes: ClassVar[tuple[Shape, ...]] = ("line", "row")
    fields: ClassVar[Mapping[str, Column]] = {
        **COMMON,
        "history": Column(
            "What was said before: a column, or several in their order", ("history", "dialogue", "context")
        ),
        "question": Column("What is to be rewritten", ("question", "query", "paragraph", "source"), required=True),
        "rewrite": Column("How it is rewritten", ("rewrite", "rewritten", "translate", "answer"), required=True),
        "right": Column("Whether the row is a right one; all are by default"),
    }
    delimiter: str = Field(default="\t", min_length=1, description="What stands between the cells of a line")
    instruction: str | None = Field(
        default=None, description="What is to be done; the kind's own words by default, none if empty"
    )

    def read(self, record: Record) -> Iterator[Outcome]:
        """One dialogue, or why there is none."""
        if isinstance(record.value, str):
            cells = record.value.rstrip("\r\n").split(self.delimiter)
            record = replace(record, value=[cell.strip() for cell in cells])
        history, question, rewrite = self._cells(record)
        if truth(record.get("right")) is False:
            yield Problem("wrong_answer", question[:120], broken=False)
        elif not question:
            yield Problem("no_prompt", f"{record.value!r:.120}")
        elif not rewrite:
            yield Problem("no_answer", question[:120])
        else:
            labels = {"unchanged": question == rewrite} if self.instruction is None else {}
            meta = {"history": history, "question": question} if any(history) else {}
            known = {} if record.task_type or self.instruction is not None else {"task_type": "rewriting"}
            prompt = self._prompt(history, question)
            yield about(record, (user(prompt), assistant(rewrite)), labels=labels, meta=meta, **known)

    def _cells(self, record: Record) -> tuple[list[str], str, str]:
        """History, blank turns too, for they tell whose turn it is; question; rewrite."""
        columns = record.map.columns
        if "question" in columns or not isinstance(record.value, list):
            given = columns.get("history", ())
            paths = (given,) if isinstance(given, str) else given
            history = [words(turn) for path in paths for turn in listed(at(record.value, path))]
            return history, words(record.get("question")), words(record.get("rewrite"))
        *history, question, rewrite = (
            ["", "", *map(words, record.value)] if len(record.value) < 2 else map(words, record.value)
        )
        return history, question, rewrite

    def _prompt(self, history: list[str], question: str) -> str:
        language = "zh" if chinese("".join([*history, question])) else "en"
        task = INSTRUCTIONS[language] if self.instruction is None else self.instruction
        if not any(history):
            return f"{task}\n\n{question}" if task else question
        said = [f"{_SPEAKERS[language][i % 2]}{turn}" for i, turn in enumerate([*history, question]) if turn]
        return "\n\n".join(piece for piece in (task, "\n".join(said)) if piece)
