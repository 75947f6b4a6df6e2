"""Main text found through the platform is as good as what the extractors find alone, on pages with a reference text.

Bounds: the F1 that the extractors reach alone on the same pages (trafilatura 2.3.1: 0.924, Resiliparse 2.0.1: 0.895), less what rounding to two digits hides.
"""

import importlib.util
import sys
from pathlib import Path

import pytest

from corpus_platform.extract.extractor import Extractor

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "extraction.py"


@pytest.fixture(scope="module")
def extraction():
    """The benchmark, which holds the measures."""
    spec = importlib.util.spec_from_file_location("benchmark_extraction", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages(extraction, samples):
    return extraction.gold_pages(samples)


@pytest.mark.samples
@pytest.mark.parametrize(
    ("method", "f1", "snippet_accuracy"),
    [pytest.param("trafilatura", 0.92, 0.92, marks=pytest.mark.e2e), ("resiliparse", 0.89, 0.83)],
)
def test_main_text_is_as_good_as_the_extractor_alone(extraction, pages, method, f1, snippet_accuracy):
    with Extractor(method) as extractor:
        scores = extraction.measure(pages, extraction.ours(extractor))

    assert (scores.pages, len(scores.overlaps())) == (295, 145)
    assert round(scores.f1(), 2) >= f1
    assert scores.f1() == pytest.approx({"trafilatura": 0.924, "resiliparse": 0.895}[method], abs=0.004)
    right = scores.snippets["tp"] + scores.snippets["tn"]
    assert round(right / scores.snippets.total(), 2) >= snippet_accuracy


def test_the_measures_are_those_of_the_reference(extraction):
    assert extraction.overlap("", "one two three four five").f1 == 0.0
    assert extraction.overlap("One, two three! FOUR", "one two three four") == (1.0, 1.0, 1.0)
    assert extraction.overlap("one two three four five", "one two three four") == pytest.approx((0.5, 1.0, 2 / 3))
    assert extraction.overlap("渡轮每天早上", "渡轮每天早晨").precision == pytest.approx(2 / 3)
    assert list(extraction.snippet_outcomes("a  b\nc", ["a b", "d"], ["b c", "e"])) == ["tp", "fn", "fp", "tn"]
