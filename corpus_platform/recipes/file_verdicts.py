"""Verdicts of a recipe's dedups on documents in plain files, without a lake: one dedup after the other, each over the survivors so far.

A dedup reads the files once for the keys of the documents that its recipe's earlier steps leave (their texts are not held), matches them in a folder
(dedup/local.py), and writes `verdicts.parquet`, by place. Files that are an *earlier* set are known, and never judged.
Ids may repeat: in matching a document is named by its set and place; its own id comes back with the verdict.
Promise: verdicts depend on the documents and their order alone, not on workers, memory or a run that was stopped and goes on.

Not here: what verdicts do to a document (deduplicated.py), the rows that are written in the end (files.py).
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.dedup.bloom import filter_size
from corpus_platform.dedup.key_files import read_range
from corpus_platform.dedup.keys import places
from corpus_platform.dedup.local import (
    BYTES_OF_A_KEY,
    KEYS_OF_A_RANGE,
    ByCommonness,
    ByUnits,
    cluster_set,
    files_in_sql,
    filter_set,
    gather_units,
    gather_weights,
    match_sets,
    set_session,
)
from corpus_platform.dedup.local_set import DocumentSet, Rows
from corpus_platform.dedup.verify import ByShingles
from corpus_platform.engine.protocol import raise_failures
from corpus_platform.errors import SettingsError
from corpus_platform.recipes.population import methods_of
from corpus_platform.recipes.steps.dedup import Bloom, SoftDedup
from corpus_platform.sources.plain import read_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from corpus_platform.engine.protocol import Engine
    from corpus_platform.recipes.population import Method, Population
    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.signals.environment import Environment
    from corpus_platform.sources.plain import PlainBatch

_BATCHES_OF_A_PART = 8
"""Some 64 MB of text, or 80,000 documents: what a worker does at a time, and what a run that was stopped does again at most."""
_PARTS_OF_A_FILE = 100_000
_LEAST_RANGE = 100_000
_COLUMNS = ("kept", "similarity", "canonical", "units", "weight", "cluster", "canonical_row", "size")


@dataclass(frozen=True)
class FileBatch:
    """Documents of a file in their order: the `number` of the batch in the file, and the place of the first document in it."""

    number: int
    file_index: int
    position: int
    plain: PlainBatch

    def frame(self) -> pl.DataFrame:
        """The documents as recipes read them: `doc_id` is made distinct within the batch, `row_id` is the row's own."""
        frame = self.plain.frame
        return _distinct(frame.with_columns(row_id=frame["doc_id"])).with_columns(
            file_index=pl.lit(self.file_index, pl.Int64),
            position=pl.int_range(self.position, self.position + frame.height, dtype=pl.Int64),
        )


@dataclass(frozen=True)
class FileSet:
    """Files that are one corpus, in the order given; `text` is the field with the text."""

    paths: tuple[Path, ...]
    text: str = "text"

    def batches(self, index: int) -> Iterator[FileBatch]:
        """The batches of one file."""
        position = 0
        for number, plain in enumerate(read_plain(self.paths[index], text=self.text)):
            yield FileBatch(number, index, position, plain)
            position += plain.frame.height

    def all_batches(self) -> Iterator[FileBatch]:
        """The batches of all files."""
        for index in range(len(self.paths)):
            yield from self.batches(index)


