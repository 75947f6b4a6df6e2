import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow import slow_paragraph_hash
from slow_paragraphs import slow_keep, slow_repeated, slow_set
from texts import texts

from corpus_platform.dedup.paragraphs import keep_lines, long_enough, paragraph_hashes, repeated
from corpus_platform.dedup.sorted_sets import FlaggedHashes, HashLookup
from corpus_platform.text.batch import TextBatch

NONE = np.empty(0, np.uint64)

# Few different lines, so that they meet again: equal, equal but for digits, for case, for wide punctuation; empty; Chinese.
LINES = ["", " ", "a", "A", "a 1", "a 2", "今天，好", "今天好", "b", "c", "d", "Σ", "ς"]
DOCUMENTS = st.lists(st.sampled_from(LINES), min_size=1, max_size=8).map("\n".join) | texts()
GROUPS = st.lists(st.lists(DOCUMENTS, max_size=5), min_size=1, max_size=4)


def hash_set(documents, batch_size=2):
    """The set of some documents, taken as a stream of batches."""
    hashes = FlaggedHashes()
    for i in range(0, len(documents), batch_size):
        hashes.add(*paragraph_hashes(TextBatch.of(documents[i : i + batch_size])))
    distinct, flags = hashes.finish()
    return pl.DataFrame({"hash": distinct, "in_two_documents": flags})


def merged(sets, memory=1 << 30):
    chunks = list(repeated(sets, memory))
    return np.concatenate(chunks) if chunks else NONE


def kept(documents, hashes):
    batch = TextBatch.of(documents)
    return keep_lines(batch, paragraph_hashes(batch)[0], hashes).frame()


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("  Hello, World 2023!  ", 1714268150457487379),
        ("今天，2023年。", 1375768221662427894),
        ("Été — nº 5", 14303448361722280804),
        ("", 957977401221134810),
    ],
)
def test_a_paragraph_hash_has_its_golden_value(line, value):
    hashes, document_line = paragraph_hashes(TextBatch.of([line]))

    assert hashes.dtype == np.uint64
    assert hashes.tolist() == [value]
    assert document_line.tolist() == [0, 1]


@settings(deadline=None)
@given(GROUPS)
def test_deduplication_agrees_with_its_slow_twin(group):
    sets = [hash_set(documents) for documents in group]

    hashes = merged(sets)

    slow_sets = [slow_set(documents) for documents in group]
    assert [dict(one.iter_rows()) for one in sets] == slow_sets
    assert hashes.tolist() == sorted(slow_repeated(slow_sets))
    for documents in filter(None, group):
        frame = kept(documents, hashes)
        expected = [slow_keep(text, set(hashes.tolist())) for text in documents]
        assert frame["line_ids"].to_list() == [ids for ids, _ in expected]
        assert frame["text"].to_list() == [text for _, text in expected]
        assert frame["nlines"].to_list() == [len(ids) for ids, _ in expected]
        assert frame["length"].to_list() == [len(text) for _, text in expected]


@settings(deadline=None)
@given(st.lists(DOCUMENTS, min_size=1, max_size=8), st.randoms(use_true_random=False), st.integers(1, 4))
def test_neither_order_nor_grouping_of_files_changes_what_is_repeated(documents, random, batch_size):
    shuffled = random.sample(documents, len(documents))
    cuts = sorted(random.choices(range(len(documents) + 1), k=2))
    groups = [shuffled[: cuts[0]], shuffled[cuts[0] : cuts[1]], shuffled[cuts[1] :]]

    hashes = merged([hash_set(group, batch_size) for group in groups], memory=1000)

    assert hashes.tolist() == merged([hash_set(documents)]).tolist()


def test_a_line_twice_in_one_document_keeps_its_first_and_removes_nothing_elsewhere():
    documents = ["twice\nonly here\ntwice", "another"]

    frame = kept(documents, merged([hash_set(documents)]))

    assert frame["line_ids"].to_list() == [[0, 1], [0]]
    assert frame["text"].to_list() == ["twice\nonly here", "another"]


def test_a_line_of_two_documents_goes_from_both():
    one, two = ["same line\nfirst"], ["second\nSame Line"]

    hashes = merged([hash_set(one), hash_set(two)])

    assert kept(one, hashes)["text"].to_list() == ["first"]
    assert kept(two, hashes)["text"].to_list() == ["second"]


def test_lines_that_differ_in_digits_or_wide_punctuation_are_the_same():
    documents = ["第1章，开始\nx", "第２章开始\ny"]

    frame = kept(documents, merged([hash_set(documents)]))

    assert frame["text"].to_list() == ["x", "y"]


def test_a_document_may_lose_all_its_lines():
    documents = ["same", "same"]
    batch = TextBatch.of(documents)

    left = keep_lines(batch, paragraph_hashes(batch)[0], merged([hash_set(documents)]))

    assert left.nlines.tolist() == [0, 0]
    assert left.frame().select("text", "length").rows() == [("", 0), ("", 0)]


def test_removed_lines_are_counted_by_cause():
    batch = TextBatch.of(["g\na\na\nb", "c"])
    repeated_hashes = np.array([slow_paragraph_hash("g")], np.uint64)

    left = keep_lines(batch, paragraph_hashes(batch)[0], repeated_hashes)

    assert left.nlines.tolist() == [2, 1]
    assert left.repeated_in_group.tolist() == [1, 0]
    assert left.repeated_in_document.tolist() == [1, 0]


def test_a_line_whose_hash_is_zero_goes():
    batch = TextBatch.of(["a\nb"])

    left = keep_lines(batch, np.array([0, 7], np.uint64), HashLookup.of(NONE))

    assert left.keep.tolist() == [False, True]


def test_the_frame_has_the_types_of_the_table():
    frame = kept(["a\nb", "é"], NONE)

    assert frame.schema == {"text": pl.String, "nlines": pl.Int32, "length": pl.Int32, "line_ids": pl.List(pl.Int32)}


def test_documents_are_long_enough_from_300_code_points_on():
    batch = TextBatch.of(["文" * 299, "文" * 300, "a" * 299 + "\n"])

    assert long_enough(batch).tolist() == [False, True, True]


def test_a_batch_without_documents_keeps_nothing():
    batch = TextBatch.of([])

    left = keep_lines(batch, paragraph_hashes(batch)[0], NONE)

    assert left.frame().height == 0
