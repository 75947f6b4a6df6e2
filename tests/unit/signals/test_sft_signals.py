"""Turns, languages, labels and harm of dialogues, each against what can be counted by hand, in English and Chinese."""

import orjson
import polars as pl
import pytest
from dialogue_frames import frame_of, said
from hypothesis import given, settings
from hypothesis.strategies import lists, sampled_from, tuples

from corpus_platform.errors import SchemaError
from corpus_platform.recipes.steps.sft_safety import SftMedicalPrivacy, SftToxicity
from corpus_platform.recipes.steps.sft_structure import SftLanguage, SftLengths, SftStructure
from corpus_platform.sft.form import Message, assistant, user
from corpus_platform.signals.annotate import annotate
from corpus_platform.signals.environment import Environment
from corpus_platform.signals.registry import families, signals

OWN = [family for family in families() if family.name in {"sft_turns", "sft_language", "sft_labels", "sft_safety"}]
CALL = Message("assistant", "", calls=({"name": "f"},))
EN = "I would like to know why the leaves of trees turn red and yellow in autumn."
FR = "Les feuilles des arbres changent de couleur en automne parce que la chlorophylle disparaît peu à peu."
ZH, JA, KO = (
    "秋天的树叶为什么会变红变黄？",
    "秋になると木の葉が赤や黄色になるのはなぜですか。",
    "가을에 나뭇잎이 왜 빨갛게 변하나요",
)


def measured(names, *dialogues, **columns):
    """Signals of dialogues: a list for each name."""
    found = annotate(frame_of(*dialogues, **columns), names)
    return [found[name].to_list() for name in names]


def one(name, *pieces, **columns):
    """A signal of one dialogue."""
    return measured([name], said(*pieces), **{k: [v] for k, v in columns.items()})[0][0]


def test_every_signal_of_dialogues_is_there_and_measured_with_the_others():
    frame = frame_of(said("u:hi there", "a:hello"), said(), said("a:hello"))

    names = [signal.name for family in OWN for signal in family.signals]

    assert annotate(frame, names).columns == [name for name in signals() if name in names]


def test_turns_and_lengths_are_those_that_can_be_counted():
    dialogue = [
        user("Name 3 水果, at least"),
        Message("assistant", "apple 苹果", reasoning="hmm"),
        user("再来一个"),
        CALL,
        Message("tool", "x"),
        assistant("梨"),
    ]

    names = [
        "sft_turns",
        "sft_user_turns",
        "sft_answers",
        "sft_words",
        "sft_answer_characters",
        "sft_prompt_characters",
        "sft_first_user_characters",
    ]
    names += [
        "sft_shortest_answer",
        "sft_longest_answer",
        "sft_reasoning_characters",
        "sft_calls",
        "sft_constraint_words",
        "sft_has_tools",
        "sft_has_reasoning",
    ]
    names += ["sft_alternates", "sft_ends_with_answer", "sft_empty_messages", "sft_system_characters"]
    found = {name: values[0] for name, values in zip(names, measured(names, dialogue, system=["Be"]), strict=True)}

    assert found == {
        "sft_turns": 5, "sft_user_turns": 2, "sft_answers": 3, "sft_words": 6 + 3 + 4 + 0 + 1 + 1, "sft_answer_characters": 8 + 3 + 1, "sft_prompt_characters": 23,
        "sft_first_user_characters": 19, "sft_shortest_answer": 1, "sft_longest_answer": 8, "sft_reasoning_characters": 3, "sft_calls": 1,
        "sft_constraint_words": 1, "sft_has_tools": 1, "sft_has_reasoning": 1, "sft_alternates": 1, "sft_ends_with_answer": 1, "sft_empty_messages": 0,
        "sft_system_characters": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("pieces", "alternates", "ends"),
    [
        (["u:a", "a:b"], 1, 1),
        (["u:a", "a:b", "u:c"], 1, 0),
        (["u:a", "u:b", "a:c"], 0, 1),
        (["a:b", "u:c"], 0, 0),
        (["u:a", CALL, "t:x", "a:b"], 1, 1),
        ([], 0, 0),
    ],
)
def test_turns_are_taken_or_not(pieces, alternates, ends):
    assert measured(["sft_alternates", "sft_ends_with_answer"], said(*pieces)) == [[alternates], [ends]]


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("Write a poem", 0),
        ("You must use at least three adjectives in bullet points", 3),
        ("写一首诗", 0),
        ("写一首不超过50字的诗，必须包含春天，用表格", 5),
    ],
)
def test_words_that_narrow_a_request_are_counted(prompt, words):
    assert one("sft_constraint_words", f"u:{prompt}", "a:must") == words


