"""Sketches of a snapshot: how many distinct addresses, domains and paragraphs it has, in a form that can be merged.

A *sketch* is a HyperLogLog++: 2^14 registers of a byte each, from which the number of distinct things is estimated with a standard error of 0.8%.
The sketch of a union is the largest of each register, so shards and snapshots are merged when they are read (analytics/counts.py).
What is counted: addresses in a plain normal form, host names, and lines of the texts in CCNet's normal form, but for those that it leaves nothing of.
Promise: registers are those that datasketch would have for the same hashes; they do not depend on the order of the pages.
Source: Flajolet et al. 2007; Heule, Nunkesser and Hall 2013; datasketch 2.0, hyperloglog.py.

Not here: estimates over shards and snapshots (analytics/counts.py), exact histories of addresses (url_history.py).
"""

# Kernels are typed by Numba: to pyright an element of an array is an array.
# pyright: reportArgumentType=false

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl
import pyarrow as pa

from corpus_platform.dedup.paragraphs import paragraph_hashes
from corpus_platform.documents import column
from corpus_platform.lake import TableSpec, register
from corpus_platform.stages.read import digests
from corpus_platform.stages.stage import Shard, Stage
from corpus_platform.stages.texts import PAGES, text_batches
from corpus_platform.tables import SNAPSHOT, VARIANT
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.hashing import hash_spans
from corpus_platform.text.kernel import kernel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from corpus_platform.lake import Lake
    from corpus_platform.stages.stage import Output, Partition

SKETCHES = "web.sketches"
NAMES = ("urls", "domains", "paragraphs")
"""What is counted."""
PRECISION = 14
"""Bits of a hash that choose the register."""
_U64 = np.uint64
NOTHING = _U64(957977401221134810)
"""Hash of a line of which the normal form leaves nothing."""

register(
    TableSpec(
        SKETCHES,
        "A row is a mergeable count of distinct addresses, domains or paragraphs of one shard of pages",
        (
            column("shard", pa.int32(), "Shard of the pages", nullable=False),
            column("name", pa.string(), "What is counted: urls, domains, paragraphs", nullable=False),
            column("estimate", pa.float64(), "Distinct ones of the shard, estimated", nullable=False),
            column("exact_rows", pa.int64(), "How many there were, repeated ones too", nullable=False),
            column("precision", pa.int32(), "Bits of a hash that choose the register", nullable=False),
            column("registers", pa.binary(), "HyperLogLog++ registers, a byte each", nullable=False),
            VARIANT,
            SNAPSHOT,
        ),
        key=("name", "shard", "variant", "snapshot"),
        partition_by=("variant", "snapshot"),
        order=("shard", "name"),
    )
)


@dataclass(frozen=True)
class Sketches(Stage):
    """The sketches of a shard of pages."""

    name: ClassVar[str] = SKETCHES
    upstream: ClassVar[tuple[str, ...]] = (PAGES,)
    version: ClassVar[str] = "1"

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard per file of pages."""
        files = lake.files(PAGES, partition)
        return [Shard(file.shard, digests([file]), file, file.bytes) for file in files]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Streams the shard's pages; holds a sketch of each name."""
        del partition
        sketches = {name: Sketch() for name in NAMES}
        for pages in text_batches(lake, shard.work, ("url", "domain", "text")):
            output.count("records", pages.height)
            addresses = normal_addresses(pages["url"].drop_nulls())
            lines, _ = paragraph_hashes(TextBatch.of(pages["text"]))
            sketches["urls"].add(_hashes(addresses))
            sketches["domains"].add(_hashes(pages["domain"].drop_nulls()))
            sketches["paragraphs"].add(lines[lines != NOTHING])
        rows = pl.DataFrame([{"name": name, **sketches[name].row()} for name in sorted(NAMES)])
        output.count("kept", rows.height)
        output.write(rows.with_columns(pl.lit(shard.index, pl.Int32).alias("shard")))


class Sketch:
    """A HyperLogLog++ that takes hashes by the array."""

    def __init__(self) -> None:
        self.registers = np.zeros(1 << PRECISION, np.int8)
        self.rows = 0

    def add(self, hashes: np.ndarray) -> None:
        """Counts hashes, uint64, spread evenly over 0..2^64."""
        add_hashes(self.registers, hashes)
        self.rows += hashes.size

    def row(self) -> dict[str, object]:
        """The sketch as columns of its table."""
        return {
            "estimate": estimate(self.registers),
            "exact_rows": self.rows,
            "precision": PRECISION,
            "registers": self.registers.tobytes(),
        }


def registers_of(stored: bytes) -> np.ndarray:
    """Registers as they are kept: int8, read-only."""
    return np.frombuffer(stored, np.int8)


def merged(sketches: Iterable[np.ndarray]) -> np.ndarray:
    """Registers of the union of some sketches, int8[2^PRECISION]; of none, those of the empty set."""
    found = np.zeros(1 << PRECISION, np.int8)
    for registers in sketches:
        np.maximum(found, registers, out=found)
    return found


def estimate(registers: np.ndarray) -> float:
    """Distinct hashes that the registers (int8, a power of two of them) have seen, as datasketch estimates it."""
    from datasketch import HyperLogLogPlusPlus  # noqa: PLC0415  (imports SciPy's integrals)

    return float(HyperLogLogPlusPlus(reg=registers).count())


def normal_addresses(addresses: pl.Series) -> pl.Series:
    """Addresses in the form in which they are counted: without scheme, user, `www.`, default port, fragment and slashes at the end; the host in lower case.

    Query and path stay as they are.
    """
    plain = (
        pl.col("address").str.strip_chars(" \t\r\n<>").str.replace("#.*$", "").str.replace(r"^[A-Za-z][\w+.-]*://", "")
    )
    host = (
        plain.str.extract("^([^/?]*)", 1)
        .str.replace("^.*@", "")
        .str.to_lowercase()
        .str.replace(r"^www\.", "")
        .str.replace(r":(80|443)?$", "")
    )
    rest = plain.str.replace("^[^/?]*", "").str.replace("/+$", "")
    return addresses.alias("address").to_frame().select(pl.concat_str(host, rest).alias("address")).to_series()


def _hashes(texts: pl.Series) -> np.ndarray:
    return hash_spans(TextBatch.of(texts).documents)


@kernel
def add_hashes(registers: np.ndarray, hashes: np.ndarray) -> None:
    """Counts each hash (uint64) in registers (int8, 2^p of them): its low p bits choose one, which keeps the largest rank.

    The rank of the other 64 - p bits is 1 more than the zeros that they begin with.
    """
    mask = _U64(registers.size - 1)
    p = 0
    while (1 << p) < registers.size:
        p += 1
    most = 64 - p
    for i in range(hashes.size):
        rest, rank = hashes[i] >> _U64(p), 1
        while rank <= most and not (rest >> _U64(most - rank)) & _U64(1):
            rank += 1
        at = np.int64(hashes[i] & mask)
        registers[at] = max(registers[at], rank)
