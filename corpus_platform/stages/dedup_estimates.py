"""What the three stages of a dedup will take, by what the last run of the same method counted, or by figures of a benchmark.

A *text* here is what a dedup reads; a *document* is one of those that its recipe's earlier steps leave. Rows that are known are counted: keys and
earlier indexes by the commits of their files. What is not known yet is the most it may be (all texts take part), or the share of the last run.
Constants: benchmarks/dedup.py and its kin on two cores of a server of 2023, a MinHash of 14 bands; they fit within a factor of two.

Not here: the stages (dedup.py), whether there is room (room.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from corpus_platform.dedup.bloom import filter_size
from corpus_platform.recipes.steps.dedup import Bloom, LineDedup, MinHash, ParagraphDedup, SimHash, SoftDedup, Substring
from corpus_platform.stages.estimate import Estimate, size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.lake.log import PartitionState
    from corpus_platform.recipes.population import Method
    from corpus_platform.recipes.steps.dedup import Dedup
    from corpus_platform.stages.stage import Partition

BASE = 400 << 20
"""A worker with its libraries and compiled kernels."""
_TEXTS_AT_ONCE = 300 << 20
"""A batch of texts with what a recipe measures of it."""
_DUCKDB = 500 << 20
"""A worker that has DuckDB, besides what that is allowed to hold."""
_LINES, _WORDS, _CHARACTERS = 40, 700, 4_500
"""Of a text of the web, where no run has counted yet."""
_KEY_IN_DOCUMENTS = 150
"""Bytes of memory of a key of a shard of texts until they are sorted and written."""
OWN_KEY, _EARLIER_KEY, _NEAR_KEY = 120, 24, 140
"""Bytes of memory of a key while its range is matched: of this snapshot, of earlier ones, and of either where all bits are compared."""
_SECONDS_OF_TEXT, SECONDS_OF_KEY, SECONDS_OF_EARLIER_KEY = 1.2e-3, 1.1e-6, 3e-7
_SECONDS_OF_ASKING = 3e-7
"""For one key of a filter."""
SECONDS_OF_DOCUMENT, SECONDS_OF_LINK, SECONDS_OF_EARLIER_ROW = 8e-6, 2.5e-5, 5e-8
DOCUMENT_ON_DISK, KEY_ON_DISK, _VALUE_ON_DISK, LINK_ON_DISK, VERDICT_ON_DISK = 45, 16, 9, 9, 90
LINK_SPILLED, DOCUMENT_SPILLED, _SHINGLE_SPILLED = 400, 240, 16
"""A link has five numbers, and eight relations of clusters hold it or its ends; documents are held once, with their names."""


@dataclass(frozen=True)
class Known:
    """The last commit of a method in one table, of any snapshot: its counters and files; nothing where there is none."""

    state: PartitionState | None = None

    @classmethod
    def of(cls, lake: Lake, name: str, partition: Partition) -> Known:
        """The newest commit of the method that counted anything, of the same text variant where there is one."""
        method, variant = partition["method"], partition["variant"]
        mine = [s for s in lake.states(name) if s.partition["method"] == method and s.counters]
        return cls(max(mine, key=lambda s: (s.partition["variant"] == variant, s.time), default=None))

    def rate(self, of: str, by: str, default: float) -> float:
        """One counter by another, e.g. `keys` by `records`."""
        counters = self.state.counters if self.state else {}
        return counters[of] / counters[by] if of in counters and counters.get(by) else default

    def seconds(self, ms: str, by: str, default: float) -> float:
        """Seconds for one of what `by` counts; the default too where the last run was too short to tell."""
        counters = self.state.counters if self.state else {}
        long_enough = counters.get(ms, 0) >= 5_000 and counters.get(by)
        return counters[ms] / 1e3 / counters[by] if long_enough else default

    @property
    def note(self) -> str:
        """What the figures go by."""
        if self.state is None:
            return "no run of it yet: figures of a benchmark"
        return f"as counted in {self.state.partition['snapshot']}"


@dataclass(frozen=True)
class Keyed:
    """Keys of the documents of a snapshot, and their files: what an index is made of."""

    documents: int
    keys: int
    bytes: int
    earlier: Mapping[str, Sequence[DataFile]]
    todo: tuple[int, int] = (1, 1)
    """Ranges to match, of how many."""


def keys_of_a_text(step: Dedup) -> float:
    """Keys that a text has, where none has been counted."""
    if isinstance(step, MinHash):
        return step.banding[0]
    if isinstance(step, SimHash):
        return step.family(reference=False).masks.size
    if isinstance(step, SoftDedup):
        return _WORDS / step.keep_one_in
    if isinstance(step, Substring):
        return _CHARACTERS if step.unit in {"byte", "character"} else _WORDS
    units = {"paragraph": _LINES, "ngram": _WORDS}.get(step.key, 1) if isinstance(step, Bloom) else 1
    return _LINES if isinstance(step, LineDedup | ParagraphDedup) else units


def of_documents(lake: Lake, partition: Partition, method: Method, texts: Sequence[DataFile]) -> Estimate:
    """The documents that take part, and their keys."""
    known = Known.of(lake, "web.dedup_documents", partition)
    rows, per_text = sum(file.rows for file in texts), known.rate("keys", "records", keys_of_a_text(method.step))
    keys, documents = round(rows * per_text), rows * known.rate("kept", "records", 1.0)
    largest = max((file.rows for file in texts), default=0) * per_text
    verified = _CHARACTERS / 6 if method.step.verified is not None else 0
    held = 0 if method.is_filter else largest * _KEY_IN_DOCUMENTS
    memory = BASE + _TEXTS_AT_ONCE + round(held)
    return Estimate(
        rows=rows,
        keys=keys,
        bytes_in=sum(file.bytes for file in texts),
        memory=memory,
        least_memory=memory,
        remedy="make the shards of the texts smaller (`pages.shard_files`)",
        disk=round(documents * (DOCUMENT_ON_DISK + 8 * verified) + keys * _key_on_disk(method)),
        new_seconds=rows * known.seconds("ms:own", "records", _SECONDS_OF_TEXT),
        notes=(f"{per_text:,.3g} keys a text", known.note),
    )


def of_index(lake: Lake, partition: Partition, method: Method, found: Keyed, keys_per_range: int) -> Estimate:
    """Keys held against one another and against those of earlier snapshots: a x new + b x old."""
    if isinstance(method.step, Bloom):
        return _of_filter(lake, partition, method.step, found)
    known = Known.of(lake, "web.dedup_index", partition)
    share = found.todo[0] / found.todo[1]
    earlier = sum(file.rows for files in found.earlier.values() for file in files)
    keys, old = round(found.keys * share), round(earlier * share)
    at_once = min(found.keys, keys_per_range), min(earlier / found.todo[1], 2 * keys_per_range)
    each = (_NEAR_KEY, _NEAR_KEY) if isinstance(method.step, SimHash) else (OWN_KEY, _EARLIER_KEY)
    links = keys * known.rate("edges", "keys", 0.5)
    new = keys if method.step.sees_earlier else 0
    return Estimate(
        rows=found.documents,
        keys=keys,
        bytes_in=round((found.bytes + sum(file.bytes for files in found.earlier.values() for file in files)) * share),
        memory=BASE + round(at_once[0] * each[0] + at_once[1] * each[1]),
        least_memory=BASE,
        bound=("dedup.keys_per_range", keys_per_range),
        disk=round(new * _key_on_disk(method) + links * LINK_ON_DISK),
        new_seconds=keys * known.seconds("ms:own", "keys", SECONDS_OF_KEY),
        old_seconds=old * known.seconds("ms:earlier", "earlier_keys", SECONDS_OF_EARLIER_KEY),
        earlier=old,
        snapshots=len(found.earlier),
        ranges=found.todo[0],
        notes=(known.note,),
    )


def _of_filter(lake: Lake, partition: Partition, step: Bloom, found: Keyed) -> Estimate:
    known = Known.of(lake, "web.dedup_index", partition)
    filter_ = filter_size(step.items, step.error_rate)
    is_kept = step.sees_earlier and step.survivor != "newest"
    memory = BASE + filter_.bytes
    return Estimate(
        rows=found.documents,
        keys=found.keys,
        bytes_in=found.bytes + (filter_.bytes if is_kept and found.earlier else 0),
        memory=memory,
        least_memory=memory,
        remedy="make the filter for fewer `items` or a larger `error_rate`, which is another dedup",
        disk=round(found.keys * known.rate("edges", "keys", 0.5) * LINK_ON_DISK) + (filter_.bytes if is_kept else 0),
        spill=filter_.bytes if is_kept else 0,
        new_seconds=found.keys * known.seconds("ms:own", "keys", _SECONDS_OF_ASKING),
        notes=(
            f"a Bloom filter of {size(filter_.bytes)} for {step.items:,} keys takes {filter_.error:.1g} of the new ones for seen",
            known.note,
        ),
    )


def of_duplicates(
    lake: Lake,
    partition: Partition,
    method: Method,
    documents: tuple[int, int],
    links: tuple[int, int],
    earlier: Mapping[str, Sequence[DataFile]],
    memory_mb: int,
) -> Estimate:
    """What becomes of the documents. `documents`, `links`: rows and bytes; `earlier`: the files that are read of earlier snapshots."""
    known = Known.of(lake, "web.duplicates", partition)
    is_verified = method.step.verified is not None
    each = LINK_SPILLED + (2 * _SHINGLE_SPILLED * _CHARACTERS // 6 if is_verified else 0)
    held = documents[0] * DOCUMENT_SPILLED + links[0] * each
    memory = memory_mb << 20
    old = sum(file.rows for files in earlier.values() for file in files)
    told = documents[0] if method.step.matching == "weights" else min(documents[0], 2 * links[0])
    seconds = documents[0] * SECONDS_OF_DOCUMENT + links[0] * SECONDS_OF_LINK
    return Estimate(
        rows=documents[0],
        keys=links[0],
        words=("links", "rows"),
        bytes_in=documents[1] + links[1] + sum(file.bytes for files in earlier.values() for file in files),
        memory=_DUCKDB + min(held, memory + memory // 2),
        least_memory=_DUCKDB,
        bound=("dedup.memory_mb", memory_mb),
        disk=told * VERDICT_ON_DISK,
        spill=held if held > memory else 0,
        new_seconds=documents[0] * known.seconds("ms:own", "records", seconds / max(documents[0], 1)),
        old_seconds=old * SECONDS_OF_EARLIER_ROW,
        earlier=old,
        snapshots=len(earlier),
        notes=(*((f"up to {size(held)} of them to disk, beyond {size(memory)}",) if held > memory else ()), known.note),
    )


def _key_on_disk(method: Method) -> int:
    """Bytes of a key in a file: with its document, and with a value where it has one."""
    has_value = not isinstance(method.step, MinHash) and method.step.matching == "documents"
    return KEY_ON_DISK + has_value * _VALUE_ON_DISK


def rows_and_bytes(files: Sequence[DataFile]) -> tuple[int, int]:
    """Sums over files."""
    return sum(file.rows for file in files), sum(file.bytes for file in files)
