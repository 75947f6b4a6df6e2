"""Explanations on real pages are true: every reason is found again from the text alone, without the code that judged."""

import operator
import random
from pathlib import Path

import polars as pl
import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType

from corpus_platform.recipes.apply import judging
from corpus_platform.recipes.explain import explain
from corpus_platform.recipes.recipe import SYSTEMS, recipe
from corpus_platform.signals.annotate import annotate
from corpus_platform.signals.environment import Environment
from corpus_platform.signals.registry import signals

pytestmark = pytest.mark.samples

PAGES = 50
SIGNS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne}
SUMMARIES = {"mean": lambda x: sum(x) / len(x), "sum": sum, "max": max, "min": min}


@pytest.fixture(scope="module")
def pages(samples):
    """Some pages at random, with the addresses that their records state."""
    rows = []
    for path in sorted(Path(samples / "web").rglob("*.warc.wet.gz")):
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream, record_types=WarcRecordType.conversion):
                url = record.headers.get("WARC-Target-URI")
                rows.append(
                    {"doc_id": f"{path.name}:{record.stream_pos}", "url": url, "text": record.reader.read().decode()}
                )
    assert len(rows) > 700
    return pl.DataFrame(random.Random(7).sample(rows, PAGES))


@pytest.fixture(scope="module")
def known_languages(pages):
    """The pages with their languages, as the lake has them."""
    return pages.hstack(annotate(pages, ["language", "language_score"]))


@pytest.mark.parametrize("name", sorted(path.stem for path in SYSTEMS.glob("*.yaml")))
def test_every_reason_is_found_again_from_the_text(name, known_languages):
    made = recipe(name)

    told = explain(made, known_languages, Environment())

    assert len(told) == PAGES
    for one, page in zip(told, known_languages.iter_rows(named=True), strict=True):
        for outcome in one.outcomes:
            assert [rule.rule for rule in outcome.rules if rule.holds][:1] == ([outcome.rule] if outcome.rule else [])
        if one.dropped and one.dropped.kind == "filter":
            asked = next(rule for rule in one.dropped.rules if rule.rule == one.dropped.rule and rule.holds)
            assert_true(asked, {**page, "text": one.text}, made, edited=one.text != page["text"])


def assert_true(asked, page, made, *, edited):
    """The value is that of this text alone, and the rule holds for it."""
    if asked.value is not None:
        assert holds(asked.value, asked.drop_when, asked.threshold), asked
    if edited and asked.signal in {"language", "language_score"} and asked.value == page[asked.signal]:
        # An edit that takes little leaves a text in its language.
        return
    if asked.signal in signals():
        # An edited text is of the language that it is in now.
        frame = pl.DataFrame([page]).drop(["language", "language_score"] if edited else [])
        [value] = annotate(frame, [asked.signal], judging(made, Environment()))[asked.signal].to_list()
        if asked.lines:
            value = SUMMARIES[asked.lines](value)
        if isinstance(value, str | None):
            assert value == asked.value, asked
        else:
            assert asked.value == pytest.approx(value, rel=1e-9) or asked.value == round(value, 2), asked


def holds(value, sign, threshold):
    if sign in {"in", "not in"}:
        return (value in threshold) == (sign == "in")
    return SIGNS[sign](value, threshold)
