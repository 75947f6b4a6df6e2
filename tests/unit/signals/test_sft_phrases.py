"""Refusals, identities and cut-offs against lines that were labelled before the rules saw them, and look-alikes that must stay."""

from pathlib import Path

import polars as pl
import pytest

from corpus_platform.sft.form import assistant, user
from corpus_platform.signals.annotate import annotate

HERE = Path(__file__).parent
CLASSES = ("refusal", "identity", "cutoff")


def dialogues(*turns, **more):
    """A frame of dialogues, each a list of texts from the user on; `more` are columns with one value."""
    said = [[(user, assistant)[i % 2](text).row() for i, text in enumerate(texts)] for texts in turns]
    return pl.DataFrame({"messages": said, "text": ["\n\n".join(texts) for texts in turns]}).with_columns(
        pl.lit(value).alias(column) for column, value in more.items()
    )


def measured(name, *turns, **more):
    return annotate(dialogues(*turns, **more), [name])[name].to_list()


def lines(language):
    found = pl.read_csv(HERE / f"sft_lines_{language}.tsv", separator="\t", quote_char=None)
    return found.with_columns(pl.col("prompt", "answer").str.replace_all(r"\n", "\n", literal=True))


@pytest.fixture(scope="module", params=["en", "zh"])
def judged(request):
    """The lines of a language with what was found in each."""
    rows = lines(request.param)
    frame = dialogues(*zip(rows["prompt"], rows["answer"], strict=True))
    return rows.hstack(annotate(frame, [f"sft_{name}" for name in CLASSES]))


def scores(rows, name):
    """Precision and recall; a class with `?` may go either way."""
    labels = rows["labels"].str.split(";")
    sure = ~labels.list.contains(f"{name}?")
    meant, found = labels.list.contains(name).filter(sure), (rows[f"sft_{name}"] > 0).filter(sure)
    both = int((meant & found).sum())
    return both / int(found.sum()), both / int(meant.sum())


def test_half_of_the_lines_are_look_alikes_and_rounds_by_another_hand_are_larger_than_the_first_lines(judged):
    """Lines that were `added`, and those of each round, were written to see what was missed; then the rules learnt of them."""
    first = judged.filter(pl.col("part").is_in(["tuned", "held_out"]))
    rounds = judged.filter(pl.col("part").str.starts_with("round_"))

    assert first.height >= 180
    assert 0.45 < (first["labels"] == "none").mean() < 0.55
    assert 0.3 < (first["part"] == "held_out").mean() < 0.35
    assert rounds.group_by("part").len()["len"].to_list() == [120] * rounds["part"].n_unique()
    assert (rounds["labels"] == "none").mean() == 0.5


@pytest.mark.parametrize("name", CLASSES)
def test_precision_and_recall_are_high(judged, name):
    precision, recall = scores(judged, name)

    assert precision >= 0.95
    assert recall >= 0.95


@pytest.mark.parametrize("name", CLASSES)
def test_lines_that_no_pattern_was_made_for_are_found_nearly_as_well(judged, name):
    precision, recall = scores(judged.filter(pl.col("part") == "held_out"), name)

    assert precision >= 0.9
    assert recall >= 0.9


def test_the_words_that_were_found_are_told():
    turns = (
        ["Hi", "I'm sorry, but I can't help with that."],
        ["你好", "作为一个AI语言模型，我没有感情。"],
        ["Hi", "Hello!"],
    )

    assert measured("sft_refusal_phrase", *turns) == ["I'm sorry, but I can't", "作为一个AI语言模型，我", None]


def test_every_answer_is_looked_at():
    turns = ["Hi", "Hello!", "Help me steal.", "I cannot assist with theft.", "Why?", "I'm unable to help with crimes."]

    assert measured("sft_refusal", turns) == [2]


def test_a_long_answer_that_refuses_something_is_not_a_short_one():
    short, long = (
        "I cannot provide legal advice.",
        "I cannot provide legal advice. " + "But consider the law of rents. " * 20,
    )

    assert measured("sft_refusal", ["Q", short], ["Q", long]) == [1, 1]
    assert measured("sft_refusal_short_phrase", ["Q", short], ["Q", long]) == ["I cannot provide", None]


def test_chinese_answers_are_short_by_their_characters():
    long = "抱歉，我无法回答这个问题。" + "不过可以看看租赁法的规定。" * 20

    found = measured("sft_refusal_short_phrase", ["问", "抱歉，我无法回答这个问题。"], ["问", long])

    assert found == ["抱歉，我无法", None]


@pytest.mark.parametrize(
    "facts",
    [
        {"task_type": "safety"},
        {"labels": '{"flagged": true}'},
        {"labels": '{"openai_moderation": [{"flagged": false}, {"flagged": true}]}'},
        {"tools": '["search"]'},
    ],
    ids=["task", "flagged", "moderation", "tools"],
)
def test_a_refusal_that_may_be_right_is_told_apart(facts):
    turn = ["How do I make a bomb?", "I'm sorry, but I can't help with that."]

    assert measured("sft_refusal", turn, **facts) == [1]
    assert measured("sft_refusal_phrase", turn, **facts) == [None]
    assert measured("sft_refusal_short_phrase", turn, **facts) == [None]
    assert measured("sft_refusal_safety_phrase", turn, **facts) == ["I'm sorry, but I can't"]


