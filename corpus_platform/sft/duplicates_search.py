"""The search for copies over an index of dialogues: rule after rule, each over the rows that are left.

    verdicts_of(index_of(frame, options), options, earlier=(Earlier("oasst", other),))

Not here: what the rules are and what rows are compared by (duplicates.py), which rows take part (stages/sft_duplicates.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from corpus_platform.dedup.sorted_sets import HashLookup
from corpus_platform.sft.duplicates import flat_lists
from corpus_platform.sft.duplicates_kernels import led

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from corpus_platform.sft.duplicates import Copies

VERDICT_COLUMNS = {
    "doc_id": pl.String,
    "kept": pl.Boolean,
    "rule": pl.String,
    "similarity": pl.Float64,
    "canonical": pl.String,
    "canonical_set": pl.String,
    "cluster": pl.String,
}
"""What becomes of a dialogue: whether it stays; if not by which rule, how alike it is to the row that it was held against, which row stays in its place
and of which set (null: its own); the row that stays of its cluster, null for a row without copies."""


LISTS = ("shingles", "prompt_shingles")
"""Columns of an index that are read of candidates alone."""


@dataclass(frozen=True)
class Index:
    """Rows of an index without the columns `LISTS`, which `lists` gives of some rows (by number) when they are asked for."""

    rows: pl.DataFrame
    lists: Callable[[str, np.ndarray], pl.Series] = field(repr=False)

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Index:
        """An index that is in memory."""
        return cls(frame, lambda name, rows: frame[name].gather(rows))


@dataclass(frozen=True)
class Earlier:
    """The rows of a set of higher priority that stay, or those of them that may match (`may_match`)."""

    name: str
    index: Index


def verdicts_of(index: Index, options: Copies, earlier: Sequence[Earlier] = ()) -> pl.DataFrame:
    """What becomes of the rows of an index (`VERDICT_COLUMNS`), in their order. `earlier` sets are in the order of their priority."""
    return _Search(index, options, earlier).verdicts()


def may_match(index: pl.DataFrame) -> Callable[[pl.DataFrame], np.ndarray]:
    """Says of rows of another index (bool each) whether they share a key with this one: what does not need not be read whole."""
    equal = {name: _lookup(index[name]) for name in ("dialogue", "prompt", "first_exchange")}
    among = {name: _lookup(index[name]) for name in ("bands", "prompt_bands")}

    def judge(others: pl.DataFrame) -> np.ndarray:
        found = np.zeros(others.height, np.bool_)
        for name, lookup in equal.items():
            found |= lookup.contains(others[name].fill_null(0).to_numpy())
        # A row may be a beginning of another one: its own key is among the other's.
        for name, lookup in (("prefixes", equal["dialogue"]), *among.items()):
            values, offset = flat_lists(others[name])
            row = np.repeat(np.arange(others.height), np.diff(offset))
            found[row[lookup.contains(values.astype(np.uint64))]] = True
        return found

    return judge


def _lookup(keys: pl.Series) -> HashLookup:
    values = flat_lists(keys)[0] if keys.dtype == pl.List(pl.UInt64) else keys.drop_nulls().to_numpy()
    return HashLookup.of(np.unique(values.astype(np.uint64)))


class _Search:
    """Rules on their way. A *node* is a row: those of earlier sets first, then the set's own."""

    def __init__(self, index: Index, options: Copies, earlier: Sequence[Earlier]) -> None:
        self.options, self.index = options, index
        self.sources = (*(one.index for one in earlier), index)
        sizes = [source.rows.height for source in self.sources]
        self.first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.earlier = int(self.first[-2])
        self.names = [one.name for one in earlier]
        n = int(self.first[-1])
        self.kept = np.ones(n, np.bool_)
        self.rule = np.full(n, -1, np.int8)
        self.similarity = np.full(n, np.nan)
        self.canonical = np.full(n, -1, np.int64)

    def verdicts(self) -> pl.DataFrame:
        """All rules, in their order."""
        asked = self.options
        self._equal("exact_dialogue", "dialogue", self._in_order(), 1.0)
        if asked.same_prompt != "keep_all":
            self._equal("prompt", "prompt", self._preferred(), np.nan)
        if asked.first_exchange:
            self._equal("first_exchange", "first_exchange", self._ordered(-self._own("turns").to_numpy()), np.nan)
        if asked.prefixes:
            self._beginnings()
        if asked.near is not None:
            self._alike("near", "bands", "shingles", asked.near, short=False)
            self._alike("short", "bands", "shingles", asked.short, short=True)
        if asked.most_similar is not None:
            self._alike(
                "similar", "prompt_bands", "prompt_shingles", asked.similar, short=None, most=asked.most_similar
            )
        return self._told()

    def _own(self, name: str) -> pl.Series:
        return self.index.rows[name]

    def _column(self, name: str) -> pl.Series:
        return pl.concat([source.rows[name] for source in self.sources])

    def _in_order(self) -> np.ndarray:
        return self._ordered()

    def _ordered(self, *by: np.ndarray) -> np.ndarray:
        """The set's own nodes that are left, by keys (the first counts most), then in their order."""
        own = np.arange(self.index.rows.height)
        order = np.lexsort((own, *reversed(by)))
        nodes = order + self.earlier
        return nodes[self.kept[nodes]]

    def _preferred(self) -> np.ndarray:
        """The same as the policy for equal prompts wants it."""
        longest = -self._own("answer_characters").to_numpy()
        match self.options.same_prompt:
            case "longest":
                return self._ordered(longest)
            case "best":
                return self._ordered(-self._own("score").fill_null(-np.inf).to_numpy(), longest)
        return self._ordered()

    def _equal(self, rule: str, name: str, order: np.ndarray, similarity: float) -> None:
        """Of nodes with one key the first stays."""
        key = self._column(name)
        nodes = np.concatenate([np.arange(self.earlier), order])
        nodes = nodes[key.is_not_null().to_numpy()[nodes]]
        values, first, group = np.unique(key.fill_null(0).to_numpy()[nodes], return_index=True, return_inverse=True)
        del values
        leader = nodes[first[group]]
        goes = (leader != nodes) & (nodes >= self.earlier)
        self._drop(rule, nodes[goes], leader[goes], np.full(int(goes.sum()), similarity))

    def _beginnings(self) -> None:
        """Nodes that another one begins with go; the longest of those stands for them."""
        values, offset = flat_lists(self._column("prefixes"))
        node = np.repeat(np.arange(self.kept.size), np.diff(offset))
        left = self.kept[node]
        values, node = values[left].astype(np.uint64), node[left]
        turns = self._column("turns").to_numpy()
        order = np.lexsort((node, -turns[node], values))
        known, first = np.unique(values[order], return_index=True)
        own = self._ordered()
        key = self._column("dialogue").to_numpy()[own]
        at = np.searchsorted(known, key)
        there = np.flatnonzero(
            (at < known.size) & (known[np.minimum(at, max(known.size - 1, 0))] == key)
            if known.size
            else np.zeros(key.size, np.bool_)
        )
        longest = node[order][first[at[there]]] if there.size else np.empty(0, np.int64)
        self._drop("prefix", own[there], longest, np.full(there.size, np.nan))

    def _alike(self, rule: str, bands: str, lists: str, least: float, *, short: bool | None, most: int = 1) -> None:
        """Nodes that are alike to one before them go, but for `most` of them."""
        nodes = np.concatenate([np.arange(self.earlier), self._preferred()])
        if short is not None:
            nodes = nodes[self._column("short").to_numpy()[nodes] == short]
        held = self._column(bands).list.len().fill_null(0).to_numpy()[nodes]
        nodes = nodes[held > 0]
        if nodes.size < 2:
            return
        keys = flat_lists(self._column(bands).gather(nodes))[0].reshape(nodes.size, -1)
        bucket, buckets = _buckets(keys)
        some = (bucket >= 0).any(axis=1)
        nodes, bucket = nodes[some], np.ascontiguousarray(bucket[some])
        if not nodes.size:
            return
        value, start = self._lists(lists, nodes)
        guard = np.zeros(nodes.size, np.uint64) if most > 1 else self._column("numbers").fill_null(0).to_numpy()[nodes]
        fixed = int((nodes < self.earlier).sum())
        leader, similarity, goes = led(bucket, buckets, value, start, guard, fixed, least, bool(short), most)
        self._drop(rule, nodes[goes], nodes[leader[goes]], similarity[goes])

    def _lists(self, name: str, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Lists of nodes as values and offsets, in the order of the nodes."""
        pieces, places = [], []
        for number, source in enumerate(self.sources):
            at = np.flatnonzero((nodes >= self.first[number]) & (nodes < self.first[number + 1]))
            rows = nodes[at] - self.first[number]
            ascending = np.argsort(rows, kind="stable")
            if at.size:
                pieces.append(source.lists(name, rows[ascending]))
                places.append(at[ascending])
        back = np.argsort(np.concatenate(places), kind="stable")
        values, offset = flat_lists(pl.concat(pieces).gather(back))
        return values.astype(np.uint32), offset

    def _drop(self, rule: str, nodes: np.ndarray, leader: np.ndarray, similarity: np.ndarray) -> None:
        self.kept[nodes] = False
        self.rule[nodes] = RULES.index(rule)
        self.canonical[nodes], self.similarity[nodes] = leader, similarity

    def _told(self) -> pl.DataFrame:
        """The verdicts on the set's own rows. What stands for a row may have gone by a later rule: then what stands for that one does."""
        stands = self.canonical.copy()
        while (moved := (stands >= 0) & ~self.kept[stands]).any():
            stands[moved] = self.canonical[stands[moved]]
        ids = self._column("doc_id")
        own = np.arange(self.earlier, self.kept.size)
        gone = stands >= 0
        canonical = ids.gather(np.maximum(stands, 0)).set(pl.Series(~gone), None)
        source = np.searchsorted(self.first[1:], np.maximum(stands, 0), side="right")
        named = pl.Series([*self.names, None], dtype=pl.String).gather(source).set(pl.Series(~gone), None)
        leads = np.zeros(self.kept.size, np.bool_)
        leads[stands[gone]] = True
        cluster = pl.select(pl.coalesce(canonical, ids.set(pl.Series(~leads), None))).to_series()
        rules = pl.Series([*RULES, None], dtype=pl.String).gather(self.rule.astype(np.int64) % (len(RULES) + 1))
        made = {
            "doc_id": ids,
            "kept": self.kept,
            "rule": rules,
            "similarity": pl.Series(self.similarity).fill_nan(None),
            "canonical": canonical,
            "canonical_set": named,
            "cluster": cluster,
        }
        return pl.DataFrame(made)[own].cast(VERDICT_COLUMNS)  # type: ignore[arg-type]


def _buckets(keys: np.ndarray) -> tuple[np.ndarray, int]:
    """int32[n, bands]: a number for each key that several rows have in a band, -1 for others; and how many numbers there are."""
    found, total = np.empty(keys.shape, np.int32), 0
    for band in range(keys.shape[1]):
        values, group, size = np.unique(keys[:, band], return_inverse=True, return_counts=True)
        shared = size > 1
        number = np.where(shared, np.cumsum(shared) - 1 + total, -1).astype(np.int32)
        found[:, band] = number[group]
        total += int(shared.sum())
        del values
    return found, total


RULES = ("exact_dialogue", "prompt", "first_exchange", "prefix", "near", "short", "similar")
"""Rules by which rows go, in the order in which they are asked."""
