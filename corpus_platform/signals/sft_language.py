"""Languages of dialogues, message by message: what users write in, what the assistant answers in, and whether the two fit.

A message is identified without its code, formulas and addresses. Chinese, Japanese and Korean are told by their characters, other languages by fastText,
from 20 letters on (surely below 40); a shorter or doubtful one has no language, and fits any. The language of a side is that of most of its characters.
Tasks of translation, and prompts that ask for another language, may be answered in one; a prompt that gives words of a language, in it.

Not here: the model (models/language_id.py), the language of the whole text (the family `language`), rules (recipes/steps/sft_structure.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.models.language_id import language_id_model
from corpus_platform.signals.dialogues import flat, is_task
from corpus_platform.signals.language import opened
from corpus_platform.signals.registry import Family, Signal, register

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.signals.environment import Environment
    from corpus_platform.signals.subject import Subject

_LEAST_LETTERS, _LEAST_HAN = 20, 2
_WIDE_SHARE = 0.15
"""Of the letters: a Chinese character says as much as several Latin ones, which names and terms are written in."""
_LEAST_SCORE, _ENOUGH_LETTERS, _SURE_SCORE = 0.5, 40, 0.6
"""A text of fewer letters must be surer."""
_SENTENCE_LETTERS = 50
"""Letters of a text that is surely more than names, terms, a formula: two Latin languages differ in longer texts only, and so does an answer from Chinese."""
_MOST_CHARACTERS = 600
"""Of a message are looked at: a language shows at once."""
_MARKUP = r"(?s)```.*?(?:```|\z)|`[^`\n]{1,200}`|\$\$.{1,2000}?\$\$|\$[^$\n]{1,300}\$|\\\[.{1,2000}?\\\]|\\\(.{1,500}?\\\)|https?://\S+|<[^<>\n]{1,200}>"
_MARKS = ("`", "$", "\\[", "\\(", "://", "<")
_CODE = (
    r"(?m:^[^\n\p{Han}]*(?:[{};]|\)\s*:|\[\s*\]|==[^\n]*)[ \t]*$)"
    r"|(?m:^[ \t]*(?:def|return|import|from|for|if|elif|else|while|class|var|let|const|function|print|public|private|static|int|void|#include|SELECT)"
    r"(?-u:\b)[^\n]*[\[({=:;][^\n]*$)"
    r"|(?m:^[ \t]*(?:return|import|from)[ ][^\n ]{1,60}$)|(?m:^[ \t]*\w+(?:\[[^\n\]]*\])?[ \t]*[+*/-]?=[ \t]*[^\n\p{Han}]+$)"
)
_CODE_MARKS = ("{", "}", ";", "= ", "):", "==", "[]", "return ", "import ", "SELECT", "print")
"""Code, between fences or bare, formulas, addresses, tags."""
_HAN = r"[\x{3400}-\x{4dbf}\x{4e00}-\x{9fff}\x{f900}-\x{faff}\x{20000}-\x{323af}]"
_CJK_SHARE = r"[\x{4e00}-\x{9fff}]"
_LATIN_WORDS = r"(?:[A-Za-z]{1,20}[ ,.;:'’-]{1,3}){3}[A-Za-z]"
"""Words in a Chinese prompt that are given to work on."""
_CHINESE = {"yue": "zh", "wuu": "zh"}
_LANGUAGES = (
    "english|chinese|mandarin|cantonese|french|german|spanish|japanese|korean|russian|italian|portuguese|arabic|hindi|latin|dutch|greek|turkish|"
    "vietnamese|thai|indonesian|polish|swedish|hebrew|ukrainian|hungarian|czech|danish|finnish|norwegian|persian|urdu|bengali|lyrics"
)
OTHER_LANGUAGE = (
    rf"(?i)(?-u:\b)(?:translat(?:e|es|ed|ion|ing)|{_LANGUAGES}|auf deutsch)(?-u:\b)|翻译|译成|译为|译文|翻成|双语"
    r"|[英法德俄日韩汉]语|[英中法德俄日韩]文|西班牙语|葡萄牙语|阿拉伯语|意大利语|拉丁语|粤语|外语|单词|分词|怎么说|请翻|翻一下|歌词"
)
"""A prompt that names a language may be asking for it."""


def languages(texts: pl.Series, environment: Environment) -> pl.Series:
    """Language of each text, or null where too little shows one. Raises ModelError where a model is needed and missing."""
    bare = pl.DataFrame(
        {
            "text": _without(
                _without(texts.fill_null("").str.head(_MOST_CHARACTERS), _MARKS, _MARKUP), _CODE_MARKS, _CODE
            )
        }
    )
    counts = bare.select(
        "text",
        letters=pl.col("text").str.count_matches(r"\p{L}"),
        han=pl.col("text").str.count_matches(_HAN),
        kana=pl.col("text").str.count_matches(r"[\x{3041}-\x{30fa}]"),
        hangul=pl.col("text").str.count_matches(r"[\x{ac00}-\x{d7af}]"),
    )
    wide = pl.col("han") + pl.col("kana") + pl.col("hangul")
    is_wide = (wide >= _LEAST_HAN) & (wide >= _WIDE_SHARE * pl.col("letters"))
    told = counts.select(
        pl.when(~is_wide).then(None)
        .when(pl.col("hangul") > 0.3 * wide).then(pl.lit("ko"))
        .when(pl.col("kana") >= 0.1 * wide).then(pl.lit("ja"))
        .otherwise(pl.lit("zh"))
        .alias("language")
    )["language"]  # fmt: skip
    asked = counts.select(~is_wide & (pl.col("letters") >= _LEAST_LETTERS)).to_series().arg_true()
    if not len(asked):
        return told
    model = opened(str(language_id_model(environment.settings.language_id)))
    codes, scores = model.predict(bare["text"].gather(asked).to_list())
    found = pl.DataFrame({"code": pl.Series(codes, dtype=pl.String), "score": scores.astype(np.float64)})
    found = found.with_columns(counts["letters"].gather(asked), counts["kana"].gather(asked))
    least = pl.when(pl.col("letters") < _ENOUGH_LETTERS).then(_SURE_SCORE).otherwise(_LEAST_SCORE)
    is_sure = (pl.col("score") >= least) & ~((pl.col("code") == "ja") & (pl.col("kana") == 0))
    return told.scatter(asked, found.select(pl.when(is_sure).then(pl.col("code").replace(_CHINESE)))["code"])


def _without(texts: pl.Series, marks: tuple[str, ...], pattern: str) -> pl.Series:
    """The texts without a pattern, which is dear: tried only where one of its marks stands."""
    rows = texts.str.contains_any(list(marks)).arg_true()
    return texts.scatter(rows, texts.gather(rows).str.replace_all(pattern, " ")) if len(rows) else texts


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """Languages of both sides, and what does not fit."""
    messages = _judged(subject)
    n = len(subject)
    found: dict[str, Any] = {
        "sft_prompt_language": _main(messages.filter(pl.col("role") == "user"), n),
        "sft_answer_language": _main(messages.filter("trained"), n),
        "sft_cjk_share": _cjk_share(messages, n),
    }
    if not {"sft_language_mismatch", "sft_languages"} & wanted:
        return found
    other = messages.filter((pl.col("role") == "user") & pl.col("content").str.contains(OTHER_LANGUAGE))["row"]
    system = subject.column("system").cast(pl.String).fill_null("").str.contains(OTHER_LANGUAGE).to_numpy()
    may = is_task(subject, "translation", "code") | system
    may[other.unique().to_numpy()] = True
    is_user = pl.col("role") == "user"
    content = pl.col("content")
    asked = messages.with_columns(
        before=pl.when(is_user).then(pl.col("language").fill_null("")).forward_fill().over("row"),
        letters=content.str.count_matches(r"\p{L}"),
        asked=pl.when(is_user).then(content.str.count_matches(r"\p{L}")).forward_fill().over("row"),
        has_han=pl.when(is_user).then(content.str.contains(f"{_HAN}{{2}}")).forward_fill().over("row"),
        has_latin=pl.when(is_user).then(content.str.contains(_LATIN_WORDS)).forward_fill().over("row"),
    )
    is_wide, from_wide = (pl.col(side).is_in(["zh", "ja", "ko"]) for side in ("language", "before"))
    is_long = is_wide | (
        (pl.col("letters") >= _SENTENCE_LETTERS) & (from_wide | (pl.col("asked") >= _SENTENCE_LETTERS))
    )
    is_quoted = (is_wide & pl.col("has_han")) | (~is_wide & pl.col("has_latin") & from_wide)
    differs = (pl.col("before") != "") & (pl.col("language") != pl.col("before")) & is_long & ~is_quoted
    differ = asked.filter(pl.col("trained") & differs)
    mismatch = np.bincount(differ["row"].to_numpy(), minlength=n).astype(np.float64)
    mismatch[may] = np.nan
    spoken = messages.filter(pl.col("language").is_not_null()).group_by("row").agg(pl.col("language").n_unique())
    number = np.zeros(n)
    number[spoken["row"].to_numpy()] = spoken["language"].to_numpy()
    return {**found, "sft_language_mismatch": mismatch, "sft_languages": number}


def _judged(subject: Subject) -> pl.DataFrame:
    """Messages of users and the assistant with their `language`; a call has none."""

    def make() -> pl.DataFrame:
        messages = flat(subject).filter(pl.col("role").is_in(["user", "assistant"]))
        messages = messages.with_columns(
            pl.col("content").fill_null(""), pl.col("trained").fill_null(pl.col("role") == "assistant")
        )
        return messages.with_columns(languages(messages["content"], subject.environment).alias("language"))

    return subject.once("sft_message_languages", make)


def _main(messages: pl.DataFrame, n: int) -> pl.Series:
    """The language of most characters of each dialogue's messages; null where none is known."""
    known = messages.filter(pl.col("language").is_not_null())
    sizes = known.group_by("row", "language").agg(pl.col("content").str.len_chars().sum().alias("size"))
    most = sizes.sort("size", "language", descending=[True, False]).unique("row", keep="first", maintain_order=True)
    every = pl.DataFrame({"row": pl.Series(range(n), dtype=pl.UInt32)})
    return every.join(most, on="row", how="left", maintain_order="left")["language"]