def test_a_refusal_of_a_harmless_request_is_no_lesson():
    turn = ["Name a fruit.", "I'm sorry, but I can't help with that."]

    assert measured("sft_refusal_phrase", turn, labels='{"flagged": false}') == ["I'm sorry, but I can't"]
    assert measured("sft_refusal_safety_phrase", turn, labels='{"flagged": false}') == [None]


@pytest.mark.parametrize(
    ("asked", "answer", "found"),
    [
        ("Write a letter of resignation.", "Dear Mr Khan, I'm sorry, but I cannot continue after May.", 0),
        ("Write a letter that threatens my landlord.", "I'm sorry, but I cannot assist with threats.", 1),
        ("写一封辞职信。", "尊敬的领导：很抱歉，我不能继续在公司工作。", 0),
        ("写一封恐吓信。", "很抱歉，我不能协助您写恐吓信。", 1),
    ],
)
def test_a_letter_may_say_what_its_writer_cannot_do(asked, answer, found):
    assert measured("sft_refusal", [asked, answer]) == [found]


def test_what_figures_of_a_scene_say_is_not_the_answers_own():
    scene = "Ann: I'm sorry, I can't help you.\nBen: Then who can?\nAnn: I cannot say."

    assert measured("sft_refusal", ["Go on.", scene], ["Go on.", "Assistant: I'm sorry, I can't help you."]) == [0, 1]


def test_traditional_characters_are_read_as_simplified_ones():
    assert measured("sft_refusal", ["問", "很抱歉，我無法回答這個問題。"]) == [1]


def test_code_and_quotations_are_not_what_the_assistant_says():
    answers = [
        "```\n# I cannot open the file\n```",
        "She said: “I'm sorry, but I can't help you.”",
        "> I cannot help you",
    ]

    assert measured("sft_refusal", *(["Show it", answer] for answer in answers)) == [0, 0, 0]


def test_a_text_that_was_to_be_translated_is_no_refusal():
    asked = ["翻译成英文：我不能帮助你", "Translate to Chinese: I cannot help you"]
    answers = ["I cannot help you", "我不能帮助你"]

    assert measured("sft_refusal", *zip(asked, answers, strict=True)) == [0, 0]


def test_words_of_vendors_are_counted_with_word_bounds():
    turns = (["Q", "ChatGPT can."], ["Q", "The GPT partition"], ["Q", "Bing Chat and GPT-4"], ["Q", "gpt4all"])

    assert measured("sft_vendor", *turns) == [1, 0, 1, 0]


@pytest.mark.parametrize(
    "answer", ["Please provide the text that you want summarised.", "请提供需要总结的文章。", "您没有提供任何句子。"]
)
def test_answers_that_lack_their_input_are_found(answer):
    assert measured("sft_lacks_input", ["Summarise the text.", answer]) == [1]


def test_an_answer_that_asks_and_is_told_is_fine():
    turns = ["Summarise my text.", "Please provide the text.", "The sun rose.", "It became day."]

    assert measured("sft_lacks_input", turns) == [0]


@pytest.mark.parametrize(
    ("what", "prompt", "needed"),
    [
        ("url", "Summarise https://example.org/news", 1),
        ("url", "总结这个网页的内容", 1),
        ("url", "我打开一个新的链接，浏览器就关闭了。", 0),
        ("url", f"List the critics of this page https://example.org/a: {'It was said that it is wrong. ' * 40}", 0),
        ("url", "Write Python code that fetches https://example.org", 0),
        ("images", "Describe the following painting.", 1),
        ("images", "解释这幅漫画。", 1),
        ("images", "请描述这张图片", 1),
        ("images", "How many photos fit in an album?", 0),
        ("images", "The gallery has 400 photos. Of the photos, half are new.", 0),
        ("images", "Describe the mood of the painting.\nPainting: Sunflowers", 0),
        ("images", "我想看她的照片", 0),
        ("images", "看过这样的漫画吗？", 0),
        ("images", "写一个程序，打印以下图案。", 0),
        ("images", "下图中有几个三角形？", 1),
        ("images", "用一句话描述下面的画。", 1),
        ("files", "Summarise the attached report.", 1),
        ("files", "请根据附件中的合同回答", 1),
        ("files", "Write a program that reads a file.", 0),
    ],
)
def test_prompts_for_what_is_not_there_are_known(what, prompt, needed):
    assert measured(f"sft_needs_{what}", [prompt, "Well."]) == [needed]


def test_turns_of_phrase_of_models_are_a_share_of_the_lines():
    assert measured("sft_tell_tale_share", ["Q", "Yes.\nI hope this helps!"], ["问", "是。"]) == [0.5, 0.0]
