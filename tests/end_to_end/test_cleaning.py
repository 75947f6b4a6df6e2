"""Cleaning as users have it: workers change nothing, and the English line model tells lines of real kinds apart."""

import numpy as np
import orjson
import pytest

from corpus_platform.engine.settings import engine_from
from corpus_platform.models.shelf import open_model, train_shipped
from corpus_platform.recipes.clean_files import CleanOutputs, clean_file, operator_of, recipe_of
from corpus_platform.signals.environment import Environment
from corpus_platform.sources import plain

pytestmark = pytest.mark.e2e


def test_workers_change_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(plain, "_BATCH_ROWS", 40)
    source, one, two = tmp_path / "in.jsonl", tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    source.write_bytes(b"\n".join(orjson.dumps({"id": i, "text": f"{i} mail me{i}@b.com"}) for i in range(200)))
    recipe = recipe_of([operator_of("remove_emails"), operator_of("remove_emails:replacement=x")])

    serial = clean_file(recipe, source, CleanOutputs(one, tmp_path / "1s.jsonl"), Environment())
    workers = clean_file(
        recipe,
        source,
        CleanOutputs(two, tmp_path / "2s.jsonl"),
        Environment(),
        engine=engine_from("process", workers=2),
    )

    assert one.read_bytes() == two.read_bytes()
    assert (tmp_path / "1s.jsonl").read_bytes() == (tmp_path / "2s.jsonl").read_bytes()
    assert serial == workers
    assert [row.step for row in serial.funnel] == ["remove_emails", "remove_emails_2"]
    assert serial.documents == serial.changed == serial.spans == 200


def test_lines_of_english_that_were_held_back_are_told_apart(tmp_path):
    info = train_shipped("lines/en", tmp_path / "model")
    found = open_model(tmp_path / "model").classify(
        [
            "Home > News > Sport",
            "Save 20% on all shoes today, free shipping!",
            "All rights reserved.",
            "She closed the door behind her.",
        ]
    )

    assert np.mean([one.precision for one in info.classes]) >= 0.85
    assert np.mean([one.recall for one in info.classes]) >= 0.82
    assert next(one.recall for one in info.classes if one.label == "text") >= 0.95
    assert found.labels == ["navigation", "ad", "legal", "text"]
