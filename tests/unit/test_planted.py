"""The planted documents of the benchmarks: what is said of them is true, and what bands find of them is counted rightly."""

# pyright: reportMissingImports=false

import sys
from collections import defaultdict
from fractions import Fraction
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

# The benchmarks are programs, not a package.
sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from banding import agreement, connected, probability, signed, theory
from planted import FEWEST, MOST, plant
from variants import EDITS, similarity, text_variants

BANDS, ROWS = 14, 8
SIGN = partial(signed, permutations=BANDS * ROWS)
PLANTED = plant(2000, seed=3, alone=0.6)


def sets_of(planted, documents):
    hashes, offset = planted.shingles(np.asarray(documents))
    return [frozenset(hashes[a:b].tolist()) for a, b in pairwise(offset)]


SETS = sets_of(PLANTED, range(2000))


def slow_jaccard(one, other):
    return Fraction(len(one & other), len(one | other))


def slow_signature(shingles, permutations, seed=42):
    generator = np.random.RandomState(seed)
    factors = (generator.randint(0, 1 << 31, permutations, dtype=np.uint32) * np.uint32(2) + np.uint32(1)).tolist()
    terms = generator.randint(0, 1 << 32, permutations, dtype=np.uint32).tolist()

    def scattered(x):
        x = (x ^ x >> 16) * 0x85EBCA6B % (1 << 32)
        x = (x ^ x >> 13) * 0xC2B2AE35 % (1 << 32)
        return x ^ x >> 16

    values = [scattered(shingle >> 32) for shingle in shingles]
    return [min((a * x + b) % (1 << 32) for x in values) for a, b in zip(factors, terms, strict=True)]


def slow_components(signatures, bands, rows):
    """Bands lead to documents, documents to bands: whatever can be walked to is one component."""
    holders = defaultdict(list)
    for d, row in enumerate(signatures.tolist()):
        for band in range(bands):
            holders[band, tuple(row[band * rows : (band + 1) * rows])].append(d)
    near = defaultdict(set)
    for documents in holders.values():
        for d in documents:
            near[d].update(documents)
    label = [-1] * len(signatures)
    for d in range(len(label)):
        waiting = [d] if label[d] < 0 else []
        while waiting:
            at = waiting.pop()
            if label[at] < 0:
                label[at] = d
                waiting += near[at]
    return label


def test_documents_hold_as_many_shingles_as_is_said_and_no_shingle_twice():
    sizes = np.diff(PLANTED.shingles(np.arange(2000))[1])

    assert [len(shingles) for shingles in SETS] == sizes.tolist()
    assert sizes.min() >= FEWEST
    assert sizes.max() <= MOST


def test_the_stated_similarity_of_each_document_with_its_base_is_exact():
    truth = PLANTED.truth(np.arange(2000))

    exact = [slow_jaccard(SETS[d], SETS[base]) for d, base in enumerate(truth.base)]

    assert [Fraction(int(s), int(u)) for s, u in zip(truth.shared, truth.union, strict=True)] == exact
    members = truth.jaccard[truth.base != np.arange(2000)]
    assert members.min() >= 0.5
    assert np.histogram(members, 5, (0.5, 1.0))[0].min() > members.size / 10


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1999), st.integers(0, 1999)), min_size=1, max_size=50))
def test_the_similarity_of_any_two_documents_is_exact(pairs):
    left, right = np.array(pairs).T

    shared, union = PLANTED.overlap(left, right)

    expected = [slow_jaccard(SETS[a], SETS[b]) for a, b in pairs]
    assert [Fraction(int(s), int(u)) for s, u in zip(shared, union, strict=True)] == expected


def test_all_pairs_of_a_cluster_are_exact_and_other_documents_share_nothing():
    documents, offset = PLANTED.members(0, PLANTED.clusters)

    for first, last in pairwise(offset):
        own = documents[first:last][:12]
        left, right = (part.ravel() for part in np.meshgrid(own, own))
        assert PLANTED.jaccard(left, right).tolist() == [
            float(slow_jaccard(SETS[a], SETS[b])) for a, b in zip(left, right, strict=True)
        ]
    truth = PLANTED.truth(np.arange(2000))
    holders = defaultdict(set)
    for d, shingles in enumerate(SETS):
        for shingle in shingles:
            holders[shingle].add(int(truth.base[d]))
    assert {len(bases) for bases in holders.values()} == {1}


def test_clusters_are_as_planned_and_scattered_over_all_documents():
    planted = plant(100_000, seed=1)

    documents, offset = planted.members(0, planted.clusters)

    sizes = np.diff(offset)
    truth = planted.truth(documents)
    assert sizes[:3].tolist() == [500, 200, 100]
    assert sizes[3:].min() == 2
    assert sizes[3:].max() <= 1000
    assert 0.29 < documents.size / 100_000 <= 0.3
    assert truth.cluster.tolist() == np.repeat(np.arange(planted.clusters), sizes).tolist()
    assert truth.base.tolist() == np.repeat(documents[offset[:-1]], sizes).tolist()
    assert np.unique(documents).size == documents.size
    assert np.histogram(documents, 10, (0, 100_000))[0].min() > 2500
    assert (planted.truth(np.setdiff1d(np.arange(100_000), documents)).cluster == -1).all()


@pytest.mark.parametrize("size", [1, 7, 999, 5000])
def test_batches_of_any_size_give_the_same_documents(size):
    batches = list(PLANTED.batches(size, 100, 1100))

    found = [frozenset(batch.hashes[a:b].tolist()) for batch in batches for a, b in pairwise(batch.offset)]
    assert [batch.first for batch in batches] == list(range(100, 1100, size))
    assert found == SETS[100:1100]


