"""How a file of records is written, told by its first bytes and never by its name: JSON lines, JSON, a table with commas or tabs, Markdown, text ...

    layout = layout_of(head)        # Layout(form="csv", charset="gb18030", delimiter=",", header=True ...)

JSON is looked into: a list; an object of lists (`{"train": [...], "valid": [...]}`); an object whose `data` is the list; an object of entries; one record.
Whether a table has a header is a guess by its first row: short, all different, and none of it numbers or sentences.

Not here: reading the records (containers.py), what kind of records they are (sniff.py).
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import orjson

from corpus_platform.readers.rows import codec_for
from corpus_platform.readers.zip_members import ZIP_MAGIC

if TYPE_CHECKING:
    from collections.abc import Iterator

Form = Literal["jsonl", "json", "csv", "tsv", "text", "markdown", "xlsx", "parquet"]
Inside = Literal["list", "lists", "entries", "record", "values"]
"""What a JSON file is: a list; an object of lists; an object of objects; one record; values that follow each other."""

LIST_KEYS = ("data", "rows", "records", "items", "dataset")
"""Keys of an object that hold its records, other keys saying something of the file."""
SPLIT_END = "<|endoftext|>"
"""What ends a record of plain text, where it is there: what tokenizers put between documents."""

_LOOKED = 60
"""Lines of a text that are looked at."""
_FIELD_END = " ++$++ "
_RULE = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*$")
_NAME = re.compile(r"[^\W\d][\w .#/()\[\]-]{0,39}")
_SENTENCE = re.compile(r"[.?!。？！，,；;：:]\s*$|[。？！，；]")
_TEXT_START = re.compile(rb"[\x00-\x08\x0e-\x1a]")


@dataclass(frozen=True)
class Layout:
    """How a file is written. `delimiter`, `header` and `quoted` are those of tables, `inside` and `lists` those of JSON."""

    form: Form
    charset: str = "utf-8"
    delimiter: str | None = None
    header: bool = True
    quoted: bool = False
    inside: Inside | None = None
    lists: tuple[str, ...] = ()
    """Keys whose lists hold the records; empty: all."""
    between: str | None = None
    """What is between records of a text, instead of the ends of lines."""


def layout_of(head: bytes, *, whole: bool = False) -> Layout | None:
    """The layout of a file that begins with these bytes (64 KiB or more say enough); None for an empty file and for one that is no text.

    `whole` says that the file ends where `head` does.
    """
    if head.startswith(b"PAR1"):
        return Layout("parquet", "binary")
    if head[:4] in ZIP_MAGIC:
        return Layout("xlsx", "binary")
    codec = codec_for(head)
    text = head.decode(codec, "ignore").lstrip("\ufeff")
    if not text.strip() or _TEXT_START.search(text[:4096].encode("utf-8", "ignore")):
        return None
    if not whole and "\n" in text:
        text = text[: text.rindex("\n")]
    return replace(_of_text(text), charset=codec)


def _of_text(text: str) -> Layout:
    start = text.lstrip()
    if start[:1] in "[{" or (start[:1] == '"' and _is_value(start.partition("\n")[0])):
        found = _json(start)
        if found is not None:
            return found
    lines = [line for line in text.splitlines() if line.strip()][:_LOOKED]
    if any(_RULE.match(line) and "|" in line and "|" in before for before, line in pairwise(lines)):
        return Layout("markdown")
    if SPLIT_END in text:
        return Layout("text", between=SPLIT_END)
    return _table(text, lines) or Layout("text")


def _json(text: str) -> Layout | None:
    """JSON lines or a JSON file; None for text that only begins like one."""
    first, _, rest = text.partition("\n")
    second = next((line for line in rest.splitlines() if line.strip()), "")
    if _is_value(first):
        return Layout("jsonl") if second else _of_value(text)
    if second and _is_value(second.strip()) and second.strip()[:1] == first[:1] and first.rstrip()[-1:] in "}]":
        # The first line is a broken one.
        return Layout("jsonl")
    return _of_value(text)


_TURN = re.compile(
    r'\A\{(?:[^\[\]]*,)?\s*"(?:messages|conversations|conversation|chat_rounds|turns|dialogue|dialog|items)"\s*:\s*\[\s*\{\s*'
    r'(?:"(?:[^"\\]|\\.)*"\s*:\s*(?:"(?:[^"\\]|\\.)*"|[^"{}\[\],]+)\s*,\s*)*"(?:role|from|speaker)"\s*:'
)
"""A list whose first object says who speaks: the turns of one dialogue, and no split of many."""


def _is_value(line: str) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def _of_value(text: str) -> Layout | None:
    if text[:1] == "[":
        return Layout("json", inside="list") if re.match(r'\[\s*(?:[\[{"\]]|-?\d|null)', text) else None
    heads = list(_heads(text))
    if not heads:
        return Layout("json", inside="record") if re.match(r"\{\s*\}", text) else None
    of_many = None if _TURN.match(text) else _of_entries(text, heads)
    return of_many or Layout("json", inside="record" if _one_object(text) else "values")


def _of_entries(text: str, heads: list[tuple[str, str]]) -> Layout | None:
    """The layout of an object whose values hold the records; None where it is one itself."""
    starts = Counter(value[:1] for _, value in heads)
    listed = [key for key, value in heads if value[:1] == "["]
    named = [key for key in LIST_KEYS if key in listed]
    if named and len(named) < len(heads):
        return Layout("json", inside="lists", lists=(named[0],))
    if len(starts) == 1 and listed and all(value[1:2] in ("{", "[", '"', "]", "") for _, value in heads):
        return Layout("json", inside="lists")
    if len(starts) == 1 and "{" in starts:
        return Layout("json", inside="entries" if _one_object(text) else "values")
    return None


def _heads(text: str) -> list[tuple[str, str]]:
    """(key, first two marks of its value) of the entries of an object that begins here, as far as the text goes."""
    found: list[tuple[str, str]] = []
    depth, key = 0, ""
    for match in re.finditer(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}:]', text, re.DOTALL):
        mark = match.group()
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
            if depth == 0:
                break
        elif mark == ":" and depth == 1:
            value = text[match.end() : match.end() + 200].split()
            found.append((key, "".join(value)[:2]))
        elif depth == 1:
            key = mark[1:-1]
    return found


def _one_object(text: str) -> bool:
    """Whether nothing follows the object that begins here, as far as the text goes: objects over several lines may follow each other."""
    return not re.search(r"\n\}\s*\{", text)


def _table(text: str, lines: list[str]) -> Layout | None:
    if not lines:
        return None
    if all(_FIELD_END in line for line in lines):
        return Layout("csv", delimiter=_FIELD_END, header=False)
    counts = {line.count("\t") for line in lines}
    if len(counts) == 1 and counts != {0}:
        return Layout("tsv", delimiter="\t", header=_has_header([line.split("\t") for line in lines]))
    for delimiter in (",", ";"):
        rows = _parsed(text, delimiter)
        if rows is None:
            continue
        return Layout("csv", delimiter=delimiter, quoted=True, header=_has_header(rows))
    return None


def _parsed(text: str, delimiter: str) -> list[list[str]] | None:
    """The rows of a text as a table of two columns or more, or of one whose cells are in quotes; None where they differ in width."""
    try:
        rows = [row for row in _reader(text, delimiter) if row]
    except csv.Error:
        # The last cell is cut off in its quotes.
        rows = _until_error(text, delimiter)
    rows = rows[:_LOOKED]
    if len(rows) < 2:
        return None
    width = len(rows[0])
    fitting = sum(len(row) == width for row in rows)
    if fitting < 0.9 * len(rows):
        return None
    if width == 1:
        quoted = sum(line.startswith('"') for line in text.splitlines())
        return rows if quoted * 2 >= len(rows) - 1 and _has_header(rows) else None
    return rows


def _reader(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text.replace("\0", "")), delimiter=delimiter, strict=True)


def _until_error(text: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    with suppress(csv.Error):
        rows.extend(row for row in _reader(text, delimiter) if row)
    return rows


def _has_header(rows: list[list[str]]) -> bool:
    """Whether the first row names columns: names are short, differ, are no numbers and no sentences, and do not come again below."""
    names = [cell.strip() for cell in rows[0]]
    given = [name for name in names if name]
    if not given or len(set(given)) < len(given) or len(names) - len(given) > 1:
        return False
    if not all(_NAME.fullmatch(name) and not _SENTENCE.search(name) for name in given):
        return False
    below = rows[1:21]
    lengths = [len(cell) for row in below for cell in row if cell]
    longer = sum(lengths) / len(lengths) > 2 * sum(map(len, given)) / len(given) if lengths else False
    ascii_names = all(re.fullmatch(r"[A-Za-z_][\w .-]*", name) for name in given)
    other_script = ascii_names and any(not cell.isascii() for row in below for cell in row)
    return bool(below) and (longer or other_script) and not any(row == rows[0] for row in below)
