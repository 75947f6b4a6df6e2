"""A text of one's own against the pages of the lake: through datasketch's LSH over the signatures that `web.signals` stores.

`minhash_signature_1.0` is a signature as a whole: 128 values of 13-word shingles. A `datasketch.MinHashLSH` is filled with them some thousand at a
time, asked for the text's own signature, and dropped, so that memory does not grow with the lake. Bands are chosen to miss little (at a threshold of 0.8
one pair in eight of that very similarity, one in forty of 0.85, one in a thousand of 0.9); what the LSH
gives beyond the threshold by the share of equal values is a hit.
Promise: a text's signature is computed by the code and with the `compat` that the partition was measured with; hits are those of a comparison of all bands.

Not here: how signatures are made (signals/signatures.py), clusters of the lake's own pages (duplicates.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from datasketch import LeanMinHash, MinHashLSH

from corpus_platform.analytics.texts import addresses_of, texts_of, true_similarities
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.signals.annotate import annotate
from corpus_platform.signals.environment import Environment
from corpus_platform.signals.signatures import SHINGLE, SIGNATURES
from corpus_platform.stages.read import batches
from corpus_platform.stages.signals import SIGNALS, stored_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from corpus_platform.home import Home
    from corpus_platform.lake import Lake
    from corpus_platform.signals.environment import Compat
    from corpus_platform.stages.stage import Partition

SIGNATURE = "minhash_signature_1.0"
PERMUTATIONS, SEED = 128, 42
_SCHEME = {"sane": "affine32", "reference": "legacy"}
"""What datasketch calls the permutations that signatures were made with."""
_WEIGHTS = (0.1, 0.9)
"""False positives, false negatives: a candidate too many costs one comparison."""
_ROWS = 10_000
"""Signatures that are in an LSH at a time: 50 MB or so."""


@dataclass(frozen=True)
class Hit:
    """A page that is like the text."""

    doc_id: str
    url: str | None
    snapshot: str
    estimate: float
    """Share of equal values of the two signatures: an estimate of the Jaccard similarity of 13-word shingles."""
    jaccard: float | None = None
    """The true similarity (texts.py), of the first hits."""


def near(
    home: Home,
    text: str,
    threshold: float = 0.8,
    *,
    variant: str | None = None,
    snapshot: str | None = None,
    verified: int = 10,
) -> list[Hit]:
    """The pages that are like a text, in all snapshots with signatures or in one, the most alike first; of the first `verified` also how alike they truly are.

    Raises SettingsError for a threshold that is none and a text without a shingle, SourceError where no signatures are stored.
    """
    if not 0 < threshold <= 1:
        raise SettingsError(f"--threshold is a similarity above 0 and up to 1; not {threshold:g}")
    lake = home.lake
    where = signed(home, variant, snapshot)
    own: dict[Compat, LeanMinHash] = {}
    found: list[tuple[float, str, str]] = []
    for partition in where:
        compat = stored_in(lake, partition)[1]
        if compat not in own:
            own[compat] = signature_of(home, text, compat)
        asked = own[compat]
        for index in indexes(lake, partition, threshold):
            for doc_id, values in _candidates(index, asked):
                estimate = float(asked.jaccard(values))
                if estimate >= threshold:
                    found.append((estimate, doc_id, partition["snapshot"]))
    found.sort(key=lambda hit: (-hit[0], hit[2], hit[1]))
    return _hits(lake, where[0]["variant"], found, text, verified)


def signed(home: Home, variant: str | None = None, snapshot: str | None = None) -> list[Partition]:
    """The partitions of one text variant that have signatures, by snapshot: of the first variant that has any by default. Raises SourceError without any."""
    lake = home.lake
    made = lake.partitions(SIGNALS)
    names = [variant] if variant else list(dict.fromkeys((*home.annotated, *(one["variant"] for one in made))))
    for name in names:
        own = [one for one in made if one["variant"] == name and snapshot in {None, one["snapshot"]}]
        if found := [one for one in own if SIGNATURE in stored_in(lake, one)[0]]:
            return found
    name = names[0] if names else (*home.variants, "wet")[0]
    where = f"{name}, {snapshot}" if snapshot else name
    raise SourceError(
        f"{SIGNALS} has no MinHash signatures of {where}: write `signals: {{more: [{SIGNATURES.name}]}}` into the settings, then run "
        f"corpus run web/{name}/signals --snapshot {snapshot or 'NAME'}"
    )


def signature_of(home: Home, text: str, compat: Compat) -> LeanMinHash:
    """The signature of a text, as the stage would store it. Raises SettingsError for a text that is too short to have one."""
    settings = home.settings.signals.below(home.path).model_copy(update={"compat": compat})
    found = annotate(pl.DataFrame({"text": [text]}), [SIGNATURE], Environment(settings))[SIGNATURE]
    if found.null_count():
        raise SettingsError(f"the text has fewer than {SHINGLE} words, and so no shingle that pages could share")
    return _lean(found, compat)[0]


def indexes(lake: Lake, partition: Partition, threshold: float, *, rows: int = _ROWS) -> Iterator[dict[str, Any]]:
    """An LSH over each `rows` signatures of a partition of `web.signals`: `lsh`, and `signatures` by doc_id, which are its keys."""
    compat = stored_in(lake, partition)[1]
    for file in lake.files(SIGNALS, partition):
        for frame in batches(lake, file, columns=["doc_id", SIGNATURE], rows=rows):
            valid = frame.drop_nulls(SIGNATURE).unique("doc_id", keep="first", maintain_order=True)
            lsh = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS, weights=_WEIGHTS)
            stored = dict(zip(valid["doc_id"], _lean(valid[SIGNATURE], compat), strict=True))
            for doc_id, signature in stored.items():
                lsh.insert(doc_id, signature, check_duplication=False)
            yield {"lsh": lsh, "signatures": stored}


def _candidates(index: dict[str, Any], asked: LeanMinHash) -> Iterator[tuple[str, LeanMinHash]]:
    for doc_id in index["lsh"].query(asked):
        yield doc_id, index["signatures"][doc_id]


def _lean(signatures: pl.Series, compat: Compat) -> list[LeanMinHash]:
    """Stored signatures (a list of one band each) as datasketch's objects."""
    bands = signatures.explode().to_list()
    values = np.frombuffer(b"".join(bands), dtype=">u4").astype(np.uint32).reshape(len(bands), PERMUTATIONS)
    return [LeanMinHash(seed=SEED, hashvalues=row, scheme=_SCHEME[compat]) for row in values]


def _hits(lake: Lake, variant: str, found: Sequence[tuple[float, str, str]], text: str, verified: int) -> list[Hit]:
    """The hits with their addresses, and the true similarity of the first."""
    first = [(doc_id, snapshot) for _, doc_id, snapshot in found[:verified]]
    texts = texts_of(lake, variant, first)
    there = [document for document in first if document in texts]
    true = dict(zip(there, true_similarities(text, [texts[one][1] for one in there]), strict=True))
    urls = addresses_of(lake, variant, [(doc_id, snapshot) for _, doc_id, snapshot in found])
    return [
        Hit(doc_id, urls.get((doc_id, snapshot)), snapshot, estimate, true.get((doc_id, snapshot)))
        for estimate, doc_id, snapshot in found
    ]
