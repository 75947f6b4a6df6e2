r"""The sample of dialogues: data sets in the forms in which such sets come, with what there is to find in them, and an evaluation set that one row gives away.

    dialogues/assistant/assistant.json     instructions, a JSON array: refusals, identities, cut-offs, lacking inputs, copies, a number
    dialogues/chats/part-*.jsonl           turns as ShareGPT has them: wrong orders, a call of a tool, copies of `assistant`
    dialogues/clinic/clinic.csv            questions to a clinic with answers, in GB18030
    dialogues/sums/sums.jsonl              sums with the right answer and four sampled solutions each, of which some are wrong and some alike
    dialogues/finds/finds.json             sentences with the entities in them, JSON lines under a name that says otherwise
    dialogues/preferred/pairs.jsonl        two answers to a question, one of them preferred
    dialogues/evaluation/sums_test.jsonl   items that must not be trained on

English and Chinese. What is not written in `pages/dialogues/` is put together of the sample's articles, or by the small grammars below. The same texts
give the same bytes. Nobody in it is real.

Not here: how such files are read (sft/kinds/), the demo's settings (demo.py).
"""

from __future__ import annotations

import csv
import io
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson
import yaml

from corpus_platform.sample.articles import Article, articles, data_folder
from corpus_platform.sample.chance import dice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER = "dialogues"
SETS = ("assistant", "chats", "clinic", "sums", "finds", "preferred")
EVALUATION = f"{FOLDER}/evaluation/sums_test.jsonl"
"""File of the evaluation set, below the sample."""
PLANTED = "13800000417"
"""A number of nobody that stands in a dialogue."""
_ARTICLES = 24
"""Articles of each language that instructions are made of; the next ones are those of chats."""
_SUMS = 12
"""Sums of each kind."""
_LEAKED = 3
"""Which sum of the first kind is an item of the evaluation set."""

Row = dict[str, Any]


def write_dialogues(directory: Path) -> dict[str, int]:
    """Writes all data sets below `directory`; how many files there are."""
    made = dict(_all())
    for name, data in made.items():
        path = directory / FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return {FOLDER: len(made)}


def _all() -> Iterator[tuple[str, bytes]]:
    """Paths below the folder of dialogues, with contents."""
    yield "assistant/assistant.json", orjson.dumps(_instructions(), option=orjson.OPT_INDENT_2)
    chats = _chats()
    yield "chats/part-1.jsonl", _lines(chats[::2])
    # A download that broke off: its last line is half of one.
    yield "chats/part-2.jsonl", _lines(chats[1::2]) + orjson.dumps(chats[1])[:60] + b"\n"
    yield "clinic/clinic.csv", _clinic()
    yield "sums/sums.jsonl", _lines(_sampled(one) for one in _sums())
    yield "finds/finds.json", _lines(_finds())
    yield "preferred/pairs.jsonl", _lines(_preferred())
    yield EVALUATION.removeprefix(f"{FOLDER}/"), _lines(_evaluation())


def _lines(rows: Any) -> bytes:
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


@cache
def _read(name: str) -> Any:
    return yaml.safe_load((data_folder() / "dialogues" / f"{name}.yaml").read_text(encoding="utf-8"))


def _paragraphs(article: Article) -> list[str]:
    return [block.text for block in article.blocks if block.kind == "paragraph"]


def _told(language: str) -> list[Article]:
    """Articles that have something to tell, in order."""
    return [article for article in articles(language) if len(_paragraphs(article)) >= 2]


# Instructions and chats


def _instructions() -> list[Row]:
    """Written ones, pieces under a heading, then copies: one whole, one in other letters, one with a word changed."""
    asked = {"en": 'Write the beginning of a piece with the heading "{}".', "zh": "请以“{}”为题写一个开头。"}
    pieces = [
        {"instruction": asked[language].format(one.title), "input": "", "output": "\n\n".join(_paragraphs(one)[:2])}
        for language in asked
        for one in _told(language)[:_ARTICLES]
    ]
    written = _read("assistant")
    changed = {**pieces[3], "output": pieces[3]["output"] + " So much for the beginning."}
    copies = [written[3], {**written[0], "instruction": "give three uses of an OLD sail"}, pieces[0], changed]
    return [*written, *pieces, *copies]


def _chats() -> list[Row]:
    """Chats about articles; then odd ones."""
    words = {
        "en": ("What have you heard: {}?", "Please go on.", "And what else is there to say?"),
        "zh": ("你听说过这件事吗：{}", "请接着说。", "还有别的吗？"),
    }
    found = []
    for language, (first, *later) in words.items():
        for article in _told(language)[_ARTICLES : 2 * _ARTICLES]:
            asks = [first.format(article.title), *later]
            turns = [turn for pair in zip(asks, _paragraphs(article), strict=False) for turn in _turn(*pair)]
            found.append({"id": f"chat-{len(found) + 1}", "conversations": turns})
    return [*found, *_odd_chats(found)]


