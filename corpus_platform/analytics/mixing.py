"""Bringing mixes up to date, what they have given, and where their documents are from.

Not here: what a mix is (mixes/), how it is drawn (stages/mix.py), releases (mix_release.py).
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from corpus_platform.errors import CorpusError, SettingsError, SourceError
from corpus_platform.lake import table
from corpus_platform.mixes.plan import WHOLE, leaves
from corpus_platform.stages.mix import MixDocuments, is_made, part_origins
from corpus_platform.stages.mix_sources import before
from corpus_platform.stages.mix_tables import MIX_DOCUMENTS, TOKEN_COUNTS, TOKENIZERS
from corpus_platform.stages.token_counts import counts_partition
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from corpus_platform.home import Home
    from corpus_platform.lake.log import PartitionState
    from corpus_platform.mixes.mix import Mix
    from corpus_platform.mixes.plan import Row
    from corpus_platform.stages.run import Report

CORPORA = "corpora"


@dataclass(frozen=True)
class Given:
    """What a part gave in one stretch, in tokens: asked for, there once, allowed by epochs and caps, planned, and drawn with the last document whole."""

    stage: str
    part: str
    wanted: int
    available: int
    most: int
    given: int
    drawn: int
    documents: int

    @property
    def epochs(self) -> float:
        """How often its documents came in this stretch."""
        return self.drawn / self.available if self.available else 0.0


@dataclass(frozen=True)
class SourceRecord:
    """A document of a mix, and the record of the source that it is from."""

    doc_id: str
    mix: str
    part: str
    epochs: int
    """How often the mix has it."""
    table: str
    partition: dict[str, str]
    read_table: str
    """Table that the record was read into."""
    read_partition: dict[str, str]
    file: str | None
    """Input file, relative to the source's location."""
    file_index: int
    position: int
    url: str | None

    def __str__(self) -> str:
        where = ",".join(self.partition.values())
        times = "" if self.epochs == 1 else f", {self.epochs} times"
        return f"{self.mix}: part {self.part}{times}, from {self.table} [{where}]; record at {self.position:,} of {self.file or f'file {self.file_index}'}"


def make(home: Home, name: str, say: Callable[[str], None] | None = None) -> Report:
    """Brings a mix up to date: its tokenizer, the token counts of what it reads, its documents. What is current is left alone.

    Raises SettingsError for an unknown mix, recipe or column, SourceError where nothing of what it draws from is made yet.
    """
    mix = home.mixing.mix(name)
    check_tables(home, mix)
    count_tokens(home, mix, say)
    return home.run(MIX_DOCUMENTS, {"mix": name})


def count_tokens(home: Home, mix: Mix, say: Callable[[str], None] | None = None) -> None:
    """Makes the tokenizer of a mix and the counts of all that it reads."""
    found = [origin for part in mix.parts for origin in part_origins(home.lake, part)]
    # Of a partition that was made and has no document there is nothing to count.
    wanted = {(origin.table, origin.key): origin for origin in found if origin.files}
    if not wanted:
        raise SourceError(
            f"mix {mix.name}: none of its tables is made yet: {', '.join(name.replace('.', '/') for name in mix.tables)}. Make one: corpus run ASSET"
        )
    home.run(TOKENIZERS, {"tokenizer": mix.tokenizer})
    for (source, key), origin in sorted(wanted.items()):
        where = counts_partition(mix.tokenizer, origin)
        report = home.run(TOKEN_COUNTS, where)
        if say is not None and report.ran:
            say(f"{source} [{key}]: {report.counters.get('tokens', 0):,} tokens counted")


def preview(home: Home, name: str) -> list[Row]:
    """What a mix would give now, without drawing it; token counts are made where they are missing."""
    mix = home.mixing.mix(name)
    check_tables(home, mix)
    count_tokens(home, mix)
    stage = home.stage(MIX_DOCUMENTS)
    assert isinstance(stage, MixDocuments)
    with tempfile.TemporaryDirectory(prefix="mix-plan-") as scratch:
        return stage.preview(home.lake, {"mix": name}, Path(scratch))


