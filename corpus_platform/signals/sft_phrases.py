"""What the assistant says of itself and what it refuses, per dialogue, with the words that were found.

Each class (refusal, identity, cut-off, vendor words, lack of input) is looked for in every answer without its code and quotations; an answer to a task over a
given text that holds such words itself (translate "I'm sorry, I can't") is not counted. The words that were found are signals too, so that a
rule can name them and the ledger show them.

Not here: the patterns (sft_patterns.py), the rules over sentences (sft_voice.py), what is dropped and when (recipes/steps/sft_rules.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.signals import sft_labels, sft_voice
from corpus_platform.signals import sft_patterns as patterns
from corpus_platform.signals.dialogues import flat as flat_messages
from corpus_platform.signals.dialogues import is_task
from corpus_platform.signals.registry import Family, Signal, register

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.signals.subject import Subject

_ANSWERS = {
    "lacks_input": (patterns.LACKS_INPUT, patterns.LACKS_INPUT_ZH),
    "vendor": ((patterns.VENDOR_WORDS,), ()),
}
"""Patterns of what answers say, by class: English, Chinese."""
_CLASSES = (*sft_voice.RULES, *_ANSWERS)
_OF_THE_LAST = "lacks_input"
"""The class that only a dialogue's last answer can be of: one that asks for what it lacks, and gets it, does well."""
_AROUND = " \n.:!?。！？；，,"
_PROMPTS = {"url": patterns.NEEDS_URL, "images": patterns.NEEDS_IMAGES, "files": patterns.NEEDS_FILES}
_SHORT_WORDS, _SHORT_CHARACTERS = 80, 150
"""An answer is short below so many words, or Chinese characters where it has more of those."""
_FLAGGED = 0.5
"""From here on the source's moderation has flagged a dialogue, as for sft_is_safety."""
_WHERE_WRONG = frozenset({"sft_refusal_phrase", "sft_refusal_short_phrase", "sft_refusal_safety_phrase"})
_HAN = r"\p{Han}"


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """The signals that are wanted, from the messages of the dialogues."""
    n = len(subject)
    flat = flat_messages(subject)
    answers = _answers(flat)
    found: dict[str, Any] = {}
    asked = [name for name in _CLASSES if any(one.startswith(f"sft_{name}") for one in wanted)]
    sentences = sft_voice.sentences(answers) if sft_voice.RULES.keys() & asked else None
    for name in asked:
        found |= _in_answers(name, answers, sentences if name in sft_voice.RULES else None, n)
    if wanted & _WHERE_WRONG:
        found |= _where_wrong(found, _may_be_right(subject))
    for name, pattern in _PROMPTS.items():
        if f"sft_needs_{name}" in wanted or f"sft_needs_{name}_phrase" in wanted:
            found |= _in_prompts(name, pattern, flat, n)
    if "sft_tell_tale_share" in wanted:
        found["sft_tell_tale_share"] = _tell_tale(answers, n)
    return {name: found[name] for name in wanted}


def _may_be_right(subject: Subject) -> pl.Series:
    """Where a refusal may be what should be learnt: the task is safety, the source's moderation flagged something, or there are tools."""
    labels = sft_labels.compute(subject, frozenset({"sft_flagged", "sft_toxicity"}))
    harmful = is_task(subject, "safety")
    for name in ("sft_flagged", "sft_toxicity"):
        harmful |= np.nan_to_num(np.asarray(labels[name], dtype=np.float64)) >= _FLAGGED
    return pl.Series(harmful, dtype=pl.Boolean) | subject.column("tools").cast(pl.String).is_not_null()


def _where_wrong(found: Mapping[str, pl.Series], right: pl.Series) -> dict[str, pl.Series]:
    """The words of refusals where they are wrong, and those where they may be right, apart."""
    phrase, short = found["sft_refusal_phrase"], found["sft_refusal_short_phrase"]
    apart = pl.select(
        sft_refusal_phrase=pl.when(~right).then(phrase),
        sft_refusal_short_phrase=pl.when(~right).then(short),
        sft_refusal_safety_phrase=pl.when(right).then(phrase),
    )
    return {name: apart[name] for name in _WHERE_WRONG}


