"""Books of Project Gutenberg from their text files: the book alone, with what the header says of it.

    gutenberg: {location: /data/gutenberg, format: gutenberg, options: {footnotes: drop}}

Any charset: the declared one where the bytes fit it, else the one that is found. Chapters are sections.

Not here: the frame around a book (gutenberg_frame.py), paragraphs and headings (book_lines.py).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from corpus_platform.extract.charset import BINARY, decode
from corpus_platform.models.book_classes import class_of
from corpus_platform.readers.book_lines import (
    Block,
    blocks_of,
    composed,
    is_heading,
    is_named,
    with_headings,
    without_contents,
)
from corpus_platform.readers.gutenberg_frame import frame_of, header_of, without_notes
from corpus_platform.readers.language_names import language_code
from corpus_platform.readers.reader import Reader, SourceDocument, register_reader
from corpus_platform.sources.records import Reject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from corpus_platform.extract.charset import Decoded
    from corpus_platform.readers.gutenberg_frame import Header
    from corpus_platform.readers.reader import Unit

LICENCE = "https://www.gutenberg.org/policy/license.html"
_DECLARED = re.compile(rb"^Character set encoding:[ \t]*([^\r\n]{2,60})", re.MULTILINE | re.IGNORECASE)
_CHARSET = re.compile(
    r"(?:us-)?ascii|utf-?8|utf-?16|iso[- ]?(?:latin|8859)[- ]?\d+|windows[- ]?\d+|cp\d+|mac\w*|big-?5|gb\w+|shift[-_]jis|koi8-\w|euc-\w+",
    re.IGNORECASE,
)
_UNDER_COPYRIGHT = re.compile(r"this\s+is\s+a\s+\*?copyrighted\*?\s+project\s+gutenberg", re.IGNORECASE)
_PICTURE = re.compile(
    r"\[\s*(?:illustration|vignette|frontispiece|decoration|decorative\s+\w+|image|picture|figure|map|portrait|plate|musi\w+|blank\s+page)\b[^\[\]]*\]",
    re.IGNORECASE,
)
_CAPTION = re.compile(r"\[\s*\w+\s*:\s*([^\[\]]+)\]")
_PAGE = re.compile(r"[\[{]\s*(?:(?:pg|page|p)\.?\s*)\.?\s*[\divxlc]+\s*[\]}]", re.IGNORECASE)
_NOTE = re.compile(r"\[\s*footnote\s*(?P<mark>[\w*†‡§]{0,6})\s*:\s*", re.IGNORECASE)
_NOTES = re.compile(r"\W*foot\s?notes?\W*", re.IGNORECASE)
_NOTE_OF_LIST = re.compile(r"(?:\{|\[)(?P<mark>[\w*†‡]{1,4})(?:\}|\])\s+\S")
_MARK = "(?:\\[{0}\\]|\\{{{0}\\}})"
_UNDERSCORED = re.compile(r"(?<![^\W_])_(?=[^\s_])([^_]{0,2000}?[^\s_])_(?![^\W_])")
_LONE = re.compile(r"(?<![\w_])_(?=[^\W_])|(?<=[^\W_])_(?![\w_])|(?<=[.,!?;:'\"»”’)])_(?![\w_])")
_WITHIN = re.compile(r"(?<![\w_])_([^\W_]+)_(?=[^\W_])")
_BOLD = re.compile(r"(?<![\w=])=(?=[^\s=])([^=\n]{0,200}?[^\s=])=(?![\w=])")


@register_reader
class Gutenberg(Reader):
    """Text files of Project Gutenberg, old and new."""

    name: ClassVar[str] = "gutenberg"
    source: ClassVar[str] = "books"
    version: ClassVar[str] = "1"
    suffixes: ClassVar[tuple[str, ...]] = (".txt",)
    reasons: ClassVar[dict[str, str]] = {
        "binary": "The file is no text",
        "not_gutenberg": "The file has neither header nor footer of Project Gutenberg; `book_text` reads plain texts",
        "no_book": "Nothing is left between header and footer",
        "copyrighted": "The header says that the book is under copyright (option `copyrighted`)",
        "file_too_large": "The file is larger than the option `max_bytes`",
    }

    unwrap: bool = Field(
        default=True,
        description="Lines of a paragraph are joined, as training text wants them; verse and tables keep their lines. With false all lines stay as wrapped",
    )
    illustrations: Literal["drop", "caption"] = Field(
        default="drop", description="What becomes of `[Illustration: ...]`: nothing, or its caption stays"
    )
    footnotes: Literal["keep", "drop"] = Field(
        default="keep", description="Footnotes stay where they are as `[1] ...`, or go with their marks"
    )
    emphasis: Literal["drop", "keep"] = Field(
        default="drop", description="Whether the marks of `_italics_` and `=bold=` go"
    )
    contents: Literal["drop", "keep"] = Field(default="drop", description="Lists of contents and of illustrations")
    title_page: Literal["drop", "keep"] = Field(
        default="drop", description="What stands before the first heading, where it is short lines and no prose"
    )
    copyrighted: Literal["reject", "keep"] = Field(
        default="reject",
        description="Books that their header calls copyrighted: they may only be passed on as they are",
    )
    max_bytes: int = Field(default=64 << 20, ge=1, description="Larger files are rejects")

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """The book of the file, or why there is none."""
        data = unit.whole(self.max_bytes)
        if isinstance(data, Reject):
            yield data
            return
        decoded = decoded_book(data)
        if decoded.garbage > BINARY:
            yield unit.reject(0, "binary", f"{decoded.garbage:.0%} of it are controls")
            return
        lines = lines_of_text(decoded.text)
        frame = frame_of(lines)
        if not (frame.has_header or frame.has_footer):
            yield unit.reject(0, "not_gutenberg", broken=False)
            return
        head = lines[: max(frame.start, 1)]
        header = header_of(head, unit.name)
        if self.copyrighted == "reject" and any(_UNDER_COPYRIGHT.search(line) for line in head[:200]):
            yield unit.reject(0, "copyrighted", header.title or "", broken=False)
            return
        text, sections = composed(self._blocks(lines[frame.start : frame.end], header), unwrap=self.unwrap)
        text, sections = self._without_emphasis(text, sections)
        if not text.strip():
            yield unit.reject(0, "no_book", header.title or "")
            return
        yield SourceDocument(
            identity=_identity(header, unit.name),
            position=0,
            text=text,
            title=" ".join(header.title.split()) if header.title else None,
            url=f"https://www.gutenberg.org/ebooks/{header.number}" if header.number else None,
            language=language_code(header.language),
            date=header.date,
            content_type="text/plain",
            licence=LICENCE,
            author=header.author,
            category=class_of(title=header.title),
            sections=sections,
            meta=_meta(header, decoded, complete=frame.has_footer),
        )

    def _blocks(self, lines: Sequence[str], header: Header) -> list[Block]:
        """The book's blocks with its headings, without what is not of the book."""
        kept = without_notes(blocks_of(self._without_pictures(lines)))
        kept = self._with_notes(kept)
        if self.contents == "drop":
            kept = without_contents(kept)
        kept = with_headings(kept)
        return _without_title_page(kept, header) if self.title_page == "drop" else kept

    def _without_pictures(self, lines: Sequence[str]) -> list[str]:
        """Illustrations and page marks go; a caption stays where that is wanted."""
        text = "\n".join(lines)
        if self.illustrations == "caption":
            text = _PICTURE.sub(lambda m: c[1].strip() if (c := _CAPTION.fullmatch(m[0])) else "", text)
        else:
            text = _PICTURE.sub("", text)
        return _PAGE.sub("", text).split("\n")

    def _with_notes(self, blocks: list[Block]) -> list[Block]:
        """Notes in brackets as paragraphs, or no notes and no marks of them."""
        kept: list[Block] = []
        marks: set[str] = set()
        inside = listed = False
        for block in blocks:
            note = _NOTE.match(block.text)
            listed = (listed or bool(_NOTES.fullmatch(block.text))) and not (listed and is_heading(block))
            of_list = _NOTE_OF_LIST.match(block.text) if listed else None
            if note or of_list:
                marks.add((note or of_list)["mark"])  # type: ignore[index]
            if self.footnotes == "keep":
                kept.append(_as_paragraph(block, begins=bool(note), ends=inside or bool(note)))
            elif not (note or inside or listed):
                kept.append(block)
            inside = (inside or bool(note)) and not _closes(block)
        marks.discard("")
        if self.footnotes == "drop" and marks:
            pattern = re.compile(r"\s?" + _MARK.format(f"(?:{'|'.join(map(re.escape, sorted(marks)))})"))
            kept = [replace(b, lines=tuple(pattern.sub("", line) for line in b.lines)) for b in kept]
        return kept

    def _without_emphasis(self, text: str, sections: tuple) -> tuple[str, tuple]:
        """The text without marks of emphasis, the sections where they are then."""
        if self.emphasis == "keep":
            return text, sections
        starts = [section.start for section in sections]
        pieces = [text[a:b] for a, b in zip([0, *starts], [*starts, len(text)], strict=True)]
        plain = [_plain(piece) for piece in pieces]
        moved, at = [], len(plain[0])
        for section, piece in zip(sections, plain[1:], strict=True):
            moved.append(replace(section, title=_plain(section.title), start=at))
            at += len(piece)
        return "".join(plain), tuple(moved)


