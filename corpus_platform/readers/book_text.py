r"""Collections of plain text files: a file is a chapter or a whole book, and its name or folder says of which book.

    books:
      classics: {location: /data/classics, format: book_text, options: {language: zh}}       # 红楼梦_第六十七回.txt, 史记/本纪/周本纪.txt
      novels:   {location: /data/novels, format: book_text, options: {names: '(?P<author>[^-]+)-(?P<book>.+)', lines: wrapped}}

The charset is detected (GB18030, Big5, UTF-8, UTF-16 ...) unless it is given. Headings inside of a file (`第十二回 ...`, `CHAPTER I`) are sections.
Remnants of HTML that such collections have (`<strong>`, `<br/>`, `&nbsp;`) are taken out.

Not here: charsets (extract/charset.py), lines that do not belong to a book at all (the step `clean_lines` and its like).
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from corpus_platform.extract.charset import BINARY, decode
from corpus_platform.extract.labels import codec_of
from corpus_platform.models.book_classes import class_of
from corpus_platform.readers.book_lines import (
    Block,
    blocks_of,
    composed,
    is_heading,
    is_wrapped,
    width_of,
    with_headings,
)
from corpus_platform.readers.gutenberg import lines_of_text
from corpus_platform.readers.language_names import language_code
from corpus_platform.readers.reader import Reader, Section, SourceDocument, register_reader
from corpus_platform.sources.records import Reject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.extract.charset import Decoded
    from corpus_platform.readers.reader import Unit

NAMES = r"(?:(?P<folder>[^/]+)/(?:(?P<inner>.+)/)?)?(?:(?P<book>[^/_]+)_)?(?P<chapter>[^/]+)"
"""Rule of file names by default: folder or first part is the book, the rest the chapter."""
_BREAK = re.compile(r"<br\s*/?>|</(?:p|div|h[1-6]|li|tr)\s*>", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:strong|b|i|em|u|p|div|span|font|center|a|h[1-6]|sup|sub|small|big|table|tr|td|li|ul|ol|img|body|html)(?:\s[^<>]{0,300})?/?>",
    re.IGNORECASE,
)
_INDENT = re.compile(r"^[\u3000 \t]+")
_HEADING_LINE = 40


@register_reader
class BookText(Reader):
    """Plain text files of books."""

    name: ClassVar[str] = "book_text"
    source: ClassVar[str] = "books"
    version: ClassVar[str] = "1"
    suffixes: ClassVar[tuple[str, ...]] = (".txt", ".text")
    reasons: ClassVar[dict[str, str]] = {
        "binary": "The file is no text",
        "bad_charset": "The file can't be read in the charset that the options name",
        "no_text": "The file holds no text",
        "file_too_large": "The file is larger than the option `max_bytes`",
    }

    names: str = Field(
        default=NAMES,
        description="Regular expression for the path below the location without its suffix, with the groups `book`, `chapter`, `folder` (the book where "
        "there is no `book`), `inner`, `author`, `volume`",
    )
    charset: str | None = Field(default=None, description="Charset of all files; detected by default")
    language: str | None = Field(default=None, description="Language of all files")
    author: str | None = Field(default=None, description="Author of all files")
    licence: str | None = Field(default=None, description="Licence of all files")
    category: str | None = Field(default=None, pattern="^[A-KN-VXZ]$", description="Class of all files (CLC letter)")
    lines: Literal["auto", "wrapped", "kept"] = Field(
        default="auto",
        description="`wrapped` joins the lines of paragraphs, `kept` keeps all; `auto` joins where most paragraphs are wrapped",
    )
    max_bytes: int = Field(default=64 << 20, ge=1, description="Larger files are rejects")

    @field_validator("names")
    @classmethod
    def _is_an_expression(cls, names: str) -> str:
        try:
            found = re.compile(names).groupindex
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from None
        if not {"book", "chapter", "folder"} & set(found):
            raise ValueError("it needs one of the groups `book`, `chapter`, `folder`")
        return names

    @model_validator(mode="after")
    def _has_a_known_charset(self) -> Self:
        if self.charset is not None and codec_of(self.charset) is None:
            raise ValueError(f"there is no charset `{self.charset}`")
        return self

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """The file as one document."""
        data = unit.whole(self.max_bytes)
        if isinstance(data, Reject):
            yield data
            return
        decoded = self._decoded(data)
        if decoded is None or decoded.garbage > BINARY:
            yield unit.reject(0, "binary" if decoded else "bad_charset", self.charset or "")
            return
        text, sections = self._text(decoded.text)
        if not text.strip():
            yield unit.reject(0, "no_text")
            return
        yield self._document(unit, text, sections, decoded)

    def _document(self, unit: Unit, text: str, sections: tuple[Section, ...], decoded: Decoded) -> SourceDocument:
        said = names_of(self.names, unit.name)
        book, chapter = said.get("book"), said.get("chapter")
        title = (
            " ".join(part.replace("_", " ") for part in (book, said.get("inner"), chapter) if part and part != book)
            if book
            else chapter
        )
        if book:
            title = f"{book} {title}" if title and not title.startswith(book) else book
        return SourceDocument(
            identity=unit.name,
            position=0,
            text=text,
            title=title,
            language=language_code(self.language),
            content_type="text/plain",
            licence=self.licence,
            author=self.author or said.get("author"),
            category=self.category or class_of(title=book or title),
            sections=sections,
            meta={key: value for key, value in said.items() if value and key != "author"}
            | {"charset": decoded.charset},
        )

    def _decoded(self, data: bytes) -> Decoded | None:
        """The text; of a charset that was named None where the bytes are not in it."""
        if self.charset is None:
            return decode(data, is_html=False)
        decoded = decode(data, http_content_type=f"text/plain; charset={self.charset}", is_html=False)
        wrong = codec_of(decoded.charset) != codec_of(self.charset) and not data.isascii() and decoded.source != "bom"
        return None if wrong or decoded.replaced > max(len(data) // 1000, 1) else decoded

    def _text(self, raw: str) -> tuple[str, tuple[Section, ...]]:
        lines = lines_of_text(_without_markup(raw))
        blocks = blocks_of(lines)
        if self.lines == "wrapped" or (self.lines == "auto" and _is_mostly_wrapped(blocks)):
            return composed(with_headings(blocks))
        return _kept(lines)


def names_of(rule: str, path: str) -> dict[str, str]:
    """What a path below the location says by a rule for names; a folder counts as the book where the name has none."""
    stem = path.rpartition(".")[0] or path
    match = re.fullmatch(rule, stem) or re.search(rule, stem)
    found = (
        {name: value.strip() for name, value in match.groupdict().items() if value}
        if match
        else {"chapter": stem.rpartition("/")[2]}
    )
    if folder := found.pop("folder", None):
        found.setdefault("book", folder)
    return found


def _without_markup(raw: str) -> str:
    """Text whose remnants of HTML are gone; what only looks like it (`a < b`) stays."""
    if "<" in raw:
        raw = _TAG.sub("", _BREAK.sub("\n", raw))
    return html.unescape(raw) if "&" in raw else raw


def _is_mostly_wrapped(blocks: list[Block]) -> bool:
    """Whether most of the lines with another below are of wrapped paragraphs."""
    width = width_of(blocks)
    inner = sum(len(block.lines) - 1 for block in blocks)
    wrapped = sum(len(block.lines) - 1 for block in blocks if is_wrapped(block, width))
    return inner >= 10 and wrapped > 0.6 * inner


def _kept(lines: list[str]) -> tuple[str, tuple[Section, ...]]:
    """Every line a paragraph, without indentation by wide spaces; at most one blank line between two. Lines that read like chapter headings are sections."""
    kept: list[str] = []
    sections: list[Section] = []
    at = 0
    for line in lines:
        bare = _INDENT.sub("", line) if "\u3000" in line[:4] else line
        if not bare and (not kept or not kept[-1]):
            continue
        if bare and len(bare) <= _HEADING_LINE and is_heading(Block((bare,))) and not bare.isupper():
            sections.append(Section(1, " ".join(bare.split()), at))
        kept.append(bare)
        at += len(bare) + 1
    return "\n".join(kept).rstrip(), tuple(sections)