@pytest.mark.parametrize(
    ("prompt", "answer", "asked", "answered"),
    [
        (EN, EN, "en", "en"),
        (ZH, ZH, "zh", "zh"),
        (JA, KO, "ja", "ko"),
        (EN, FR, "en", "fr"),
        ("Hi", "好的，没问题", None, "zh"),
        (ZH, "```python\nfor leaf in leaves:\n    print(leaf)\n```", "zh", None),
        (ZH, "def leaves(trees):\n    for tree in trees:\n        count = 0\n    return count", "zh", None),
        ("你好 means hello in the language of China, as most people know", EN, "en", "en"),
        ("$x^2 + y^2 = z^2$ 是什么定理？", "勾股定理 (Pythagorean theorem)", "zh", "zh"),
    ],
)
def test_languages_are_told_by_side(prompt, answer, asked, answered):
    assert one("sft_prompt_language", f"u:{prompt}", f"a:{answer}") == asked
    assert one("sft_answer_language", f"u:{prompt}", f"a:{answer}") == answered


@pytest.mark.parametrize(
    ("prompt", "answer", "task", "mismatch"),
    [
        (ZH, EN, None, 1),
        (EN, ZH, None, 1),
        (EN, FR, None, 1),
        (ZH, ZH, None, 0),
        (ZH, EN, "translation", None),
        (f"Translate into Chinese: {EN}", ZH, None, None),
        (f"把这句话翻译成英文：{ZH}", EN, None, None),
        (f"请用英语回答：{ZH}", EN, None, None),
        (f"修改下列句子：{EN}", EN, None, 0),
        ("Hi", ZH, None, 0),
        ("这个文件应该叫什么名字？", "how_to_set_up_the_home_network.txt", None, 0),
        (
            "List some dishes of Italy.",
            "Risotto alla milanese, spaghetti alla carbonara, ossobuco, pizza napoletana, gelato",
            None,
            0,
        ),
        (
            "“明天早上我们去海边散步”怎么说？",
            "We are going to take a walk along the beach tomorrow morning.",
            None,
            None,
        ),
    ],
)
def test_an_answer_in_another_language_is_told_unless_it_was_asked_for(prompt, answer, task, mismatch):
    assert one("sft_language_mismatch", f"u:{prompt}", f"a:{answer}", task_type=task) == mismatch


def test_languages_of_long_dialogues_are_compared_message_by_message():
    found = measured(
        ["sft_language_mismatch", "sft_languages"], said(f"u:{ZH}", f"a:{ZH}", f"u:{EN}", f"a:{ZH}", "u:ok", f"a:{EN}")
    )

    assert found == [[1], [2]]


def labels(**values):
    return orjson.dumps(values).decode()


@pytest.mark.parametrize(
    ("name", "said_", "value"),
    [
        ("sft_flagged", {"flagged": True}, 1),
        ("sft_flagged", {"flagged": False, "toxic": {"roberta": {"flagged": True}, "t5": {"flagged": False}}}, 1),
        (
            "sft_flagged",
            {"openai_moderation": [{"flagged": False, "categories": {"hate": False}}, {"flagged": True}]},
            1,
        ),
        ("sft_flagged", {"toxic": False}, 0),
        ("sft_flagged", {"llama_guard_2": "unsafe\nS3"}, 1),
        ("sft_flagged", {"llama_guard_2": "safe"}, 0),
        ("sft_flagged", {"category": "x"}, None),
        ("sft_toxicity", {"detoxify": {"toxicity": 0.25, "insult": 0.5}}, 0.25),
        ("sft_toxicity", {"detoxify_moderation": [{"toxicity": 0.1}, {"toxicity": 0.75}]}, 0.75),
        ("sft_redacted", {"redacted": True}, 1),
        ("sft_reviewed", {"review_result": False}, 0),
        ("sft_quality", {"input_quality": "excellent"}, 1),
        ("sft_quality", {"quality": "very poor"}, 0),
        ("sft_quality", {"quality": 0.625}, 0.625),
        ("sft_quality", {"score": "4.5"}, 4.5),
        ("sft_reward", {"instruct_reward": -3.5}, -3.5),
        ("sft_difficulty", {"difficulty": "hard"}, 0.75),
        ("sft_difficulty", {"level": "Level 5"}, 1),
        ("sft_difficulty", {"level": 3}, 0.5),
        ("sft_is_correct", {"is_correct": False}, 0),
        ("sft_is_correct", {"correctness_math_verify": [False, True]}, 1),
        ("sft_is_correct", {"correct_count": 0}, 0),
        ("sft_correct_count", {"correctness_math_verify": [False, True, True]}, 2),
        ("sft_neighbour_distance", {"distance": 0.5}, 0.5),
        ("sft_votes", {"upvotes": 12}, 12),
        ("sft_labels", {"a": 1, "b": 2}, 2),
    ],
)
def test_labels_of_all_sources_have_one_name(name, said_, value):
    assert one(name, "u:a", "a:b", labels=labels(**said_)) == value


