"""Edits of Chinese texts that look at lines, sentences and digits, as Polars expressions.

Each takes texts and gives texts.

Not here: lines as rows (line_rows.py), script (script.py), segments (segments.py), which recipe edits what (recipes/).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

SENTENCE_END = r"([。！？!?；;…]+[”’」』）)】》\"']*)"
"""pyltp's sentence ends: a mark, more of them, and the closing marks behind it."""

FRAMEWORK = (
    r"^(?:首\s*页|上一[页篇章条节]|下一[页篇章条节]|返回(?:首页|顶部|目录|列表|书页)?|尾页|末页|更多(?:>+|»)?|设为首页|加入收藏|收藏本站|联系我们|关于我们|网站地图|"
    r"友情链接|免责声明|版权声明|登录|注册|登录\s*注册|搜索|打印(?:本页|此页)?|关闭(?:窗口|此页)?|分享到?[:：]?|回复|举报|顶|踩|投诉|评论\(?\d*\)?|客服|在线咨询|意见反馈|帮助中心|"
    r"服务条款|隐私(?:政策|声明)|广告服务|诚聘英才|站长统计|手机版|电脑版|RSS订阅?)$"
)
"""A line of a page's frame, whole."""

FOOTER = (
    r"(?i)(?:版权所有|copyright|all rights? reserved|ICP备\s?\d|ICP证|公网安备|增值电信业务经营许可证|技术支持[:：]|powered by"
    r"|建议使用.{0,20}(?:浏览器|分辨率))"
)
"""Stands in lines of a page's foot."""

HTML_TAG = r"</?(?:[a-zA-Z][a-zA-Z0-9]*)(?:\s[^<>\n]*)?/?>"
INVISIBLE = (
    "[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
)
"""Characters that nobody sees: zero-width spaces, direction marks, controls but for tab, newline and return. The joiners of emoji and scripts stay."""


def mask_digits(texts: pl.Series, least: int, replacement: str) -> pl.Series:
    """Runs of decimal digits of a length or more, replaced."""
    return texts.str.replace_all(rf"\d{{{least},}}", replacement.replace("$", "$$"))


def one_sentence_per_line(texts: pl.Series) -> pl.Series:
    """Sentences on lines of their own, stripped; no blank lines."""
    split = texts.str.replace_all(SENTENCE_END, "$1\n").str.replace_all(r"[^\S\n]*\n\s*", "\n")
    return split.str.strip_chars()


def stripped_paragraphs(texts: pl.Series) -> pl.Series:
    """Lines stripped, blank ones left out: MNBVC's paragraphs."""
    return texts.str.replace_all(r"\s*\n\s*", "\n").str.strip_chars()


@lru_cache(maxsize=4)
def phrase_pattern(phrases: tuple[str, ...]) -> str:
    """A regular expression that is true of a text with one of the phrases; of nothing where there are none."""
    special = set(r"\.+*?()|[]{}^$#&-~")
    escaped = ("".join("\\" + c if c in special else c for c in phrase) for phrase in phrases)
    return f"(?:{'|'.join(escaped)})" if phrases else r"[^\s\S]"