def check_tables(home: Home, mix: Mix) -> None:
    """A SettingsError for a table that nobody makes."""
    for name in mix.tables:
        layer, _, short = name.partition(".")
        if layer != CORPORA:
            table(name)
        elif not is_made(home.lake, name) and short not in home.recipes:
            raise SettingsError(
                f"mix {mix.name}: there is no recipe `{short}`{nearest(short, home.recipes)} for {name.replace('.', '/')}"
            )


def given(state: PartitionState, mix: Mix) -> list[Given]:
    """What a mix gave, by its commit."""
    counters = state.counters
    stages = [stage.name for stage in mix.stages] or [WHOLE]
    rows = []
    for stage in stages:
        for leaf in leaves(mix):
            own: Mapping[str, int] = {
                what: counters.get(f"plan:{stage}:{leaf}:{what}", 0)
                for what in ("wanted", "available", "most", "given", "drawn", "documents")
            }
            rows.append(Given(stage, str(leaf), **own))
    return rows


def is_stale(home: Home, name: str, fingerprint: str) -> bool:
    """Whether a mix as it was made (by that fingerprint) is not what would be made now: new snapshots, other settings, another mix."""
    try:
        plan = home.plan(MIX_DOCUMENTS, {"mix": name})
    except CorpusError:
        return True
    return plan.fingerprint != fingerprint


def origin_of(home: Home, wanted: str, mix: str | None = None) -> list[SourceRecord]:
    """The records of the sources that a document of the mixes is from; by doc_id or address. None where no mix has it."""
    return _traced(home, (pl.col("doc_id") == wanted) | (pl.col("url") == wanted), mix)


def origins_of(home: Home, wanted: Iterable[str], mix: str | None = None) -> dict[str, list[SourceRecord]]:
    """The same of many documents by doc_id, each table read once; those that no mix has are not in it."""
    found: dict[str, list[SourceRecord]] = {}
    for record in _traced(home, pl.col("doc_id").is_in(list(wanted)), mix):
        found.setdefault(record.doc_id, []).append(record)
    return found


def _traced(home: Home, condition: pl.Expr, mix: str | None) -> list[SourceRecord]:
    lake = home.lake
    if not is_made(lake, MIX_DOCUMENTS):
        return []
    own = lake.scan(MIX_DOCUMENTS, mix=mix) if mix else lake.scan(MIX_DOCUMENTS)
    key = ["mix", "part", "doc_id", "table", "table_partition"]
    drawn = own.filter(condition).collect()
    rows = drawn.group_by(key, maintain_order=True).agg(
        pl.len(), pl.col("file", "file_index", "position", "url").first()
    )
    found = []
    for (name, text), group in rows.group_by("table", "table_partition", maintain_order=True):
        partition = table(str(name)).partition_of(str(text))
        read, read_partition = before(str(name), partition)
        files = _files_of(home, read, read_partition, group.filter(pl.col("file").is_null())["doc_id"])
        found += [
            SourceRecord(
                row["doc_id"],
                row["mix"],
                row["part"],
                row["len"],
                row["table"],
                partition,
                read,
                read_partition,
                row["file"] or files.get(row["doc_id"]),
                row["file_index"],
                row["position"],
                row["url"],
            )
            for row in group.iter_rows(named=True)
        ]
    return found


def _files_of(home: Home, name: str, partition: Mapping[str, str], doc_ids: pl.Series) -> dict[str, str]:
    """Input files of records by doc_id, from the table that they were read into."""
    if doc_ids.is_empty() or "file" not in table(name).schema.names or home.lake.state(name, partition) is None:
        return {}
    rows = home.lake.scan(name, **partition).filter(pl.col("doc_id").is_in(doc_ids.to_list()))  # type: ignore[arg-type]
    return dict(rows.select("doc_id", "file").collect().iter_rows())