@dataclass(frozen=True)
class FileVerdicts:
    """Verdicts by dedup step: files of rows by place, which is their `key`."""

    paths: Mapping[str, Path] = field(default_factory=dict)

    def of(self, frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
        """The verdicts on the documents of a batch, by step; `canonical_row`, `cluster` (ids of rows) and `size` besides what deduplicated.py asks for."""
        place = places(frame["file_index"].to_numpy(), frame["position"].to_numpy())
        named = frame.select("doc_id", pl.Series("key", place, pl.UInt64))
        first, last = (int(place.min()), int(place.max())) if place.size else (1, 0)
        return {
            step: named.join(_rows(path, first, last), on="key", maintain_order="left")
            for step, path in self.paths.items()
        }


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Writes a small file, which is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    temporary.write_text(json.dumps(values))
    temporary.replace(path)


def _rows(path: Path, first: int, last: int) -> pl.DataFrame:
    return read_range(path, ("key", *_COLUMNS), first, last)


def keys_at_once(memory: int, workers: int) -> int:
    """Keys that each of some workers can match in so many bytes of memory together."""
    return min(max(memory // (workers * BYTES_OF_A_KEY), _LEAST_RANGE), KEYS_OF_A_RANGE)


@dataclass(frozen=True)
class Work:
    """How dedups of files are done: in which folder, by whom, with how much memory (bytes). A folder goes on with the `keys_of_a_range` it was begun with."""

    folder: Path
    engine: Engine
    memory: int
    keys_of_a_range: int
    stripes: int = 1
    """Tasks that share a file, where there are more workers than files."""


@dataclass(frozen=True)
class Found:
    """What came of a dedup: verdicts, and what was counted (`documents`, `taking_part`, `without_keys`, `keys`, `clusters`)."""

    path: Path
    counts: Mapping[str, int]


def verdicts_of(
    recipe: Recipe, files: FileSet, earlier: FileSet | None, environment: Environment, work: Work
) -> dict[str, Found]:
    """The verdicts of all dedups of a recipe, by step.

    Raises SettingsError where a filter does not fit into the memory, SourceError for files that can't be read.
    """
    found: dict[str, Found] = {}
    for method in methods_of(recipe):
        before = FileVerdicts({step: one.path for step, one in found.items()})
        sets = (files,) if earlier is None else (earlier, files)
        found[method.step.name] = _found(method, sets, environment, before, work)
    return found


def _found(
    method: Method, sets: Sequence[FileSet], environment: Environment, before: FileVerdicts, work: Work
) -> Found:
    folder = work.folder / f"{method.index:02d}"
    verdicts, counted = folder / "verdicts.parquet", folder / "counts.json"
    if verdicts.exists() and counted.exists():
        return Found(verdicts, json.loads(counted.read_text()))
    has_values = _has_values(method)
    made = [
        DocumentSet(folder / f"set{number}", has_values, has_units=method.step.matching == "units")
        for number in range(len(sets))
    ]
    counts = [
        _read(Keying(method, environment, before, files, own, number, work.stripes), work.engine)
        for number, (files, own) in enumerate(zip(sets, made, strict=True))
    ]
    _match(method, made, sum(count["keys"] for count in counts), work)
    counts[-1]["clusters"] = _write_verdicts(verdicts, made, work.memory)
    write_json(counted, counts[-1])
    for own in made:
        shutil.rmtree(own.folder, ignore_errors=True)
    return Found(verdicts, counts[-1])


def _has_values(method: Method) -> bool:
    """Whether the keys have a second half: those of SimHashes and of exact copies do."""
    return method.step.matching == "documents" and method.step.step in {"exact", "url_dedup", "simhash"}


@dataclass(frozen=True)
class Keying:
    """What makes the keys of a set of files."""

    method: Method
    environment: Environment
    before: FileVerdicts
    files: FileSet
    own: DocumentSet
    number: int
    stripes: int

    def population(self, batch: FileBatch) -> tuple[Population, pl.DataFrame]:
        """Who takes part of a batch, and its rows in `documents`: `doc_id` is set and place, `judged_id` that of the batch, `row_id` the row's own."""
        frame = batch.frame()
        found = self.method.population(frame, self.environment, self.before.of(frame))
        row = found.documents["place"].to_numpy() - places(np.array([batch.file_index]), np.array([batch.position]))[0]
        documents = found.documents.with_columns(
            doc_id=pl.format(f"{self.number}:{{}}", "place"),
            judged_id=found.documents["doc_id"],
            row_id=frame["row_id"].gather(row),
        )
        return found, documents


def _read(keying: Keying, engine: Engine) -> Counter[str]:
    """The keys of all files; what was counted."""
    items = [(index, stripe) for index in range(len(keying.files.paths)) for stripe in range(keying.stripes)]
    total: Counter[str] = Counter()
    report = engine.map(
        partial(make_keys, keying),
        items,
        label=lambda item: str(keying.files.paths[item[0]]),
        on_result=lambda _, counts: total.update(counts),
    )
    raise_failures(report, what="file")
    return total


def make_keys(keying: Keying, item: tuple[int, int]) -> dict[str, int]:
    """Makes the keys of a file, or of each so many-th part of it; parts that are there already are left alone."""
    index, stripe = item
    total: Counter[str] = Counter()
    parts = groupby(keying.files.batches(index), key=lambda batch: batch.number // _BATCHES_OF_A_PART)
    for number, batches in parts:
        if number % keying.stripes != stripe:
            continue
        part = index * _PARTS_OF_A_FILE + number
        marker = keying.own.folder / "read" / f"{part:010d}.json"
        if marker.exists():
            total.update(json.loads(marker.read_text()))
            continue
        counts = _make_part(keying, part, batches)
        write_json(marker, counts)
        total.update(counts)
    return dict(total)


def _make_part(keying: Keying, part: int, batches: Iterator[FileBatch]) -> Counter[str]:
    counts: Counter[str] = Counter()
    with keying.own.part(part) as writer:
        for batch in batches:
            if not batch.plain.frame.height:
                continue
            found, documents = keying.population(batch)
            writer.add(documents, found.keys)
            counts["documents"] += batch.plain.frame.height
            counts["taking_part"] += documents.height
            counts["without_keys"] += int((np.diff(found.keys.offset) == 0).sum())
            counts["keys"] += found.keys.key.size
    return counts


def _match(method: Method, sets: Sequence[DocumentSet], keys: int, work: Work) -> None:
    """Matches each set with those before it; the last one's duplicates are what is asked for."""
    step = method.step
    sets = [own for own in sets if own.rows("documents")]
    range_of = {"keys_of_a_range": work.keys_of_a_range}
    for number, own in enumerate(sets):
        earlier = sets[:number]
        match step.matching:
            case "documents":
                match_sets(own, earlier, step.rule(), work.engine, **range_of)
                measure = step.measure() if step.verified is None else ByShingles(step.verified)
                _once(own, partial(cluster_set, own, earlier, measure, method.survivor, work.memory))
            case "units":
                match_sets(own, earlier, ByUnits(method.keep), work.engine, **range_of)
                _once(own, partial(gather_units, own, work.memory))
            case "filter":
                filter_set(own, earlier[-1] if earlier else None, sized(step, keys, work.memory), method.group_files)
                _once(own, partial(gather_units, own, work.memory))
            case "weights":
                documents = sum(other.rows("documents") for other in (*earlier, own))
                match_sets(own, earlier, ByCommonness(documents), work.engine, **range_of)
                assert isinstance(step, SoftDedup)
                _once(own, partial(gather_weights, own, step, work.memory))


def _once(own: DocumentSet, task: Callable[[], Any]) -> None:
    if not own.duplicates.exists():
        task()


def sized(step: Any, keys: int, memory: int) -> Bloom:
    """The step with a filter for so many keys, where that is more than it says. Raises SettingsError where it takes more than `memory` bytes."""
    assert isinstance(step, Bloom)
    items = max(step.items, keys)
    size = filter_size(items, step.error_rate).bytes
    if size > memory:
        raise SettingsError(
            f"{step.name}: a Bloom filter for {items:,} keys takes {size >> 20:,} MB, and {memory >> 20:,} MB are allowed: give more memory (--memory-mb)"
        )
    return step.model_copy(update={"items": items})


def _write_verdicts(path: Path, sets: Sequence[DocumentSet], memory: int) -> int:
    """The duplicates of the last set by place, with the documents' own ids in place of set and place; the number of clusters."""
    own, clusters = sets[-1], 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with Rows(path) as rows:
        rows.write(pl.DataFrame(schema=_VERDICTS))
        if not own.duplicates.exists():
            return clusters
        earlier = [other for other in sets[:-1] if other.rows("documents")]
        has = pl.read_parquet_schema(own.duplicates)
        with set_session(own, (), memory) as session:
            files = [file for one in (*earlier, own) for file in one.files("documents")]
            session.execute(f"CREATE VIEW named AS SELECT doc_id, judged_id, row_id FROM {files_in_sql(files)}")
            session.execute(f"CREATE VIEW duplicates AS SELECT * FROM {files_in_sql([own.duplicates])}")
            if "cluster" in has:
                [(clusters,)] = session.execute("SELECT count(DISTINCT cluster) FROM duplicates").fetchall()
            reader = session.sql(_WITH_IDS if "cluster" in has else _WITHOUT_IDS).to_arrow_reader(100_000)
            for batch in reader:
                frame = pl.from_arrow(batch)
                assert isinstance(frame, pl.DataFrame)
                given = [
                    pl.lit(None, kind).alias(name) for name, kind in _VERDICTS.items() if name not in frame.columns
                ]
                rows.write(frame.with_columns(given).select(list(_VERDICTS)).cast(_VERDICTS))  # type: ignore[arg-type]
    return clusters


_VERDICTS: dict[str, Any] = {
    "key": pl.UInt64,
    "kept": pl.Boolean,
    "similarity": pl.Float64,
    "canonical": pl.String,
    "units": pl.List(pl.Int32),
    "weight": pl.Float32,
    "cluster": pl.String,
    "canonical_row": pl.String,
    "size": pl.Int32,
}
_WITH_IDS = """
SELECT d.place AS key, d.* EXCLUDE (cluster, canonical), c.row_id AS cluster, k.judged_id AS canonical, k.row_id AS canonical_row
FROM duplicates d LEFT JOIN named c ON c.doc_id = d.cluster LEFT JOIN named k ON k.doc_id = d.canonical ORDER BY d.place
"""
_WITHOUT_IDS = "SELECT place AS key, * FROM duplicates ORDER BY place"


def _distinct(frame: pl.DataFrame) -> pl.DataFrame:
    """The documents with an identity each: a file may repeat one."""
    if frame["doc_id"].is_unique().all():
        return frame
    number = pl.int_range(pl.len()).over("doc_id")
    return frame.with_columns(
        doc_id=pl.when(number == 0).then("doc_id").otherwise(pl.format("{}#{}", "doc_id", pl.int_range(pl.len())))
    )
