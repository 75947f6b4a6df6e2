from collections import Counter

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpus_platform.text.batch import totals
from corpus_platform.text.hashing import hash_texts
from corpus_platform.text.repeats import first_place, members, occurrences, repeats


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcdef") | st.text("xyz"))))
@example([[], ["a", "a"], []])
def test_repeats_are_those_of_a_set_for_each_document(documents):
    hashes = hash_texts([line for lines in documents for line in lines])
    offset = np.cumsum([0, *map(len, documents)])

    expected = [[line in lines[:i] for i, line in enumerate(lines)] for lines in documents]
    assert repeats(hashes, offset).tolist() == [flag for flags in expected for flag in flags]
    assert occurrences(hashes, offset).tolist() == [Counter(lines)[line] for lines in documents for line in lines]
    assert first_place(hashes, offset).tolist() == [
        first + lines.index(line) for first, lines in zip(offset, documents, strict=False) for line in lines
    ]


@settings(deadline=None)
@given(st.lists(st.text("abc", max_size=3)), st.lists(st.text("abc", max_size=3)))
def test_members_are_those_of_a_set(texts, wanted):
    found = members(hash_texts(texts), hash_texts(wanted))

    assert found.tolist() == [text in wanted for text in texts]


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(-5, 5))))
def test_values_are_added_up_by_document(documents):
    values = [value for own in documents for value in own]
    offset = np.cumsum([0, *map(len, documents)])

    assert totals(np.array(values, np.int32), offset).tolist() == list(map(sum, documents))
    assert totals(np.array(values, np.float64), offset).tolist() == list(map(sum, documents))
    assert totals(np.array(values) > 0, offset).tolist() == [sum(value > 0 for value in own) for own in documents]
