"""Corpora compared by n-gram models: figures that are known beforehand, no order matters, no held-out text is a copy of a training text."""

import random
from types import SimpleNamespace
from typing import Any

import orjson
import polars as pl
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from corpus_platform.analytics.compare_corpora import _Sample, compare
from corpus_platform.analytics.compare_page import compare_page
from corpus_platform.analytics.comparison import CompareSettings, Text
from corpus_platform.analytics.corpus_texts import texts_of
from corpus_platform.cli import app
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.lake import Lake, table

FARM, CITY = (
    ["barn", "meadow", "tractor", "orchard", "cattle", "pond"],
    ["tram", "office", "tower", "crossing", "market", "station"],
)
SMALL = CompareSettings(vocabulary=120, resamples=100)


def texts(words, seed, n=160, source="s", language: str | None = "en"):
    draw = random.Random(seed)
    return [Text(" ".join(draw.choice(words) for _ in range(60)), source, language) for _ in range(n)]


@pytest.fixture(scope="module")
def found():
    farm, city = texts(FARM, 1), texts(CITY, 2, source="t", language=None)
    return compare({"farm": farm, "city": city, "both": [*farm[:80], *city[:80]]}, SMALL)


def test_words_that_are_drawn_evenly_from_six_have_a_perplexity_of_about_six(found):
    own = found.at("farm", ("farm", None, None))

    assert 6.0 < own.perplexity_per_word < 7.2
    assert own.low <= own.bits_per_byte <= own.high
    assert own.perplexity_per_byte == pytest.approx(2**own.bits_per_byte)


def test_a_corpus_foretells_its_own_kind_and_one_of_both_kinds_foretells_both(found):
    farm, city, both = ("farm", None, None), ("city", None, None), ("both", None, None)

    assert found.best(farm) <= {"farm", "both"}
    assert found.best(both) == {"both"}
    assert found.at("city", farm).bits_per_byte > 2 * found.at("both", farm).bits_per_byte
    assert found.at("farm", city).bits_per_byte > 2 * found.at("both", city).bits_per_byte


def test_every_model_sees_equally_many_tokens(found):
    assert {one.tokens for one in found.corpora} == {found.tokens}
    assert found.tokens >= 1_000
    assert all(one.trained + one.held_out <= one.documents for one in found.corpora)


def test_figures_are_by_source_and_language_which_is_found_where_it_is_not_said(found):
    sets = found.sets()

    assert ("farm", "s", "en") in sets
    assert next(of for of in sets if of[0] == "city") == ("city", None, None)
    assert sum(found.at("farm", of).documents for of in sets if of[0] == "farm" and of[1]) == found.corpora[0].held_out
    assert all(language for _, source, language in sets if source)
    assert all(found.at("farm", of).documents >= 5 for of in sets if of[1])


def test_no_order_of_texts_changes_a_figure():
    farm, city = texts(FARM, 1, n=60), texts(CITY, 2, n=60)
    mixed = random.Random(7).sample(farm, len(farm))

    assert compare({"a": farm, "b": city}, SMALL) == compare({"a": mixed, "b": city[::-1]}, SMALL)


def test_no_held_out_text_is_a_copy_of_a_training_text_of_any_corpus():
    farm, city = texts(FARM, 1), texts(CITY, 2)
    samples = [
        _Sample.of("a", [*farm, *farm], SMALL),
        _Sample.of("b", [*city, *farm[::2], Text(farm[0].text.replace(" ", "\n"))], SMALL),
    ]
    held = {text.text for sample in samples for text in sample.held_out}

    assert held
    assert not held & {text for sample in samples for text in sample.training}
    assert len(samples[0].held_out) == len({text.text for text in samples[0].held_out})
    assert len(samples[0].training) == 2 * len(set(samples[0].training))


def test_more_tokens_only_add_texts_and_memory_is_bounded_by_them():
    farm = texts(FARM, 1)
    few, many = (_Sample.of("a", farm, CompareSettings(tokens=n)).training for n in (1_000, 2_000))

    assert many[: len(few)] == few
    assert len(few) < len(many) < len(farm)
    assert sum(map(len, few[:-1])) < 8_000


