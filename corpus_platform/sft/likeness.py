"""What a record must have to be taken for one of a kind, beside being readable as one: what other kinds' records do not have.

    is_like("rewrite_tsv", record, outcomes)

A list of options for a choice, instances for a task, marks of both speakers for a marked text, words of the turns before in a rewriting.

Not here: trying kinds (sniff.py), reading (kinds/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from corpus_platform.sft.form import Dialogue, Preference, Problem
from corpus_platform.sft.kinds.marks import style_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from corpus_platform.sft.form import Outcome
    from corpus_platform.sft.kinds.kind import Record

_REPEATED = 0.65
"""Share of a rewriting's pairs of characters that the turns before it have, at least."""

_LEAST_CELLS = 3
"""A turn before, the question, and the question as it is rewritten."""


def is_like(kind: str, record: Record, outcomes: Sequence[Outcome]) -> bool:
    """Whether a record is like those of a kind, which has made these outcomes of it."""
    if kind == "prompts_only":
        return any(isinstance(one, Problem) and one.reason == "no_answer_given" for one in outcomes)
    made = [one for one in outcomes if isinstance(one, Dialogue | Preference)]
    check = _CHECKS.get(kind)
    return bool(made) and (check is None or check(record, made))


def _has_instances(record: Record, made: Sequence[Outcome]) -> bool:
    del made
    return isinstance(record.get("instances"), list)


def _has_options(record: Record, made: Sequence[Outcome]) -> bool:
    """Whether there are options: a column of them, or one for each letter."""
    del made
    if isinstance(record.value, dict) and {"A", "B", "C"} <= set(record.value):
        return True
    return isinstance(record.get("options"), list | dict) or "textbox_q_instruction" in record.value


def _can_be_checked(record: Record, made: Sequence[Outcome]) -> bool:
    del record
    return any(isinstance(one, Dialogue) and one.verifiable_answer for one in made)


def _compares(record: Record, made: Sequence[Outcome]) -> bool:
    del record
    return any(isinstance(one, Preference) for one in made)


def _takes_turns(record: Record, made: Sequence[Outcome]) -> bool:
    """Whether there are two turns or more that are texts in a list, or parts of a line."""
    value = record.value
    lists = not isinstance(value, dict) or isinstance(record.get("turns"), list) or isinstance(record.get("user"), list)
    numbered = isinstance(value, dict) and any(str(key).startswith("message_") for key in value)
    return (lists or numbered) and any(isinstance(one, Dialogue) and len(one.messages) > 1 for one in made)


def _has_marks(record: Record, made: Sequence[Outcome]) -> bool:
    """Whether the text itself marks both sides: marks at the ends of fields are another thing."""
    del made
    text = record.value if isinstance(record.value, str) else record.text("text")
    return bool(text) and style_of(str(text)) is not None


def _rewrites(record: Record, made: Sequence[Outcome]) -> bool:
    """Whether what is last is made of what came before, as a question that stands alone is made of a dialogue."""
    del made
    if isinstance(record.value, str):
        cells = record.value.split("\t")
    elif isinstance(record.value, dict):
        cells = [_text(record.get(name)) for name in ("history", "question", "rewrite")]
    else:
        return False
    cells = [cell for cell in cells if cell.strip()]
    if len(cells) < _LEAST_CELLS:
        return False
    before, last = " ".join(cells[:-1]), cells[-1]
    pairs = {last[i : i + 2] for i in range(len(last) - 1)}
    return bool(pairs) and sum(pair in before for pair in pairs) >= _REPEATED * len(pairs)


def _text(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value or "")


_CHECKS: dict[str, Callable[[Record, Sequence[Outcome]], bool]] = {
    "task_file": _has_instances,
    "choice": _has_options,
    "verifiable": _can_be_checked,
    "compare": _compares,
    "turn_strings": _takes_turns,
    "marked_text": _has_marks,
    "rewrite_tsv": _rewrites,
}