def _odd_chats(chats: list[Row]) -> Iterator[Row]:
    """What sets of shared chats have: an answer that comes first, two questions in a row, an end without answer, a copy of another set, a call of a tool."""
    first, second, third = (chat["conversations"] for chat in chats[:3])
    yield {"id": "odd-1", "conversations": [_said("gpt", "Good morning."), *second[:2]]}
    yield {"id": "odd-2", "conversations": [_said("human", "Are you there?"), *third[:4]]}
    yield {"id": "odd-3", "conversations": [*first, _said("human", "Thank you, and what comes next?")]}
    yield {"id": "odd-4", "conversations": [_said("human", "What is high water today?")]}
    written = _read("assistant")
    for number, row in enumerate((written[4], written[10])):
        yield {"id": f"copy-{number}", "conversations": _turn(row["instruction"], row["output"])}
    call = {"name": "tide_table", "arguments": {"place": "Wendlemouth"}}
    told = {"high": "06:42", "low": "12:55"}
    tool = {
        "name": "tide_table",
        "description": "Times of high and low water at a place",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
    }
    turns = [
        _said("human", "When is low water at Wendlemouth?"),
        _said("function_call", orjson.dumps(call).decode()),
        _said("observation", orjson.dumps(told).decode()),
        _said("gpt", "Low water at Wendlemouth is at 12:55."),
    ]
    yield {"id": "tool-1", "conversations": turns, "tools": orjson.dumps([tool]).decode()}


def _turn(asked: str, answer: str) -> list[Row]:
    return [_said("human", asked), _said("gpt", answer)]


def _said(who: str, text: str) -> Row:
    return {"from": who, "value": text}


# A clinic


def _clinic() -> bytes:
    """A table in GB18030: each question twice in other words, the first once more as it is."""
    ages = ("三十岁", "四十五岁", "六十二岁", "二十六岁")
    rows = []
    for number, (department, title, complaint, answer) in enumerate(_read("clinic")):
        rows.append((department, title, f"{complaint}，请问怎么处理？", answer))
        age = ages[number % len(ages)]
        closing = f"您说的情况，{answer}" if number % 2 else answer
        rows.append((department, f"{title}（续）", f"我今年{age}，{complaint}，已经两天了，需要去医院吗？", closing))
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows([("department", "title", "ask", "answer"), *rows, rows[0]])
    return out.getvalue().encode("gb18030")


# Sums


def _sums() -> list[Row]:
    """Sums of three kinds, in English and Chinese: question, two right ways, a wrong one, and the answer."""
    return [make(number) for make in (_baskets, _ropes, _crates) for number in range(_SUMS)]


def _baskets(number: int) -> Row:
    roll = dice("baskets", number)
    who = roll.choice(("Odile", "Tam", "Brigid", "Anselm"))
    n, each, more = _numbers(roll, (6, 30), (3, 12), (10, 60))
    last = n * each + more
    question = f"{who} sets {n} baskets and finds {each} eels in each. From the weir come {more} eels more. How many eels are that?"
    first = f"The baskets have {_step(f'{n} * {each}', n * each)} eels.\nWith the weir: {_step(f'{n * each} + {more}', last)}."
    second = f"Start at the weir: {_step(f'{more} + {n} * {each}', last)} eels."
    wrong = f"{_step(f'{n} + {each}', n + each)}, and {more} more: {_step(f'{n + each} + {more}', n + each + more)}."
    return _sum(question, first, second, (wrong, n + each + more), last)


def _ropes(number: int) -> Row:
    roll = dice("ropes", number)
    long, cuts, price = _numbers(roll, (40, 90), (3, 9), (2, 7))
    lost = 4 * cuts
    left, whole, paid = long - lost, long * price, (long - lost) * price
    question = f"A rope of {long} metres loses {cuts} pieces of 4 metres. The rest is sold at {price} coins a metre. What does it bring?"
    first = "\n".join(
        (
            f"The pieces take {_step(f'4 * {cuts}', lost)} metres.",
            f"There are {_step(f'{long} - {lost}', left)} metres left.",
            f"They bring {_step(f'{left} * {price}', paid)} coins.",
        )
    )
    second = " ".join(
        (
            f"All of it would bring {_step(f'{long} * {price}', whole)}.",
            f"The pieces cost {_step(f'{lost} * {price}', lost * price)}.",
            f"So {_step(f'{whole} - {lost * price}', paid)}.",
        )
    )
    wrong = f"It brings {_step(f'{long} * {price}', whole)}."
    return _sum(question, first, second, (wrong, whole), paid)


