"""A file of Axolotl, and the fragment of YAML that belongs into its configuration.

Messages are of its type `chat_template`; each says with `train` whether it is learnt, so no role is trained as such. Arguments of calls and tools are JSON
text, which it reads itself.

Source: axolotl-ai-cloud/axolotl, prompt_strategies/chat_template.py and docs/dataset-formats, read at release 0.19.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from corpus_platform.sft.exports.sample import is_learnt, openai_messages, openai_tools

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.sft.exports.sample import Sample

FILE = "axolotl.jsonl"


def messages(sample: Sample) -> Iterator[dict[str, Any]]:
    """`messages`, each with `train`, and `tools`."""
    head = [False] if sample.system else []
    learnt = head + [is_learnt(message) for message in sample.messages]
    said = [{**message, "train": train} for message, train in zip(openai_messages(sample), learnt, strict=True)]
    yield {"id": sample.id, "messages": said, **openai_tools(sample)}


def fragment(file: str = FILE) -> dict[str, Any]:
    """What the configuration says of the file. The template is that of the model's tokenizer."""
    return {
        "chat_template": "tokenizer_default",
        "datasets": [
            {
                "path": file,
                "ds_type": "json",
                "type": "chat_template",
                "field_messages": "messages",
                "field_tools": "tools",
                "message_property_mappings": {
                    "role": "role",
                    "content": "content",
                    "reasoning_content": "reasoning_content",
                    "tool_calls": "tool_calls",
                    "name": "name",
                },
                "message_field_training": "train",
                "roles_to_train": [],
                "train_on_eos": "turn",
            }
        ],
    }