def test_a_seed_gives_the_same_documents_again_and_another_seed_gives_others():
    assert sets_of(plant(2000, seed=3, alone=0.6), [5, 1999]) == [SETS[5], SETS[1999]]
    assert not sets_of(plant(2000, seed=4, alone=0.6), [5])[0] & SETS[5]


@pytest.mark.parametrize("documents", [1, 2, 3, 17, 64, 65])
def test_few_documents_are_shuffled_and_found_again_too(documents):
    planted = plant(documents, seed=5, alone=0.0)

    members, offset = planted.members(0, planted.clusters)

    alone = np.setdiff1d(np.arange(documents), members)
    assert sorted([*members.tolist(), *alone.tolist()]) == list(range(documents))
    assert (np.diff(offset) >= 2).all()
    assert (planted.truth(alone).cluster == -1).all()


def test_signatures_agree_with_their_slow_twin():
    signatures = signed(*PLANTED.shingles(np.arange(5)), 20)

    assert signatures.dtype == np.uint32
    assert signatures.tolist() == [slow_signature(shingles, 20) for shingles in SETS[:5]]


@pytest.mark.parametrize("last", [2000, 1500, 0])
def test_connected_documents_are_those_that_bands_lead_to(last):
    signatures = SIGN(*PLANTED.shingles(np.arange(last)))

    label = connected(PLANTED, SIGN, BANDS, ROWS, last)

    assert label.tolist() == slow_components(signatures, BANDS, ROWS)


def test_theory_adds_up_the_probability_of_each_planted_pair():
    documents, offset = PLANTED.members(0, PLANTED.clusters)
    clusters = [documents[a:b].tolist() for a, b in pairwise(offset)]

    expected = theory(PLANTED, BANDS, ROWS)

    def match(a, b):
        return 1 - (1 - float(slow_jaccard(SETS[a], SETS[b])) ** ROWS) ** BANDS

    pairs = [(a, b) for own in clusters for i, a in enumerate(own) for b in own[i + 1 :]]
    assert expected.pairs == len(pairs)
    assert expected.matches == pytest.approx(sum(match(a, b) for a, b in pairs))
    assert expected.base_pairs == sum(len(own) - 1 for own in clusters)
    assert expected.base_matches == pytest.approx(sum(match(own[0], b) for own in clusters for b in own[1:]))
    assert expected.documents_least <= expected.documents_most <= expected.clustered == documents.size


def test_theory_of_sampled_pairs_is_near_that_of_all():
    planted = plant(3000, seed=2, alone=0.0, huge=(0.3,))

    exact, sampled = theory(planted, BANDS, ROWS), theory(planted, BANDS, ROWS, small=500)

    assert sampled.matches == pytest.approx(exact.matches, rel=0.03)
    assert sampled.base_matches == pytest.approx(exact.base_matches)
    assert sampled.documents_most == pytest.approx(exact.documents_most, rel=0.03)


def test_matches_of_signatures_are_as_many_as_theory_expects():
    planted = plant(40_000, seed=8)
    documents, _ = planted.members(0, planted.clusters)
    truth = planted.truth(documents)
    members = documents != truth.base

    own = SIGN(*planted.shingles(documents[members])).reshape(-1, BANDS, ROWS)
    base = SIGN(*planted.shingles(truth.base[members])).reshape(-1, BANDS, ROWS)

    found = (own == base).all(axis=2).any(axis=1).sum()
    expected = theory(planted, BANDS, ROWS)
    assert expected.base_pairs == members.sum()
    assert found == pytest.approx(expected.base_matches, rel=0.02)


def test_the_probability_of_a_match_is_fineweb_s():
    assert probability(np.array([0.0, 0.8, 1.0]), 14, 8) == pytest.approx([0, 0.924, 1], abs=0.001)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=6, max_size=30))
def test_agreement_counts_pairs_of_documents(labels):
    true, found = np.array(labels).T

    result = agreement(true, found)

    pairs = [(a, b) for i, a in enumerate(labels) for b in labels[i + 1 :]]
    both = sum(a == b for a, b in pairs)
    assert result.pairs == sum(a[0] == b[0] for a, b in pairs)
    assert result.found_pairs == sum(a[1] == b[1] for a, b in pairs)
    assert result.recall == (both / result.pairs if result.pairs else 1)
    assert result.precision == (both / result.found_pairs if result.found_pairs else 1)
    assert result.true_removed == true.size - len(set(true.tolist()))
    assert result.removed == true.size - len(set(found.tolist()))


def test_variants_of_texts_are_edited_as_stated():
    texts = ["word of a text. " * 3 + " ".join(f"w{i}," for i in range(400)), "今天，天气很好。" * 30, ""]

    variants = list(text_variants(texts, seed=1))

    assert variants == list(text_variants(texts, seed=1))
    assert [(v.source, v.edit, v.share) for v in variants] == [(i, *edit) for i in range(3) for edit in EDITS]
    for variant in variants:
        text = texts[variant.source]
        words, own = text.split(), variant.text.split()
        if variant.edit == "copy":
            assert variant.text == text
        elif variant.edit == "marks":
            assert similarity(variant.text, text) == 1
        elif variant.edit == "add":
            assert text in variant.text
            if variant.source == 0:
                assert len(own) - len(words) == round(len(words) * variant.share)
        elif variant.edit == "delete" and variant.source == 0:
            assert len(words) - len(own) == round(len(words) * variant.share)
        elif variant.edit == "substitute" and variant.source == 0:
            changed = sum(a != b for a, b in zip(words, own, strict=True))
            assert abs(changed - len(words) * variant.share) < 5 * (len(words) * variant.share) ** 0.5
