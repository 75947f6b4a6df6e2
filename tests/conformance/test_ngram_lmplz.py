"""Our estimator against models that KenLM's lmplz made of the same text (Alice's Adventures in Wonderland)."""

import gzip

import orjson
import pytest

from corpus_platform.models.ngram import estimate, lm_score, load

pytestmark = pytest.mark.samples


def arpa_lines(file):
    """(order, words) -> (log10 of the probability, log10 of the back-off), in the file's order."""
    order, found = 0, {}
    for line in file:
        text = line.decode().rstrip("\n")
        if text.endswith("-grams:"):
            order = int(text[1 : -len("-grams:")])
        elif "\t" in text:
            probability, words, *backoff = text.split("\t")
            found[order, words] = (float(probability), float(backoff[0]) if backoff else 0.0)
    return found


@pytest.fixture(scope="module")
def reference(samples):
    return samples / "models" / "ngram"


@pytest.fixture(scope="module", params=[3, 5])
def model(request, reference, tmp_path_factory):
    """(order, report) of a model that we estimated."""
    path = tmp_path_factory.mktemp("lmplz") / "own.arpa"
    return request.param, estimate(
        reference / "train.txt", path, order=request.param, program="own", fallback_discounts=False
    )


def test_ngrams_probabilities_and_back_offs_are_those_of_lmplz(model, reference):
    order, report = model
    with gzip.open(reference / f"lmplz-order{order}.arpa.gz") as file:
        expected = arpa_lines(file)

    with report.path.open("rb") as file:
        found = arpa_lines(file)

    assert list(found) == list(expected)
    worst = max(abs(a - b) for key in expected for a, b in zip(found[key], expected[key], strict=True))
    assert worst < 1e-6


def test_discounts_are_those_that_the_back_offs_of_lmplz_show(model, reference):
    """After a context that only singletons follow, the back-off is the first discount itself."""
    order, report = model
    with gzip.open(reference / f"lmplz-order{order}.arpa.gz") as file:
        expected = arpa_lines(file)

    for size in range(1, order):
        backoffs = {round(10**backoff, 6) for (length, _), (_, backoff) in expected.items() if length == size}
        assert round(report.discounts[size][0], 6) in backoffs


def test_held_out_lines_score_as_under_lmplz(model, reference):
    order, report = model
    lines = [orjson.loads(line) for line in (reference / "heldout_scores.jsonl").read_bytes().splitlines()]
    lines = [line for line in lines if line["order"] == order]

    kenlm_model = load(report.path)

    assert len(lines) == 168
    for line in lines:
        assert lm_score(kenlm_model, line["line"]) == pytest.approx(line["log10"], abs=1e-4)
        assert len(line["line"].split()) + 1 == line["tokens"]
