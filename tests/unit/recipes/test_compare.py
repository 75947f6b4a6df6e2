"""Two recipes side by side, and the overlap of many."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.recipes.apply import DECISION_SCHEMA
from corpus_platform.recipes.compare import compare, overlap


def ids(*names):
    return pl.Series("doc_id", names, pl.String)


def dropped(*rows):
    return pl.DataFrame([(*row, None, None, None) for row in rows], DECISION_SCHEMA, orient="row")


def test_documents_are_of_both_of_one_only_or_of_neither():
    compared = compare(ids("a", "b", "c"), ids("b", "d"), dropped(), dropped(), documents=10)

    assert compared.both.to_list() == ["b"]
    assert compared.only_a.to_list() == ["a", "c"]
    assert compared.only_b.to_list() == ["d"]
    assert compared.neither == 6
    assert compared.jaccard == 0.25


def test_the_reason_is_the_rule_of_the_recipe_that_dropped_the_document():
    compared = compare(
        ids("a", "b", "c"),
        ids("d"),
        dropped(("d", "language", "not_wanted")),
        dropped(("a", "c4", "too_few"), ("b", "c4", "too_few"), ("x", "c4", "curly")),
    )

    assert compared.reasons.rows() == [
        ("a", "c4", "too_few", 2),
        ("a", None, None, 1),
        ("b", "language", "not_wanted", 1),
    ]


def test_there_are_at_most_so_many_examples_of_each_reason():
    gone = [(f"d{i}", "c4", "too_few") for i in range(9)]

    compared = compare(ids(*(row[0] for row in gone)), ids(), dropped(), dropped(*gone), examples=2)

    assert compared.examples.select("kept_by", "doc_id", "rule").rows() == [
        ("a", "d0", "too_few"),
        ("a", "d1", "too_few"),
    ]


def test_nothing_compared_with_nothing_is_nothing():
    compared = compare(ids(), ids(), dropped(), dropped())

    assert (compared.jaccard, compared.neither) == (None, None)
    assert compared.reasons.height == 0


def test_the_overlap_has_the_sizes_on_its_diagonal_and_shares_of_the_first_beside_it():
    found = overlap({"one": ids("a", "b", "c", "c"), "two": ids("b"), "none": ids()})

    assert found.names == ("one", "two", "none")
    assert found.documents.tolist() == [[3, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert np.allclose(found.share[:2], [[1, 1 / 3, 0], [1, 1, 0]])
    assert np.isnan(found.share[2]).all()
    assert found.table().filter(pl.col("a") == "two").rows()[0] == ("two", "one", 1, 1.0, 1 / 3)


def test_the_overlap_of_no_corpora_is_empty():
    assert overlap({}).documents.shape == (0, 0)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sets(st.sampled_from("abcdefgh")), min_size=1, max_size=4))
def test_the_overlap_counts_what_sets_have_in_common(sets):
    found = overlap({str(i): ids(*sorted(members)) for i, members in enumerate(sets)})

    assert found.documents.tolist() == [[len(a & b) for b in sets] for a in sets]