def decoded_book(data: bytes) -> Decoded:
    """The text of a file: the header's own word for its charset is believed where the bytes fit it."""
    declared = _DECLARED.search(data[:20_000])
    label = declared[1].decode("ascii", "ignore") if declared else ""
    names = _CHARSET.findall(label)
    name = _label(names[-1]) if names else None
    return decode(data, http_content_type=f"text/plain; charset={name}" if name else None, is_html=False)


def lines_of_text(text: str) -> list[str]:
    """Lines whatever ended them, without form feeds, the end mark of old systems and white space at their ends."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").translate(_STRANGE)
    return [line.rstrip() for line in plain.split("\n")]


_STRANGE = {ord(c): None for c in "\x00\x0c\x1a\ufeff\xad"} | {ord("\t"): " " * 4, ord("\xa0"): " ", ord("\x0b"): "\n"}


def _label(name: str) -> str | None:
    """A charset as standards name it: `ISO Latin-1`, `Unicode UTF-8`. ASCII says nothing: bytes beyond it show that it is wrong."""
    lowered = name.lower().replace(" ", "-")
    if "ascii" in lowered:
        return None
    if match := re.fullmatch(r"iso-?latin-?(\d+)", lowered):
        return f"iso-8859-{match[1]}"
    return re.sub(r"iso-?8859-?(\d+)", r"iso-8859-\1", re.sub(r"utf-?(\d+)", r"utf-\1", lowered))


def _identity(header: Header, name: str) -> str:
    """`gutenberg:11`; a file of another edition of that number (`11-0.txt`, `old/nwsnw10.txt`) is another document, and says so."""
    stem = name.rpartition("/")[2].lower().removesuffix(".txt")
    if header.number is None:
        return f"gutenberg:{name}"
    return (
        f"gutenberg:{header.number}"
        if stem in {header.number, f"pg{header.number}"}
        else f"gutenberg:{header.number}/{stem}"
    )


def _meta(header: Header, decoded: Decoded, *, complete: bool) -> dict:
    found = {name.replace(" ", "_"): value for name, value in header.more.items()}
    found |= {"charset": decoded.charset}
    found |= {"gutenberg": int(header.number)} if header.number else {}
    found |= {} if complete else {"cut_off": True}
    return found | ({"replaced_bytes": decoded.replaced} if decoded.replaced else {})


def _closes(block: Block) -> bool:
    return block.lines[-1].rstrip().endswith("]")


def _as_paragraph(block: Block, *, begins: bool, ends: bool) -> Block:
    """A block of a bracketed note, without the bracket and the word."""
    lines = list(block.lines)
    if begins:
        indent = len(lines[0]) - len(lines[0].lstrip())
        lines[0] = " " * indent + _NOTE.sub(
            lambda m: f"[{m['mark']}] " if m["mark"] else "", lines[0].lstrip(), count=1
        )
    if ends and _closes(block):
        lines[-1] = lines[-1].rstrip()[:-1]
    lines = [line for line in lines if line.strip()] or [""]
    return replace(block, lines=tuple(lines))


def _without_title_page(blocks: list[Block], header: Header) -> list[Block]:
    """The blocks from the first heading on that is not the title, where what is before are short lines: no paragraph of prose among them."""
    title = _letters(header.title or "")
    for i, block in enumerate(blocks[:60]):
        text = _letters(block.text)
        is_title = bool(title) and (text[:20] == title[:20] or text in title or title in text)
        if block.heading and not is_title and (is_named(block) or _begins_text(blocks[i + 1 : i + 3])):
            return blocks[i:]
        if _is_paragraph(block):
            return blocks
    return blocks


def _begins_text(blocks: Sequence[Block]) -> bool:
    """Whether prose or verse begins within some blocks; on a title page short lines in capitals follow each other."""
    return any(_is_paragraph(block) or _is_verse(block) for block in blocks)


def _is_verse(block: Block) -> bool:
    """Three lines or more, most of them of four words or more in small letters."""
    running = sum(len(line.split()) > 3 and sum(map(str.islower, line)) > 0.5 * len(line) for line in block.lines)
    return len(block.lines) > 2 and 3 * running >= 2 * len(block.lines)


def _is_paragraph(block: Block) -> bool:
    return len(block.text) > 240 and not block.text.isupper()


def _letters(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def _plain(text: str) -> str:
    """Pairs of marks first; then the halves of those that go on in the next row of a table."""
    return _BOLD.sub(r"\1", _LONE.sub("", _WITHIN.sub(r"\1", _UNDERSCORED.sub(r"\1", text))))
