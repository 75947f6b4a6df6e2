"""What every kind hands on of a record beside its messages, and how cells of records become texts.

    yield about(record, (user("What is 2 + 2?"), assistant("4")), verifiable_answer="4", labels={"steps": 1})

Not here: what a kind is (kind.py), what its records look like (the kinds).
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from corpus_platform.sft.form import Dialogue
from corpus_platform.sft.kinds.kind import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corpus_platform.sft.form import Message
    from corpus_platform.sft.kinds.kind import Record

COMMON: dict[str, Column] = {
    "system": Column("System prompt", ("system", "system_prompt", "meta_instruction")),
    "tools": Column("Tools that the assistant may call: a list, or its JSON as text", ("tools",)),
    "task": Column("What the record is; the map's `task_types` turns it into a task type"),
    "language": Column("Language", ("language", "lang", "language_code")),
    "licence": Column("Licence of the record"),
    "origin_model": Column("Model that wrote the answer"),
    "title": Column("Title"),
    "url": Column("Where it is from"),
}
"""Fields that every kind takes."""

_NOTHING = frozenset(
    {
        "",
        "none",
        "null",
        "n/a",
        "na",
        "nan",
        "<noinput>",
        "<no input>",
        "noinput",
        "no input",
        "noinuput",
        "无",
        "無",
        "无输入",
        "<无输入>",
    }
)
_HAN = re.compile("[㐀-鿿豈-﫿]")
_LETTER = re.compile(r"[^\W\d_]")
_T = TypeVar("_T")


def about(record: Record, messages: Sequence[Message], **known: Any) -> Dialogue:
    """A dialogue with what the record says of itself. What is known beside goes over it; labels and meta are added to its own."""
    own: dict[str, Any] = {
        name: record.text(name) for name in ("system", "language", "licence", "origin_model", "title", "url")
    }
    own["tools"] = tools_of(record.get("tools"))
    own["task_type"] = record.task_type
    labels = {**record.labels, **known.pop("labels", {})}
    meta = {**record.meta, **known.pop("meta", {})}
    own.update({name: value for name, value in known.items() if value not in (None, ())})
    return Dialogue(tuple(messages), labels=labels, meta=meta, **own)


def tools_of(given: Any) -> tuple[Any, ...]:
    """Tools of a cell: a list, an object, or the JSON of either as text; a text that is no JSON is one tool."""
    if isinstance(given, str):
        given = given.strip()
        try:
            given = orjson.loads(given) if given else None
        except orjson.JSONDecodeError:
            return (given,)
    if given is None:
        return ()
    return tuple(given) if isinstance(given, list) else (given,)


def words(value: Any) -> str:
    """A cell as text without white space around it: numbers as they are written, lists line by line, nothing for null and objects."""
    if value is None or isinstance(value, dict):
        return ""
    if isinstance(value, list):
        return "\n".join(piece for piece in map(words, value) if piece)
    return str(value).strip()


def given_input(value: Any) -> str:
    """An input as text; empty where it says that there is none (null, None, N/A, <noinput>, 无 ...)."""
    text = words(value)
    return "" if text.rstrip(".。").lower() in _NOTHING else text


def texts(value: Any) -> list[str]:
    """The texts of a cell that is one or a list of them, blank ones left out."""
    return [text for one in (value if isinstance(value, list) else [value]) if (text := words(one))]


def listed(value: Any) -> list[Any]:
    """A cell as a list: itself, the only one, or none for null and blank text."""
    if isinstance(value, list):
        return value
    return [] if value is None or value == "" else [value]


def truth(value: Any) -> bool | None:
    """A cell as yes or no: truths, numbers, words for them; None where it says neither."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return value > 0
    word = str(value).strip().lower()
    return (
        True if word in {"true", "yes", "1", "t", "是"} else False if word in {"false", "no", "0", "f", "否"} else None
    )


def chinese(text: str) -> bool:
    """Whether most letters of a text are Han characters, four of them counting as much as ten others."""
    han = len(_HAN.findall(text))
    return han * 2.5 > len(_LETTER.findall(text)) - han


def drawn(choices: Sequence[_T], seed: int, *key: str) -> _T:
    """One of some, by the hash of seed and key: the same on every run and machine."""
    packed = "\0".join((str(seed), *key)).encode()
    return choices[int.from_bytes(hashlib.sha256(packed).digest()[:8], "big") % len(choices)]
