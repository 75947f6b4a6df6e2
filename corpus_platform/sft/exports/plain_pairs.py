"""Files whose form is question and answer by turns: Firefly, Data-Juicer's post-tuning form, NeMo.

None has tools, or a way to say that an answer is not to be learnt; such dialogues are left out with a reason.

Sources: yangjianxin1/Firefly, component/dataset.py; datajuicer/data-juicer, tools/fmt_conversion/post_tuning_dialog; NVIDIA NeMo, input and output lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from corpus_platform.sft.exports.sample import CannotSay, pairs, text_with_thought

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.sft.exports.sample import Sample


def firefly(sample: Sample) -> Iterator[dict[str, Any]]:
    """`conversation`: pairs of human and assistant; `conversation_id`, `category`, and `system` where there is one."""
    made = {
        "conversation_id": sample.id,
        "category": sample.facts.get("task_type") or "other",
        "conversation": [{"human": a.content, "assistant": text_with_thought(b)} for a, b in pairs(sample)],
    }
    yield {**made, "system": sample.system} if sample.system else made


def data_juicer(sample: Sample) -> Iterator[dict[str, Any]]:
    """`system`, `instruction`, `query`, `response`, `history`."""
    said = [[asked.content, text_with_thought(answer)] for asked, answer in pairs(sample)]
    query, response = said[-1]
    yield {
        "id": sample.id,
        "system": sample.system or "",
        "instruction": "",
        "query": query,
        "response": response,
        "history": said[:-1],
    }


def nemo(sample: Sample) -> Iterator[dict[str, Any]]:
    """`input` and `output` of a dialogue with one question; `several_turns` are left out."""
    said = list(pairs(sample))
    if len(said) > 1:
        raise CannotSay("several_turns")
    [(asked, answer)] = said
    head = f"{sample.system}\n\n" if sample.system else ""
    yield {"id": sample.id, "input": head + asked.content, "output": text_with_thought(answer)}
