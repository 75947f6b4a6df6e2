"""Dolma's taggers against the outputs of dolma 1.2.1 itself on 775 real pages: every score, and every span in its order."""

import gzip
import hashlib
import json

import numpy as np
import orjson
import polars as pl
import pytest

from corpus_platform.signals.dolma import gopher
from corpus_platform.signals.dolma_spans import TAGGERS, tag
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.subject import Subject

pytestmark = pytest.mark.samples

SPAN_TAGGERS = ("c4_v1", "c4_v2", "pii_regex_with_counts_fast_v2", "not_alphanum_paragraph_v1")
SCORE_TAGGERS = (
    "gopher_v1",
    "gopher_v2",
    "char_length_v1",
    "bytes_length_v1",
    "whitespace_tokenizer_v1",
    "uniseg_length_v1",
)


@pytest.fixture(scope="module")
def reference(samples):
    with gzip.open(samples / "expected" / "dolma_taggers.jsonl.gz") as lines:
        return [orjson.loads(line) for line in lines]


@pytest.fixture(scope="module")
def subject(samples, wet_texts, reference):
    """The documents in the order of the reference, judged as Dolma judges them."""
    settings = SignalSettings(compat="reference", lists={"ldnoobw": str(samples / "lists" / "ldnoobw")})
    frame = pl.DataFrame({"text": [wet_texts[row["text_sha1"]] for row in reference]})
    return Subject.of(frame, Environment(settings))


def by_document(spans, n):
    """Spans as the reference has them: for each document, type -> [[start, end, score], ...]."""
    found = [{} for _ in range(n)]
    for document, kind, start, end, score in spans.iter_rows():
        found[document].setdefault(kind, []).append([start, end, score])
    return found


def test_every_tagger_of_the_reference_is_made_here(reference):
    assert set(reference[0]["tags"]) <= set(TAGGERS)


@pytest.mark.parametrize("tagger", SCORE_TAGGERS)
def test_scores_are_those_of_dolma(subject, reference, tagger):
    found = by_document(tag(subject, tagger), len(subject))

    wrong = []
    for row, spans in zip(reference, found, strict=True):
        expected = row["tags"][tagger]
        assert set(spans) == set(expected)
        wrong += [
            (row["url"], kind, spans[kind], score)
            for kind, score in expected.items()
            if spans[kind] != [[0, row["n_chars"], spans[kind][0][2]]] or abs(spans[kind][0][2] - score) > 1e-6
        ]

    assert len(found) == 775
    assert not wrong


@pytest.mark.parametrize("tagger", SPAN_TAGGERS)
def test_spans_are_those_of_dolma_in_their_order(subject, reference, tagger):
    found = by_document(tag(subject, tagger), len(subject))

    for row, spans in zip(reference, found, strict=True):
        expected = row["tags"][tagger]
        assert set(spans) == set(expected)
        for kind, claim in expected.items():
            rounded = [[start, end, round(score, 8)] for start, end, score in spans[kind]]
            assert (len(rounded), rounded[:3]) == (claim["n"], claim["first"])
            exact = hashlib.sha1(json.dumps(spans[kind]).encode()).hexdigest()
            same = {exact, hashlib.sha1(json.dumps(rounded).encode()).hexdigest()}
            assert claim["spans_sha1"] in same


def test_gopher_on_twelve_words_of_which_six_come_twice_is_as_computed_by_hand():
    quantities = gopher(Subject.of(pl.DataFrame({"text": ["a b c d e f a b c d e f"]})), 1)

    assert np.allclose(quantities["fraction_of_characters_in_duplicate_5grams"](), 20 / 40)
    assert np.allclose(quantities["fraction_of_characters_in_most_common_2grams"](), 4 / 12)