def _crates(number: int) -> Row:
    roll = dice("crates", number)
    n, each, spoilt = _numbers(roll, (5, 20), (8, 24), (3, 30))
    every, good = n * each, n * each - spoilt
    question = f"码头上有{n}箱梨，每箱{each}个。开箱以后发现坏了{spoilt}个。还剩多少个好梨？"
    first = f"一共有{_step(f'{n}*{each}', every)}个梨。\n好梨有{_step(f'{every}-{spoilt}', good)}个。"
    second = f"用总数减去坏的：{_step(f'{n}*{each}-{spoilt}', good)}个。"
    wrong = f"{_step(f'{n}*{each}', every + 2)}，减去坏的是{_step(f'{every + 2}-{spoilt}', good + 2)}个。"
    return _sum(question, first, second, (wrong, good + 2), good)


def _step(reckoned: str, value: int) -> str:
    """A step as GSM8K writes it, with what a calculator would be asked."""
    joint = " = " if " " in reckoned else "="
    return f"{reckoned}{joint}<<{reckoned.replace(' ', '')}={value}>>{value}"


def _numbers(roll: Any, *ranges: tuple[int, int]) -> list[int]:
    return [roll.randint(*ends) for ends in ranges]


def _sum(question: str, first: str, second: str, wrong: tuple[str, int], answer: int) -> Row:
    right = [f"{text}\n#### {answer}" for text in (first, second)]
    return {"question": question, "right": right, "wrong": f"{wrong[0]}\n#### {wrong[1]}", "answer": str(answer)}


def _sampled(one: Row) -> Row:
    """A sum as its samples are published: the second way, the first twice, a wrong one."""
    first, second = one["right"]
    again = first.replace("The baskets have", "In the baskets are").replace("一共有", "总共有")
    generations = [second, first, again, one["wrong"]]
    return {
        "problem": one["question"],
        "answer": one["answer"],
        "generations": generations,
        "correctness": [True, True, True, False],
    }


def _evaluation() -> list[Row]:
    """Sums of other numbers, and the one that is in the training set too."""
    items = [_baskets(number) for number in (_LEAKED, *range(100, 105))] + [
        _crates(number) for number in range(100, 104)
    ]
    return [{"question": one["question"], "answer": one["right"][0]} for one in items]


# Entities


def _finds() -> list[Row]:
    """Sentences of a chronicle, with people, places, boats and offices."""
    people = {
        "en": ("Odile Farrant", "Anselm Pike", "Brigid Low", "Tam Orrell"),
        "zh": ("罗广盛", "苗阿水", "沈桐生", "顾小满"),
    }
    places = {
        "en": ("Wendlemouth", "Lower Cassing", "Heron Point", "Saltby"),
        "zh": ("临江", "苗圃镇", "白鹭洲", "盐埠"),
    }
    boats = {"en": ("Patient Gull", "Second Thought", "Marigold"), "zh": ("望潮号", "归帆号", "长风号")}
    offices = {"en": ("harbour board", "rope makers' guild"), "zh": ("港务处", "船工会")}
    says = {
        "en": (
            "{person} brought the {boat} from {place} in the spring.",
            "The {office} of {place} paid {person} for a new bell.",
            "In {place} nobody had seen the {boat} for nine days.",
            "{person} wrote to the {office} about the {boat}.",
        ),
        "zh": (
            "{person}春天把{boat}从{place}开了回来。",
            "{place}的{office}付给{person}一口新钟的钱。",
            "{place}的人九天没有看见{boat}了。",
            "{person}为{boat}的事给{office}写了信。",
        ),
    }
    rows = []
    for language, sentences in says.items():
        for number in range(20):
            roll = dice("finds", language, number)
            words = {"person": people, "place": places, "boat": boats, "office": offices}
            chosen = {kind: roll.choice(of[language]) for kind, of in words.items()}
            one, other = roll.sample(sentences, 2)
            text = (" " if language == "en" else "").join(s.format(**chosen) for s in (one, other))
            there = [kind for kind in chosen if "{" + kind + "}" in one + other]
            entities = [{"entity": chosen[kind], "entity_type": _NAMES[language][kind]} for kind in there]
            rows.append({"text": text, "entity": entities})
    return rows


_NAMES = {
    "en": {"person": "person", "place": "place", "boat": "boat", "office": "office"},
    "zh": {"person": "人物", "place": "地点", "boat": "船名", "office": "机构"},
}


# Preferences


def _preferred() -> list[Row]:
    """Two answers to a question: what is asked for, and what is told elsewhere; once both are the same, which compares nothing."""
    asked = {"en": "Tell me in one paragraph: {}", "zh": "请用一段话说说：{}"}
    rows = []
    for language, words in asked.items():
        told = _told(language)[:8]
        for one, other in zip(told, told[1:] + told[:1], strict=True):
            chosen, rejected = _paragraphs(one)[0], _paragraphs(other)[-1]
            rows.append({"prompt": words.format(one.title), "chosen": chosen, "rejected": rejected})
    return [*rows, {**rows[0], "rejected": rows[0]["chosen"]}]
