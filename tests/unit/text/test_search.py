import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from texts import batches_of_pages

from corpus_platform.text import unicode
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.lines import kept_lines
from corpus_platform.text.search import (
    contains_any,
    count,
    count_class,
    ends_with_any,
    flags_of,
    starts_with_any,
)

NEEDLES = ["a", "...", "…", "aa", "the", "Σ", "中文", "\r\n", "#"]


@pytest.mark.parametrize("needle", NEEDLES)
@settings(deadline=None, max_examples=40)
@given(texts=batches_of_pages())
@example(["aaaaa", "....", "……..…", "", "中中文"])
def test_a_needle_is_counted_as_python_counts_it(needle, texts):
    assert count(TextBatch.of(texts), needle).tolist() == [text.count(needle) for text in texts]


@settings(deadline=None)
@given(batches_of_pages(), st.lists(st.sampled_from(NEEDLES), max_size=4))
def test_needles_are_found_in_at_the_start_and_at_the_end_as_python_finds_them(texts, needles):
    batch = TextBatch.of(texts)

    assert contains_any(batch, needles).tolist() == [any(needle in text for needle in needles) for text in texts]
    assert starts_with_any(batch, needles).tolist() == [text.startswith(tuple(needles)) for text in texts]
    assert ends_with_any(batch, needles).tolist() == [text.endswith(tuple(needles)) for text in texts]


@pytest.mark.parametrize("search", [lambda batch: count(batch, ""), lambda batch: contains_any(batch, ["a", ""])])
def test_an_empty_needle_is_refused(search):
    with pytest.raises(ValueError, match="an empty text is everywhere"):
        search(TextBatch.of(["a"]))


@settings(deadline=None)
@given(batches_of_pages())
def test_characters_of_a_class_are_counted_in_documents_and_lines(texts):
    batch = TextBatch.of(texts)
    lines, _ = kept_lines(batch)

    assert count_class(batch, unicode.UPPER).tolist() == [sum(map(str.isupper, text)) for text in texts]
    assert count_class(lines, unicode.NUMERIC | unicode.ALPHABETIC).tolist() == [
        sum(c.isnumeric() or c.isalpha() for c in line) for line in lines.strings().to_pylist()
    ]


@settings(deadline=None)
@given(batches_of_pages())
def test_facts_of_some_and_of_all_characters_are_known(texts):
    batch = TextBatch.of(texts)

    some, every = flags_of(batch)

    assert (some & unicode.SPACE != 0).tolist() == [any(map(str.isspace, text)) for text in texts]
    assert (every & unicode.SPACE != 0).tolist() == [all(map(str.isspace, text)) for text in texts]
