"""Evaluation items are found in dialogues, whole or with small edits, in either language; what only looks like them is not."""

from itertools import permutations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.errors import CheckFailed, SettingsError
from corpus_platform.sft.contamination import EvalItems
from corpus_platform.sft.eval_items import EvalItem, normal_form, split_options

APPLES = "A farmer picks 48 apples in the morning and sells 1,200 pears to the market of the town. How many fruits does he have after he picks 17 plums in the evening?"
BOATS = "小明的爸爸上午在河边看见35只小船，下午又看见48只大船，请问他这一天一共看见了多少只船？"
PLANET = "Which of these bodies goes round the sun once in 687 days?\nA. Venus\nB. Mars\nC. Jupiter\nD. Saturn"
RIVER = (
    "下列哪一条河流是我国最长的内流河，位于新疆塔里木盆地的北部边缘？\nA. 塔里木河\nB. 额尔齐斯河\nC. 伊犁河\nD. 黑河"
)
SORTED = "Write a function to merge two sorted lists of intervals into one."
FEED = "Once upon a time there was a village by the sea where everybody knew everybody. 从前有一个海边的村庄，那里的人彼此都认识。"


def items(**more):
    found = [
        EvalItem("maths", "en", (APPLES,), "He has 48 + 17 = <<48+17=65>>65 apples and plums.", maths=True),
        EvalItem("maths", "zh", (BOATS,), "83", maths=True),
        EvalItem("facts", "en", (PLANET,), "B"),
        EvalItem("facts", "zh", (RIVER,), "A"),
        EvalItem("code", "1", (SORTED,)),
    ]
    return EvalItems.of(found, **more)


def found_in(text, of=None):
    hits = (of or items()).find(pl.Series([text])).filter("flagged")
    return {f"{benchmark} {item}" for benchmark, item in hits.select("benchmark", "item").iter_rows()}


@pytest.mark.parametrize(
    ("text", "name"),
    [(APPLES, "maths en"), (BOATS, "maths zh"), (PLANET, "facts en"), (RIVER, "facts zh"), (SORTED, "code 1")],
)
def test_an_item_is_found_whole_and_cut_into_a_longer_text(text, name):
    around = f"{FEED * 3}\n{text}\n{FEED * 3}"

    assert found_in(text) == {name}
    assert found_in(around) == {name}


def full_width(text):
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else "\u3000" if c == " " else c for c in text)


def test_width_case_and_punctuation_do_not_matter():
    assert found_in(full_width(APPLES.upper())) == {"maths en"}
    assert found_in(full_width(BOATS).replace("，", " ")) == {"maths zh"}
    assert found_in(PLANET.replace("?", " :").replace(".", ")")) == {"facts en"}


def test_options_are_found_in_any_order_and_under_any_letters():
    stem, *options = split_options(RIVER)

    for order in permutations(options):
        asked = stem + "".join(f"\n（{mark}）{option.strip()}" for mark, option in zip("甲乙丙丁", order, strict=True))
        assert found_in(asked) == {"facts zh"}


def test_a_few_other_words_do_not_hide_an_item():
    assert found_in(APPLES.replace("farmer", "gardener").replace("of the town", "of a town")) == {"maths en"}
    assert found_in(BOATS.replace("上午在河边", "早上在河边")) == {"maths zh"}
    assert found_in(SORTED.replace("two sorted lists", "two of sorted lists")) == {"code 1"}


def test_a_maths_item_with_other_numbers_is_another_item():
    assert not found_in(APPLES.replace("48", "52"))
    assert not found_in(BOATS.replace("35", "36"))
    assert found_in(APPLES.replace("1,200", "1200")) == {"maths en"}


def test_a_question_that_shares_the_common_words_is_not_one():
    assert not found_in("Write a function to merge two dictionaries into one.")
    assert not found_in("下列哪一条河流位于四川盆地的东部边缘？")
    assert not found_in("Which of these bodies of water is the largest?\nA. Venus\nB. Mars")


