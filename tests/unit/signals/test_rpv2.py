"""RedPajama-V2's signals against slow twins, golden values, and what they say of Chinese."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_rpv2 import block_list_words, document_signals, line_signals, stop_word_fraction
from texts import texts

from corpus_platform.lists.lists import Lists
from corpus_platform.signals.annotate import annotate
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.registry import signals
from corpus_platform.signals.rpv2 import RPV2
from corpus_platform.signals.rpv2_lines import RPV2_LINES
from corpus_platform.signals.rpv2_lists import RPV2_LISTS, UT1

D1 = "The cat sat on the mat. The cat sat!\n\u2022 IT WORKS... visit #1\nshort"
D2 = "今天天气很好。我们去公园！\nHello 世界 123"
D3 = "a b c d e f a b c d e f"
D4 = ""

WORDY = [
    *(
        "the",
        "The",
        "cat",
        "a b c d e f ",
        "javascript",
        "JavaScript;",
        "{x}",
        "#",
        "...",
        ". . .",
        "…",
        "……",
        "。。。",
        "⋯",
    ),
    *(
        "lorem ipsum",
        "Lorem, Ipsum",
        "I",
        "A1",
        "ABC",
        "Ångström",
        "\u2022 ",
        "”",
        "！",
        "。",
        "他说：“好。”",
        "三十",
        "12",
        "１２",
    ),
    *(
        "がぎ",
        "カタカナ",
        "한국어 말",
        "naïve",
        "e\u0301",
        "ไทย",
        "हिन्दी",
        "\n",
        "\n\n",
        "\r\n",
        " ",
        "  ",
        "don't",
        "，",
        "hello世界abc",
    ),
]
DOCUMENTS = [signal.name for signal in RPV2.signals]
LINES = [signal.name for signal in RPV2_LINES.signals]


def environment(compat, **lists):
    return Environment(SignalSettings(compat=compat, lists=lists))


def annotated(documents, names, compat="sane", **lists):
    frame = pl.DataFrame(
        {"text": documents, "language": ["en"] * len(documents)}, schema={"text": pl.String, "language": pl.String}
    )
    return annotate(frame, names, environment(compat, **lists))


def wordy(max_size=30):
    return texts() | st.lists(st.sampled_from([*WORDY, " "]), max_size=max_size).map("".join)


def batches():
    return st.lists(wordy(), max_size=5)


@pytest.mark.parametrize("compat", ["sane", "reference"])
@given(documents=batches())
@settings(deadline=None, max_examples=120)
def test_document_signals_agree_with_their_slow_twins(compat, documents):
    found = annotated(documents, DOCUMENTS, compat)

    for document, row in zip(documents, found.iter_rows(named=True), strict=True):
        assert row == pytest.approx(document_signals(document, reference=compat == "reference"), abs=1e-9)


@pytest.mark.parametrize("compat", ["sane", "reference"])
@given(documents=batches())
@settings(deadline=None, max_examples=120)
def test_line_signals_agree_with_their_slow_twins(compat, documents):
    found = annotated(documents, LINES, compat)

    for document, row in zip(documents, found.iter_rows(named=True), strict=True):
        expected = line_signals(document, reference=compat == "reference")
        assert {name: row[name] == pytest.approx(expected[name], abs=1e-6) for name in expected} == dict.fromkeys(
            expected, True
        )


@pytest.mark.parametrize("compat", ["sane", "reference"])
@given(documents=batches(), entries=st.lists(st.sampled_from(WORDY) | st.just("cat sat"), max_size=8))
@settings(deadline=None, max_examples=60)
def test_words_of_lists_agree_with_their_slow_twins(tmp_path_factory, compat, documents, entries):
    file = tmp_path_factory.mktemp("lists") / "words"
    file.write_text("the\n" + "\n".join(entries), "utf-8")
    lists = {"stop_words.en": str(file), "ldnoobw.en": str(file)}
    kept = Lists.of(lists).get("stop_words", "en").entries

    found = annotated(documents, ["rps_doc_stop_word_fraction", "rps_doc_ldnoobw_words"], compat, **lists)

    reference = compat == "reference"
    for document, row in zip(documents, found.iter_rows(), strict=True):
        assert row[0] == pytest.approx(stop_word_fraction(document, kept, reference=reference))
        assert row[1] == block_list_words(document, kept, reference=reference)


GOLDEN = {
    "rps_doc_word_count": (15, 4, 12, 0),
    "rps_doc_mean_word_length": (3.0, 5.75, 1.0, None),
    "rps_doc_num_sentences": (4, 1, 1, 0),
    "rps_doc_symbol_to_word_ratio": (0.10526316, 0.0, 0.0, None),
    "rps_doc_frac_lines_end_with_ellipsis": (0.0, 0.0, 0.0, None),
    "rps_doc_frac_no_alph_words": (0.31578947, 0.85714286, 0.0, None),
    "rps_doc_frac_unique_words": (0.73333333, 1.0, 0.5, None),
    "rps_doc_unigram_entropy": (2.3034885, 1.38629436, 1.79175947, None),
    "rps_doc_frac_all_caps_words": (0.10526316, 0.0, 0.0, None),
    "rps_doc_frac_chars_top_2gram": (0.26666667, 0.0, 0.33333333, 0.0),
    "rps_doc_frac_chars_top_3gram": (0.4, 0.0, 0.5, 0.0),
    "rps_doc_frac_chars_top_4gram": (0.0, 0.0, 0.66666667, 0.0),
    "rps_doc_frac_chars_dupe_5grams": (0.0, 0.0, 1.0, 0.0),
    "rps_doc_frac_chars_dupe_6grams": (0.0, 0.0, 1.0, 0.0),
    **{f"rps_doc_frac_chars_dupe_{n}grams": (0.0, 0.0, 0.0, 0.0) for n in range(7, 11)},
    "rps_doc_curly_bracket": (0.0, 0.0, 0.0, 0.0),
    "rps_doc_lorem_ipsum": (0.0, 0.0, 0.0, 0.0),
}
GOLDEN_LINES = {
    "line_ends": ([37, 60, 65], [14, 26], [23], []),
    "rps_lines_ending_with_terminal_punctution_mark": ([1, 0, 0], [0, 0], [0], []),
    "rps_lines_num_words": ([9, 5, 1], [1, 3], [12], []),
    "rps_lines_numerical_chars_fraction": ([0, 0.05555556, 0], [0, 0.25], [0], []),
    "rps_lines_start_with_bulletpoint": ([0, 1, 0], [0, 0], [0], []),
    "rps_lines_uppercase_letter_fraction": ([0.05405405, 0.30434783, 0], [0, 0.08333333], [0], []),
    "rps_lines_javascript_counts": ([0, 0, 0], [0, 0], [0], []),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_document_signals_have_the_values_of_the_reference_code(name):
    found = annotated([D1, D2, D3, D4], [name], "reference")

    assert found[name].to_list() == pytest.approx(list(GOLDEN[name]), abs=1e-8)


@pytest.mark.parametrize("name", GOLDEN_LINES)
def test_line_signals_have_the_values_of_the_reference_code(name):
    found = annotated([D1, D2, D3, D4], [name], "reference")[name].to_list()

    for row, expected in zip(found, GOLDEN_LINES[name], strict=True):
        assert row == pytest.approx(expected, abs=1e-6)


def test_chinese_is_judged_by_its_characters_letters_and_marks():
    row = annotated([D2], [*DOCUMENTS, *LINES]).row(0, named=True)

    assert row["rps_doc_word_count"] == 15  # 11 + 2 characters, Hello, 123
    assert row["rps_doc_num_sentences"] == 3
    assert row["rps_doc_frac_no_alph_words"] == pytest.approx(3 / 17)  # 。 ！ 123 of the 17 words of the raw text
    assert row["rps_lines_num_words"] == [11, 4]
    assert row["rps_lines_ending_with_terminal_punctution_mark"] == [True, False]


def test_plain_english_has_the_same_values_in_both_forms():
    documents = [D3, "A short text, with words. And more of it!\nYes? No...\n"]

    assert annotated(documents, [*DOCUMENTS, *LINES]).equals(annotated(documents, [*DOCUMENTS, *LINES], "reference"))


def test_an_accent_on_a_letter_of_its_own_does_not_cut_the_word():
    found = annotated(["cafe\u0301 noir"], ["rps_doc_frac_no_alph_words"], "reference")

    assert found.item() == 0.0


def test_signals_can_be_asked_for_one_by_one():
    documents = [D1, D2, D3, D4]
    together = annotated(documents, [*DOCUMENTS, *LINES])

    for name in [*DOCUMENTS, *LINES]:
        assert annotated(documents, [name])[name].equals(together[name])


def test_a_column_has_the_type_that_the_registry_says():
    found = annotated(
        [D1], [*DOCUMENTS, *LINES, *(signal.name for family in (RPV2_LISTS, UT1) for signal in family.signals)]
    )

    assert {name: found.schema[name] for name in found.columns} == {
        name: signals()[name].column_type for name in found.columns
    }


def test_no_document_gives_empty_columns_of_the_right_types():
    found = annotated(
        [], [*DOCUMENTS, *LINES, "rps_doc_ut1_blacklist", "rps_doc_stop_word_fraction", "rps_doc_ldnoobw_words"]
    )

    assert found.height == 0
    assert all(found.schema[name] == signals()[name].column_type for name in found.columns)


def test_a_language_without_a_stop_list_has_no_stop_word_fraction():
    frame = pl.DataFrame({"text": ["abc", "the cat", ""], "language": ["xx", "en", "en"]})

    found = annotate(frame, ["rps_doc_stop_word_fraction", "rps_doc_ldnoobw_words"])

    assert found["rps_doc_stop_word_fraction"].to_list() == [None, 0.5, 0.0]
    assert found["rps_doc_ldnoobw_words"].to_list() == [None, 0, 0]


def test_the_reference_counts_no_block_list_words_in_other_languages():
    frame = pl.DataFrame({"text": ["色情"], "language": ["zh"]})

    sane = annotate(frame, ["rps_doc_ldnoobw_words"])
    reference = annotate(frame, ["rps_doc_ldnoobw_words"], environment("reference"))

    assert sane.item() == 1
    assert reference.item() == 0


def test_thai_block_list_words_are_found_inside_words(tmp_path):
    (tmp_path / "th").write_text("แมว\nหมา\n", "utf-8")
    frame = pl.DataFrame({"text": ["ฉันมีแมวและหมาแมว", "ฉัน"], "language": ["th", "th"]})

    found = annotate(frame, ["rps_doc_ldnoobw_words"], environment("sane", ldnoobw=str(tmp_path)))

    assert found["rps_doc_ldnoobw_words"].to_list() == [3, 0]


def test_ccnet_columns_bear_the_names_of_redpajama():
    frame = pl.DataFrame(
        {
            "text": ["a", "b"],
            "length": [1, 2],
            "original_length": [3, 4],
            "nlines": [1, 1],
            "original_nlines": [2, 2],
            "language": ["en", "en"],
            "language_score": [0.5, 0.75],
            "perplexity": [100.5, None],
            "bucket": ["head", "all"],
        }
    )

    found = annotate(
        frame, ["ccnet_length", "ccnet_original_nlines", "ccnet_language_score", "ccnet_perplexity", "ccnet_bucket"]
    )

    assert found.rows() == [(1, 2, 0.5, 100.5, 0), (2, 2, 0.75, None, None)]


def test_documents_that_never_met_ccnet_have_nulls_there():
    frame = pl.DataFrame({"text": ["a"], "language": ["en"]})

    assert annotate(frame, ["ccnet_length", "ccnet_bucket"]).row(0) == (None, None)
