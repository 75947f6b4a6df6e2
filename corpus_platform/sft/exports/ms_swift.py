"""A file of ms-swift: `messages` with the roles system, user, assistant, tool_call and tool_response, and `tools` as JSON text.

Each call is a message of its own; what the assistant says beside it stands before it. `loss` is set where an answer is not to be learnt.

Source: modelscope/ms-swift, swift/dataset/preprocessor/core.py and swift/template/template_inputs.py, read at release 4.6.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from corpus_platform.sft.exports.sample import arguments_value, dumps, is_learnt, text_with_thought

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.sft.exports.sample import Sample
    from corpus_platform.sft.form import Message

FILE = "ms_swift.jsonl"


def messages(sample: Sample) -> Iterator[dict[str, Any]]:
    """`messages` and `tools`."""
    said = [{"role": "system", "content": sample.system}] if sample.system else []
    for message in sample.messages:
        said += _said(message)
    yield {"id": sample.id, "messages": said, **({"tools": sample.tools} if sample.tools else {})}


def _said(message: Message) -> list[dict[str, Any]]:
    if message.role != "assistant":
        role = "tool_response" if message.role == "tool" else message.role
        return [{"role": role, "content": message.content}]
    loss = {} if is_learnt(message) else {"loss": False}
    made = []
    if message.content or message.reasoning or not message.calls:
        made.append({"role": "assistant", "content": text_with_thought(message), **loss})
    for call in message.calls:
        content = dumps({"name": call.get("name", ""), "arguments": arguments_value(call)})
        made.append({"role": "tool_call", "content": content, **loss})
    return made
