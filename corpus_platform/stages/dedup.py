"""Dedup of a snapshot in three stages: who takes part, who else holds their keys, what becomes of them.

- `web.dedup_documents`: the documents that a recipe's earlier steps leave, with their keys (side table `web.dedup_keys`), a shard per file of texts.
- `web.dedup_index`: the keys held against one another and against the indexes of earlier snapshots, a shard per range of keys; its findings are the
  side table `web.dedup_edges`. A filter asks documents in their order, so it has one shard.
- `web.duplicates`: what becomes of each document (verdicts.py reads it).

A partition is (method, text variant, snapshot); a method is a dedup step of a recipe. A snapshot reads of earlier ones, in the order of their names,
the index, the documents' ids and the clusters; never texts, and signatures only where pairs are verified. So an earlier partition never changes when
a later one comes, and one that arrives late makes the later ones stale: the earlier files are among what their shards read.
Promise: the tables depend on the documents up to the snapshot alone.

Here are the first stage and what all three share.

Not here: the others (dedup_index.py, duplicates.py), keys, matching and clusters (dedup/), who takes part (recipes/population.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl
from pydantic import Field

from corpus_platform.errors import SettingsError
from corpus_platform.stages import dedup_estimates as estimates
from corpus_platform.stages.judged import JudgedTexts
from corpus_platform.stages.signals import SignalsSettings
from corpus_platform.stages.stage import Settings, Shard, Stage, digest_of
from corpus_platform.stages.verdicts import (
    DUPLICATES,
    JudgedWork,
    VerdictRows,
    coordinate,
    variant_and_method,
    with_verdicts,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.recipes.population import Method, Population
    from corpus_platform.stages.estimate import Estimate
    from corpus_platform.stages.stage import Output, Partition

DEDUP_DOCUMENTS, DEDUP_KEYS = "web.dedup_documents", "web.dedup_keys"
DEDUP_INDEX, DEDUP_EDGES = "web.dedup_index", "web.dedup_edges"
OF_METHOD = (DEDUP_DOCUMENTS, DEDUP_INDEX, DUPLICATES)
"""Tables that are one asset per dedup of a recipe."""


class DedupSettings(Settings):
    """How much memory dedups take, and what is compared with what besides the recipes' dedups."""

    memory_mb: int = Field(
        default=2_000, ge=64, description="Memory of the step that makes clusters; what is more goes to disk"
    )
    keys_per_range: int = Field(
        default=8_000_000, ge=1, description="Keys that one task matches, with some 120 bytes each"
    )
    check_room: bool = Field(
        default=True, description="Whether a step is refused that would need more disk or memory than there is"
    )
    group_files: int = Field(
        default=2_500, ge=1, description="Input files that are compared with one another by scopes `group` and `shard`"
    )
    presets: tuple[str | dict[str, dict[str, Any]], ...] = Field(
        default=(),
        description="Dedups of all texts of a variant, for `web.duplicates` alone: `minhash/fineweb`, or `exact: {scope: snapshots}` as in a recipe",
    )
    variants: tuple[str, ...] = Field(
        default=(), description="Text variants that get them; the first of `variants` by default"
    )


@dataclass(frozen=True)
class DedupStage(Stage):
    """What the three stages share: the methods by name."""

    version: ClassVar[str] = "1"
    settings: DedupSettings = DedupSettings()
    methods: Mapping[str, Sequence[Method]] = field(default_factory=dict, kw_only=True, repr=False)
    """By name; of a recipe with parts a name has a method for each part."""
    signals: SignalsSettings = field(default_factory=SignalsSettings, kw_only=True, repr=False)
    test_sets: Mapping[str, str] = field(default_factory=dict, kw_only=True, repr=False)

    def method(self, partition: Partition) -> Method:
        """The method that a partition goes through. Raises SettingsError where there is none."""
        named = self.named(partition["method"])
        found = next((m for m in named if m.takes(partition["variant"], partition["snapshot"])), None)
        if found is None:
            raise SettingsError(
                f"`{partition['method']}` takes nothing of {partition['variant']} {partition['snapshot']}: no part of its recipe does"
            )
        return found

    def named(self, name: str) -> Sequence[Method]:
        """The methods of a name."""
        if name not in self.methods:
            raise SettingsError(f"there is no dedup `{name}`; there are {', '.join(self.methods) or 'none'}")
        return self.methods[name]

    @property
    def needs_room(self) -> bool:
        """As the settings say."""
        return self.settings.check_room

    def settings_hash(self) -> str:
        """Nothing of the settings changes a result but the files of a group; what a method does is part of its shards."""
        return digest_of([self.settings.group_files])


