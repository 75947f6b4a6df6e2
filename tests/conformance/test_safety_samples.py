"""The shipped Chinese models on 100 pages of a crawl that is mostly spam, labelled by reading (labels_hplt_zh.tsv).

The classifiers were trained on texts of our own. Which of them to write was decided by looking at pages of this sample too, labelled ones among them,
so these are figures of a development set. `labels_hplt_zh_safety.tsv` has 57 other pages, labelled before anything had scored them. The tables are
printed: run with `-s`.
"""

import gzip
import hashlib
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from corpus_platform.models.shelf import Shipped
from corpus_platform.signals.annotate import annotate
from corpus_platform.signals.environment import Environment

LABELS = Path(__file__).parent / "labels_hplt_zh.tsv"
UNSEEN = Path(__file__).parent / "labels_hplt_zh_safety.tsv"
UNSAFE = ("adult", "gambling")


@pytest.fixture(scope="module")
def scored(samples, model_cache):
    """Every page of the crawl with a label of either list, and what the models say of it."""
    first = pl.read_csv(LABELS, separator="\t").select("text_sha1", "label").unique()
    second = pl.read_csv(UNSEEN, separator="\t")
    with gzip.open(samples / "web/hplt_zh_docs.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = sorted({json.loads(line)["text"] for line in lines})
    frame = pl.DataFrame({"text": texts, "text_sha1": [hashlib.sha1(t.encode()).hexdigest() for t in texts]})
    frame = frame.join(first, on="text_sha1", how="left", maintain_order="left")
    frame = frame.join(second, on="text_sha1", how="left", maintain_order="left").with_columns(language=pl.lit("zh"))
    frame = frame.filter(pl.col("label").is_not_null() | pl.col("unsafe").is_not_null())
    names = ["ml_safety_score", "ml_safety_label", "ml_zh_clean_score"]
    found = annotate(frame, names, Environment(models=Shipped(model_cache)))
    return pl.concat([frame, found], how="horizontal")


@pytest.fixture(scope="module")
def pages(scored):
    return scored.filter(pl.col("label").is_not_null())


def test_pages_that_were_labelled_before_they_were_scored_are_told_about_as_well(scored):
    frame = scored.filter(pl.col("unsafe").is_not_null())

    unsafe, told = frame["unsafe"].to_numpy(), (frame["ml_safety_score"] >= 0.5).to_numpy()
    precision, recall = (unsafe & told).sum() / told.sum(), (unsafe & told).sum() / unsafe.sum()

    print(f"{len(frame)} pages: precision {precision:.3f} recall {recall:.3f}")  # noqa: T201
    assert len(frame) == 57
    assert precision >= 0.75
    assert recall >= 0.65


def test_most_adult_and_gambling_pages_are_told_and_hardly_a_good_one(pages):
    unsafe = pages["label"].is_in(UNSAFE).to_numpy()
    told = (pages["ml_safety_score"] >= 0.5).fill_null(value=False).to_numpy()

    precision, recall = (unsafe & told).sum() / told.sum(), (unsafe & told).sum() / unsafe.sum()
    by_label = {
        label: round(float(told[(pages["label"] == label).to_numpy()].mean()), 3) for label in pages["label"].unique()
    }

    print(f"precision {precision:.3f} recall {recall:.3f}, called unsafe by label: {by_label}")  # noqa: T201
    assert precision >= 0.75
    assert recall >= 0.75
    assert by_label["good"] <= 0.1


def test_the_class_is_mostly_the_one_that_a_reader_sees(pages):
    names = {"adult": "porn", "gambling": "gambling"}
    rows = pages.filter(pl.col("label").is_in(UNSAFE) & (pl.col("ml_safety_score") >= 0.5))

    assert np.mean([label == names[seen] for label, seen in rows.select("ml_safety_label", "label").rows()]) >= 0.75


def test_good_pages_are_cleaner_than_spam(pages):
    median = dict(pages.group_by("label").agg(pl.col("ml_zh_clean_score").median()).iter_rows())

    print({label: round(value, 3) for label, value in median.items()})  # noqa: T201
    assert median["good"] >= 0.8
    assert max(median[label] for label in UNSAFE) <= 0.3
