"""Messages as Hugging Face's libraries read them, as JSON lines and Parquet; for TRL also prompt with completion, one for each turn that is learnt.

    {"id": ..., "messages": [{"role": "user", "content": ...}, {"role": "assistant", "content": ...}], "tools": "[...]", "trained": [false, true], ...}

`trained` tells message by message what a trainer should learn, which TRL's `messages` can't say (its `assistant_only_loss` learns all answers); prompt and
completion say it by themselves. Many chat templates write arguments of calls as JSON, and would quote a text twice: out of files for TRL `datasets` gives
them as objects.

Not here: other trainers' forms (the other modules).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from corpus_platform.sft.exports.sample import FACTS, is_learnt, openai_messages, openai_tools

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.sft.exports.sample import Sample


def _messages_type(arguments: pa.Field) -> pa.DataType:
    """A list of messages whose calls have arguments of a field's type."""
    function = pa.struct([pa.field("name", pa.string()), arguments])
    call = pa.struct([("id", pa.string()), ("type", pa.string()), ("function", function)])
    return pa.list_(
        pa.struct(
            [
                ("role", pa.string()),
                ("content", pa.large_string()),
                ("reasoning_content", pa.large_string()),
                ("tool_calls", pa.list_(call)),
                ("name", pa.string()),
            ]
        )
    )


_FACTS = tuple((name, pa.int16() if name == "epoch" else pa.string()) for name in FACTS)
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("messages", _messages_type(pa.field("arguments", pa.large_string()))),
        ("tools", pa.large_string()),
        ("trained", pa.list_(pa.bool_())),
        *_FACTS,
        ("tokens", pa.int64()),
        ("tokens_trained", pa.int64()),
    ]
)
"""Columns of `messages.parquet`."""


_OBJECT = pa.field(
    "arguments", pa.string(), metadata={"ARROW:extension:name": "arrow.json", "ARROW:extension:metadata": ""}
)
"""JSON by Arrow's own type: text to those that do not know it, and to `datasets` 5 a value."""
_MESSAGES = _messages_type(_OBJECT)
TRL_SCHEMA = pa.schema([("messages", _MESSAGES), *(field for field in SCHEMA if field.name != "messages")])
"""Columns of `trl_messages.parquet`."""
PAIR_SCHEMA = pa.schema(
    [("id", pa.string()), ("prompt", _MESSAGES), ("completion", _MESSAGES), ("tools", pa.large_string())]
)
"""Columns of `trl_prompt_completion.parquet`."""


def messages(sample: Sample) -> Iterator[dict[str, Any]]:
    """The one record of a dialogue, with what is known of it."""
    head = [False] if sample.system else []
    yield {
        "id": sample.id,
        "messages": openai_messages(sample),
        **openai_tools(sample),
        "trained": head + [is_learnt(message) for message in sample.messages],
        **sample.facts,
        "tokens": sample.tokens,
        "tokens_trained": sample.trained,
    }


def prompt_completion(sample: Sample) -> Iterator[dict[str, Any]]:
    """A record for each message that is learnt: all before it is the prompt."""
    head = 1 if sample.system else 0
    said = openai_messages(sample)
    for i, message in enumerate(sample.messages, head):
        if is_learnt(message) and i:
            yield {
                "id": f"{sample.id}:{i - head}",
                "prompt": said[:i],
                "completion": [said[i]],
                **openai_tools(sample),
            }
