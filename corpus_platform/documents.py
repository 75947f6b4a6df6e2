"""The Document row: column names, identity, Arrow schema. The vocabulary of the whole platform.

A document is one text with its origin. Its `doc_id` comes from the source's own identity (a page's WARC record id), so that it is equal on a
rerun, in every text variant, and for a page's WARC and WET record. Documents of a partition are ordered by (source, file_index, position),
never by shard or by who came first.

Not here: how documents are read (sources/), kept (lake/) or changed (clean/, recipes/).
"""

from __future__ import annotations

import hashlib
from typing import Literal, get_args
from urllib.parse import urlsplit

import pyarrow as pa


def column(name: str, kind: pa.DataType, description: str, *, nullable: bool = True) -> pa.Field:
    """An Arrow field whose description travels with it to the UI, the SQL views and the docs."""
    return pa.field(name, kind, nullable=nullable, metadata={"description": description})


DOCUMENT_COLUMNS: tuple[pa.Field, ...] = (
    column(
        "doc_id",
        pa.string(),
        "Identity of the document: 128 bits in 32 hex digits, from the source's own identity",
        nullable=False,
    ),
    column("source", pa.string(), "Where the document is from: common_crawl, wikipedia, ...", nullable=False),
    column("shard", pa.int32(), "Index of the shard (unit of work) that read the document", nullable=False),
    column("file", pa.string(), "Input file, relative to the source's location", nullable=False),
    column("file_index", pa.int32(), "Index of the input file in the partition's file list", nullable=False),
    column("position", pa.int64(), "Byte offset (or ordinal) of the record in its file", nullable=False),
    column("url", pa.string(), "Address of the document"),
    column("domain", pa.string(), "Host name of the address, lower-cased, without port"),
    column("title", pa.string(), "Title of the document"),
    column(
        "text", pa.large_string(), "The document's text in this variant; lines are separated by \\n", nullable=False
    ),
    column("language", pa.string(), "Language code (ISO 639, as fastText's lid.176 names it) of the text"),
    column("language_score", pa.float32(), "Confidence of the language, 0..1"),
    column("date", pa.timestamp("us", "UTC"), "When the document was fetched or published"),
    column("content_type", pa.string(), "MIME type of the record"),
    column("licence", pa.string(), "Licence that the document itself states, as an address or SPDX id"),
    column("meta", pa.string(), "Anything else that the source says, as a JSON object"),
)
"""Columns that every table of documents has; partition columns (variant, snapshot, ...) come on top."""

Origin = Literal["human", "model", "mixed"]
"""Who wrote a document."""
ORIGINS: tuple[str, ...] = get_args(Origin)
NOBODY_SAYS = "unknown"
"""Who wrote a document, in mixes and releases, where its source says nothing: a page of the web may be anybody's, or a model's."""

SOURCE_COLUMNS: tuple[pa.Field, ...] = (
    column("author", pa.string(), "Public authors of the work, joined by `; `; never a user of a site"),
    column(
        "category",
        pa.string(),
        "Class in the source's own scheme: class of a book, field of a paper, language of a program, site, subject",
    ),
    column("origin", pa.string(), "Who wrote it: human, model, mixed"),
    column(
        "sections",
        pa.list_(pa.struct([("level", pa.int16()), ("title", pa.string()), ("start", pa.int64())])),
        "Headings in order: level from 1, title, and the code point of the text where it begins",
    ),
)
"""What is known of a document of a source other than the web, besides DOCUMENT_COLUMNS."""

SOURCES = ("books", "academic", "code", "social", "encyclopedia", "parallel", "domain")
"""Sources other than the web; each is a layer of tables, and a text variant."""

DIALOGUES = "sft"
"""Layer of tables of dialogues, and the text variant of recipes over them."""

TextBase = Literal["resiliparse", "trafilatura", "justext", "math", "wet"]
"""How a page became text."""
TEXT_BASES: tuple[str, ...] = get_args(TextBase)

ORDER = ("file_index", "position")
"""Sort key of documents inside a partition."""


def document_id(source: str, identity: str) -> str:
    """32 hex digits (BLAKE2b-128) of a document, from the name of its source and the source's own identity for it.

    For web pages the identity is the WARC-Record-ID of the response (`urn:uuid:...`, without angle brackets), which WET records name in WARC-Refers-To.
    """
    return hashlib.blake2b(f"{source}\0{identity}".encode(), digest_size=16).hexdigest()


def record_identity(record_id: str) -> str:
    """A WARC-Record-ID without angle brackets and white space, lower-cased: `urn:uuid:...`."""
    return record_id.strip().strip("<>").strip().lower()


def domain_of(url: str | None) -> str | None:
    """Host name of an address: lower-cased, without port and credentials; None where there is none."""
    if not url:
        return None
    try:
        return urlsplit(url.strip().strip("<>")).hostname
    except ValueError:
        return None