def _answers(flat: pl.DataFrame) -> pl.DataFrame:
    """The assistant's messages with text, each with the last thing that the user said before it."""
    asked = pl.when(pl.col("role") == "user").then(pl.col("content")).forward_fill().over("row")
    said = flat.select("row", "role", pl.col("content").fill_null("").alias("said"), asked.fill_null("").alias("asked"))
    return said.filter((pl.col("role") == "assistant") & (pl.col("said") != "")).with_row_index("answer")


def _in_answers(name: str, answers: pl.DataFrame, sentences: pl.DataFrame | None, n: int) -> dict[str, pl.Series]:
    """Count of answers of a class, the words found in the first, and those of the first that is short."""
    hits = _by_patterns(name, answers, n) if sentences is None else sft_voice.in_answers(name, answers, sentences)
    short = pl.col("phrase").filter(_is_short(pl.col("said"))).first()
    grouped = hits.group_by("row", maintain_order=True).agg(
        count=pl.len().cast(pl.Int32), phrase=pl.col("phrase").first(), short=short
    )
    rows = _of_each(grouped, n)
    return {
        f"sft_{name}": rows["count"].fill_null(0),
        f"sft_{name}_phrase": rows["phrase"],
        f"sft_{name}_short_phrase": rows["short"],
    }


def _by_patterns(name: str, answers: pl.DataFrame, n: int) -> pl.DataFrame:
    """The answers that patterns of a class find something in, with the words (`phrase`)."""
    english, chinese = _ANSWERS[name]
    judged = answers.filter(pl.col("row") != pl.col("row").shift(-1, fill_value=n)) if name == _OF_THE_LAST else answers
    in_chinese = _found(judged.filter(pl.col("said").str.contains(_HAN)), chinese)
    in_english = _found(judged.filter(pl.col("said").str.contains(patterns.ROUGHLY[name])), english)
    return pl.concat([in_chinese, in_english]).unique("answer", keep="first").sort("answer")


def _found(answers: pl.DataFrame, of: tuple[str, ...]) -> pl.DataFrame:
    """The answers that one of some patterns finds something in, with the words (`phrase`) of the first that does."""
    if not of:
        return answers.clear().with_columns(pl.lit("").alias("phrase"))
    bare = answers.with_columns(pl.col("said").str.replace_all(patterns.CODE_AND_QUOTES, " ").alias("bare"))
    words = pl.coalesce(pl.col("bare").str.extract(f"(?i)({one})", 1) for one in of)
    found = bare.with_columns(words.str.strip_chars(_AROUND).alias("phrase")).drop("bare")
    return found.filter(pl.col("phrase").is_not_null() & (pl.col("phrase") != ""))


def _is_short(said: pl.Expr) -> pl.Expr:
    han, words = said.str.count_matches(_HAN), said.str.count_matches(r"[^\s\p{Han}]+")
    return pl.when(han > words).then(han < _SHORT_CHARACTERS).otherwise(words < _SHORT_WORDS)


def _in_prompts(name: str, pattern: str, flat: pl.DataFrame, n: int) -> dict[str, pl.Series]:
    """Whether the first thing that the user says asks for what is not there, and the words that say so."""
    first = flat.filter(pl.col("role") == "user").group_by("row", maintain_order=True).agg(pl.col("content").first())
    phrase = pl.col("content").str.extract(f"(?i)({pattern})", 1)
    if name == "url":
        has_text = pl.col("content").str.len_chars() > patterns.MUCH_TEXT
        phrase = pl.when(~pl.col("content").str.contains(patterns.ABOUT_URLS) & ~has_text).then(phrase)
    if name == "images":
        phrase = pl.when(~pl.col("content").str.contains(patterns.SAYS_WHICH)).then(phrase)
    rows = _of_each(first.select("row", phrase.alias("phrase")), n)
    return {
        f"sft_needs_{name}": rows["phrase"].is_not_null().cast(pl.Int32),
        f"sft_needs_{name}_phrase": rows["phrase"],
    }


def _tell_tale(answers: pl.DataFrame, n: int) -> pl.Series:
    """Share of the paragraphs of all answers that have a turn of phrase which models are fond of."""
    paragraphs = answers.select("row", pl.col("said").str.split("\n")).explode("said")
    paragraphs = paragraphs.filter(pl.col("said").str.strip_chars() != "")
    hit = pl.col("said").str.contains(f"(?i)(?:{patterns.TELL_TALE})|{patterns.TELL_TALE_ZH}")
    return _of_each(paragraphs.group_by("row", maintain_order=True).agg(hit.mean().alias("share")), n)["share"]


