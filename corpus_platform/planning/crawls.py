"""Figures of Common Crawl that plans go by: files, bytes and pages of a snapshot, and of all of them together. Sources: crawls.yaml.

Not here: what a snapshot that is there has (sources/common_crawl.py).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

_FILE = Path(__file__).with_name("crawls.yaml")


class Crawl(BaseModel):
    """One snapshot, as many as one likes being of this size."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pages: int = Field(ge=1)
    files: int = Field(ge=1)
    warc_bytes: int = Field(ge=1)
    wet_bytes: int = Field(ge=1)

    def bytes_of(self, base: str) -> int:
        """Compressed bytes that the pages of a text variant are read from."""
        return self.wet_bytes if base == "wet" else self.warc_bytes

    def scaled(self, pages: int) -> Crawl:
        """A snapshot of so many pages, with files and bytes in proportion."""
        times = pages / self.pages
        return Crawl(
            pages=pages,
            files=round(self.files * times),
            warc_bytes=round(self.warc_bytes * times),
            wet_bytes=round(self.wet_bytes * times),
        )


class AllCrawls(BaseModel):
    """All snapshots together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    snapshots: int = Field(ge=1)
    pages: int = Field(ge=1)


class Figures(BaseModel):
    """What crawls.yaml holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    snapshot: Crawl
    all: AllCrawls


@cache
def figures() -> Figures:
    """The shipped figures."""
    return Figures.model_validate(yaml.safe_load(_FILE.read_text(encoding="utf-8")))
