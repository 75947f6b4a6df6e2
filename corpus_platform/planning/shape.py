"""How the work of each stage of the web grows, and into how many shards it falls: the part of a plan that the code gives and no measurement.

Not here: the stages themselves (stages/).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Driver = Literal["input", "text", "pages"]
Spread = Literal["files", "groups", "addresses", "ranges", "one"]


@dataclass(frozen=True)
class Shape:
    """`driver`: what the work grows with. `spread`: what there is a shard for: some input files, a group of files, a range of addresses or keys, or all."""

    driver: Driver
    spread: Spread
    gets: float
    """GET requests of one shard to an S3 store, footers and column ranges included."""
    puts: float
    """PUT and multipart requests of one shard: its files and its marker."""
    is_summary: bool = False
    """Whether what a shard writes is of one size, however many documents it reads."""


# Requests of a shard over those of a commit, as they were counted on a server (tests/end_to_end/test_plan_requests.py); what grows with files or bytes
# is added in full.py.
SHAPES: dict[str, Shape] = {
    "web.pages": Shape("input", "files", 0, 3),
    "web.url_history": Shape("pages", "addresses", 3, 2),
    "web.sketches": Shape("text", "files", 3, 2, is_summary=True),
    "web.paragraph_hashes": Shape("text", "files", 3, 2),
    "web.paragraphs": Shape("text", "groups", 4, 2),
    "web.documents": Shape("text", "files", 14, 3),
    "web.signals": Shape("text", "files", 5, 2),
    "web.dedup_documents": Shape("text", "files", 10, 4),
    "web.dedup_index": Shape("pages", "ranges", 4, 3),
    "web.duplicates": Shape("pages", "one", 10, 3),
}
CORPUS = Shape("text", "files", 6, 3)
"""That of every recipe's corpus."""


def shape_of(stage: str) -> Shape:
    """The shape of the stage that writes a table of the web or a corpus."""
    return CORPUS if stage.startswith("corpora.") else SHAPES[stage]
