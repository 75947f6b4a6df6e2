"""Signals of Chinese pages: script, lines, repetition, spam.

They mean something for Chinese only: a text without a Han character has no value (null) but for its characters, lines and the share of Chinese.
Sources: ChineseWebText's EvalWeb (`preprocess.py`) for length, share of Chinese, sensitive words and repetition, each also as its code has it;
the rest are ours, made for what the steps of WuDao, CCI, SkyPile, WanJuan and MNBVC are said to do.

Not here: what is counted of a page (chinese_pages.py, chinese_kernels.py, chinese_terms.py), words by a segmenter (chinese_words.py), thresholds (recipes/).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.signals import chinese_kernels as k
from corpus_platform.signals.chinese_pages import Pages, density, line_count, pages_of
from corpus_platform.signals.registry import Family, Signal, register
from corpus_platform.text.batch import share

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from corpus_platform.signals.subject import Subject
    from corpus_platform.text.batch import TextBatch

_CONTACT = (
    r"(?i)(?:qq群?|q群|微信|薇信|加微|v信|wechat|电话|電話|手机|热线|熱線|咨询|传真|tel|whatsapp|telegram)(?:号码?|號碼?)?"
    r"\s?[:：]?\s?\+?[0-9a-z(（][0-9a-z\-—()（） ]{5,}"
)
_ERROR = (
    r"(?i)(?:404|403|502|503)\s?(?:error|not found|错误|状态页)|(?:error|http)\s?(?:错误\s?)?(?:404|403|50\d)|服务器错误|无法找到(?:该|此)?页"
    r"|找不到(?:文件|页面|您|你|该页)|页面(?:不存在|没找到|找不到|已删除)|(?:查找|访问|搜索|寻找)的(?:页面|资源|内容|链接|网页|域名)(?:可能)?(?:已|不|无|找)"
    r"|未被授权查看|域名(?:已经?)?(?:过期|到期)|暂时不可用|暂时不能访问|请求的\s?url|system error|internal server error|access denied|正在为您跳转"
    r"|返回上一[页步]"
)
_OURS = "ours"
_EVALWEB = "ChineseWebText, EvalWeb preprocess.py"
_LIST = ("sensitive_words",)

_DEFINED: dict[str, tuple[Signal, Callable[[Pages], Any]]] = {}


def _signal(
    name: str,
    compute: Callable[[Pages], Any],
    definition: str,
    *,
    dtype: Any = pl.Float64,
    source: str = _OURS,
    range: str = "0..1",  # noqa: A002
    reference: str = "",
    lists: tuple[str, ...] = (),
) -> None:
    signal = Signal(
        name, definition, source, dtype=dtype, range=range, languages="zh", reference=reference, lists=lists
    )
    _DEFINED[name] = (signal, compute)


def _count(name: str, compute: Callable[[Pages], Any], definition: str, **more: Any) -> None:
    _signal(name, compute, definition, **{"dtype": pl.Int64, "range": "0..", **more})


_count("zh_characters", lambda p: p.of(k.EVALWEB_COUNT), "Characters in U+4E00..U+9FA5", source=_EVALWEB)
_signal(
    "zh_fraction",
    lambda p: share(p.of(k.EVALWEB_COUNT), p.of(k.CHARACTERS)),
    "Characters in U+4E00..U+9FA5 / all characters, white space included",
    source=_EVALWEB,
)
_signal(
    "zh_han_fraction",
    lambda p: share(p.of(k.HAN_COUNT), p.of(k.NOT_WHITE)),
    "Han characters, extensions and compatibility forms included / characters that are not white space",
)
_count("zh_length", lambda p: p.of(k.CHARACTERS), "Characters of the text", source=_EVALWEB)
_count("zh_line_count", lambda p: p.line_count, "Newlines + 1", source=_EVALWEB)
_signal(
    "zh_mean_line_length",
    lambda p: p.of(k.CHARACTERS) / p.line_count,
    "Characters, newlines included / (newlines + 1)",
    source=_EVALWEB,
    range="0..",
)
_signal(
    "zh_characters_per_line",
    lambda p: share(p.of(k.HAN_COUNT), p.lines[:, k.FILLED_LINES]),
    "Han characters / lines with more than white space",
    range="0..",
)
_signal(
    "zh_short_line_fraction",
    lambda p: share(p.lines[:, k.SHORT_LINES], p.lines[:, k.FILLED_LINES]),
    "Filled lines of fewer than 10 characters that are not white space / filled lines",
)
_signal(
    "zh_terminal_line_fraction",
    lambda p: share(p.lines[:, k.TERMINAL_LINES], p.lines[:, k.FILLED_LINES]),
    "Filled lines whose last character that is not white space ends a sentence (。！？…；.!? and closing quotation marks or brackets) / filled lines",
)
_signal(
    "zh_punctuation_fraction",
    lambda p: p.of(k.PUNCTUATION_COUNT) / p.of(k.NOT_WHITE),
    "Unicode punctuation, ASCII and Chinese / characters that are not white space",
)
_signal(
    "zh_prose_fraction",
    lambda p: p.lines[:, k.PROSE] / p.of(k.NOT_WHITE),
    "Characters in prose lines / characters, white space left out. A prose line has a Han character, is no keyword line, and has 20 characters or more "
    "with one that ends a clause (，。！？；、,;!?…), or 5 or more with one of 。！？ and such a mark or a closing quotation mark or bracket at its end",
)
_count("zh_prose_characters", lambda p: p.lines[:, k.PROSE], "Characters in prose lines, white space left out")
_signal(
    "zh_keyword_fraction",
    lambda p: p.lines[:, k.KEYWORDS] / p.of(k.NOT_WHITE),
    "Characters in keyword lines / characters, white space left out. A keyword line is at least half Han, has 5 pieces or more between commas, bars, "
    "spaces and the like, of 8 characters or fewer in the mean, and none of 。！？",
)
_signal(
    "zh_traditional_fraction",
    lambda p: p.of(k.TRADITIONAL_COUNT) / p.of(k.HAN_COUNT),
    "Han characters that have a Simplified form of their own (OpenCC t2s) / Han characters",
)
_count(
    "zh_traditional_changes",
    Pages.traditional_changes,
    "1 where Traditional to Simplified (OpenCC t2s; EvalWeb: zhconv zh-cn) changes the text, else 0",
    source=_EVALWEB,
    range="0, 1",
)
_signal(
    "zh_13gram_repetition",
    Pages.repetition,
    "Windows of 13 characters that occur more than once / windows, in the lower-cased text without white space; 0 for a text of fewer",
    source=_EVALWEB,
    reference="takes out only spaces, tabs and newlines, and misses the last window",
)
_count("zh_longest_digits", lambda p: p.of(k.LONGEST_DIGITS), "Longest run of decimal digits")
_count("zh_digit_strings", lambda p: p.of(k.LONG_DIGITS), "Runs of 8 decimal digits or more", source="MNBVC")
_signal(
    "zh_digit_fraction",
    lambda p: p.of(k.DIGITS) / p.of(k.NOT_WHITE),
    "Decimal digits / characters that are not white space",
)
_count("zh_longest_repeat", lambda p: p.of(k.LONGEST_REPEAT), "Longest run of one character that is not white space")
_signal(
    "zh_character_entropy",
    lambda p: k.entropies(p.codes, p.start, k.character_table()),
    "Entropy in bits of the characters that are not white space",
    range="0..",
)
_signal(
    "zh_stop_fraction",
    lambda p: p.of(k.STOP_COUNT) / p.of(k.HAN_COUNT),
    "Function characters (的 了 是 在 不 有 ... 80 of them) / Han characters",
)
_count(
    "zh_domain_count",
    lambda p: p.domains[:, 0],
    "Internet domains, alone or in addresses; not those of e-mail, and no file names",
)
_signal(
    "zh_domain_fraction",
    lambda p: p.domains[:, 1] / p.of(k.NOT_WHITE),
    "Characters of internet domains / characters that are not white space",
)
_count(
    "zh_digit_domain_count",
    lambda p: p.domains[:, 2],
    "Internet domains with a label of three digits or more that has no more letters than digits",
)
_count(
    "zh_contact_count",
    lambda p: p.texts.str.count_matches(_CONTACT).to_numpy(),
    "QQ, WeChat, telephone and the like followed by a number or name of 6 characters or more",
)
_count(
    "zh_error_count",
    lambda p: p.texts.str.head(300).str.count_matches(_ERROR).to_numpy(),
    "Phrases of error pages in the first 300 characters: 404 Not Found, 找不到文件或目录, 域名已过期 and the like",
)
_count(
    "zh_title_repeats",
    lambda p: p.title[:, 0],
    "Occurrences of the title's first phrase in the text, after the title: the first run of letters, digits and Han characters that has 4 or more "
    "(of digits alone: 5), cut at 40. The title is the page's own where it is known, else the first filled line",
)
_signal(
    "zh_title_fraction",
    lambda p: p.title[:, 0] * p.title[:, 1] / p.of(k.NOT_WHITE),
    "Characters of these occurrences / characters that are not white space",
)
_signal(
    "zh_title_line_fraction",
    lambda p: share(np.maximum(p.title[:, 2] - 3, 0), p.lines[:, k.FILLED_LINES]),
    "Lines that begin with the title's first phrase, beyond the third such line / filled lines; the title itself left out",
)
_count(
    "zh_title_keywords",
    lambda p: p.title[:, 3],
    "Different phrases of the title, of 4 characters or more, that occur five times or more after it; of the first 12",
)
_count(
    "zh_sensitive_count",
    lambda p: p.terms.sensitive,
    "Different sensitive words in the text; those of categories that end in `_hint` do not count",
    source=_EVALWEB,
    lists=_LIST,
)
_signal(
    "zh_sensitive_per_line",
    lambda p: p.terms.sensitive / p.line_count,
    "Different sensitive words / (newlines + 1)",
    source=_EVALWEB,
    range="0..",
    lists=_LIST,
)
for _category, _what in (("adult", "adult"), ("gambling", "gambling"), ("fraud", "fraud and advertisement")):
    _signal(
        f"zh_{_category}_density",
        lambda p, category=_category: density(p, category),
        f"Occurrences of {_what} terms, weak signs counted as a quarter, for each 1,000 characters that are not white space",
        range="0..",
        lists=_LIST,
    )
    _count(
        f"zh_{_category}_count",
        lambda p, category=_category: p.terms.of(category, distinct=True),
        f"Different {_what} terms, weak signs left out",
        lists=_LIST,
    )
    _signal(
        f"zh_{_category}_title",
        lambda p, category=_category: p.weighed(p.title_terms, category),
        f"Occurrences of {_what} terms in the title (the page's own, else the first filled line), weak signs counted as a quarter",
        range="0..",
        lists=_LIST,
    )

_ALL = frozenset(
    {"zh_characters", "zh_fraction", "zh_han_fraction", "zh_length", "zh_line_count", "zh_mean_line_length"}
)
"""Signals that every text has, Chinese or not."""


def _every(batch: TextBatch, texts: pl.Series, some: np.ndarray, pages: Pages) -> Pages:
    """What is counted of all texts; `pages` are those that may be Chinese, and are counted already. The others have no characters but for their number."""
    count = np.zeros((len(batch), pages.count.shape[1]), np.int64)
    count[:, k.CHARACTERS] = count[:, k.NOT_WHITE] = batch.characters
    count[some] = pages.count
    return Pages(texts, pages.codes, pages.start, count, line_count(batch))


def _chinese(pages: Pages, some: np.ndarray, subject: Subject) -> tuple[np.ndarray, Pages]:
    """Which pages have a Han character: their rows, and these pages with their titles, under the subject's settings."""
    has_han = pages.of(k.HAN_COUNT) > 0
    rows = np.flatnonzero(some)[has_han]
    environment = subject.environment
    own = subject.column("title").cast(pl.String).gather(rows) if "title" in subject.columns.columns else None
    if not has_han.all():
        size = np.diff(pages.start)
        start = np.concatenate([[0], np.cumsum(size[has_han])])
        codes, texts = pages.codes[np.repeat(has_han, size)], pages.texts.filter(pl.Series(has_han))
        pages = Pages(texts, codes, start, pages.count[has_han], pages.line_count[has_han])
    return rows, replace(pages, own_titles=own, reference=environment.reference, lists=environment.lists)


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """The wanted signals of each document."""
    batch = subject.batch
    texts = batch.texts
    some = k.may_have_han(batch.data, batch.document_start)
    candidates = pages_of(texts if some.all() else texts.filter(pl.Series(some)))
    every = _every(batch, texts, some, candidates)
    rows, pages = _chinese(candidates, some, subject)
    found = {name: _column(name, every) for name in wanted & _ALL}
    for name in wanted - _ALL:
        own = _column(name, pages)
        empty = pl.Series(name, [None], dtype=own.dtype).new_from_index(0, len(batch))
        found[name] = empty.scatter(rows, own) if len(own) else empty
    return found


def _column(name: str, pages: Pages) -> pl.Series:
    signal, measure = _DEFINED[name]
    values = pl.Series(name, np.asarray(measure(pages)))
    return (values.fill_nan(None) if values.dtype == pl.Float64 else values).cast(signal.dtype)


CHINESE = register(
    Family(
        name="chinese",
        version="1",
        signals=tuple(signal for signal, _ in _DEFINED.values()),
        compute=compute,
        reads=("title",),
    )
)
