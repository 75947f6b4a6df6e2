import dataclasses
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from slow_grams import slow_grams, slow_units
from texts import batches_of_pages, texts

from corpus_platform.dedup import contamination
from corpus_platform.dedup.evidence import spans_of_units
from corpus_platform.errors import CheckFailed, SettingsError
from corpus_platform.text.batch import TextBatch

QUESTION = "Which gas do plants take in from the air when they make sugar in sunlight, and which one do they give off?"
SHORT = "Name the largest planet of our solar system now"
CHINESE = "植物在阳光下制造糖分时从空气中吸收哪一种气体，又放出哪一种气体？"
FILLER = "Some page of the web says something else entirely, and goes on about its day for a while without any harm. "

CUTS = st.sampled_from(
    [(3, "word", "words", 2), (2, "word", "norm_rp", 1), (3, "character", "norm_dt", 2), (2, "word", "raw", 4)]
)
WORDS = st.lists(st.sampled_from(["a", "b", "c", "A.", "中", "文", "😀", "\r\n", "\x00", "\n"]), max_size=9).map(
    " ".join
)


def items_of(texts, *cut, **options):
    names = [f"item{i:02}" for i in range(len(texts))]
    n, unit, form, min_units = cut
    return contamination.TestItems.of(texts, names, n, unit, form, min_units=min_units, **options)


def best_of(own_by_item, grams_of, by):
    """The best of items (id -> set of n-grams): highest score, then most n-grams, then first id."""
    best = None
    for name, own in sorted(own_by_item.items()):
        there = grams_of(name)
        matched = len(own & there)
        if matched:
            score = matched / (len(own | there) if by == "jaccard" else len(own))
            if best is None or (score, matched) > (best[2], best[1]):
                best = (name, matched, score, matched / len(own))
    return best or (None, 0, 0.0, 0.0)


def slow_find(items, documents, cut, by):
    n, unit, form, min_units = cut
    names = {f"item{i:02}": slow_units(text, unit, form) for i, text in enumerate(items)}
    own = {name: set(slow_grams(found, n, min_units)) for name, found in names.items()}
    length = {name: min(len(found), n) for name, found in names.items()}
    own = {name: grams for name, grams in own.items() if grams}
    found = []
    for text in documents:
        there = slow_units(text, unit, form)
        found.append(best_of(own, lambda name, there=there: set(slow_grams(there, length[name], length[name])), by))
    return found


def slow_find_paragraphs(items, documents, cut, by):
    _, unit, form, min_units = cut

    def paragraphs(text):
        cut_lines = (tuple(slow_units(line, unit, form)) for line in text.split("\n"))
        return {line for line in cut_lines if len(line) >= min_units}

    own = {f"item{i:02}": paragraphs(text) for i, text in enumerate(items) if paragraphs(text)}
    return [best_of(own, lambda _, text=text: paragraphs(text), by) for text in documents]


def told(found):
    names = [None if i < 0 else found.ids[i] for i in found.item]
    score = found.share if found.jaccard is None else found.jaccard
    return list(zip(names, found.matched.tolist(), score.tolist(), found.share.tolist(), strict=True))


@pytest.mark.parametrize("by", ["share", "jaccard"])
@settings(deadline=None, max_examples=100)
@given(items=st.lists(WORDS, max_size=5), documents=st.lists(WORDS, max_size=4), cut=CUTS)
@example(items=["a b c a", "a b"], documents=["a b", "a b c a", ""], cut=(3, "word", "words", 2))
def test_the_best_item_is_that_of_the_slow_twin(by, items, documents, cut):
    found = items_of(items, *cut).find(TextBatch.of(documents), by, evidence=False)

    assert told(found) == slow_find(items, documents, cut, by)


@pytest.mark.parametrize("by", ["share", "jaccard"])
@settings(deadline=None, max_examples=100)
@given(items=st.lists(WORDS, max_size=5), documents=st.lists(WORDS, max_size=4), cut=CUTS)
def test_the_best_item_by_whole_paragraphs_is_that_of_the_slow_twin(by, items, documents, cut):
    found = items_of(items, *cut, paragraphs=True).find(TextBatch.of(documents), by)

    assert told(found) == slow_find_paragraphs(items, documents, cut, by)


@settings(deadline=None, max_examples=60)
@given(batches_of_pages(), CUTS, st.booleans())
def test_every_item_is_found_in_itself_or_told_to_be_too_short(pages, cut, paragraphs):
    items = items_of(pages, *cut, paragraphs=paragraphs)

    found = items.find(TextBatch.of(pages))

    searched = [f"item{i:02}" in items.ids for i in range(len(pages))]
    assert sorted([*items.ids, *items.too_short]) == [f"item{i:02}" for i in range(len(pages))]
    assert all(share == 1 for share, use in zip(found.share, searched, strict=True) if use)
    assert ((found.start >= 0) == (found.item >= 0)).all()
    assert all(s < e <= len(t) for s, e, t in zip(found.start, found.end, pages, strict=True) if s >= 0)


@pytest.mark.parametrize("form", ["raw", "lower", "norm_rp", "norm_dt", "words"])
def test_an_item_is_found_in_the_middle_of_a_page_with_its_place(form):
    items = contamination.TestItems.of([QUESTION, SHORT], ["plants", "planet"], form=form)
    page = f"Ünlü café 3.14 😀\r\n{FILLER}\n\n{QUESTION} {FILLER}"

    found = items.find(TextBatch.of([FILLER, page, f"{FILLER}{SHORT}"]))

    span = page[found.start[1] : found.end[1]]
    assert found.frame()["item"].to_list() == [None, "plants", "planet"]
    assert found.share.tolist() == [0, 1, 1]
    assert QUESTION.startswith(span)
    assert span.startswith("Which gas do plants take in from the air when they")
    assert (FILLER + SHORT)[found.start[2] : found.end[2]] == SHORT


