"""Papers, patents and reports as rows (JSON lines, JSON, CSV, Parquet) or as elements of XML, by a map of names that has English and Chinese ones.

    format: papers
    options: {kind: patent, body: [description], claims: [claims], category: [ipc], fields: {G06: computing}}

A name's value is a text, a list of texts, or a list of sections (`[{title, text}]`).

Not here: how rows are read (rows.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from corpus_platform.readers.archives import ARCHIVE_REASONS, ArchiveError, plain
from corpus_platform.readers.language_names import language_code
from corpus_platform.readers.paper_text import LEFT_OUT, PaperText, licence_of, without_gaps
from corpus_platform.readers.reader import Reader, SourceDocument, Unit, register_reader
from corpus_platform.readers.rows import ROW_REASONS, ROW_SUFFIXES, rows
from corpus_platform.readers.safe_xml import XML_REASONS, events, local_name
from corpus_platform.readers.unpacking import Problem
from corpus_platform.readers.values import first_text, moment, texts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.sources.records import Reject

_XML = (".xml", ".xml.gz")
_SECTION_TITLES, _SECTION_TEXTS = (
    ("title", "heading", "section", "标题", "小标题"),
    ("text", "content", "body", "正文", "内容"),
)
_REVIEWED_WORDS = {"true": True, "yes": True, "1": True, "是": True, "期刊": True, "journal": True, "false": False, "no": False, "0": False, "否": False,
                   "preprint": False, "预印本": False}  # fmt: skip
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


@register_reader
class Papers(Reader):
    """Papers, patents and reports of a table or an XML file."""

    name: ClassVar[str] = "papers"
    source: ClassVar[str] = "academic"
    suffixes: ClassVar[tuple[str, ...]] = (*ROW_SUFFIXES, *_XML)
    reasons: ClassVar[dict[str, str]] = {
        **ARCHIVE_REASONS,
        **ROW_REASONS,
        **XML_REASONS,
        "no_text": "The record has neither body nor abstract under the names that were given",
        "too_short": "The record has fewer characters than asked for",
    }

    kind: Literal["paper", "patent", "report", "thesis"] = "paper"
    record: tuple[str, ...] = ("paper", "article", "record", "doc", "document", "patent", "论文", "文献", "item", "row")
    """Of XML: the elements that are records."""
    id: tuple[str, ...] = ("id", "paper_id", "doi", "publication_number", "patent_id", "编号", "公开号", "申请号")
    title: tuple[str, ...] = ("title", "题名", "标题", "题目", "篇名", "名称", "invention_title")
    abstract: tuple[str, ...] = ("abstract", "summary", "摘要", "中文摘要", "内容摘要", "简介")
    body: tuple[str, ...] = (
        "body",
        "full_text",
        "fulltext",
        "text",
        "content",
        "description",
        "正文",
        "全文",
        "内容",
        "说明书",
    )
    claims: tuple[str, ...] = ("claims", "权利要求", "权利要求书")
    author: tuple[str, ...] = ("authors", "author", "inventors", "作者", "发明人", "申请人")
    category: tuple[str, ...] = (
        "field",
        "category",
        "subject",
        "discipline",
        "ipc",
        "cpc",
        "学科",
        "学科分类",
        "专业",
        "分类号",
        "领域",
    )
    keywords: tuple[str, ...] = ("keywords", "关键词", "关键字", "主题词")
    date: tuple[str, ...] = (
        "date",
        "published",
        "publication_date",
        "year",
        "发表时间",
        "发表日期",
        "公开日",
        "出版日期",
        "年份",
        "年",
    )
    language: tuple[str, ...] = ("language", "lang", "语言", "语种")
    licence: tuple[str, ...] = ("licence", "license", "许可", "许可协议")
    url: tuple[str, ...] = ("url", "link", "链接", "网址")
    journal: tuple[str, ...] = ("journal", "venue", "期刊", "刊名", "来源")
    reviewed: tuple[str, ...] = ("peer_reviewed", "reviewed", "同行评议")
    fields: dict[str, str] = {}  # noqa: RUF012
    """Fields by what a category begins with; the longest beginning counts: `{G06: computing}`."""
    default_licence: str | None = None
    min_characters: int = 100

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """The records of a file."""
        for position, row in self._records(unit):
            if isinstance(row, Problem):
                yield unit.reject(position, row.reason, row.detail)
                continue
            text, sections, title = self._text(row)
            if not text:
                yield unit.reject(position, "no_text", ", ".join(list(row)[:12]), broken=False)
            elif len(text) < self.min_characters:
                yield unit.reject(position, "too_short", f"{len(text)} characters", broken=False)
            else:
                yield self._document(unit, row, position, text, title, sections)

    def _records(self, unit: Unit) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
        if not unit.name.lower().endswith(_XML):
            yield from rows(unit)
            return
        position = 0
        try:
            with unit.open() as stream:
                for position, found in enumerate(events(plain(stream, unit.name), tags=self.record, name=unit.name)):
                    yield position, found if isinstance(found, Problem) else _row_of(found)
        except ArchiveError as error:
            yield position + 1, error.problem

    def _document(
        self, unit: Unit, row: dict[str, Any], position: int, text: str, title: str | None, sections: tuple[Any, ...]
    ) -> SourceDocument:
        number = first_text(row, self.id)
        category = next(iter(texts_of(row, self.category)), None)
        licence = first_text(row, self.licence)
        said = first_text(row, self.language)
        return SourceDocument(
            identity=f"{self.kind}:{number}" if number else f"{unit.name}#{position}",
            position=position,
            text=text,
            title=title,
            url=first_text(row, self.url),
            language=(language_code(said) if said else None)
            or ("zh" if len(_CHINESE.findall(text[:2000])) > 200 else None),
            date=next((found for name in self.date if (found := moment(row.get(name))) is not None), None),
            content_type=None,
            licence=licence_of(licence) or licence or self.default_licence,
            author="; ".join(texts_of(row, self.author)) or None,
            category=self._field(category),
            sections=sections,
            meta=self._facts(row, category),
        )

    def _facts(self, row: dict[str, Any], category: str | None) -> dict[str, Any]:
        journal = first_text(row, self.journal)
        said = first_text(row, self.reviewed)
        if said is None:
            said = next((str(row[name]) for name in self.reviewed if isinstance(row.get(name), bool)), None)
        facts = {
            "kind": self.kind,
            "journal": journal,
            "class": category,
            "keywords": texts_of(row, self.keywords) or None,
        }
        return {key: value for key, value in facts.items() if value is not None} | {
            "peer_reviewed": _REVIEWED_WORDS.get((said or "").strip().lower())
        }

    def _field(self, category: str | None) -> str | None:
        if category is None:
            return None
        known = [begin for begin in self.fields if category.startswith(begin)]
        return self.fields[max(known, key=len)] if known else category

    def _text(self, row: dict[str, Any]) -> tuple[str, tuple[Any, ...], str | None]:
        """Text, headings and title; no text where there is nothing but the title."""
        title = without_gaps((first_text(row, self.title) or "").replace("\n", " ")) or None
        paper = PaperText(title)
        chinese = _CHINESE.search(title or first_text(row, self.abstract) or "") is not None
        abstract, body, claims = (_value(row, names) for names in (self.abstract, self.body, self.claims))
        parts = (
            (abstract, "摘要" if chinese else "Abstract"),
            (body, ""),
            (claims, "权利要求" if chinese else "Claims"),
        )
        for value, heading in parts:
            if value:
                paper.heading(1, heading)
                _add(paper, value)
        text, sections = paper.finished()
        return (text if abstract or body or claims else ""), sections, title


def _value(row: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((row[name] for name in names if row.get(name)), None)


def _add(paper: PaperText, value: Any) -> None:
    """Adds a text, texts, or sections."""
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, dict):
            heading = first_text(part, _SECTION_TITLES) or ""
            if LEFT_OUT.fullmatch(heading.strip()):
                continue
            paper.heading(1, heading)
            _add(paper, _value(part, _SECTION_TEXTS) or "")
        elif isinstance(part, str):
            for paragraph in re.split(r"\n\s*\n|\r\n\s*\r\n", part):
                paper.paragraph("\n".join(line.strip() for line in paragraph.splitlines() if line.strip()))


def _row_of(element: Any) -> dict[str, Any]:
    """An element as a row: its attributes, and its children by name; a child that holds children is a list of theirs."""
    row: dict[str, Any] = dict(element.attrib)
    for child in element:
        name = local_name(child)
        if not name:
            continue
        inner = [_inner(part) for part in child if local_name(part)]
        value: Any = inner or "".join(child.itertext()).strip()
        if name in row:
            before = row[name] if isinstance(row[name], list) else [row[name]]
            row[name] = before + (value if isinstance(value, list) else [value])
        else:
            row[name] = value
    return row


def _inner(element: Any) -> Any:
    """A child of a child: a section with a title, or its text."""
    named = {local_name(part): "".join(part.itertext()).strip() for part in element if local_name(part)}
    return named if any(name in named for name in _SECTION_TITLES) else "".join(element.itertext()).strip()
