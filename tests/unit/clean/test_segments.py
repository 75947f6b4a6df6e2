"""Segments of bounded length and their runs, against EvalWeb's own loop."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.clean.segments import segments_of


def slow_segments(text, longest):
    found, begin = [], 0
    while begin < len(text):
        end = begin + longest
        if begin + longest < len(text) - 1:
            for i in range(begin + longest - 1, begin, -1):
                if text[i] == "\n":
                    end = i
                    break
                if text[i] in ".?!。！？":
                    end = i + 1
                    break
        found.append(text[begin:end])
        begin = end
    return found


def by_document(texts, longest):
    found = segments_of(pl.Series(texts, dtype=pl.String), longest)
    pieces = [[] for _ in texts]
    for document, start, end, text in zip(found.document, found.start, found.end, found.text, strict=True):
        assert texts[document][start:end] == text
        pieces[document].append(text)
    return pieces


@settings(deadline=None, max_examples=80)
@given(st.lists(st.text(alphabet=st.sampled_from("水火a😀。！.\n"), max_size=60), max_size=5), st.integers(1, 25))
def test_segments_are_those_of_the_plain_loop_and_leave_nothing_out(texts, longest):
    pieces = by_document(texts, longest)

    assert pieces == [slow_segments(text, longest) for text in texts]
    assert ["".join(own) for own in pieces] == texts


def test_a_run_never_goes_on_into_the_next_document():
    found = segments_of(pl.Series(["aabbc", "ddee"]), 2)
    good = np.array([True, True, False, True, True])

    assert found.text.to_list() == ["aa", "bb", "c", "dd", "ee"]
    assert list(found.runs(good)) == [(0, 0, 2), (1, 3, 5)]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.booleans(), max_size=6), max_size=5))
def test_runs_are_maximal(marks):
    found = segments_of(pl.Series(["x" * len(own) for own in marks], dtype=pl.String), 1)
    good = np.array([mark for own in marks for mark in own], bool)

    runs = list(found.runs(good))

    covered = np.zeros(good.size, bool)
    for document, first, last in runs:
        covered[first:last] = True
        assert set(found.document[first:last].tolist()) == {document}
        assert first == 0 or not good[first - 1] or found.document[first - 1] != document
        assert last == good.size or not good[last] or found.document[last] != document
    assert (covered == good).all()