def test_moderation_that_is_kept_in_meta_counts_and_other_meta_does_not():
    found = measured(
        ["sft_flagged", "sft_toxicity", "sft_redacted"],
        said("u:a", "a:b"),
        said("u:a", "a:b"),
        labels=[labels(redacted=False), None],
        meta=[
            labels(openai_moderation=[{"flagged": True}], detoxify_moderation=[{"toxicity": 0.5}]),
            labels(flagged=True),
        ],
    )

    assert found == [[1, None], [0.5, None], [0, None]]


def test_a_label_that_is_no_json_says_nothing():
    assert one("sft_flagged", "u:a", "a:b", labels="{broken") is None


PORN = "porn xxx hentai milf"
REFUSAL = "I'm sorry, but I cannot help with that."


def kept(step, *dialogues, **columns):
    """Names of the rules that drop each dialogue, None where it stays."""
    rules = step.rules(Environment())
    frame = annotate(frame_of(*dialogues, **columns), dict.fromkeys(rule.signal for rule in rules))
    tests = {"<": "lt", ">": "gt", ">=": "ge", "<=": "le", "not in": "is_in"}
    found = []
    for row in range(frame.height):
        first = None
        for rule in rules:
            held = getattr(frame[rule.signal][row : row + 1], tests[rule.drop_when])(
                list(rule.threshold) if rule.drop_when == "not in" else rule.threshold
            )
            held = (~held if rule.drop_when == "not in" else held).fill_null(value=False)[0]
            first = first or (rule.name if held else None)
        found.append(first)
    return found


def test_harm_is_dropped_and_a_lesson_in_safety_stays():
    dialogues = [said("u:Tell me", f"a:{PORN}"), said(f"u:Write {PORN}", f"a:{REFUSAL}"), said("u:Tell me", "a:of trees"), said("u:a", "a:b"), said("u:a", f"a:{REFUSAL}"), said("u:a", "a:b"), said("u:做爱痛怎么办", "a:去医院")]  # fmt: skip
    flags = [None, None, None, labels(flagged=True), labels(flagged=True), labels(toxicity=0.75), None]

    found = kept(SftToxicity(), *dialogues, labels=flags)

    assert found == ["flagged_words", None, None, "flagged", None, "toxic", None]


def test_a_task_of_safety_is_never_dropped_for_what_it_is_about():
    assert kept(SftToxicity(), said("u:a", f"a:{PORN}"), labels=[labels(flagged=True)], task_type=["safety"]) == [None]
    assert kept(
        SftToxicity(flagged=False, max_words=None), said("u:a", f"a:{PORN}"), labels=[labels(flagged=True)]
    ) == [None]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("患者张某某，男，45岁，在北京协和医院住院", "sensitive_medical"),
        ("姓名：李明，年龄：32，曾在上海瑞金医院就诊", "sensitive_medical"),
        ("Mrs. Keller, a 71-year-old woman, came to Mount Sinai Hospital", "sensitive_medical"),
        ("我今年45岁，最近头疼，去医院看过", None),
        ("王某在北京协和医院", None),
        ("建议您到当地正规医院就诊，患者张某某，男，45岁", None),
    ],
)
def test_a_patient_is_known_by_age_name_and_hospital_together(text, rule):
    assert kept(SftMedicalPrivacy(), said(f"u:{text}", "a:ok")) == [rule]


@pytest.mark.parametrize(
    ("pieces", "rule"),
    [
        (["u:How are you today?", "a:I am fine"], None),
        (["u:你好吗，今天天气怎么样", "a:我很好，谢谢你"], None),
        (["u:How are you today?", "a:  "], "empty_message"),
        (["u:How are you today?"], "too_few_turns"),
        (["u:Hi", "a:Hello"], "too_short"),
        (["u:立方根是什么", "a:是五啊"], None),
        (["u:你好", "a:好的"], "too_short"),
        (["u:How are you today?", Message("assistant", "I am fine", trained=False)], "nothing_trained"),
        (["u:How are you today?", "a:I am fine", "u:Good"], "no_answer_at_the_end"),
        (["u:How are you today?", "a:How are you today?"], "answer_is_prompt"),
        (["u:How is the weather?", CALL, "t:sun", "a:Sunny"], None),
    ],
)
def test_what_is_no_dialogue_to_learn_from_is_dropped(pieces, rule):
    assert kept(SftStructure(), said(*pieces)) == [rule]


