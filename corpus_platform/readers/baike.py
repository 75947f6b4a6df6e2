"""Articles of encyclopedias as JSON: Baike-like pages with sections, and questions with their answers. JSON lines, JSON, CSV, Parquet, spreadsheets.

A page is a title, a summary, sections (a list of `{title, content}`, of texts, or an object by title), an infobox and tags, under any of the usual names; its
text is the summary, then each heading on a line of its own with what stands below it. A question is its own first line, what it says more, then the answer.
Marks of the page go: references in brackets, buttons (编辑, 播报, 展开 ...), captions of galleries. A page that only lists meanings of its title is marked as a
disambiguation page, as MediaWiki's are.

Not here: MediaWiki's dumps (sources/mediawiki.py), partitions (stages/encyclopedia.py).
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from corpus_platform.readers.archives import ARCHIVE_REASONS
from corpus_platform.readers.reader import Reader, Section, SourceDocument, register_reader
from corpus_platform.readers.rows import ROW_REASONS, ROW_SUFFIXES, RowOptions, rows
from corpus_platform.readers.unpacking import Problem
from corpus_platform.readers.values import first_text, moment, texts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.readers.reader import Unit
    from corpus_platform.sources.records import Reject

DISAMBIGUATION = "disambiguation"

_TITLE = ("title", "lemma", "lemmaTitle", "name", "word", "entry", "词条", "标题", "名称")
_SUMMARY = (
    "summary",
    "abstract",
    "lemmaSummary",
    "intro",
    "description",
    "desc",
    "introduction",
    "摘要",
    "简介",
    "概述",
)
_SECTIONS = ("sections", "section", "paragraphs", "contents", "正文", "章节")
_TEXT = ("text", "content", "body", "article", "内容")
_INFOBOX = (
    "infobox",
    "basic_info",
    "basicInfo",
    "basic-info",
    "attributes",
    "info",
    "properties",
    "信息框",
    "基本信息",
)
_TAGS = ("tags", "tag", "open_tag", "openTag", "categories", "category", "labels", "标签", "分类", "类别")
_URL = ("url", "link", "source_url", "链接")
_ID = ("id", "qid", "lemma_id", "lemmaId", "pageid", "newLemmaId")
_DATE = ("date", "update_time", "updateTime", "last_modified", "lastmodified", "timestamp", "更新时间")
_QUESTION = ("question", "query", "ask", "问题")
_ANSWER = ("answer", "best_answer", "response", "reply", "答案", "回答")
_MEANINGS = ("polysemants", "polysemy", "disambiguation", "meanings", "义项")
_HEADING = ("title", "heading", "name", "section_title", "h", "标题")
_BELOW = ("content", "text", "paragraphs", "body", "p", "内容")
_INSIDE = ("sections", "subsections", "children", "sub")

_REFERENCE = re.compile(r"\s*[\[【［]\s*\d{1,3}(?:\s*[-,，、~–]\s*\d{1,3})*\s*[\]】］]")
_BUTTON = re.compile(
    r"^\s*(?:(?:编辑本段|編輯本段|播报|播報|编辑|編輯|收起|展开全部|展開全部|展开|展開|查看更多|查看我的收藏|收藏|分享|讨论|上传视频|锁定|纠错|目录|参考资料|参考来源|词条图册|更多图册"
    r"|图集|概述图(?:\(\d+张\)|（\d+张）)?|V百科往期回顾|本词条由.{0,60}|本词条缺少.{0,40}|同义词.{0,60}一般指.{0,60}|开放分类[:：].*|词条标签[:：]?.*|\d+\s*张)\s*)+$"
)  # fmt: skip
_AFTER_HEADING = re.compile(r"(?:\s*(?:播报|播報|编辑本段|編輯本段|编辑|編輯|折叠|收起))+\s*$")
_TAG = re.compile(
    r"</?(?:br|p|div|span|a|b|i|u|em|strong|sup|sub|li|ul|ol|dl|dt|dd|img|font|table|tbody|tr|td|th|h[1-6]|center|hr|pre)(?:\s+[\w-]+\s?=[^<>\n]{0,300})?\s?/?>",
    re.IGNORECASE,
)
_SPACES = re.compile(r"[^\S\n]+")
_LEVELS = 6


@register_reader
class Baike(Reader):
    """Pages and questions of an encyclopedia as JSON."""

    name: ClassVar[str] = "baike"
    source: ClassVar[str] = "encyclopedia"
    version: ClassVar[str] = "2"
    suffixes: ClassVar[tuple[str, ...]] = ROW_SUFFIXES
    reasons: ClassVar[dict[str, str]] = {
        **ROW_REASONS,
        **ARCHIVE_REASONS,
        "no_text": "Neither a title with a text nor a question with an answer is there",
        DISAMBIGUATION: "The page only lists what its title may mean, and such pages are not wanted",
    }

    language: str = Field(default="zh", description="Language of the articles")
    licence: str | None = Field(default=None, description="Licence of the collection, as SPDX id or address")
    origin: Literal["human", "model", "mixed"] = Field(default="human", description="Who wrote the articles")
    infobox: Literal["drop", "lines"] = Field(
        default="drop",
        description="Whether the infobox goes into meta only, or is lines `name：value` behind the summary too",
    )
    disambiguation: Literal["keep", "drop"] = Field(default="keep", description="Whether disambiguation pages stay")
    inside: str | None = Field(default=None, description="Of a file of one JSON object: the name its list of pages has")
    encoding: str | None = Field(default=None, description="Charset of the files; it is found out by default")

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """A document for each page or question."""
        for position, row in rows(unit, RowOptions(inside=self.inside, encoding=self.encoding)):
            if isinstance(row, Problem):
                yield unit.reject(position, row.reason, row.detail)
                continue
            page = _question(row) or self._page(row)
            marked = DISAMBIGUATION if page and page.disambiguation else None
            if page is None or not page.text:
                # Stubs and questions that nobody answered are many and no damage.
                named = first_text(row, (*_TITLE, *_QUESTION))
                yield unit.reject(position, "no_text", named or ", ".join(map(str, row))[:200], broken=named is None)
            elif marked and self.disambiguation == "drop":
                yield unit.reject(position, DISAMBIGUATION, page.title or "", broken=False)
            else:
                yield self._document(unit, position, row, page)

    def _page(self, row: dict[str, Any]) -> _Page | None:
        page = _Page(first_text(row, _TITLE), disambiguation=_only_meanings(row))
        page.add(first_text(row, _SUMMARY))
        if self.infobox == "lines":
            between = "：" if self.language == "zh" else ": "
            page.add("\n".join(f"{name}{between}{value}" for name, value in _infobox(row).items()))
        for name in _SECTIONS:
            page.add_sections(row.get(name), 1)
        page.add(first_text(row, _TEXT))
        return page if page.title or page.lines else None

    def _document(self, unit: Unit, position: int, row: dict[str, Any], page: _Page) -> SourceDocument:
        tags = texts_of(row, _TAGS)
        identity = first_text(row, _ID) or first_text(row, _URL)
        meta: dict[str, Any] = {"kind": page.kind, "tags": tags, "disambiguation": page.disambiguation}
        if infobox := _infobox(row):
            meta["infobox"] = infobox
        if page.kind == "question":
            meta |= {"question": page.lines[0], "answer": page.answer}
        return SourceDocument(
            identity=f"{unit.name}#{identity}"
            if identity and not identity.startswith("http")
            else identity or f"{unit.name}#{position}",
            position=position,
            text=page.text,
            title=page.title,
            url=first_text(row, _URL),
            language=self.language,
            date=moment(first_text(row, _DATE)),
            content_type="application/json",
            licence=self.licence,
            category=DISAMBIGUATION if page.disambiguation else (tags[0] if tags else None),
            origin=self.origin,
            sections=tuple(page.sections),
            meta=meta,
        )


@dataclass
class _Page:
    """A page in the making: its lines, and its headings with their places."""

    title: str | None
    kind: Literal["page", "question"] = "page"
    answer: str | None = None
    disambiguation: bool = False
    lines: list[str] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    _size: int = 0

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def add(self, text: str | None) -> bool:
        """The lines of a text that are its own; whether there are any."""
        before = len(self.lines)
        for raw in (text or "").split("\n"):
            line = cleaned(raw)
            if line:
                self.lines.append(line)
                self._size += len(line) + 1
        return len(self.lines) > before

    def add_sections(self, value: Any, level: int) -> None:
        """Sections as a list or an object; text among them too. A heading with nothing below it is left out."""
        if level > _LEVELS or value is None:
            return
        if isinstance(value, str):
            self.add(value)
        elif isinstance(value, dict):
            for heading, below in value.items():
                self._section(str(heading), below, None, level)
        elif isinstance(value, list):
            for one in value:
                if isinstance(one, dict):
                    self._section(first_text(one, _HEADING), _first(one, _BELOW), _first(one, _INSIDE), level)
                else:
                    self.add_sections(one, level)

    def _section(self, heading: str | None, below: Any, inside: Any, level: int) -> None:
        line = _AFTER_HEADING.sub("", cleaned(heading or ""))
        mark = len(self.lines), len(self.sections), self._size
        if line:
            self.sections.append(Section(level, line, self._size))
            self.lines.append(line)
            self._size += len(line) + 1
        before = len(self.lines)
        self.add_sections(below, level + 1)
        self.add_sections(inside, level + 1)
        if len(self.lines) == before:
            del self.lines[mark[0] :], self.sections[mark[1] :]
            self._size = mark[2]


def cleaned(line: str) -> str:
    """A line without marks of references, tags and buttons, with its character references read; empty where nothing else was there."""
    line = _REFERENCE.sub("", html.unescape(_TAG.sub("", line)))
    line = _SPACES.sub(" ", line).strip(" \ufeff\u200b")
    return "" if _BUTTON.match(line) else line


def _question(row: dict[str, Any]) -> _Page | None:
    """A question with its answer, where the row is one."""
    answer = first_text(row, _ANSWER)
    question = first_text(row, _QUESTION) or (first_text(row, _TITLE) if answer else None)
    if not question or not answer:
        return None
    page = _Page(cleaned(question.strip().split("\n")[0]), "question", answer)
    page.add(question)
    more = first_text(row, _SUMMARY)
    if more and more.strip() != question.strip():
        page.add(more)
    if not page.add(answer):
        page.lines.clear()
    return page


def _only_meanings(row: dict[str, Any]) -> bool:
    """Whether the row has a list of meanings and no sections or text."""
    return bool(_first(row, _MEANINGS)) and not _first(row, _SECTIONS) and not first_text(row, _TEXT)


def _infobox(row: dict[str, Any]) -> dict[str, str]:
    """The infobox, of an object or of a list of name and value."""
    value = _first(row, _INFOBOX)
    if isinstance(value, list):
        pairs = [
            (first_text(one, ("name", "key", "k", "attr", "名称")), _first(one, ("value", "v", "val", "值")))
            for one in value
            if isinstance(one, dict)
        ]
    elif isinstance(value, dict):
        pairs = list(value.items())
    else:
        return {}
    shown = ((name, "、".join(map(str, v)) if isinstance(v, list) else v) for name, v in pairs)
    return {cleaned(str(name)).rstrip(":："): cleaned(str(v)) for name, v in shown if name and v and cleaned(str(v))}


def _first(row: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((row[name] for name in names if row.get(name)), None)