def test_chinese_is_found_by_characters_whatever_the_punctuation_and_spaces():
    page = f"前言\n{CHINESE.replace('，', ' ').replace('？', '?')}后记"

    found = [
        contamination.TestItems.of([CHINESE], ["zh"], 13, unit, "words").find(TextBatch.of([page]))
        for unit in ("word", "character")
    ]

    assert [own.share.tolist() for own in found] == [[1.0], [1.0]]
    assert [page[own.start[0] : own.end[0]] for own in found] == [CHINESE[:13]] * 2


def test_punctuation_case_and_line_ends_do_not_hide_an_item():
    items = contamination.TestItems.of([QUESTION], ["plants"])

    found = items.find(TextBatch.of([QUESTION.upper().replace(" ", "\r\n").replace(",", " -- ")]))

    assert found.share.tolist() == [1.0]


def test_half_an_item_has_its_share():
    items = contamination.TestItems.of([" ".join(map(str, range(20)))], ["numbers"])

    found = items.find(TextBatch.of([" ".join(map(str, range(16))) + " and so on"]), "jaccard")

    assert found.matched.tolist() == [4]
    assert found.share.tolist() == [4 / 8]
    assert found.jaccard.tolist() == [4 / (8 + 7 - 4)]


def test_too_short_items_are_told():
    items = contamination.TestItems.of(["one two three", SHORT, "", "八个字也不够"], ["a", "b", "c", "d"])

    assert (items.ids, items.too_short) == (("b",), ("a", "c", "d"))


def test_the_digest_is_of_the_items_and_not_of_their_order():
    one = contamination.TestItems.of([QUESTION, SHORT], ["a", "b"])
    turned = contamination.TestItems.of([SHORT, QUESTION], ["b", "a"])
    others = [
        contamination.TestItems.of([QUESTION, SHORT + "!!"], ["a", "b"], form="raw"),
        contamination.TestItems.of([QUESTION, SHORT + " more"], ["a", "b"]),
        contamination.TestItems.of([QUESTION, SHORT], ["a", "c"]),
        contamination.TestItems.of([QUESTION, SHORT], ["a", "b"], 12),
        contamination.TestItems.of([QUESTION, SHORT, ""], ["a", "b", "c"]),
    ]

    assert one.digest == turned.digest
    assert len({one.digest, *(other.digest for other in others)}) == 6


@pytest.mark.parametrize("paragraphs", [False, True])
def test_a_planted_item_proves_that_the_search_works(paragraphs):
    for cut in ((13, "word", "words", 8), (13, "character", "norm_dt", 8), (5, "word", "raw", 1)):
        items_of([QUESTION, CHINESE, SHORT], *cut, paragraphs=paragraphs).prove()


def test_a_search_that_finds_nothing_is_told():
    deaf = contamination.TestItems.of([QUESTION], ["plants"])
    deaf = dataclasses.replace(deaf, parts=contamination.TestItems.of([CHINESE], ["zh"]).parts)

    with pytest.raises(CheckFailed, match="`plants` was planted in a document and not found"):
        deaf.prove()
    with pytest.raises(CheckFailed, match="all 2 test items are too short"):
        contamination.TestItems.of(["a b", ""], ["a", "b"]).prove()
    with pytest.raises(CheckFailed, match="there are no test items"):
        contamination.TestItems.of([], []).prove()


def test_items_need_ids_of_their_own_and_n_grams_of_some_length():
    with pytest.raises(SettingsError, match="two test items are called `a`"):
        contamination.TestItems.of([QUESTION, SHORT], ["a", "a"])
    with pytest.raises(SettingsError, match="at least 1 unit, not n = 0"):
        contamination.TestItems.of([QUESTION], ["a"], 0)


def test_dolmas_rule_marks_whole_paragraphs_of_more_than_twelve_words():
    items = items_of([f"A short line\n{QUESTION}"], 13, "word", "words", 13, paragraphs=True)
    page = f"{FILLER}\nA short line\n{QUESTION}\nend"

    found = items.find(TextBatch.of([page, FILLER + QUESTION, "A short line"]))

    assert found.share.tolist() == [1, 0, 0]
    assert page[found.start[0] : found.end[0]] == QUESTION


def test_a_frame_says_null_where_nothing_was_found():
    items = contamination.TestItems.of([SHORT], ["planet"])

    frame = items.find(TextBatch.of([SHORT, FILLER])).frame()

    assert frame.rows() == [("planet", 1, 1.0, None, 0, len(SHORT)), (None, 0, 0.0, None, None, None)]
    assert frame.schema["jaccard"] == pl.Float64


@settings(deadline=None, max_examples=60)
@given(st.lists(texts(20), max_size=4), st.integers(0, 8), st.integers(1, 4))
def test_spans_of_raw_characters_are_exact(own, first, count):
    start, end = spans_of_units(own, np.full(len(own), first), np.full(len(own), count), "character", "raw")

    for text, s, e in zip(own, start, end, strict=True):
        units = [c for c in text if c in slow_units(c, "character", "raw")]
        assert slow_units(text[s:e], "character", "raw") == units[first : first + count]


def test_ties_go_to_more_n_grams_and_then_to_the_first_id():
    items = contamination.TestItems.of(["x y z", "a b c", "a b c", "a b c d"], ["0", "2", "1", "3"], 3, min_units=1)

    found = items.find(TextBatch.of(["a b c", "a b c d", "x y z"]))

    assert [found.ids[i] for i in found.item] == ["1", "3", "0"]
    assert not math.isnan(found.share.sum())
