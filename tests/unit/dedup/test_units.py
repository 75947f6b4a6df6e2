import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_units import (
    FORMS,
    slow_line_units,
    slow_repeated,
    slow_sentence_units,
    slow_sentences,
    slow_without_lines,
    slow_without_sentences,
)
from texts import texts

from corpus_platform.dedup.keys import Keys
from corpus_platform.dedup.units import LineUnits, SentenceUnits, repeated
from corpus_platform.text.batch import TextBatch

NO_COLUMNS = pl.DataFrame()

# Few different lines, so that they meet again: equal but for white space, case, digits, wide punctuation; blank in one form or in all.
LINES = [
    "",
    " ",
    "\r",
    "a",
    " A\t",
    "a 1",
    "a 2",
    "今天，好",
    "今天好",
    "。！",
    "--",
    "😀",
    "x\x00",
    "Σ",
    "ς",
    "fifteen letters",
]
BY_LINES = st.lists(st.sampled_from(LINES), max_size=8).map("\n".join) | texts()
SENTENCES = [
    "One. ",
    "Two!\n",
    "one. ",
    "3.14 is it? ",
    "今天很好。",
    "明天好！",
    "今天好？",
    "... ",
    "\n",
    "  ",
    "x",
    "😀。",
    "\x00.\r\n",
]
BY_SENTENCES = st.lists(st.sampled_from(SENTENCES), max_size=10).map("".join) | texts()
POLICIES = st.sampled_from(["first", "none"])


def pairs(gone):
    return list(zip(*(places.tolist() for places in gone), strict=True))


def deduplicated(units, documents, policy="first", **asked):
    """What becomes of the documents, with the units that went."""
    batch = TextBatch.of(documents)
    gone = repeated(units.keys(batch, NO_COLUMNS), policy)
    return units.remove(batch, *gone, **asked), pairs(gone)


def texts_of(removed):
    return removed.texts.texts.to_list()


def tells_the_truth(removed, documents, gone):
    """Do spans, counts and marks say what happened to the texts."""
    left = texts_of(removed)
    for d, text in enumerate(documents):
        kept, at, spans = "", 0, removed.spans.filter(pl.col("document") == d)
        for _, start, end in spans.iter_rows():
            assert at <= start < end
            kept, at = kept + text[at:start], end
        assert kept + text[at:] == left[d]
    assert removed.changed.tolist() == [text != now for text, now in zip(documents, left, strict=True)]
    sizes = [len(text) - len(now) for text, now in zip(documents, left, strict=True)]
    assert removed.characters_removed.tolist() == sizes
    assert removed.units_removed.tolist() == [sum(d == own for own, _ in gone) for d in range(len(documents))]
    return True


@settings(deadline=None)
@given(
    st.lists(BY_LINES, max_size=5), st.sampled_from(sorted(FORMS)), st.sampled_from([0, 2, 15]), st.booleans(), POLICIES
)
def test_line_dedup_agrees_with_its_slow_twin(documents, form, shortest, blank, policy):
    removed, gone = deduplicated(LineUnits(form, shortest, blank), documents, policy)

    units = [slow_line_units(text, form, shortest, blank) for text in documents]
    assert gone == slow_repeated([[f for _, f in own] for own in units], policy)
    lines = [{units[d][i][0] for e, i in gone if e == d} for d in range(len(documents))]
    assert texts_of(removed) == [slow_without_lines(*both, blank) for both in zip(documents, lines, strict=True)]
    assert tells_the_truth(removed, documents, gone)


@settings(deadline=None)
@given(st.lists(BY_SENTENCES, max_size=5), st.sampled_from(sorted(FORMS)), st.integers(1, 4), POLICIES)
def test_sentence_dedup_agrees_with_its_slow_twin(documents, form, n, policy):
    removed, gone = deduplicated(SentenceUnits(n, form), documents, policy)

    units = [slow_sentence_units(text, n, form) for text in documents]
    assert gone == slow_repeated([[joined for _, joined in own] for own in units], policy)
    sentences = [{units[d][i][0] + k for e, i in gone if e == d for k in range(n)} for d in range(len(documents))]
    assert texts_of(removed) == [slow_without_sentences(*both) for both in zip(documents, sentences, strict=True)]
    assert tells_the_truth(removed, documents, gone)


@settings(deadline=None)
@given(st.lists(BY_SENTENCES | BY_LINES, max_size=5), st.sampled_from([LineUnits("lower"), SentenceUnits(2, "raw")]))
def test_a_text_has_the_same_keys_in_any_batch(documents, units):
    together = units.keys(TextBatch.of(documents), NO_COLUMNS)

    for d, text in enumerate(documents):
        alone = units.keys(TextBatch.of([text]), NO_COLUMNS).key
        assert together.key[together.offset[d] : together.offset[d + 1]].tolist() == alone.tolist()