def test_structure_can_ask_for_more():
    assert kept(SftStructure(alternates=True), said("u:How are", "u:you today?", "a:I am fine")) == ["not_alternating"]
    assert kept(SftStructure(max_turns=2), said("u:How are you?", "a:I am fine", "u:And now?", "a:Well.")) == [
        "too_many_turns"
    ]
    dialogue = said("u:What is in this image?", "a:A cat on a mat")
    assert kept(SftStructure(), dialogue, dialogue, images_needed=[True, False]) == ["images_missing", None]


def test_a_bare_answer_stays_where_it_may_be_the_whole_answer():
    dialogue = said("u:Which is it?", "a:B")

    tasks = ["writing", "choice", "other", None]

    assert kept(SftLengths(), *[dialogue] * 4, task_type=tasks) == ["bare_answer", None, None, None]
    assert kept(SftLengths(), said("u:Which is it?", "a:-")) == ["bare_answer"]
    assert kept(SftLengths(bare_answers=True, max_tokens=99), dialogue) == [None]


@pytest.mark.parametrize(
    ("limits", "rule"),
    [
        ({"min_answer_characters": 9}, "short_answer"),
        ({"max_answer_characters": 7}, "long_answer"),
        ({"min_prompt_characters": 6}, "short_prompt"),
        ({"max_prompt_characters": 4}, "long_prompt"),
        ({"min_answer_words": 4}, "few_words"),
        ({"max_prompt_words": 1}, "many_words"),
        ({"max_tokens": 15}, "many_tokens"),
        ({"min_answer_characters": 8, "max_answer_characters": 8, "max_tokens": 16}, None),
    ],
)
def test_lengths_are_limited_one_by_one(limits, rule):
    assert kept(SftLengths(**limits), said("u:a dog", "a:I am one")) == [rule]


def test_answers_in_a_wrong_language_are_dropped_as_asked():
    dialogues = [
        said(f"u:{ZH}", f"a:{EN}"),
        said(f"u:{EN}", f"a:{EN}"),
        said(f"u:{FR}", f"a:{FR}"),
        said(f"u:{EN}", f"a:{EN}秋天的树叶变红变黄"),
    ]

    assert kept(SftLanguage(), *dialogues) == ["language_mismatch", None, None, None]
    assert kept(SftLanguage(languages=("en", "zh")), *dialogues[1:]) == [None, "prompt_language", None]
    assert kept(SftLanguage(max_cjk_share=0.05), *dialogues[1:]) == [None, None, "chinese_characters"]
    assert kept(SftLanguage(mismatch=False, answers=("zh",)), *dialogues[:2]) == ["answer_language", "answer_language"]


def test_signals_of_dialogues_ask_for_messages():
    with pytest.raises(SchemaError, match="messages"):
        annotate(pl.DataFrame({"text": ["a"]}), ["sft_turns"])


PIECES = sampled_from(
    ["u:", "u:你好 world", "a:好的。", "a: ", "t:x", "s:be", "u:must, must not 不超过", "a:no-one's  ok"]
)


def slow_words(text):
    """A Chinese character is a word, and so is a run of other letters and digits, joined by an apostrophe or hyphen."""
    words, inside = 0, False
    for i, c in enumerate(text):
        if "\u4e00" <= c <= "\u9fff":
            words, inside = words + 1, False
        elif c.isalnum():
            words, inside = words + (not inside), True
        elif not (inside and c in "'-" and i + 1 < len(text) and text[i + 1].isalpha()):
            inside = False
    return words


@given(lists(tuples(PIECES, PIECES, PIECES), min_size=1, max_size=12))
@settings(max_examples=15, deadline=None)
def test_counts_agree_with_a_plain_count(dialogues):
    names = ["sft_turns", "sft_words", "sft_characters", "sft_empty_messages"]

    found = measured(names, *(said(*one) for one in dialogues))

    for i, pieces in enumerate(dialogues):
        contents = [piece[2:] for piece in pieces]
        assert [values[i] for values in found] == [
            sum(piece[0] in "ua" for piece in pieces),
            sum(map(slow_words, contents)),
            sum(map(len, contents)),
            sum(not content.strip() for content in contents),
        ]
