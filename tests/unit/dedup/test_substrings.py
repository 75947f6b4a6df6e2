import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_units import slow_cover, slow_cuts, slow_maximal_repeats, slow_repeated, slow_windows
from texts import texts

from corpus_platform.dedup.substrings import WindowUnits
from corpus_platform.dedup.units import repeated
from corpus_platform.text.batch import TextBatch

NO_COLUMNS = pl.DataFrame()
UNITS = st.sampled_from(["byte", "character", "word", "token"])
SIZES = st.integers(1, 20)

# Few different pieces, so that long rows of them meet again; characters that share bytes but are not equal.
PIECES = [
    "a",
    "b",
    "ab ab ab ab ",
    "the same words again, ",
    "今天",
    "今夊好",
    "é",
    "è",
    "😀",
    "😁",
    "\x00",
    "\r\n",
    " ",
    ".",
]
DOCUMENTS = st.lists(st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | texts(), max_size=4)


def pairs(gone):
    return list(zip(*(places.tolist() for places in gone), strict=True))


def deduplicated(units, documents, policy):
    batch = TextBatch.of(documents)
    gone = repeated(units.keys(batch, NO_COLUMNS), policy)
    return units.remove(batch, *gone), pairs(gone)


def spans_in_characters(documents, cuts):
    """(document, start, end) of cuts that are in bytes."""
    return [
        (d, len(text.encode()[:start].decode()), len(text.encode()[:end].decode()))
        for d, text in enumerate(documents)
        for start, end in cuts[d]
    ]


@settings(deadline=None)
@given(DOCUMENTS, SIZES, UNITS)
def test_what_repeated_windows_cover_is_what_maximal_repeats_cover(documents, n, unit):
    removed, gone = deduplicated(WindowUnits(n, unit), documents, "none")

    covered = slow_maximal_repeats(documents, n, unit)
    assert slow_cover(gone, n, len(documents)) == covered
    cuts = [slow_cuts(text, own, unit) for text, own in zip(documents, covered, strict=True)]
    assert removed.texts.texts.to_list() == [left for _, left in cuts]
    assert removed.spans.rows() == spans_in_characters(documents, [own for own, _ in cuts])
    assert removed.changed.tolist() == [bool(own) for own, _ in cuts]


@settings(deadline=None)
@given(DOCUMENTS, SIZES, UNITS)
def test_the_first_of_equal_windows_stays(documents, n, unit):
    removed, gone = deduplicated(WindowUnits(n, unit), documents, "first")

    expected = slow_repeated([slow_windows(text, n, unit) for text in documents], "first")
    assert gone == expected
    covered = slow_cover(expected, n, len(documents))
    left = [slow_cuts(text, own, unit)[1] for text, own in zip(documents, covered, strict=True)]
    assert removed.texts.texts.to_list() == left
    assert removed.characters_removed.tolist() == [len(a) - len(b) for a, b in zip(documents, left, strict=True)]


@pytest.mark.parametrize("unit", ["byte", "character", "word", "token"])
@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 9, 15, 16, 50, 64, 100])
def test_windows_are_hashed_alike_wherever_they_stand(n, unit):
    rng = np.random.default_rng(n)
    base = "".join(rng.choice(["a", "b ", "今", ".", "é", " x"], 6000))
    shifted = "shift " + base

    one, two = (WindowUnits(n, unit).keys(TextBatch.of([text]), NO_COLUMNS).key for text in (base, shifted))

    moved = two.size - one.size
    assert np.array_equal(one[5:], two[5 + moved :])
    windows = slow_windows(base, n, unit)
    assert len(set(windows)) == np.unique(one).size
    assert len(windows) == one.size


def test_a_passage_of_a_hundred_bytes_is_cut_and_a_shorter_one_is_not():
    rng = np.random.default_rng(2)
    long, short = ("".join(rng.choice(list("abcdefgh "), size)) for size in (120, 97))
    # With the spaces around them, which are equal too, they are of 122 and of 99 bytes.
    documents = [f"one {long} 1 {short} A", f"two {long} 2 {short} B"]

    removed, _ = deduplicated(WindowUnits(100), documents, "first")

    assert removed.texts.texts.to_list() == [documents[0], f"two2 {short} B"]
    assert removed.spans.rows() == [(1, 3, 125)]


def test_a_cut_of_bytes_leaves_characters_whole():
    # 今 (e4 bb 8a) and 仆 (e4 bb 86) begin with the same two bytes, which are repeated and stay.
    removed, gone = deduplicated(WindowUnits(6), ["甲same今", "乙same仆"], "none")

    assert gone == [(0, 3), (1, 3)]
    assert removed.texts.texts.to_list() == ["甲今", "乙仆"]
    assert removed.spans.rows() == [(0, 1, 5), (1, 1, 5)]


def test_a_row_of_dashes_goes_up_to_one_under_first():
    removed, _ = deduplicated(WindowUnits(10), ["-" * 50 + "x"], "first")

    assert removed.texts.texts.to_list() == ["-x"]


def test_windows_of_tokens_do_not_see_white_space_and_take_chinese_characters_one_by_one():
    documents = ["今天 很好,  you know", "昨 今天很好, you\nknow"]

    removed, _ = deduplicated(WindowUnits(7, "token"), documents, "none")

    assert removed.texts.texts.to_list() == ["", "昨 "]


def test_windows_of_different_documents_do_not_join():
    removed, _ = deduplicated(WindowUnits(2, "character"), ["xab", "aby"], "none")

    assert removed.spans.rows() == [(0, 1, 3), (1, 0, 2)]


@pytest.mark.parametrize("unit", ["byte", "word"])
def test_a_window_that_its_document_has_not_is_an_error(unit):
    with pytest.raises(ValueError, match="document 0 of the batch has 2 units, and no unit 2"):
        WindowUnits(2, unit).remove(TextBatch.of(["a.b", "a.b"]), np.array([0]), np.array([2]))


@pytest.mark.parametrize("unit", ["byte", "character", "token"])
def test_short_and_missing_documents_have_no_windows(unit):
    for documents in ([], [""], ["short", ""]):
        removed, gone = deduplicated(WindowUnits(50, unit), documents, "none")

        assert gone == []
        assert removed.texts.texts.to_list() == documents
