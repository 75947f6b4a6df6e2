"""Files of LLaMA-Factory: the forms `sharegpt` and `alpaca`, with the `dataset_info.json` that names their columns.

`sharegpt` has a side that asks (human, observation) and one that answers (gpt, function_call), by turns; the trainer skips all else. `alpaca` has the last
pair of a dialogue, the earlier ones as `history`, and no tools. Thoughts stand in the answer, between `<think>` and `</think>`.
Answers of several tools in a row are one observation, parted as the trainer's own reader of OpenAI's form parts them. What a form can't say is left out
with a reason: `not_by_turns`, `words_beside_calls`, `untrained_turns` (a trainer of this form learns all answers), `no_pairs`, `tools`.

Source: hiyouga/LLaMA-Factory, src/llamafactory/data (parser.py, converter.py, formatter.py), read at release 0.9.5.
Not here: files of preferences (preferences.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from corpus_platform.sft.exports.sample import (
    THOUGHT,
    CannotSay,
    arguments_value,
    dumps,
    is_learnt,
    pairs,
    text_with_thought,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.sft.exports.sample import Sample
    from corpus_platform.sft.form import Message

_NEXT_ANSWER = "\n</tool_response>\n<tool_response>\n"


def sharegpt(sample: Sample) -> Iterator[dict[str, Any]]:
    """`conversations`, `system`, `tools`."""
    turns: list[dict[str, str]] = []
    for message in sample.messages:
        role, value = _turn(message)
        if role == "observation" and turns and turns[-1]["from"] == "observation":
            turns[-1]["value"] += _NEXT_ANSWER + value
        else:
            turns.append({"from": role, "value": value})
    sides = ({"human", "observation"}, {"gpt", "function_call"})
    if not turns or len(turns) % 2 or any(turn["from"] not in sides[i % 2] for i, turn in enumerate(turns)):
        raise CannotSay("not_by_turns")
    yield {"id": sample.id, "conversations": turns, "system": sample.system or "", "tools": sample.tools or ""}


def alpaca(sample: Sample) -> Iterator[dict[str, Any]]:
    """`instruction`, `input` (empty: nobody knows any more what was context), `output`, `system`, `history`."""
    said = [(asked.content, text_with_thought(answer)) for asked, answer in pairs(sample)]
    instruction, output = said[-1]
    yield {
        "id": sample.id,
        "instruction": instruction,
        "input": "",
        "output": output,
        "system": sample.system or "",
        "history": [list(pair) for pair in said[:-1]],
    }


def dataset_info(name: str) -> dict[str, Any]:
    """What `dataset_info.json` says of the two files, and of `messages.jsonl` in OpenAI's form."""
    return {
        name: {
            "file_name": "llama_factory_sharegpt.jsonl",
            "formatting": "sharegpt",
            "columns": {"messages": "conversations", "system": "system", "tools": "tools"},
            "tags": {
                "role_tag": "from",
                "content_tag": "value",
                "user_tag": "human",
                "assistant_tag": "gpt",
                "observation_tag": "observation",
                "function_tag": "function_call",
                "system_tag": "system",
            },
        },
        f"{name}_alpaca": {
            "file_name": "llama_factory_alpaca.jsonl",
            "formatting": "alpaca",
            "columns": {
                "prompt": "instruction",
                "query": "input",
                "response": "output",
                "system": "system",
                "history": "history",
            },
        },
    }


def _turn(message: Message) -> tuple[str, str]:
    if message.role == "user":
        return "human", message.content
    if message.role == "tool":
        return "observation", message.content
    if message.role != "assistant":
        raise CannotSay("not_by_turns")
    if not is_learnt(message):
        raise CannotSay("untrained_turns")
    if not message.calls:
        return "gpt", text_with_thought(message)
    if message.content.strip():
        # The trainer reads the whole message as JSON.
        raise CannotSay("words_beside_calls")
    calls = dumps([{"name": call.get("name", ""), "arguments": arguments_value(call)} for call in message.calls])
    return (
        "function_call",
        f"{THOUGHT[0]}{message.reasoning.strip()}{THOUGHT[1]}{calls}" if message.reasoning else calls,
    )
