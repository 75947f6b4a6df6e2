"""Dialogues of documents: functions with docstrings, threads of sites, articles of encyclopedias."""

import ast

import pytest
from built import build, said

from corpus_platform.sft.construct.code_pairs import functions

PROGRAM = '''
import os

def area(width, height=1):
    """Return the area of a rectangle with the given sides.

    More is told here.
    """
    if width < 0:
        raise ValueError(width)
    return width * height

class Box:
    def volume(self, depth):
        """计算盒子的体积，深度不能小于零。"""
        if depth < 0:
            raise ValueError
        return self.area * depth

    def __len__(self):
        """Return the number of sides that it has."""
        sides = 6
        sides += 0
        return sides

def short(x):
    """Return what is given to it as it is."""
    return x

def todo(x):
    """TODO: describe what is going on here."""
    y = x
    y += 1
    return y

def area_again(width, height):
    """Return the area of a rectangle with  the given sides."""
    a = width
    a *= height
    return a

def one_line(): "Return nothing at all, in one line"; return None

def silent():
    return 1
'''


def file(text, **columns):
    return {"doc_id": "f", "text": text, "category": "Python", **columns}


def test_functions_with_a_telling_docstring_are_asked_for_both_ways():
    dialogues, reasons = build("code_pairs", [file(PROGRAM)], direction="both")

    assert [(d.meta["function"], d.labels["direction"], d.language) for d in dialogues] == [
        ("area", "to_code", "en"),
        ("area", "to_text", "en"),
        ("volume", "to_code", "zh"),
        ("volume", "to_text", "zh"),
    ]
    code = "def area(width, height=1):\n    if width < 0:\n        raise ValueError(width)\n    return width * height"
    assert said(dialogues[0])[1] == f"```python\n{code}\n```"
    assert "Return the area of a rectangle with the given sides." in said(dialogues[0])[0]
    assert "More is told" not in said(dialogues[0])[0]
    assert code in said(dialogues[1])[0]
    assert said(dialogues[1])[1] == "Return the area of a rectangle with the given sides."
    assert reasons == {"trivial_code": 2, "contentless_summary": 1, "repeated_summary": 1}


def test_code_without_its_docstring_is_a_program_still():
    for one in functions(PROGRAM):
        ast.parse(one.code)
        assert one.summary not in one.code


@pytest.mark.parametrize(
    ("text", "columns", "reason"),
    [
        ("def f(:", {}, "not_python"),
        ("int main() {}", {"category": "C"}, "not_python"),
        ("x = 1", {}, "no_function"),
        ("(" * 5000 + ")" * 5000, {}, "not_python"),
        ("x\0", {}, "not_python"),
    ],
)
def test_files_without_functions_say_why(text, columns, reason):
    assert build("code_pairs", [file(text, **columns)]) == ([], {reason: 1})


LONG = "Iron rusts because it binds the oxygen of the air, and water speeds this up by far. " * 20


def thread(turns, title="Why does iron rust?", **meta):
    text = "\n\n".join([title, *(turn["text"] for turn in turns)])
    return {"doc_id": "t", "title": title, "text": text, "meta": {"site": "x", "turns": turns, **meta}}


def test_the_best_answer_of_a_thread_is_taken():
    turns = [
        {"text": "Mine does."},
        {"text": "low " + LONG, "score": 11},
        {"text": LONG, "score": 40},
        {"text": "A reply to a reply. " + LONG, "score": 90, "depth": 2},
    ]

    (one,), reasons = build("social_qa", [thread(turns)])

    assert said(one) == ("Why does iron rust?\n\nMine does.", LONG)
    assert one.labels["score"] == 40
    assert (one.construction, one.origin) == ("users", "human")
    assert reasons == {"over_cap": 1}


def test_a_first_post_without_text_asks_its_title():
    (one,), _ = build("social_qa", [thread([{"text": LONG, "score": 40}], replies=1)])

    assert said(one) == ("Why does iron rust?", LONG)


def test_posts_of_stack_exchange_are_told_by_their_kind_and_the_accepted_one_comes_first_among_equals():
    turns = [
        {"kind": "question", "text": "Why does iron rust?\n\nIt is for school."},
        {"kind": "comment", "text": "Which iron?"},
        {"kind": "answer", "text": "First. " + LONG},
        {"kind": "answer", "text": "Second. " + LONG},
    ]

    (one,), _ = build("social_qa", [thread(turns, answer_scores=[12, 12], accepted=1)])

    assert said(one)[0] == "Why does iron rust?\n\nIt is for school."
    assert said(one)[1].startswith("Second.")
    assert one.labels == {"score": 12, "accepted": True}


