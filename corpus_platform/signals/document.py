"""Sizes of a text, and a document's place in a random order that is the same for ever.

Not here: sizes that a system defines in its own way (the family of that system).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.signals.registry import Family, Signal, register
from corpus_platform.text.normalise import norm_slim

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.signals.subject import Subject


def sizes(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """Characters and bytes of each text."""
    found: dict[str, Any] = {
        "text_characters": subject.batch.characters,
        "text_bytes": np.diff(subject.batch.document_start),
    }
    if "slimpajama_length" in wanted:
        found["slimpajama_length"] = norm_slim(subject.batch).characters
    return found


def position(subject: Subject, _wanted: frozenset[str]) -> Mapping[str, Any]:
    """BLAKE2b-64 of the id as a share of all 64-bit numbers."""
    ids = subject.column("doc_id").to_list()
    return {"sample_position": [None if i is None else share_of(i) for i in ids]}


def share_of(identity: str) -> float:
    """Place (0 to below 1) of an id in a random order of all ids: BLAKE2b-64, the same in every process and release."""
    # 53 bits: all that a float64 holds, so that the share stays below 1.
    digest = hashlib.blake2b(identity.encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / (1 << 53)


register(
    Family(
        name="sizes",
        version="1",
        signals=(
            Signal(
                "text_characters",
                "Code points of the text",
                "corpus platform",
                dtype=pl.Int64,
                range="0..",
                empty="0",
            ),
            Signal(
                "text_bytes", "Bytes of the text in UTF-8", "corpus platform", dtype=pl.Int64, range="0..", empty="0"
            ),
            Signal(
                "slimpajama_length",
                "Code points of the text in lower case without ASCII punctuation, white space at its ends taken off and inside made one space",
                "SlimPajama, filter_short_documents.py of Cerebras modelzoo; its README says that spaces do not count, its code counts them",
                dtype=pl.Int64,
                range="0..",
                empty="0",
            ),
        ),
        compute=sizes,
    )
)

register(
    Family(
        name="sample_position",
        version="1",
        signals=(
            Signal(
                "sample_position",
                "Place of the document in a random order of all: the first 53 bits of BLAKE2b-64 of its id as a share of 2^53",
                "corpus platform",
                range="0..1, without 1",
                empty="that of its id",
            ),
        ),
        compute=position,
        reads=("doc_id",),
        default=False,
    )
)
