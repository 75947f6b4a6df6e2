"""Tables of the sources other than the web, what one partition of each is, and the one word that names it.

The word is Dagster's partition key, and stands where a web text has its snapshot: `arxiv_2019-11` is the collection `arxiv`, month 2019-11.

Not here: the tables of the web and of what is made of all sources (tables.py), what files a partition has (stages/source_documents.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from corpus_platform.documents import DOCUMENT_COLUMNS, ORDER, SOURCE_COLUMNS, SOURCES, column
from corpus_platform.errors import SettingsError
from corpus_platform.lake.registry import TableSpec, register
from corpus_platform.tables import EDITED, LANGUAGE, SCORE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE_PARTITIONS: dict[str, tuple[pa.Field, ...]] = {
    "books": (column("collection", pa.string(), "Collection of books, as the settings name it", nullable=False),),
    "academic": (
        column("collection", pa.string(), "Collection of papers, as the settings name it", nullable=False),
        column(
            "month", pa.string(), "Month of the paper, e.g. 2019-11; `undated` where its file says none", nullable=False
        ),
    ),
    "code": (column("collection", pa.string(), "Collection of repositories, as the settings name it", nullable=False),),
    "social": (column("site", pa.string(), "Site that the posts are from", nullable=False),),
    "encyclopedia": (
        LANGUAGE,
        column("dump", pa.string(), "Dump that the article is from, e.g. enwiki-20260801", nullable=False),
    ),
    "parallel": (column("pair", pa.string(), "Pair of languages, e.g. en-zh", nullable=False),),
    "domain": (column("set", pa.string(), "Data set, as the settings name it", nullable=False),),
}
"""Partition columns of the sources other than the web."""

PARTITION_BY: dict[str, tuple[str, ...]] = {
    source: tuple(column.name for column in columns) for source, columns in SOURCE_PARTITIONS.items()
}
"""Partition columns by source."""
UNDATED = "undated"
"""Month of papers whose files say none."""
# Languages have hyphens, months too; names of dumps and collections have none of the mark that parts them from what stands beside.
_BETWEEN = {"academic": "_", "encyclopedia": "-"}


def key_of(source: str, partition: Mapping[str, str]) -> str:
    """The word that names a partition: its values, joined."""
    return _BETWEEN.get(source, "").join(partition[name] for name in PARTITION_BY[source])


def partition_of_key(source: str, key: str) -> dict[str, str]:
    """The partition of a word. Raises SettingsError for one that names none."""
    names = PARTITION_BY[source]
    if len(names) == 1:
        return {names[0]: key}
    first, mark, second = key.rpartition(_BETWEEN[source])
    if not (first and second):
        raise SettingsError(
            f"`{key}` names no partition of {source}: it is `<{names[0]}>{mark or _BETWEEN[source]}<{names[1]}>`"
        )
    return dict(zip(names, (first, second), strict=True))


def partition_for(source: str, collection: str, part: str | None) -> dict[str, str]:
    """The partition of a unit: `collection` is the user's name for the location, `part` what the unit's name says (`Reader.part_of`)."""
    match source:
        case "academic":
            return {"collection": collection, "month": part or UNDATED}
        case "encyclopedia":
            raise SettingsError(
                "dumps of encyclopedias have partitions of their own: see `encyclopedia` in the settings"
            )
        case "social" | "parallel":
            return {PARTITION_BY[source][0]: part or collection}
        case _:
            return {PARTITION_BY[source][0]: collection}


def scope_of(variant: str, key: str) -> str:
    """What tells the places of documents apart over all sources: a web snapshot's own name, which all its texts share, or `books/gutenberg`."""
    source = variant.partition(".")[0]
    return f"{source}/{key}" if source in SOURCES else key


def _source_table(name: str, about: str, *more: pa.Field) -> TableSpec:
    """A table of documents of a source: its layer says how it is partitioned."""
    partition = SOURCE_PARTITIONS[name.partition(".")[0]]
    columns = tuple(partition_column.name for partition_column in partition)
    documents = (c for c in (*DOCUMENT_COLUMNS, *SOURCE_COLUMNS, *more) if c.name not in columns)
    return register(
        TableSpec(
            name,
            about,
            (*documents, *partition),
            key=("doc_id", *columns),
            partition_by=columns,
            order=ORDER,
        )
    )


ARTICLES = _source_table("encyclopedia.articles", "A row is an article of an encyclopedia dump as plain text")
for _source, _what in {
    "books": "book, or a part of one",
    "academic": "paper",
    "code": "file of a repository",
    "social": "thread of a site",
    "parallel": "text in two languages",
    "domain": "record of a domain's data set",
}.items():
    _source_table(f"{_source}.documents", f"A row is a {_what}, as its reader gives it")
for _source in SOURCE_PARTITIONS:
    _source_table(
        f"{_source}.cleaned",
        f"A row is a document of {_source} that its cleaning recipe keeps, with language and perplexity",
        EDITED,
        *SCORE_COLUMNS,
    )
