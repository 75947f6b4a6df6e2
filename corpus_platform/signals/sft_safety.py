"""Harm in dialogues: words of lists, what the source has flagged, and what of it is a lesson in safety.

A dialogue is a *safety* one where its task is safety, or where something in it is flagged and the assistant declines: such rows teach a model what not to
do, and are kept (how many, a mix says). The signals `sft_unsafe_...` are those that a filter asks about: null for safety dialogues.

Not here: the lists (lists/), labels as the source has them (sft_labels.py), classifiers (models/safety.py).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.signals import sft_labels
from corpus_platform.signals.dialogues import by_row, flat, is_task
from corpus_platform.signals.registry import Family, Signal, register
from corpus_platform.signals.sft_turns import WORD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.signals.subject import Subject

_FLAGGED, _TOXIC, _SHARE = 0.5, 0.5, 0.017
"""From here on something is flagged: the source's truth value, its toxicity, and data-juicer's share of words for Chinese instructions."""
_DIFFERENT = 3
"""A word of the lists by itself shows nothing: a patient asks what hurts, and 三级 is a degree of illness as well."""
_DECLINES = (
    r"(?i)(?-u:\b)I(?:'m| am) (?:very |really |so |truly )?sorry,? (?:but )?(?:I |as |that )"
    r"|(?-u:\b)I (?:can(?:no|'|’)t|am (?:not able|unable) to|won['’]t|will not)(?-u:\b)"
    r"|(?-u:\b)I do not feel comfortable(?-u:\b)"
    r"|(?-u:\b)(?:it is|it's|is) (?:not (?:appropriate|ethical|legal|okay|acceptable)|illegal|unethical|harmful|wrong)(?-u:\b)"
    r"|(?-u:\b)seek (?:professional )?help(?-u:\b)"
    r"|(?:很|非常|十分)?(?:抱歉|对不起)|(?:我|我们)?(?:无法|不能|不会)(?:提供|回答|帮助|协助|满足|支持|参与|讨论|生成|编写|给出)|(?:违反|违背|触犯)(?:了)?(?:法律|道德|伦理|规定)"
    r"|(?:是)?(?:违法|不道德|不合法|不恰当|不合适|犯罪)(?:的)?|请(?:你|您)?(?:寻求|联系)(?:专业|心理)"
)
_NAMES_ZH = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟"
    "汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_AGE = r"\d{1,3}\s?(?:周?岁|歲|个月大)|(?i:(?-u:\b)aged? \d{1,3}(?-u:\b)|(?-u:\b)\d{1,3}[- ]years?[- ]old(?-u:\b)|年龄\s?[:：]?\s?\d)"
_NAME = (
    rf"(?:姓名|患者|病人|名叫|我叫|我是)\s?[:：]?\s?[{_NAMES_ZH}](?:某某?|[\x{{4e00}}-\x{{9fff}}]{{1,2}})(?:[，,。；;、\s]|先生|女士|$)|[{_NAMES_ZH}]某某?"
    r"|(?:Mr|Mrs|Ms|Miss)\.? [A-Z][a-z]+|(?i:my name is|patient(?:'s)? name:?|name:) [A-Z][a-z]+"
)
_HOSPITAL = r"[\x{4e00}-\x{9fff}]{2,12}(?:医院|醫院|卫生院|卫生所|诊所|门诊部|妇幼保健院)|[A-Z]\w+ (?:[A-Z]\w+ ){0,3}(?:Hospital|Clinic|Medical Cent(?:er|re))"
_NOT_A_HOSPITAL = (
    r"(?:当地|附近|正规|专业|大型|三甲|综合|到|去|在|及时|上级|公立|各大|专科|一家|家|的|好|大|小|本|我|您|你|贵)(?:的)?(?:三甲|正规|专科|大)?"
    r"(?:医院|诊所|卫生院)"
)


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """Shares of listed words, what is unsafe, and what is a matter of one patient."""
    found: dict[str, Any] = {}
    if "sft_sensitive_medical" in wanted:
        found["sft_sensitive_medical"] = _medical(subject)
    if wanted <= found.keys():
        return found
    share, different = _listed(subject)
    labels = sft_labels.compute(subject, frozenset({"sft_flagged", "sft_toxicity"}))
    flagged = labels["sft_flagged"].fill_null(np.nan).to_numpy()
    toxicity = labels["sft_toxicity"].fill_null(np.nan).to_numpy()
    told = np.where(different >= _DIFFERENT, share, 0.0)
    is_flagged = (flagged >= _FLAGGED) | (toxicity >= _TOXIC) | (told > _SHARE)
    is_safety = is_task(subject, "safety") | (is_flagged & _declines(subject))
    unsafe = {"sft_unsafe_flagged": flagged, "sft_unsafe_toxicity": toxicity, "sft_unsafe_words": told}
    return {
        **found,
        "sft_flagged_words": share,
        "sft_is_safety": is_safety.astype(np.float64),
        **{name: np.where(is_safety, np.nan, values) for name, values in unsafe.items()},
    }


def _listed(subject: Subject) -> tuple[np.ndarray, np.ndarray]:
    """Share of the words that are of the lists (a Chinese word of the list counts for its characters), and how many different ones there are."""
    lists = subject.environment.lists
    english, chinese = (_pattern(lists.get("flagged_words", code).entries, code) for code in ("en", "zh"))
    frame = pl.DataFrame({"text": subject.batch.texts})
    found = pl.select(en=_matches(frame["text"], english), zh=_matches(frame["text"], chinese))
    hits = found["en"].list.len() + found["zh"].list.join("").str.len_chars()
    words = frame["text"].str.count_matches(WORD)
    share = (hits / words.clip(lower_bound=1)).clip(upper_bound=1.0)
    different = found["en"].list.n_unique() + found["zh"].list.n_unique()
    return share.fill_null(0.0).to_numpy(), different.fill_null(0).to_numpy()


def _matches(texts: pl.Series, pattern: str) -> pl.Series:
    nothing = pl.Series([[]], dtype=pl.List(pl.String)).new_from_index(0, len(texts))
    return texts.str.to_lowercase().str.extract_all(pattern) if pattern else nothing


@lru_cache(maxsize=8)
def _pattern(entries: tuple[str, ...], language: str) -> str:
    inner = "|".join(re.escape(entry) for entry in sorted(entries, key=len, reverse=True))
    if not inner:
        return ""
    return rf"(?i)(?-u:\b)(?:{inner})(?-u:\b)" if language == "en" else f"(?:{inner})"


def _declines(subject: Subject) -> np.ndarray:
    """Whether the last answer declines: bool[n]."""
    answers = flat(subject).filter(pl.col("role") == "assistant")
    last = answers.group_by("row", maintain_order=True).agg(pl.col("content").last())
    found = last.with_columns(declines=pl.col("content").fill_null("").str.head(300).str.contains(_DECLINES))
    return by_row(subject, found, "declines", missing=0.0) > 0


def _medical(subject: Subject) -> np.ndarray:
    """An age, a name and a hospital by its own name."""
    text = pl.col("text")
    frame = pl.DataFrame({"text": subject.batch.texts})
    some = text.str.contains(_AGE) & text.str.contains(_NAME)
    named = text.str.replace_all(_NOT_A_HOSPITAL, " ").str.contains(_HOSPITAL)
    return frame.select((some & named).cast(pl.Float64).alias("all"))["all"].to_numpy()


_SOURCE = "corpus platform"
register(
    Family(
        name="sft_safety",
        version="1",
        signals=(
            Signal(
                name="sft_flagged_words",
                definition="Words of the lists `flagged_words` (en, zh), in proportion to all words of the dialogue; a Chinese entry counts for its characters",
                source="data-juicer, flagged_words_filter",
                lists=("flagged_words",),
                languages="en, zh",
            ),
            Signal(
                name="sft_is_safety",
                definition="1 where the task is safety, or something is flagged (label, toxicity from 0.5, words over 0.017) and the last answer declines",
                source=_SOURCE,
                lists=("flagged_words",),
            ),
            Signal(
                name="sft_unsafe_flagged",
                definition="sft_flagged; null where sft_is_safety",
                source=_SOURCE,
                lists=("flagged_words",),
            ),
            Signal(
                name="sft_unsafe_toxicity",
                definition="sft_toxicity; null where sft_is_safety",
                source=_SOURCE,
                range="as the source has it",
                lists=("flagged_words",),
            ),
            Signal(
                name="sft_unsafe_words",
                definition="sft_flagged_words where the dialogue has 3 different ones or more, else 0; null where sft_is_safety",
                source=_SOURCE,
                lists=("flagged_words",),
            ),
            Signal(
                name="sft_sensitive_medical",
                definition="1 where an age, a name and a hospital by its own name stand in one dialogue",
                source=_SOURCE,
                languages="en, zh",
            ),
        ),
        compute=compute,
        reads=("messages", "labels", "meta", "task_type"),
        of="dialogues",
    )
)