def _cjk_share(messages: pl.DataFrame, n: int) -> np.ndarray:
    answers = messages.filter("trained").select(
        "row", han=pl.col("content").str.count_matches(_CJK_SHARE), size=pl.col("content").str.len_chars()
    )
    found = answers.group_by("row").agg(pl.col("han").sum(), pl.col("size").sum()).filter(pl.col("size") > 0)
    share = np.full(n, np.nan)
    share[found["row"].to_numpy()] = (found["han"] / found["size"]).to_numpy()
    return share


register(
    Family(
        name="sft_language",
        version="2",
        signals=(
            Signal(
                name="sft_prompt_language",
                definition="Language of most characters of what users say: Chinese, Japanese and Korean by their characters, others by fastText; null "
                "where under 20 letters, or a probability under 0.5, show none",
                source="corpus platform; fastText lid.176",
                dtype=pl.String,
                range="ISO 639-1 code where there is one",
                models=("language_id",),
            ),
            Signal(
                name="sft_answer_language",
                definition="Language of most characters of the trained contents, in the same way",
                source="corpus platform; fastText lid.176",
                dtype=pl.String,
                range="ISO 639-1 code where there is one",
                models=("language_id",),
            ),
            Signal(
                name="sft_cjk_share",
                definition="Share of the trained contents' characters that are Chinese (U+4E00 to U+9FFF)",
                source="open-instruct, filter_chinese.py",
            ),
            Signal(
                name="sft_language_mismatch",
                definition="Answers in another language than the user's message before them, both known; null where the task is translation or code, or a "
                "prompt asks for another language; an answer in a language of which the prompt gives some words fits, and one of under 50 letters",
                source="corpus platform; BELLE's data",
                range="0..",
                models=("language_id",),
            ),
            Signal(
                name="sft_languages",
                definition="Different languages of the messages",
                source="corpus platform",
                range="0..",
                empty="0",
                models=("language_id",),
            ),
        ),
        compute=compute,
        reads=("messages", "system", "task_type"),
        of="dialogues",
    )
)
