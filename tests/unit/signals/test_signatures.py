"""MinHash signatures in RedPajama-V2's bands."""

import hashlib

import numpy as np
import polars as pl
import pytest

from corpus_platform.signals.annotate import annotate
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.signatures import BANDS, banded

NAMES = [f"minhash_signature_{similarity}" for similarity in BANDS]
TWENTY = " ".join(f"w{i}" for i in range(20))


def signed(documents, compat="sane"):
    frame = pl.DataFrame({"text": documents}, schema={"text": pl.String})
    return annotate(frame, NAMES, Environment(SignalSettings(compat=compat)))


def test_the_reference_has_the_golden_first_values():
    row = signed([TWENTY], "reference").row(0)

    assert [column[0][:8].hex() for column in row] == ["065b50e50e313927"] * 4


@pytest.mark.parametrize("compat", ["sane", "reference"])
def test_columns_are_cut_from_one_signature(compat):
    row = signed([TWENTY], compat).row(0, named=True)
    whole = row["minhash_signature_1.0"][0]

    for similarity, (bands, rows) in BANDS.items():
        own = row[f"minhash_signature_{similarity}"]
        assert [len(band) for band in own] == [4 * rows] * bands
        assert b"".join(own) == whole[: 4 * bands * rows]


@pytest.mark.parametrize("compat", ["sane", "reference"])
def test_twelve_words_have_no_signature_and_thirteen_have_one(compat):
    words = TWENTY.split()
    found = signed([" ".join(words[:12]), " ".join(words[:13]), ""], compat)

    assert [column.is_null().to_list() for column in found] == [[True, False, True]] * 4


def test_the_two_base_hashes_differ():
    assert signed([TWENTY]).row(0) != signed([TWENTY], "reference").row(0)


def test_case_and_punctuation_do_not_matter():
    assert signed([TWENTY]).row(0) == signed([TWENTY.upper().replace(" ", ", ") + "!"]).row(0)


def test_chinese_without_spaces_has_a_signature_unless_the_reference_is_asked_for():
    text = "今天天气很好，我们一起去公园散步吧。"

    assert signed([text])["minhash_signature_0.8"].null_count() == 0
    assert signed([text], "reference")["minhash_signature_0.8"].null_count() == 1


def test_near_duplicates_share_a_band_and_strangers_do_not():
    words = [hashlib.md5(str(i).encode()).hexdigest()[:6] for i in range(400)]
    near = [*words[:300], "other", *words[301:]]
    strangers = [word[::-1] for word in words]

    bands = [
        set(enumerate(row)) for row in signed([" ".join(w) for w in (words, near, strangers)])["minhash_signature_0.7"]
    ]

    assert bands[0] & bands[1]
    assert not bands[0] & bands[2]


def test_bands_are_rows_of_bytes_and_null_where_there_is_no_signature():
    signature = np.arange(12, dtype=">u4").reshape(2, 6)

    found = pl.Series(banded(signature, np.array([False, True]), 2, 3))

    assert found.to_list() == [None, [signature[1, :3].tobytes(), signature[1, 3:].tobytes()]]