@settings(deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 6), max_size=6), max_size=6),
    POLICIES,
    st.integers(2, 4),
    st.sampled_from([1, 64, 1 << 20]),
)
def test_repeated_keys_are_those_of_a_counter_whatever_the_memory(documents, policy, at_least, memory):
    key = np.array([one for own in documents for one in own], np.uint64) * np.uint64(0x2492492492492492)
    offset = np.cumsum([0, *map(len, documents)])

    gone = repeated(Keys(key, offset), policy, at_least=at_least, memory=memory)

    assert pairs(gone) == slow_repeated(documents, policy, at_least)
    assert [places.dtype for places in gone] == [np.int64, np.int64]


def test_c4_keeps_the_first_of_equal_lines_and_joins_what_is_left():
    removed, _ = deduplicated(LineUnits("stripped_lower"), ["Home\n\nAbout us\nnews", " home \nElse\nABOUT US"])

    assert texts_of(removed) == ["Home\n\nAbout us\nnews", "Else"]
    assert removed.spans.rows() == [(1, 0, 7), (1, 11, 20)]


def test_blank_lines_are_never_compared():
    removed, gone = deduplicated(LineUnits("norm_cc"), ["a\n\n。\nb", "c\n \n！\n\nd"], "none")

    assert gone == []
    assert not removed.changed.any()


def test_a_document_of_which_only_blank_lines_would_be_left_is_empty():
    removed, _ = deduplicated(LineUnits("raw"), ["\nsame\n \n", "same", "\n\n"], "none")

    assert texts_of(removed) == ["", "", "\n\n"]
    assert removed.changed.tolist() == [True, True, False]


def test_template_lines_are_long_and_frequent():
    batch = TextBatch.of([f"Subscribe to our news\nshort\nonly here {i:020}" for i in range(10)])
    units = LineUnits("stripped", shortest=15)
    keys = units.keys(batch, NO_COLUMNS)

    removed = units.remove(batch, *repeated(keys, "none", at_least=10))

    assert texts_of(removed) == [f"short\nonly here {i:020}" for i in range(10)]
    assert repeated(keys, "none", at_least=11)[0].size == 0


def test_a_span_of_three_sentences_takes_all_of_them_out():
    shared = "This is one. This is two! Is this three? "
    documents = [f"First. {shared}The end.", f"Other start. {shared}", f"Two of them: {shared[13:]}"]

    removed, gone = deduplicated(SentenceUnits(), documents)

    assert gone == [(1, 1)]
    assert texts_of(removed) == [documents[0], "Other start.", documents[2]]
    assert removed.units_removed.tolist() == [0, 1, 0]


def test_chinese_sentences_need_no_space_between_them():
    removed, _ = deduplicated(
        SentenceUnits(), ["甲。今天很好。我们去公园！你去吗？乙。", "丙。今天很好！我们去公园。你去吗？丁。"]
    )

    assert slow_sentences("今天很好。我们") == [(0, 5), (5, 7)]
    assert texts_of(removed)[1] == "丙。丁。"


def test_words_and_sentences_that_are_left_are_counted_when_asked():
    documents = ["One two three. 今天好。\n\nsame line", "same line"]

    asked, _ = deduplicated(LineUnits("raw"), documents, "none", count_words=True, count_sentences=True)
    unasked, _ = deduplicated(LineUnits("raw"), documents, "none")

    assert asked.words_left.tolist() == [8, 0]
    assert asked.sentences_left.tolist() == [2, 0]
    assert (unasked.words_left, unasked.sentences_left) == (None, None)


@pytest.mark.parametrize("units", [LineUnits("norm_dt"), SentenceUnits(1)])
def test_a_unit_that_its_document_has_not_is_an_error(units):
    with pytest.raises(ValueError, match="document 1 of the batch has 2 units, and no unit 2"):
        units.remove(TextBatch.of(["a.", "b.\nc."]), np.array([0, 1]), np.array([0, 2]))


@pytest.mark.parametrize("units", [LineUnits(), SentenceUnits()])
def test_a_batch_without_documents_has_no_units(units):
    removed, gone = deduplicated(units, [], count_words=True, count_sentences=True)

    assert gone == []
    assert len(removed.texts) == 0
    assert removed.spans.schema == {"document": pl.Int64, "start": pl.Int64, "end": pl.Int64}