def test_a_long_answer_is_found_without_its_question():
    answer = "First we count the boats that came in the morning, which are thirty, then those that came after lunch, which are twelve more than that, and in the end we add both to the nine that lay in the harbour before, and we take away those two that sank in the storm of the night."
    of = EvalItems.of([EvalItem("boats", "1", ("How many boats are there?",), answer)])

    hits = of.find(pl.Series([f"Sure! {answer}"])).filter("flagged")

    assert hits["part"].to_list() == ["answer"]


def test_a_hit_shows_both_passages_and_its_share():
    hit = items().find(pl.Series([f"{FEED}\n{full_width(PLANET)}\n{FEED}"])).row(0, named=True)

    assert hit["score"] == 1.0
    assert hit["matched"] == hit["tokens"]
    assert hit["passage"].startswith("Which of these bodies")
    assert hit["item_passage"].startswith("Which of these bodies")
    assert "Saturn" in hit["passage"]
    assert "Once upon" not in hit["passage"]


def test_what_shares_less_than_is_flagged_is_told_beside():
    half = " ".join(APPLES.split()[:14])

    hit = items().find(pl.Series([half])).row(0, named=True)

    assert not hit["flagged"]
    assert 0.2 <= hit["score"] < 0.8


def test_a_very_short_item_must_be_a_whole_line():
    of = EvalItems.of([EvalItem("short", "1", ("二加三等于几",)), EvalItem("long", "1", (APPLES,))])

    assert found_in("问题：\n二加三等于几？\n五", of) == {"short 1"}
    assert not found_in("老师问我们二加三等于几，我们都笑了。", of)


def test_items_that_nothing_can_be_searched_for_are_named():
    of = EvalItems.of([EvalItem("empty", "1", ("?",)), EvalItem("maths", "1", (APPLES,))])

    assert of.too_short == ("empty#1",)


def test_planted_items_are_found_before_a_silence_is_trusted():
    items().prove()

    with pytest.raises(CheckFailed, match="all 1 items are too short"):
        EvalItems.of([EvalItem("empty", "1", ("?",))]).prove()


def test_an_id_that_comes_twice_is_an_error():
    with pytest.raises(SettingsError, match="two items of `a` are called `1`"):
        EvalItems.of([EvalItem("a", "1", (APPLES,)), EvalItem("a", "1", (BOATS,))])


def test_the_digest_goes_by_items_and_thresholds_and_not_by_their_order():
    one, other = EvalItem("a", "1", (APPLES,)), EvalItem("a", "2", (BOATS,))

    assert EvalItems.of([one, other]).digest == EvalItems.of([other, one]).digest
    assert EvalItems.of([one, other]).digest != EvalItems.of([one]).digest


def test_marks_of_options_are_cut_only_where_they_follow_one_another():
    assert split_options("Plan A. We go.") == ("Plan A. We go.",)
    assert [p.strip() for p in split_options("Who? (A) Ann (B) Bob")] == ["Who?", "Ann", "Bob"]
    assert [p.strip() for p in split_options("谁？\nA、安\nB、波")] == ["谁？", "安", "波"]


def test_the_normal_form_has_no_separators_and_no_marks_of_a_calculator():
    assert normal_form(pl.Series(["１，０００，０００ is <<10*3=30>>30", None])).to_list() == ["1000000 is 30", ""]


def slow_share(item, text, n):
    """Share of an item's tokens that lie under n-grams which the text has too."""
    there = {tuple(text[i : i + n]) for i in range(len(text) - n + 1)}
    covered = {t for i in range(len(item) - n + 1) if tuple(item[i : i + n]) in there for t in range(i, i + n)}
    return len(covered) / len(item)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from("abcdefg天地人"), min_size=40, max_size=50), st.data())
def test_the_share_of_an_answer_is_that_under_its_n_grams(tokens, data):
    answer = [f"{t}x" if t.isascii() else t for t in tokens]
    of = EvalItems.of([EvalItem("made", "1", ("Who?",), " ".join(answer))])
    first, last = data.draw(st.integers(0, 20)), data.draw(st.integers(21, 50))
    text = ["zero", *answer[first:last], "one", *answer[:13], "two"]

    hits = of.find(pl.Series([" ".join(text)]), passages="none")

    share = slow_share(answer, text, 13)
    assert hits["score"].to_list() == ([pytest.approx(share)] if share >= 0.2 else [])
