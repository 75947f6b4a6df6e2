"""The shipped Chinese models on 100 pages of a crawl that is mostly spam, labelled by reading (labels_hplt_zh.tsv).

The classifiers were trained on texts of our own. Which of them to write was decided by looking at pages of this sample too, labelled ones among them,
so these are figures of a development set; the ones of texts that were held back are in the models' rows. The table is printed: run with `-s`.
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
UNSAFE = ("adult", "gambling")


@pytest.fixture(scope="module")
def pages(samples, tmp_path_factory):
    labels = pl.read_csv(LABELS, separator="\t").select("text_sha1", "label").unique()
    with gzip.open(samples / "web/hplt_zh_docs.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = sorted({json.loads(line)["text"] for line in lines})
    frame = pl.DataFrame({"text": texts, "text_sha1": [hashlib.sha1(t.encode()).hexdigest() for t in texts]})
    frame = frame.join(labels, on="text_sha1", how="inner", maintain_order="left").with_columns(language=pl.lit("zh"))
    names = ["ml_safety_score", "ml_safety_label", "ml_zh_clean_score"]
    found = annotate(frame, names, Environment(models=Shipped(tmp_path_factory.mktemp("models"))))
    return pl.concat([frame, found], how="horizontal")


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