@dataclass(frozen=True)
class DedupDocuments(DedupStage):
    """The documents that take part, and their keys."""

    name: ClassVar[str] = DEDUP_DOCUMENTS
    side: ClassVar[tuple[str, ...]] = (DEDUP_KEYS,)

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """What the recipe reads up to the step, and the verdicts of its earlier dedups."""
        of, name = variant_and_method(variant)
        above: dict[tuple[str, str], None] = {}
        for method in self.named(name):
            if method.recipe.variant == of or method.whole is None:
                before = ((DUPLICATES, coordinate(of, m.name)) for m in method.before)
                above |= dict.fromkeys((*self._texts(method).above(of), *before))
        return tuple(above)

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard per file of texts."""
        method, of = self.method(partition), _without_method(partition)
        shards = self._texts(method).shards(lake, of)
        identity = f"method:{identity_of(method)}"
        found = with_verdicts(lake, of, shards, method.before)
        return [Shard(s.index, (*s.reads, identity), (s.work, method), s.bytes) for s in found]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Streams the texts; holds the keys of a shard, sorted at the end."""
        work, method = shard.work
        assert isinstance(work, JudgedWork)
        texts, verdicts = self._texts(method), VerdictRows(lake, work)
        environment = texts.environment(lake, work.texts)
        keys: list[pl.DataFrame] = []
        clock = Clock(output)
        for frame in texts.documents(lake, _without_method(partition), work.texts):
            output.count("records", frame.height)
            found = method.population(frame, environment, verdicts.of(frame))
            output.count("kept", found.documents.height)
            output.count("dropped:earlier_steps", frame.height - found.documents.height)
            output.count("keys", found.keys.key.size)
            output.write(found.documents)
            if not method.is_filter:
                keys.append(_key_rows(method, found))
        if keys:
            output.write(pl.concat(keys).sort("key", "place", "ordinal", maintain_order=True), DEDUP_KEYS)
        clock.tell()

    def estimate(self, lake: Lake, partition: Partition, shards: Sequence[Shard]) -> Estimate:
        """Texts at most, and their keys."""
        texts = [shard.work[0].texts.texts for shard in shards]
        return estimates.of_documents(lake, partition, self.method(partition), texts)

    def inputs(self, lake: Lake, partition: Partition) -> dict[str, Any]:
        """Versions of the texts and signals."""
        return self._texts(self.method(partition)).inputs(lake, _without_method(partition))

    def _texts(self, method: Method) -> JudgedTexts:
        steps = method.recipe.steps[: method.index + 1]
        return JudgedTexts(method.recipe.model_copy(update={"steps": steps}), self.signals, self.test_sets)


def identity_of(method: Method) -> str:
    """16 hex digits of what a method does: its step, and those before it, by what they do and not by what is said of them."""
    said = {"note", "unverified"}
    steps = [(s.step, s.name, s.model_dump(mode="json", exclude=said)) for s in method.recipe.steps[: method.index + 1]]
    frozen = [one.model_dump(mode="json") for one in method.recipe.thresholds]
    return digest_of([method.recipe.compat, steps, frozen, method.group_files])


def earlier_partitions(lake: Lake, name: str, partition: Partition, method: Method) -> dict[str, Partition]:
    """The partitions whose documents the method compares with those of one, in their order, each by the word that findings call it by.

    They are the earlier snapshots of the same texts. A step that all parts of a recipe share compares with parts of higher priority too, whose
    partitions are called `<variant>/<snapshot>`.
    """
    if not method.step.sees_earlier:
        return {}
    own, wanted = _order(partition, method), method.step.snapshots
    found = []
    for known in lake.partitions(name):
        same_texts = known["variant"] == partition["variant"]
        if known["method"] != partition["method"] or not (same_texts or method.is_shared):
            continue
        in_part = method.is_shared or method.takes(known["variant"], known["snapshot"])
        if in_part and _order(known, method) < own and (not wanted or known["snapshot"] in wanted):
            found.append((_order(known, method), known))
    return {_name_of(known, partition): dict(known) for _, known in sorted(found, key=lambda one: one[0])}


def _order(partition: Partition, method: Method) -> tuple[int, str, str]:
    """Where a partition stands among those that a method compares: by the priority of its part, then by snapshot."""
    variant, key = partition["variant"], partition["snapshot"]
    return (0 if method.whole is None else method.whole.rank(variant, key), key, variant)


def _name_of(known: Partition, partition: Partition) -> str:
    same = known["variant"] == partition["variant"]
    return known["snapshot"] if same else f"{known['variant']}/{known['snapshot']}"


def keys_of(lake: Lake, partition: Partition) -> list[DataFile]:
    """The files of a partition's keys."""
    return lake.files(DEDUP_KEYS, lake.side_partition(DEDUP_DOCUMENTS, partition))


class Clock:
    """Counts what a task spends on what is new (`ms:own`) and on earlier snapshots (`ms:earlier`), in milliseconds: the next plan goes by it."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._since = perf_counter()

    def tell(self, earlier: float = 0.0) -> None:
        """Adds the time since the last call; `earlier` is the share of it that earlier snapshots took."""
        now = perf_counter()
        spent = 1000 * (now - self._since)
        self._since = now
        self._output.count("ms:own", round(spent * (1 - earlier)))
        if earlier:
            self._output.count("ms:earlier", round(spent * earlier))


def _without_method(partition: Partition) -> Partition:
    return {name: value for name, value in partition.items() if name != "method"}


def _key_rows(method: Method, found: Population) -> pl.DataFrame:
    """Rows of `web.dedup_keys`."""
    keys, document = found.keys, found.keys.document()
    n = keys.key.size
    units = method.step.matching == "units"
    preference = found.documents["preference"].to_numpy()[document] if units else None
    columns = {
        "key": pl.Series(keys.key, dtype=pl.UInt64),
        "value": pl.Series(keys.value, dtype=pl.UInt64)
        if keys.value is not None
        else pl.Series([None] * n, dtype=pl.UInt64),
        "place": pl.Series(found.documents["place"].to_numpy()[document], dtype=pl.Int64),
        "ordinal": pl.Series(keys.ordinal(), dtype=pl.Int32) if units else pl.Series([None] * n, dtype=pl.Int32),
        "preference": pl.Series(preference, dtype=pl.UInt64) if units else pl.Series([None] * n, dtype=pl.UInt64),
    }
    return pl.DataFrame(columns)
