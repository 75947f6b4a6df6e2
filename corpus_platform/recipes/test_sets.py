"""Test sets that documents are held against: plain files (JSONL, Parquet) by name, read when a step first asks for them.

A row is a test item: its `text` (or `question`, `prompt`, `problem`, `instruction`, `input`, with `answer` or `output` behind it) and its `id`.

Not here: n-grams and the search (dedup/contamination.py), what becomes of a document (steps/contamination.py).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus_platform.dedup.contamination import TestItems
from corpus_platform.errors import SettingsError
from corpus_platform.sources.plain import read_plain
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from corpus_platform.dedup.grams import Form, Unit

TEXT_FIELDS = ("text", "question", "prompt", "problem", "instruction", "input")
ANSWER_FIELDS = ("answer", "output", "solution", "completion")


def items_of(
    files: Mapping[str, str],
    against: Sequence[str],
    n: int,
    unit: Unit,
    form: Form,
    *,
    min_units: int,
    paragraphs: bool,
) -> TestItems:
    """The items of some test sets (all where none is named), ready to be searched for. Raises SettingsError for a set that there is not."""
    for name in against:
        if name not in files:
            have = ", ".join(files) or "none"
            raise SettingsError(
                f"there is no test set `{name}`{nearest(name, files)}; the setting `recipes.test_sets` names {have}"
            )
    chosen = tuple((name, files[name], _stamp(files[name])) for name in sorted(against or files))
    return _items(chosen, n, unit, form, min_units, paragraphs)


@cache
def _items(
    chosen: tuple[tuple[str, str, tuple[int, int]], ...],
    n: int,
    unit: Unit,
    form: Form,
    min_units: int,
    paragraphs: bool,
) -> TestItems:
    texts, ids = [], []
    for name, file, _ in chosen:
        for number, text in enumerate(read_test_set(Path(file))):
            texts.append(text)
            ids.append(f"{name}#{number}")
    return TestItems.of(texts, ids, n, unit, form, min_units=min_units, paragraphs=paragraphs)


def read_test_set(path: Path) -> list[str]:
    """The texts of a test set. Raises SourceError where it can't be read, SettingsError where a row has no text."""
    field = _field_of(path)
    texts: list[str] = []
    for batch in read_plain(path, text=field):
        texts += [_text(row, field) for row in batch.rows]
        if batch.rejects:
            first = batch.rejects[0]
            raise SettingsError(f"test set {path}:{first.position}: {first.reason}: {first.detail}")
    return texts


def _field_of(path: Path) -> str:
    """The field that has the text: the first that the first row has."""
    for field in TEXT_FIELDS:
        first = next(read_plain(path, text=field), None)
        if first is not None and first.rows:
            return field
    raise SettingsError(f"test set {path}: rows have none of the fields {', '.join(TEXT_FIELDS)}")


def _text(row: dict[str, Any], field: str) -> str:
    parts = [row[field], *(row[name] for name in ANSWER_FIELDS if isinstance(row.get(name), str))]
    return "\n".join(parts)


def _stamp(file: str) -> tuple[int, int]:
    """Size and modification, so that a changed file is read anew."""
    path = Path(file)
    if not path.is_file():
        raise SettingsError(f"test set {file}: no such file; see the setting `recipes.test_sets`")
    found = path.stat()
    return found.st_size, found.st_mtime_ns
