"""MinHash signatures cut into bands as RedPajama-V2 publishes them, one column for each similarity.

128 permutations of the 13-word shingles of the normal form, cut into bands of rows; two documents that agree in a whole band are candidates. The bands
are RedPajama-V2's. The base hash is a fast one (`xmx32` of text/minhash.py), to the reference the first 32 bits of SHA-1.
Promise: with `compat: reference`, band bytes equal those of RedPajama-V2's files.
Source: RedPajama-Data 6d2cee9, app/src/dedupe/minhash.py.

Not here: the hashes (text/minhash.py), candidate pairs and clusters (dedup/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow as pa

from corpus_platform.signals.registry import Family, Signal, register
from corpus_platform.text.minhash import signatures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.signals.subject import Subject

SHINGLE = 13
BANDS = {"0.7": (14, 9), "0.8": (9, 13), "0.9": (5, 25), "1.0": (1, 128)}
"""Similarity -> bands, rows. They minimise false positives and false negatives alike; not all use all 128 values."""
_VALUE = 4


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """The wanted columns."""
    base = "sha1_32" if subject.environment.reference else "xmx32"
    found, valid = signatures(subject.judged_words.words, shingle=SHINGLE, permutations=128, seed=42, base=base)
    big_endian = found.astype(">u4")
    return {name: banded(big_endian, valid, *BANDS[name.rpartition("_")[2]]) for name in wanted}


def banded(signature: np.ndarray, valid: np.ndarray, bands: int, rows: int) -> pa.Array:
    """Signatures (big-endian uint32[n, at least bands * rows]) as lists of bands, each the bytes of its rows; null where not `valid`."""
    own = np.ascontiguousarray(signature[valid, : bands * rows])
    values = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(),
        len(own) * bands,
        [
            None,
            pa.py_buffer(np.arange(len(own) * bands + 1, dtype=np.int64) * (rows * _VALUE)),
            pa.py_buffer(own.tobytes()),
        ],
    )
    offset = np.concatenate([np.zeros(1, np.int64), np.cumsum(valid, dtype=np.int64) * bands])
    return pa.LargeListArray.from_arrays(pa.array(offset), values, mask=pa.array(~valid))


SIGNATURES = register(
    Family(
        name="signatures",
        version="1",
        signals=tuple(
            Signal(
                name=f"minhash_signature_{similarity}",
                definition=f"MinHash of the {SHINGLE}-word shingles of the normal form (words cut at CJK characters), 128 permutations, seed 42: {bands} bands "
                f"of {rows} big-endian uint32, for documents of similarity {similarity}",
                source="RedPajama-V2 (togethercomputer/RedPajama-Data)",
                dtype=pl.List(pl.Binary),
                range=f"{bands} x {rows * _VALUE} bytes",
                empty=f"null below {SHINGLE} words",
                reference="takes the first 4 bytes of SHA-1, little-endian, as the hash of a shingle, and does not cut words at CJK characters",
            )
            for similarity, (bands, rows) in BANDS.items()
        ),
        compute=compute,
    )
)