def _of_each(grouped: pl.DataFrame, n: int) -> pl.DataFrame:
    rows = pl.DataFrame({"row": pl.Series(range(n), dtype=pl.UInt32)})
    return rows.join(grouped, on="row", how="left", maintain_order="left")


_ABOUT = {
    "refusal": "refuse, or disclaim as a machine does (as an AI language model, I ...)",
    "identity": "say that their writer is a model, or a vendor's product",
    "cutoff": "speak of the end of their writer's knowledge",
    "lacks_input": "fail for lack of input, where they are the dialogue's last: they ask for the text that the task is about",
    "vendor": "have one of open-instruct's words of vendors: OpenAI, ChatGPT, GPT-3, GPT-4, Bing Chat, LAION, Open Assistant",
}
_SOURCES = {
    "refusal": "ours, after allenai/open-instruct and BelleGroup",
    "identity": "ours, after allenai/open-instruct, filter_dataset_by_keywords.py",
    "cutoff": "ours, after allenai/open-instruct, filter_cutoff_date.py",
    "lacks_input": "ours, after BELLE 1M and AlpacaDataCleaned",
    "vendor": "allenai/open-instruct, scripts/data/sft/utils.py",
}
_IT = "en, zh"
_RIGHT = "the task is safety, the source's moderation flagged something, or there are tools"
_SAFE = f"; null where {_RIGHT}, for there a refusal may be right"


def _of_answers(name: str) -> tuple[Signal, ...]:
    about, source = _ABOUT[name], _SOURCES[name]
    told = f"Words by which sft_{name} found the first"
    return (
        Signal(
            f"sft_{name}",
            f"Answers, without code and quotations, that {about}",
            source,
            dtype=pl.Int32,
            range="0..",
            languages=_IT,
            empty="0",
        ),
        Signal(
            f"sft_{name}_phrase",
            f"{told} such answer" + (_SAFE if name == "refusal" else ""),
            source,
            dtype=pl.String,
            range="words",
            languages=_IT,
        ),
        Signal(
            f"sft_{name}_short_phrase",
            f"{told} such answer of fewer than {_SHORT_WORDS} words, or {_SHORT_CHARACTERS} Chinese characters where it has more of those"
            + (_SAFE if name == "refusal" else ""),
            source,
            dtype=pl.String,
            range="words",
            languages=_IT,
        ),
    )


def _of_prompts(name: str, what: str) -> tuple[Signal, ...]:
    source = "ours, after gururise/AlpacaDataCleaned and yizhongw/self-instruct"
    return (
        Signal(
            f"sft_needs_{name}",
            f"1 where the first prompt asks about {what}",
            source,
            dtype=pl.Int32,
            range="0, 1",
            languages=_IT,
            empty="0",
        ),
        Signal(
            f"sft_needs_{name}_phrase",
            f"Words of the first prompt by which sft_needs_{name} found it",
            source,
            dtype=pl.String,
            range="words",
            languages=_IT,
        ),
    )


register(
    Family(
        name="sft_phrases",
        version="3",
        signals=(
            *(signal for name in _CLASSES for signal in _of_answers(name)),
            Signal(
                "sft_refusal_safety_phrase",
                f"Words by which sft_refusal found the first such answer where {_RIGHT}; null elsewhere",
                _SOURCES["refusal"],
                dtype=pl.String,
                range="words",
                languages=_IT,
            ),
            *_of_prompts("url", "a page that a model can't open"),
            *_of_prompts("images", "an image, chart or map, or wants one drawn"),
            *_of_prompts("files", "a file that is not there"),
            Signal(
                "sft_tell_tale_share",
                "Share of the lines of all answers that have a turn of phrase which models are fond of (hope this helps; 总的来说)",
                "ours, after HC3's indicating words (Guo et al. 2023)",
                languages=_IT,
            ),
        ),
        compute=compute,
        reads=("messages", "task_type", "tools", "labels", "meta"),
        of="dialogues",
    )
)
