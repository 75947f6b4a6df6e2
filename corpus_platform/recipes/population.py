"""Who takes part in a dedup of a recipe: the documents that its earlier steps leave, with the keys that they are compared by.

A *method* is a dedup step of a recipe; its name is `<recipe>.<step>`. It acts on the recipe's survivors so far, with the texts as edited so far: a
copy of a page that an earlier filter drops is no reason to drop the page.

Not here: how keys are made and matched (dedup/), where documents come from and results go (stages/dedup.py, dedup_files.py).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa

from corpus_platform.dedup.keys import Keys, places
from corpus_platform.dedup.units import LineUnits
from corpus_platform.recipes.apply import Run
from corpus_platform.recipes.steps.dedup import Bloom, Dedup, Exact, SimHash
from corpus_platform.signals.document import share_of
from corpus_platform.text.batch import TextBatch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.dedup.clusters import Survivor
    from corpus_platform.dedup.unit_matching import Keep
    from corpus_platform.recipes.part import Part
    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.signals.environment import Environment

DOCUMENT_SCHEMA = {
    "doc_id": pl.String,
    "place": pl.Int64,
    "domain": pl.String,
    "preference": pl.UInt64,
    "keys": pl.List(pl.UInt64),
    "units": pl.List(pl.Int32),
    "shingles": pl.List(pl.UInt64),
    "score": pl.Float64,
}
"""What is kept of a document that takes part. `keys`, in order, for filters (`units`: how many each paragraph has); `shingles` for pairs that are verified."""

_WORST = np.iinfo(np.uint64).max


@dataclass(frozen=True)
class Population:
    """Documents of a batch that take part (`DOCUMENT_SCHEMA`), and their keys."""

    documents: pl.DataFrame
    keys: Keys


@dataclass(frozen=True)
class Method:
    """A dedup step of a recipe: `index` is its place among the steps. `group_files`: files whose documents are compared, for scopes group and shard.

    Of a recipe with parts, `recipe` is what it is for one part, and `whole` all of it: a step that all parts share compares documents across them.
    """

    recipe: Recipe
    index: int
    group_files: int = 2_500
    whole: Recipe | None = None
    part: Part | None = None

    @property
    def step(self) -> Dedup:
        """The step."""
        step = self.recipe.steps[self.index]
        assert isinstance(step, Dedup)
        return step

    @property
    def name(self) -> str:
        """`<recipe>.<step>`."""
        return f"{self.recipe.name}.{self.step.name}"

    @cached_property
    def family(self) -> Any:
        """What makes the keys."""
        return self.step.family(reference=self.recipe.compat == "reference")

    @property
    def before(self) -> tuple[Method, ...]:
        """The dedups of the recipe that come before it."""
        mine = _of_recipe(self.recipe, self.group_files, self.whole, self.part)
        return tuple(method for method in mine if method.index < self.index)

    @property
    def is_shared(self) -> bool:
        """Whether documents of all parts are compared."""
        return self.part is not None and self.index >= len(self.part.steps)

    def takes(self, variant: str, key: str) -> bool:
        """Whether it is this method that a partition of texts goes through, of those that have its name."""
        return self.whole is None or self.whole.part_of(variant, key) == self.part

    @property
    def is_filter(self) -> bool:
        """Whether documents are asked one after the other."""
        return self.step.matching == "filter"

    @property
    def survivor(self) -> Survivor:
        """Which document of a cluster stays."""
        if isinstance(self.step, Exact) and self.step.holdout is not None:
            return "preferred"
        named: dict[str, Survivor] = {"none": "none", "first": "first", "one": "first", "newest": "newest"}
        return named.get(self.step.survivor, "preferred")

    @property
    def keep(self) -> Keep:
        """Which copy of a unit stays."""
        return self.survivor

    def population(
        self, frame: pl.DataFrame, environment: Environment, verdicts: Mapping[str, pl.DataFrame]
    ) -> Population:
        """The documents of a frame that take part. It has `file_index` and `position` besides what a recipe reads; `verdicts` are those of earlier dedups."""
        run = Run(self.recipe, frame, environment, verdicts)
        for index in range(self.index):
            run.step(index)
        return self._of(run)

    def _of(self, run: Run) -> Population:
        rows = run.alive
        if self.step.scope == "language":
            run.values.identify(rows)
        if self.step.by is not None:
            run.values.measure([self.step.by], rows)
        columns = pl.DataFrame([run.values.column(name).gather(rows).alias(name) for name in _READ])
        columns = columns.with_columns(run.values.frame.select("doc_id", "file_index", "position")[rows])
        text = run.values.text.gather(rows)
        taking = np.ones(rows.size, np.bool_)
        least = getattr(self.step, "min_characters", None)
        if least:
            taking = (text.str.len_chars() >= least).to_numpy()
        if not taking.all():
            rows, text, columns = rows[taking], text.filter(pl.Series(taking)), columns.filter(pl.Series(taking))
        batch = TextBatch.of(text)
        keys, units = self._keys(batch, columns)
        documents = columns.select(
            "doc_id",
            pl.Series("place", places(columns["file_index"].to_numpy(), columns["position"].to_numpy())),
            "domain",
            pl.Series("preference", self._preferences(columns, batch, run, rows)),
            (_lists(keys.key, keys.offset) if self.is_filter else _nothing(len(batch), pl.List(pl.UInt64))).alias(
                "keys"
            ),
            (_nothing(len(batch), pl.List(pl.Int32)) if units is None else units).alias("units"),
            self._shingles(batch).alias("shingles"),
            pl.Series("score", self._scores(run, rows), pl.Float64),
        )
        return Population(documents.cast(DOCUMENT_SCHEMA), keys)  # type: ignore[arg-type]

    def _keys(self, batch: TextBatch, columns: pl.DataFrame) -> tuple[Keys, pl.Series | None]:
        """Keys, kept apart by what the scope keeps apart; of an n-gram filter also how many n-grams each paragraph has."""
        if isinstance(self.step, Bloom) and self.step.key == "ngram":
            grams = self.family.of(batch)
            sizes = _lists(np.diff(grams.paragraph_gram).astype(np.int32), grams.document_paragraph)
            return Keys(grams.gram, grams.paragraph_gram[grams.document_paragraph]), sizes
        keys = self.family.of(batch) if self.step.matching == "weights" else self.family.keys(batch, columns)
        salt = self._salts(columns)
        if salt is not None:
            keys = Keys(keys.key ^ salt[keys.document()], keys.offset, keys.value)
        return keys, None

    def _salts(self, columns: pl.DataFrame) -> np.ndarray | None:
        match self.step.scope:
            case "language":
                named = [language or "" for language in columns["language"].to_list()]
            case "group" | "shard" if not self.is_filter:
                named = [str(index // self.group_files) for index in columns["file_index"].to_list()]
            case _:
                return None
        salt = {name: _hash(name) for name in set(named)}
        return np.array([salt[name] for name in named], np.uint64)

    def _preferences(self, columns: pl.DataFrame, batch: TextBatch, run: Run, rows: np.ndarray) -> np.ndarray:
        """uint64[n]: the least stays, where the survivor is one that is preferred."""
        n = len(batch)
        match self.step.survivor:
            case "lowest_id":
                return np.array(
                    [
                        int(identity[:16], 16) if _is_hex(identity) else _hash(identity)
                        for identity in columns["doc_id"]
                    ],
                    np.uint64,
                )
            case "smallest_url_hash":
                return np.array([_md5(url) if url else _WORST for url in columns["url"]], np.uint64)
            case "longest":
                return _WORST - batch.characters.astype(np.uint64)
            case "best":
                assert self.step.by is not None
                return _descending(
                    run.values.column(self.step.by).gather(rows).cast(pl.Float64).fill_null(-np.inf).to_numpy()
                )
        holdout = self.step.holdout if isinstance(self.step, Exact) else None
        if holdout is not None:
            return np.array([share_of(identity) >= holdout for identity in columns["doc_id"]], np.uint64)
        return np.zeros(n, np.uint64)

    def _shingles(self, batch: TextBatch) -> pl.Series:
        """What pairs are verified by: paragraphs of a SimHash (MNBVC), shingles of a MinHash."""
        if self.step.verified is None:
            return _nothing(len(batch), pl.List(pl.UInt64))
        if isinstance(self.step, SimHash):
            keys = LineUnits("stripped").keys(batch, pl.DataFrame())
            lists = _lists(keys.key, keys.offset)
            return lists.list.unique().list.sort()
        keys = self.family.shingle_hashes(batch)
        return _lists(keys.key, keys.offset)

    def _scores(self, run: Run, rows: np.ndarray) -> list[None] | pl.Series:
        quality = getattr(self.step, "quality", None)
        if quality is None:
            return [None] * rows.size
        run.values.measure([quality], rows)
        return run.values.column(quality).gather(rows).cast(pl.Float64)


_READ = ("url", "domain", "digest", "language")


def methods_of(recipe: Recipe, group_files: int = 2_500) -> tuple[Method, ...]:
    """The dedups of a recipe that are still to be done for the texts it starts from, in their order; part after part, where it has parts."""
    if not recipe.parts:
        return _of_recipe(recipe, group_files)
    made = (part for part in recipe.parts if part.variant)
    return tuple(m for part in made for m in _of_recipe(recipe.of_part(part), group_files, recipe, part))


def _of_recipe(
    recipe: Recipe, group_files: int, whole: Recipe | None = None, part: Part | None = None
) -> tuple[Method, ...]:
    return tuple(
        Method(recipe, index, group_files, whole, part)
        for index, step in enumerate(recipe.steps)
        if isinstance(step, Dedup) and not step.is_done_before
    )


def _lists(values: np.ndarray, offset: np.ndarray) -> pl.Series:
    """Values as a list for each document."""
    lists = pa.LargeListArray.from_arrays(pa.array(offset), pa.array(values))
    return pl.Series(pl.from_arrow(lists))


def _nothing(n: int, kind: Any) -> pl.Series:
    return pl.Series([None] * n, dtype=kind)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def _md5(text: str) -> int:
    """The first half of an MD5, so that the order is that of the whole."""
    return int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest()[:8], "big")


def _is_hex(identity: str) -> bool:
    return len(identity) >= 16 and all(letter in "0123456789abcdef" for letter in identity[:16])


def _descending(score: np.ndarray) -> np.ndarray:
    """uint64 whose order is the reverse of the numbers'."""
    bits = score.astype(np.float64).view(np.uint64)
    ascending = np.where(bits >> np.uint64(63) == 1, ~bits, bits | np.uint64(1 << 63))
    return ~ascending
