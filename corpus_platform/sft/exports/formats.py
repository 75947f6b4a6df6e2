"""The forms that a mix can be exported in, by name, and how their files are written: a line a record, as the dialogues come by.

Promise: the same dialogues in the same order give the same bytes. What a form can't say is counted by its reason.

Not here: what a record of a form is (the other modules).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from corpus_platform.errors import SettingsError
from corpus_platform.sft.exports import axolotl, hugging_face, llama_factory, ms_swift, plain_pairs
from corpus_platform.sft.exports.sample import CannotSay
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from corpus_platform.sft.exports.sample import Sample

    Records = Callable[[Sample], Iterator[dict[str, Any]]]

MESSAGES = "messages"
"""The form that every export has."""
FORMATS: Mapping[str, Mapping[str, Records]] = {
    MESSAGES: {"messages.jsonl": hugging_face.messages, "messages.parquet": hugging_face.messages},
    "llama_factory": {
        "llama_factory_sharegpt.jsonl": llama_factory.sharegpt,
        "llama_factory_alpaca.jsonl": llama_factory.alpaca,
    },
    "trl": {
        "trl_messages.parquet": hugging_face.messages,
        "trl_prompt_completion.parquet": hugging_face.prompt_completion,
    },
    "axolotl": {axolotl.FILE: axolotl.messages},
    "ms_swift": {ms_swift.FILE: ms_swift.messages},
    "firefly": {"firefly.jsonl": plain_pairs.firefly},
    "data_juicer": {"data_juicer.jsonl": plain_pairs.data_juicer},
    "nemo": {"nemo.jsonl": plain_pairs.nemo},
}
"""Files of each form, with what makes their records."""
SCHEMAS: Mapping[str, pa.Schema] = {
    "messages.parquet": hugging_face.SCHEMA,
    "trl_messages.parquet": hugging_face.TRL_SCHEMA,
    "trl_prompt_completion.parquet": hugging_face.PAIR_SCHEMA,
}
"""Columns of the files that are Parquet; the others have a line for each record."""
_GROUP = 2_000
_NO_DIALOGUE = "nothing_learnt"


def chosen_formats(names: str) -> tuple[str, ...]:
    """The forms of a list by commas, `all` for all; messages are among them. Raises SettingsError with the nearest name."""
    asked = [name.strip() for name in names.split(",") if name.strip()]
    if "all" in asked:
        return tuple(FORMATS)
    for name in asked:
        if name not in FORMATS:
            raise SettingsError(
                f"there is no form `{name}`{nearest(name, FORMATS)}; there are {', '.join(FORMATS)}, all"
            )
    return tuple(dict.fromkeys((MESSAGES, *asked)))


class _Lines:
    """JSON lines."""

    def __init__(self, path: Path) -> None:
        self._stream = path.open("wb")

    def write(self, record: dict[str, Any]) -> None:
        self._stream.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))

    def close(self) -> None:
        self._stream.close()


class _Parquet:
    """Parquet with row groups of a fixed number of records."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = schema
        self._writer = pq.ParquetWriter(path, schema, compression="zstd", version="2.6")
        self._pending: list[dict[str, Any]] = []

    def write(self, record: dict[str, Any]) -> None:
        self._pending.append(record)
        if len(self._pending) >= _GROUP:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._pending:
            self._writer.write_table(pa.Table.from_pylist(self._pending, schema=self._schema))
        self._pending = []


@dataclass
class _File:
    records: Records
    stream: _Lines | _Parquet
    rows: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    def write(self, sample: Sample) -> None:
        try:
            made = list(self.records(sample))
        except CannotSay as error:
            self.left_out[str(error)] += 1
            return
        if not made:
            self.left_out[_NO_DIALOGUE] += 1
        for record in made:
            self.stream.write(record)
            self.rows += 1


class Writer:
    """Writes dialogues into the files of some forms; used as a context."""

    def __init__(self, folder: Path, formats: tuple[str, ...]) -> None:
        """Opens the files in a folder that is there."""
        self._files = {
            name: _File(records, _opened(folder / name)) for form in formats for name, records in FORMATS[form].items()
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files.values():
            file.stream.close()

    def write(self, sample: Sample) -> None:
        """Adds a dialogue to every file that can say it."""
        for file in self._files.values():
            file.write(sample)

    @property
    def rows(self) -> dict[str, int]:
        """Records by file."""
        return {name: file.rows for name, file in self._files.items()}

    @property
    def left_out(self) -> dict[str, dict[str, int]]:
        """Dialogues that a file can't say, by reason."""
        return {name: dict(sorted(file.left_out.items())) for name, file in self._files.items() if file.left_out}


def _opened(path: Path) -> _Lines | _Parquet:
    schema = SCHEMAS.get(path.name)
    return _Lines(path) if schema is None else _Parquet(path, schema)


def settings_files(name: str, formats: tuple[str, ...]) -> dict[str, str]:
    """What trainers are told of the files, by path: `dataset_info.json`, `axolotl.yaml`."""
    made = {}
    if "llama_factory" in formats:
        info = llama_factory.dataset_info(name)
        made["dataset_info.json"] = orjson.dumps(info, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
    if "axolotl" in formats:
        made["axolotl.yaml"] = yaml.safe_dump(axolotl.fragment(), sort_keys=False)
    return made
