"""The recipes for encyclopedias, parallel texts and domains: what they drop, each document with its reason, and what they keep."""

import orjson
import polars as pl
import pytest

from corpus_platform.recipes.apply import apply
from corpus_platform.recipes.files import apply_file
from corpus_platform.recipes.recipe import CLEANING, SYSTEMS, read_recipe
from corpus_platform.signals.environment import Environment

LONG = "Rye is a grass that is grown as a grain, and it is made into bread, beer and whiskey in many countries."
PAIR = f"{LONG}\nDer Roggen ist ein Gras, das als Getreide angebaut wird, und man macht in vielen Ländern Brot, Bier und Whiskey daraus."
CASES = {
    "encyclopedia": [
        (LONG, "Grains", None),
        ("Rye may be:\nRye (grain), which is sown in autumn", "disambiguation", "category_unwanted"),
        ("Rye is a grain.", "Grains", "too_short"),
        (
            "\n".join(["The same row of a broken table"] * 9),
            None,
            "dolma_gopher_v2_fraction_of_characters_in_duplicate_lines_above",
        ),
    ],
    "parallel": [
        (PAIR, "en-de", None),
        ("子曰学而时习之。\n孔子说学了又时常温习。", "lzh-zh", None),
        (f"{LONG}\n{LONG.upper()}", "en-de", "parallel_copied_above"),
        (f"{LONG}\nRoggen", "en-de", "parallel_length_ratio_above"),
        ("no target", "en-de", "parallel_length_ratio_above"),
        (PAIR, "en-fr", "parallel_wrong_languages_above"),
    ],
    "domain": [
        ("下列说法正确的是\nA. 甲\nB. 乙\n答案：A", "exams", None),
        ("1+2=?\n3", "exams", "too_short"),
        ("2019 1,234 5,678\n2020 2,345 6,789\n年份 营收", "finance", "nemo_digit_fraction_above"),
    ],
}


@pytest.mark.parametrize("source", CASES)
def test_cleaning_keeps_what_is_good_and_names_the_rule_for_what_is_not(source):
    frame = pl.DataFrame(
        [{"doc_id": str(i), "text": text, "category": category} for i, (text, category, _) in enumerate(CASES[source])]
    )

    done = apply(read_recipe(CLEANING / f"{source}.yaml"), frame, Environment())

    expected = {str(i): rule for i, (_, _, rule) in enumerate(CASES[source]) if rule}
    assert dict(done.decisions.select("doc_id", "rule").iter_rows()) == expected
    assert done.kept["doc_id"].to_list() == [str(i) for i in range(len(CASES[source])) if str(i) not in expected]


def test_copies_of_a_pair_its_source_or_its_target_go_and_the_layout_stays(tmp_path):
    texts = [
        "Hello.\nBonjour.",
        "hello!\nbonjour",
        "Hello.\nSalut.",
        "Hi.\nBonjour.",
        "Write to a@example.com\nÉcris à a@example.com",
    ]
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(b"".join(orjson.dumps({"id": str(i), "text": text}) + b"\n" for i, text in enumerate(texts)))

    apply_file(
        read_recipe(SYSTEMS / "parallel.yaml"), path, tmp_path / "kept.jsonl", tmp_path / "dropped.jsonl", Environment()
    )

    dropped = [orjson.loads(line) for line in (tmp_path / "dropped.jsonl").read_bytes().splitlines()]
    kept = [orjson.loads(line)["text"] for line in (tmp_path / "kept.jsonl").read_bytes().splitlines()]
    assert {row["id"]: row["step"] for row in dropped} == {"1": "pairs", "2": "sources", "3": "targets"}
    assert kept == ["Hello.\nBonjour.", "Write to <EMAIL>\nÉcris à <EMAIL>"]
