"""Documents with signals in RedPajama-V2's own JSON."""

import hashlib

import orjson
import polars as pl
import pytest

from corpus_platform.errors import SettingsError
from corpus_platform.signals.annotate import annotate
from corpus_platform.signals.rpv2_json import json_lines

FRAME = pl.DataFrame(
    {
        "text": ["The cat sat.\n\u2022 1 mat", ""],
        "url": ["https://a.example/x", "https://b.example/"],
        "domain": ["a.example", "b.example"],
        "language": ["en", "en"],
        "length": [10, 0],
    }
)
NAMES = [
    "rps_doc_word_count",
    "rps_doc_num_sentences",
    "rps_doc_mean_word_length",
    "rps_lines_num_words",
    "ccnet_length",
]
BULLETS = "rps_lines_start_with_bulletpoint"


def exported(names, **more):
    frame = FRAME.hstack(annotate(FRAME, names))
    return [
        orjson.loads(line)
        for line in json_lines(frame, file="2024-10/0001/en_head.json.gz", snapshot="2024-10", **more)
    ]


def test_a_document_signal_has_one_entry_over_the_whole_text():
    first, second = (line["quality_signals"] for line in exported([*NAMES, "line_ends"]))

    assert first["rps_doc_word_count"] == [[0, 20, 6]]
    assert first["rps_doc_mean_word_length"] == [[0, 20, pytest.approx(14 / 6, abs=1e-8)]]
    assert first["ccnet_length"] == [[0, 20, 10.0]]
    assert second["rps_doc_mean_word_length"] == [[0, 0, None]]


def test_a_line_signal_has_an_entry_for_each_line():
    first, second = (line["quality_signals"] for line in exported(["rps_lines_num_words", BULLETS, "line_ends"]))

    assert first["rps_lines_num_words"] == [[0, 13, 3], [13, 20, 3]]
    assert first[BULLETS] == [[0, 13, 0.0], [13, 20, 1.0]]
    assert second["rps_lines_num_words"] == []
    assert second[BULLETS] == [[0, 0, None]]


def test_whole_scores_stay_whole_and_others_are_floats():
    (line, _) = exported(["rps_doc_word_count", "rps_doc_num_sentences"])

    assert [type(line["quality_signals"][name][0][2]) for name in ("rps_doc_word_count", "rps_doc_num_sentences")] == [
        int,
        float,
    ]


def test_identity_and_metadata_are_made_as_in_the_data_set():
    line = exported(["rps_doc_word_count"], first_row=5)[1]

    assert line["id"] == "2024-10/0001/en_head.json.gz/6"
    assert line["id_int"] == int.from_bytes(hashlib.sha1(line["id"].encode()).digest()[:8], "little")
    assert line["metadata"] == {
        "cc_segment": None,
        "cc_net_source": "2024-10/0001/en_head.json.gz",
        "url": "https://b.example/",
        "source_domain": "b.example",
        "language": "en",
        "snapshot_id": "2024-10",
    }


def test_columns_that_are_no_signals_of_redpajama_are_left_out():
    (line, _) = exported(["rps_doc_word_count", "line_ends"])

    assert list(line["quality_signals"]) == ["rps_doc_word_count"]


def test_line_signals_without_the_ends_of_lines_are_refused():
    with pytest.raises(SettingsError, match="add the signal `line_ends`"):
        exported(["rps_lines_num_words"])
