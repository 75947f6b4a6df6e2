"""Normal form, words and MinHash signatures against the outputs of RedPajama-V2's own code (RedPajama-Data 6d2cee9) on real pages."""

import hashlib

import pytest

from corpus_platform.text.batch import TextBatch
from corpus_platform.text.minhash import bands, signatures
from corpus_platform.text.normalise import norm_rp
from corpus_platform.text.words import whitespace_words

pytestmark = pytest.mark.samples

BANDS = {"0.7": (14, 9), "0.8": (9, 13), "0.9": (5, 25), "1.0": (1, 128)}


@pytest.fixture(scope="module")
def batch(wet_texts, rpv2_rows):
    """The documents in the order of the reference."""
    return TextBatch.of([wet_texts[row["text_sha1"]] for row in rpv2_rows])


@pytest.fixture(scope="module")
def normalised(batch):
    return norm_rp(batch)


@pytest.fixture(scope="module")
def signed(normalised):
    return signatures(whitespace_words(normalised))


def test_normal_forms_and_words_are_those_of_the_reference(rpv2_rows, batch, normalised):
    digests = [hashlib.sha1(normalised.documents.bytes(d)).hexdigest() for d in range(len(normalised))]

    assert batch.characters.tolist() == [row["n_chars"] for row in rpv2_rows]
    assert digests == [row["normalized_sha1"] for row in rpv2_rows]
    assert whitespace_words(normalised).count.tolist() == [row["n_normalized_words"] for row in rpv2_rows]


def test_signatures_are_those_of_the_reference(rpv2_rows, signed):
    found, valid = signed

    own = [row.astype(">u4").tobytes().hex() if has_one else None for row, has_one in zip(found, valid, strict=True)]
    assert own == [row["minhash128_be_u32_hex"] for row in rpv2_rows]
    assert int((~valid).sum()) == 7


@pytest.mark.parametrize("similarity", BANDS)
def test_bands_are_those_of_the_reference(rpv2_rows, signed, similarity):
    found, valid = signed

    cut = bands(found, *BANDS[similarity])

    own = [hashlib.sha1(b"".join(some)).hexdigest() for some, has_one in zip(cut, valid, strict=True) if has_one]
    rows = [row["minhash_bands_sha1"] for row in rpv2_rows if row["minhash128_be_u32_hex"] is not None]
    assert own == [row[f"signature_sim{similarity}"] for row in rows]