def test_letters_that_no_piece_has_are_foretold_as_bytes():
    odd = [Text(f"\N{CUNEIFORM SIGN A}{i} barn") for i in range(60)]

    made = compare({"a": texts(FARM, 1, n=60), "b": [*texts(CITY, 2, n=60), *odd]}, SMALL)

    assert all(0 < cell.bits_per_byte < 40 for cell in made.cells)


def test_what_can_t_be_compared_is_told():
    farm = texts(FARM, 1, n=60)

    with pytest.raises(SettingsError, match="needs two corpora or more; a was named"):
        compare({"a": farm}, SMALL)
    with pytest.raises(SourceError, match="a: none of its 1 documents is held out"):
        compare({"a": farm[:1], "b": farm}, CompareSettings(held_out=1e-9))
    with pytest.raises(SourceError, match=r"has [\d,]+ tokens to train on, and 900,000 are needed"):
        compare({"a": farm, "b": texts(CITY, 2, n=60)}, SMALL.model_copy(update={"tokens": 900_000}))


def test_the_page_has_the_matrix_with_names_as_text_and_the_limits(found):
    named = compare({"<b>farm</b>": texts(FARM, 1, n=60), "city": texts(CITY, 2, n=60)}, SMALL)

    page, other = compare_page(named), compare_page(found)

    assert "<b>farm</b>" not in page
    assert "&lt;b&gt;farm&lt;/b&gt;" in page
    assert page.count('class="heat') == 4
    assert "By source and language" in other
    assert all(limit[:30] in other for limit in found.limits)
    assert "<script" not in page


def test_the_command_compares_files(tmp_path):
    for name, words, seed in (("farm", FARM, 1), ("city", CITY, 2)):
        rows = [{"text": one.text, "source": "s", "language": "en"} for one in texts(words, seed, n=160)]
        (tmp_path / f"{name}.jsonl").write_bytes(b"\n".join(map(orjson.dumps, rows)))
    files = [str(tmp_path / "farm.jsonl"), f"town={tmp_path / 'city.jsonl'}"]

    told = CliRunner().invoke(app, ["compare", *files, "--html", str(tmp_path / "page.html")])
    figures = CliRunner().invoke(app, ["compare", *files, "--json"])

    made = orjson.loads(figures.stdout)
    assert told.exit_code == figures.exit_code == 0, told.output
    assert "model of" in told.stdout
    assert "An n-gram model is no training run" in told.stdout
    assert (tmp_path / "page.html").read_text().startswith("<!DOCTYPE html>")
    assert [one["name"] for one in made["corpora"]] == ["farm", "town"]
    assert len(made["cells"]) == 8
    with pytest.raises(SettingsError, match="is named twice"):
        CliRunner().invoke(app, ["compare", files[0], files[0]], catch_exceptions=False)


def test_texts_of_a_table_come_with_source_and_language_of_rows_or_of_the_partition(tmp_path):
    lake = Lake(tmp_path / "lake")
    where = {"variant": "wet", "snapshot": "CC-MAIN-2024-10"}
    place = {"doc_id": "a" * 32, "file_index": 0, "position": 0, "shard": 0, "file": "f"}
    commit_row(lake, "corpora.mine", where, {**place, "source": "s", "text": "中文", "language": "zh", "edited": False})

    def home() -> Any:
        return SimpleNamespace(lake=lake)

    assert list(texts_of("corpora/mine", home)) == [Text("中文", "s", "zh")]
    with pytest.raises(
        SettingsError, match=r"`corpora/mime` is neither a file nor a table of documents, nearest is `corpora.mine`"
    ):
        list(texts_of("corpora/mime", home))
    with pytest.raises(SourceError, match=r"web\.pages has no documents yet"):
        list(texts_of("web/pages", home))


def commit_row(lake, name, partition, row):
    writer = lake.writer(name, partition, 0, "aaaaaaaa")
    types = {field.name: field.type for field in table(name).schema}
    writer.write(pl.from_arrow(pa.table({key: pa.array([value], types[key]) for key, value in row.items()})))
    lake.commit(name, partition, writer.close()[name], lake.fence(name, partition), run="aaaaaaaa")
