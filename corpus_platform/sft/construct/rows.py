"""What a row of dialogues holds, by names: what is asked, what is answered, and the columns that its data set brought.

    fields = fields_of(row)      # {"prompt": ..., "answer": ..., "label": 1, "premise": ...}

A row is one of a table (`meta`, `labels`, `tools` as JSON text) or of a file in the form that `corpus sft convert` writes (JSON read already).

Not here: the form of dialogues (sft/form.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from corpus_platform.sft.form import Dialogue, dumps, of_row
from corpus_platform.sft.kinds.kind import at

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a built dialogue takes over from the row that it is built of.
KEPT = ("language", "licence", "url", "title")


def json_of(row: Mapping[str, Any], column: str) -> dict[str, Any]:
    """A column that holds a JSON object, as text or read already; an empty one where it is missing."""
    found = row.get(column)
    if isinstance(found, str | bytes):
        found = orjson.loads(found)
    return found if isinstance(found, dict) else {}


def dialogue_of(row: Mapping[str, Any]) -> Dialogue:
    """The dialogue of a row, its JSON columns as text or read already."""
    said = [
        {**m, "calls": dumps(m["calls"]) if isinstance(m.get("calls"), list) else m.get("calls")}
        for m in row["messages"]
    ]
    read = {name: dumps(row[name]) for name in ("meta", "labels", "tools") if isinstance(row.get(name), dict | list)}
    return of_row({**row, **read, "messages": said})


def prompt_of(row: Mapping[str, Any]) -> str:
    """What the last user message says; empty where there is none."""
    return next((m["content"] for m in reversed(row["messages"]) if m["role"] == "user"), "")


def answer_of(row: Mapping[str, Any]) -> str:
    """What the last assistant message says; empty where there is none."""
    return next((m["content"] for m in reversed(row["messages"]) if m["role"] == "assistant"), "")


def reasoning_of(row: Mapping[str, Any]) -> str | None:
    """What the assistant thought before its last message."""
    return next((m.get("reasoning") for m in reversed(row["messages"]) if m["role"] == "assistant"), None)


def fields_of(row: Mapping[str, Any], columns: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Fields of a row by name: `prompt`, `answer`, `messages`, columns such as `verifiable_answer`, then its labels and the columns in its `meta`.

    The later ones win. `columns` names further ones by a path into these (`answers.0`).
    """
    fields: dict[str, Any] = {
        name: row[name]
        for name in ("system", "messages", "verifiable_answer", "task_type", "set", "title", "language")
        if row.get(name) is not None
    }
    if row.get("messages"):
        fields |= {"prompt": prompt_of(row), "answer": answer_of(row)}
    fields |= json_of(row, "labels") | json_of(row, "meta")
    for name, path in (columns or {}).items():
        found = at(fields, path)
        if found is not None:
            fields[name] = found
    return fields


def set_of(row: Mapping[str, Any]) -> str:
    """Name of the data set that a row is of."""
    return str(row.get("set") or row.get("source") or "")


def kept(row: Mapping[str, Any]) -> Any:
    """Columns that a built dialogue takes over from its leading parent."""
    return {name: row[name] for name in KEPT if row.get(name)}
