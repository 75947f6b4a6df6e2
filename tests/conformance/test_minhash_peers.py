"""Signatures of whole documents against those of other systems: datatrove's own code, datasketch on real pages, RedPajama-V2's values.

Values of datatrove: datatrove 0.10.1 with spaCy 3.8, MinhashDedupSignature.get_signature(get_shingles(text)) with MinhashConfig(hash_config=HashConfig(64,
...)); texts in which spaCy finds no other words than white space does.
"""

import hashlib

import numpy as np
import polars as pl
import pytest
from datasketch import MinHash

from corpus_platform.dedup.minhash import MinHashKeys
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.hashing import hash_spans
from corpus_platform.text.minhash import permutations_mod_prime_64
from corpus_platform.text.normalise import norm_dt, norm_slim
from corpus_platform.text.shingles import character_shingles

TEXTS = [
    "the quick brown fox jumps over the lazy dog and runs away into the dark green forest",
    "the quick brown fox jumps over the lazy dog",
    "Numbers like 12.5 and 2024 become zero, and Accents are lost: naïve café",
]
DATATROVE = {
    "sha1_64": [
        (585594454516184072, "7bc17d4a8c208291d0d36dda490ef642d2324094c49997feb16432537d4b69c1"),
        (585594454516184072, "5111488576fd07f07c8cfbf034ff68e03acb2475d32d9c6e6704af7032021c10"),
        (58200754806203541, "fde58a2ca98f69f069b7832450e51774f682b6b6be1b53ffbc3accb9630e2f2d"),
    ],
    "xx64": [
        (85330943174081874, "cd974e0c346f89d62d4af70b00b7a322366166acd87d9f039b8faf4050191458"),
        (85330943174081874, "5fccf7ba60a836cb6034d5bb96fd7c3d74507de256d5588ac4a823c6285fbd93"),
        (49138079649137998, "a50f7963d86b81ed1e7ba4391bd1af96e677bb708503e02036a0a30ae976228b"),
    ],
}
"""First value, and SHA-256 of the 112 values as little-endian uint64."""

TWENTY = " ".join(f"w{i}" for i in range(20))


def fineweb(base="sha1_64"):
    return MinHashKeys("norm_dt", "word", 5, base, 112, 1, 14, 8, reference=True)


@pytest.mark.parametrize("base", DATATROVE)
def test_signatures_are_those_of_datatrove(base):
    found, valid = fineweb(base).signatures(TextBatch.of([*TEXTS, "only four words here"]))

    digests = [hashlib.sha256(row.astype("<u8").tobytes()).hexdigest() for row in found[:3]]
    assert list(zip(found[:3, 0].tolist(), digests, strict=True)) == DATATROVE[base]
    assert valid.tolist() == [True, True, True, False]


def test_twenty_words_have_the_values_of_redpajama():
    found, _ = MinHashKeys(reference=True).signatures(TextBatch.of([TWENTY]))

    assert found[0, :2].astype(">u4").tobytes().hex() == "065b50e50e313927"


@pytest.fixture(scope="module")
def pages(wet_texts):
    """Real pages in several languages, the shorter ones: the twins are slow."""
    return sorted((text for text in wet_texts.values() if len(text) < 6000), key=len)[::25]


@pytest.mark.samples
def test_signatures_of_real_pages_are_those_that_plain_python_finds_datatroves_way(pages):
    found, valid = fineweb().signatures(TextBatch.of(pages))

    factors, terms = (list(map(int, some)) for some in permutations_mod_prime_64(112, 1))
    for text, row, has_one in zip(norm_dt(TextBatch.of(pages)).texts, found, valid, strict=True):
        words = text.split()
        shingles = {" ".join(words[i : i + 5]) for i in range(len(words) - 4)}
        hashes = [int.from_bytes(hashlib.sha1(s.encode()).digest()[:8], "little") for s in shingles]
        assert has_one == bool(shingles)
        if shingles:
            values = [
                min((a * x + b) % 2**64 % (2**61 - 1) for x in hashes) for a, b in zip(factors, terms, strict=True)
            ]
            assert row.tolist() == values


@pytest.mark.samples
def test_signatures_of_real_pages_are_datasketchs_of_slimpajamas_shingles(pages):
    found, _ = MinHashKeys("norm_slim", "character", 13, "sha1_32", 128, 1, reference=True).signatures(
        TextBatch.of(pages)
    )

    for text, row in zip(norm_slim(TextBatch.of(pages)).texts, found, strict=True):
        peer = MinHash(num_perm=128, scheme="legacy")
        peer.update_batch([text[i : i + 13].encode() for i in range(len(text) - 12)])
        assert np.array_equal(row, peer.hashvalues)


@pytest.mark.samples
@pytest.mark.parametrize(("permutations", "seed"), [(128, 1), (200, 42)])
def test_fast_signatures_of_real_pages_are_datasketchs_of_the_same_hashes(pages, permutations, seed):
    batch = TextBatch.of(pages)

    found, _ = MinHashKeys("raw", "character", 9, "sha1_32", permutations, seed).signatures(batch)

    spans, offset = character_shingles(batch, 9)
    hashes = (hash_spans(spans) >> np.uint64(32)).astype(np.uint32)
    for d, row in enumerate(found):
        peer = MinHash(num_perm=permutations, seed=seed, hashfunc=int)
        peer.update_batch(hashes[offset[d] : offset[d + 1]].tolist())
        assert np.array_equal(row, peer.hashvalues)


@pytest.mark.samples
def test_signatures_of_real_pages_are_those_of_redpajama(rpv2_rows, wet_texts):
    batch = TextBatch.of([wet_texts[row["text_sha1"]] for row in rpv2_rows])
    family = MinHashKeys("norm_rp", "word", 13, "sha1_32", 128, 42, 14, 9, reference=True)

    found, valid = family.signatures(batch)
    keys = family.keys(batch, pl.DataFrame())

    own = [row.astype(">u4").tobytes().hex() if has_one else None for row, has_one in zip(found, valid, strict=True)]
    assert own == [row["minhash128_be_u32_hex"] for row in rpv2_rows]
    assert np.diff(keys.offset).tolist() == [14 * bool(has_one) for has_one in valid]
