"""Items of GSM8K, MMLU, CMMLU, HumanEval, MBPP and MGSM are found in dialogues, whole and with small edits; training sets have hardly any.

docs/benchmarks.md has the table of all edits.
"""

import random
import re
from collections import Counter

import polars as pl
import pytest

from corpus_platform.readers.reader import Unit
from corpus_platform.recipes.eval_sets import read_eval_set
from corpus_platform.sft.containers import pieces, records_of
from corpus_platform.sft.contamination import EvalItems
from corpus_platform.sft.eval_items import split_options
from corpus_platform.sft.reading import Reading

SETS = {
    "gsm8k": "gsm8k/test.jsonl",
    "mmlu": "mmlu/mmlu_stem_test.jsonl",
    "cmmlu": "cmmlu",
    "humaneval": "humaneval/HumanEval.jsonl",
    "mbpp": "mbpp/mbpp_sanitized.jsonl",
    "mgsm-zh": "mgsm-zh/mgsm_zh.jsonl",
}
HAN = re.compile("[\u4e00-\u9fff]")
NUMERALS = re.compile(
    r"(?i)\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty"
    r"|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|half|twice|thrice|double|triple|quarter|third|dozen)\b|[二三四五六七八九十百千万两半]"
)


def whole(text, rng, around):
    return text


def punctuation(text, rng, around):
    """Commas go or become something else, ends and apostrophes too; separators of thousands stay."""
    changed = re.sub(r"[,，](?!\d)", lambda _: rng.choice(["", ";", " - "]), text)
    return changed.replace("。", "！").replace("?", " ??").replace("？", "").replace("'", "\u2019")


def full_width(text, rng, around):
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def words(text, rng, around):
    """One word in twenty, one at least, changes places with the next or becomes another; numbers stay, for they would make another item."""
    if len(HAN.findall(text)) > len(text) / 4:
        return _signs(text, rng)
    parts = re.split(r"(\s+)", text)
    at = [
        i
        for i in range(0, len(parts), 2)
        if re.fullmatch(r"[A-Za-z']{2,}[,.]?", parts[i]) and not NUMERALS.search(parts[i])
    ]
    for i in rng.sample(at, min(len(at), max(1, round(len(at) / 20)))):
        if rng.random() < 0.5 and i + 2 in at:
            parts[i], parts[i + 2] = parts[i + 2], parts[i]
        else:
            parts[i] = rng.choice(["some", "given", "certain", "other"])
    return "".join(parts)


def _signs(text, rng):
    signs = list(text)
    at = [i for i in range(len(text) - 1) if all(HAN.match(c) and not NUMERALS.match(c) for c in text[i : i + 2])]
    for i in rng.sample(at, min(len(at), max(1, round(len(at) / 30)))):
        signs[i : i + 2] = signs[i : i + 2][::-1] if rng.random() < 0.5 else rng.choice(["某些", "这个", "有关"])
    return "".join(signs)


def options(text, rng, around):
    """The options in another order, under letters of another form."""
    stem, *own = split_options(text)
    if not own:
        return text
    rng.shuffle(own)
    return stem.rstrip() + "".join(
        f"\n({mark}) {option.strip()}" for mark, option in zip("ABCDEFGHIJ", own, strict=False)
    )


def cut_in(text, rng, around):
    """In the middle of another text, which is cut at any place."""
    other = rng.choice(around)
    at = rng.randrange(len(other))
    return f"{other[:at]}\n{text}\n{other[at:]}"


def everything(text, rng, around):
    for edit in (options, words, punctuation, full_width, cut_in):
        text = edit(text, rng, around)
    return text


EDITS = (whole, words, options, everything)
"""The others are part of the last."""


def items_of(samples):
    return [item for name, place in SETS.items() for item in read_eval_set(name, samples / place).items]


def texts_of(samples, folders):
    """All that the records of some folders say, with their file."""
    found = []
    for folder in folders:
        for piece in pieces(Unit.of_path(samples / folder)):
            if not isinstance(piece, tuple):
                read = records_of(piece, Reading(kind="instruct").container, ("row", "entry", "line", "file"))
                found += [(f"{folder}/{piece.file.rpartition('/')[2]}", said(one.value)) for one in read]
    return [(file, text) for file, text in found if text.strip()]


def said(value):
    if isinstance(value, dict):
        return "\n\n".join(filter(None, map(said, value.values())))
    if isinstance(value, list):
        return "\n\n".join(filter(None, map(said, value)))
    return str(value) if isinstance(value, str | int | float) else ""


def found_of(ready, items, edit, around, seed=7):
    """Share of planted items that are found, by benchmark; the planted text must be flagged for an item that asks the same."""
    rng = random.Random(seed)
    planted = pl.Series([edit("\n".join(item.prompt), rng, around) for item in items])
    rows = set(ready.find(planted, passages="none").filter("flagged")["row"])
    total, hit = Counter(item.benchmark for item in items), Counter(items[row].benchmark for row in rows)
    return {name: hit[name] / total[name] for name in total}, len(rows) / len(items)


@pytest.fixture(scope="module")
def planted(samples):
    folder = samples / "sft"
    items = items_of(folder)
    around = [text for _, text in texts_of(folder, ("alpaca", "belle", "moss-prompts")) if len(text) > 200]
    return items, EvalItems.of(items), around


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_planted_items_are_found(planted, edit):
    items, ready, around = planted

    by_set, share = found_of(ready, items, edit, around)

    assert share >= 0.98, by_set
    assert min(by_set.values()) >= 0.97


def test_training_sets_have_hardly_an_item(planted, samples):
    _, ready, _ = planted
    texts = texts_of(
        samples / "sft",
        (
            "alpaca",
            "alpaca-gpt4-zh",
            "belle",
            "code-alpaca",
            "flan-cot",
            "firefly",
            "magpie",
            "moss-prompts",
            "natural-instructions",
        ),
    )

    found = ready.find(pl.Series([text for _, text in texts])).filter("flagged")

    assert len(texts) > 4000
    assert found["row"].n_unique() <= 0.002 * len(texts)  # one in a thousand of all samples; code is much of these
    assert found["passage"].null_count() == 0


def test_what_was_made_of_a_test_set_is_found_and_its_training_set_is_not(planted, samples):
    _, ready, _ = planted
    folder = samples / "sft"
    made = [text for _, text in texts_of(folder, ("gsm8k-samples", "metamath"))]
    train = [text for file, text in texts_of(folder, ("gsm8k",)) if file == "gsm8k/train.jsonl"]

    assert ready.find(pl.Series(made), passages="none").filter("flagged")["row"].n_unique() == len(made)
    assert ready.find(pl.Series(train), passages="none").filter("flagged").is_empty()