@pytest.mark.parametrize(
    ("answer", "score", "reason"),
    [
        (LONG, 9, "low_score"),
        (LONG, None, "low_score"),
        ("Because of the air.", 20, "too_short"),
        (LONG * 4, 20, "too_long"),
        (LONG + " I know it.", 20, "first_person"),
        (LONG + " As mentioned in the other answer.", 20, "speaks_of_others"),
        ("铁会生锈，" * 120 + "我家的也是。", 20, "first_person"),
        ("铁会生锈，" * 120 + "楼上说得对。", 20, "speaks_of_others"),
    ],
)
def test_an_answer_that_is_not_of_the_form_is_left_out(answer, score, reason):
    title = "铁为什么会生锈？" if "铁" in answer else "Why does iron rust?"

    assert build("social_qa", [thread([{"text": title}, {"text": answer, "score": score}], title)]) == ([], {reason: 1})


def test_a_text_that_the_cleaning_has_changed_is_not_used():
    one = thread([{"text": "Why?"}, {"text": LONG + " Call 555-0199.", "score": 20}])
    one["text"] = one["text"].replace("555-0199", "")

    assert build("social_qa", [one]) == ([], {"changed_by_cleaning": 1})


def test_threads_without_turns_question_or_answer_say_so():
    rows = [
        {"doc_id": "a", "text": "x"},
        thread([{"text": "Alone."}]),
        thread([{"text": "What does this site want?"}, {"text": LONG, "score": 20}], ""),
    ]

    assert build("social_qa", rows) == ([], {"no_turns": 1, "no_answer": 1, "asks_of_site": 1})


PARAGRAPH = "The metal iron is found in many ores, and people have used iron for three thousand years. " * 4


def article(title="Iron", text=None, sections=()):
    text = (
        text
        or f"{PARAGRAPH}\n\nHistory\n{PARAGRAPH} Long ago.\n\nAlloys\n{PARAGRAPH} Mixed.\n\nReferences\n{PARAGRAPH}"
    )
    starts = [{"level": 1, "title": name, "start": text.index(f"{name}\n")} for name in sections]
    return {"doc_id": "a", "title": title, "text": text, "sections": starts, "language": None}


SECTIONS = ("History", "Alloys", "References")


def test_an_article_is_asked_for_by_its_lead_and_its_sections():
    dialogues, reasons = build("encyclopedia_qa", [article(sections=SECTIONS)])

    asked = {d.labels["section"]: said(d) for d in dialogues}
    assert list(asked) == ["lead", *sorted(set(asked) - {"lead"}, key=list(asked).index)]
    assert asked["lead"] in [(q, PARAGRAPH.strip()) for q in ("What is iron?", "Give a short introduction to iron.")]
    assert asked["History"] == ("What is the history of iron?", f"{PARAGRAPH} Long ago.")
    assert asked["Alloys"][1].endswith("Mixed.")
    assert reasons == {"appendix": 1}


def test_no_more_questions_than_asked_for_are_made_and_the_lead_is_among_them():
    dialogues, reasons = build("encyclopedia_qa", [article(sections=SECTIONS)], per_article=1)

    assert [d.labels["section"] for d in dialogues] == ["lead"]
    assert reasons == {"appendix": 1, "over_cap": 2}


@pytest.mark.parametrize(
    ("title", "lead", "asked"),
    [
        ("Ada Lovelace", "Ada Lovelace (10 December 1815 – 27 November 1852) was an English mathematician.", "Who was Ada Lovelace?"),
        ("Alain Connes", "Alain Connes (born 1 April 1947) is a mathematician. He was a professor.", "Who is Alain Connes?"),
        ("Mercury (planet)", "Mercury is the first planet from the Sun.", "What is Mercury?"),
        ("鲁迅", "鲁迅（1881年9月25日－1936年10月19日），原名周樟寿，浙江绍兴人，作家。", "鲁迅是谁？"),
        ("柏林", "柏林是德国的首都，也是德国最大的城市。", "柏林是什么？"),
    ],
)  # fmt: skip
def test_a_person_is_asked_for_by_who_and_a_thing_by_what(title, lead, asked):
    rows = [{"doc_id": f"a{n}", "title": title, "text": lead + " " + lead * 8, "sections": []} for n in range(12)]

    dialogues, _ = build("encyclopedia_qa", rows)

    introduced = {
        "Give a short introduction to Mercury.",
        f"Give a short introduction to {title}.",
        f"请简要介绍{title}。",
    }
    assert {said(d)[0] for d in dialogues} - introduced == {asked}


def test_a_long_section_is_cut_between_paragraphs():
    (one,), _ = build("encyclopedia_qa", [article(text="\n".join([PARAGRAPH.strip()] * 30))], longest=1000)

    assert said(one)[1] == "\n".join([PARAGRAPH.strip()] * 2)
    assert one.labels["cut"] is True


@pytest.mark.parametrize(
    ("title", "text", "reason"),
    [
        ("List of metals", PARAGRAPH, "list_article"),
        ("柏林 (消歧义)", PARAGRAPH, "list_article"),
        ("Iron", "Short.", "too_short"),
        ("Iron", PARAGRAPH + "The table below shows it.", "speaks_of_figure"),
        ("", PARAGRAPH, "lacks_field"),
    ],
)
def test_articles_that_answer_nothing_say_why(title, text, reason):
    assert build("encyclopedia_qa", [article(title, text)]) == ([], {reason: 1})
