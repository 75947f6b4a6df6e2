"""What a report tells of: one frozen value for each part of the page, all of bounded size however large the lake is.

Not here: how they are found out (counting.py, quality.py, samples.py), how they are shown (sections.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from corpus_platform.analytics.corpora import StepCount
    from corpus_platform.analytics.duplicate_counts import Counted

Counts = tuple[tuple[str, int], ...]
"""(name, documents), the largest first."""


@dataclass(frozen=True)
class TextFacts:
    """One way in which the pages of a snapshot became text: records read, those that were refused, pages; and documents, where paragraphs were deduplicated."""

    variant: str
    records: int
    rejects: Counts
    pages: int
    documents: int | None = None
    dropped: Counts = ()
    lines: int = 0
    lines_removed: int = 0


@dataclass(frozen=True)
class SnapshotFacts:
    """A snapshot: its texts, and who is in the first of them."""

    name: str
    texts: tuple[TextFacts, ...]
    counted: str
    """Table that languages, buckets and perplexities are counted in."""
    languages: Counts
    buckets: dict[str, Counts]
    """By language, those with most documents first."""
    perplexities: dict[str, tuple[tuple[float, int], ...]]
    """By language: (log10 of the lower edge, documents) in steps of a tenth."""
    licences: Counts
    reuse: Counts
    """Documents by what they reserve: robots marks, rights of text and data mining."""
    domains: Counts
    domains_in_all: int

    @property
    def text(self) -> TextFacts:
        """The first text, which the counts are of."""
        return self.texts[0]


@dataclass(frozen=True)
class SourceFacts:
    """A partition of a source other than the web: records read and those refused, documents, and what its cleaning has left, where it was cleaned."""

    source: str
    key: str
    """The word of the partition."""
    records: int
    rejects: Counts
    documents: int
    cleaned: int | None = None
    dropped: Counts = ()


@dataclass(frozen=True)
class CorpusFacts:
    """The corpus of a recipe of one snapshot, with what each step of the recipe did."""

    recipe: str
    title: str
    variant: str
    snapshot: str
    read: int
    kept: int
    bytes: int
    steps: tuple[StepCount, ...]


@dataclass(frozen=True)
class DedupFacts:
    """What a dedup found in each snapshot (name, documents, copies), and more of the newest."""

    method: str
    variant: str
    snapshots: tuple[tuple[str, int, int], ...]
    newest: Counted


@dataclass(frozen=True)
class OverlapFacts:
    """`both[i][j]`: documents that the corpora i and j of a snapshot have in common."""

    snapshot: str
    names: tuple[str, ...]
    both: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class SignalFacts:
    """How a signal is distributed over a snapshot: equal bins between `low` and `high`, and the thresholds (value, which side goes, recipes).

    With `is_log` bins are equal in log(1 + value). What is beyond `high` is in no bin.
    """

    name: str
    about: str
    variant: str
    snapshot: str
    documents: int
    low: float
    high: float
    is_log: bool
    bins: tuple[int, ...]
    quantiles: tuple[float, float, float]
    """10, 50 and 90 %."""
    thresholds: tuple[tuple[float, str, str], ...]
    drops: int
    """Documents that its rules dropped, over all recipes."""


@dataclass(frozen=True)
class Sample:
    """A dropped document: the value that its rule saw, what was seen of a rule over words, and the beginning of its text; personal data masked."""

    doc_id: str
    value: float | None
    threshold: float | None
    seen: str | None
    url: str
    language: str
    text: str


@dataclass(frozen=True)
class RuleFacts:
    """A rule of a recipe over a snapshot: how many documents it dropped, between which values, and some of them."""

    recipe: str
    snapshot: str
    step: str
    rule: str
    documents: int
    values: tuple[float | None, float | None]
    samples: tuple[Sample, ...]


@dataclass(frozen=True)
class DataSetFacts:
    """One data set of dialogues, from its records (or what it is built of) to what its recipe keeps; None for what was not made."""

    name: str
    table: str
    records: int
    rejects: Counts
    dialogues: int
    preferences: int | None
    kept: int | None
    dropped: Counts


@dataclass(frozen=True)
class TableFacts:
    """A table of the lake as it is stored."""

    name: str
    about: str
    rows: int
    bytes: int
    files: int
    partitions: int
    version: int
    time: datetime


@dataclass(frozen=True)
class CheckFacts:
    """The latest result of a check on a partition, as whoever runs the checks tells it."""

    asset: str
    name: str
    partition: str
    passed: bool
    blocking: bool
    said: str = ""
    """Its figures, where it did not pass."""


@dataclass(frozen=True)
class Facts:
    """All of a report. Snapshots of the web are in their order, and the newest is the last; there are none in a lake of other sources."""

    snapshots: tuple[SnapshotFacts, ...]
    corpora: tuple[CorpusFacts, ...]
    overlaps: tuple[OverlapFacts, ...]
    dedups: tuple[DedupFacts, ...]
    signals: tuple[SignalFacts, ...]
    cutoffs: dict[str, tuple[float, float]]
    """By language: perplexity up to which a document is head, and middle."""
    rules: tuple[RuleFacts, ...]
    tables: tuple[TableFacts, ...]
    releases: tuple[tuple[str, str, int], ...] = ()
    """Name, when, and partitions of tables."""
    checks: tuple[CheckFacts, ...] = ()
    sources: tuple[SourceFacts, ...] = ()
    source_corpora: tuple[CorpusFacts, ...] = ()
    """Corpora of sources other than the web, of each partition; `snapshot` is its word."""
    data_sets: tuple[DataSetFacts, ...] = ()
