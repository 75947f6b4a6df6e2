"""What Project Gutenberg has put around a book: header, licence, small print, notes of those who made the text.

Three generations of frames: until 2003 a long header that ends with the *small print* and a footer of one line; since then the lines
`*** START OF` and `*** END OF ... PROJECT GUTENBERG EBOOK` with the licence behind the second. In all of them volunteers add a word of their own.
Source: texts of Project Gutenberg, https://www.gutenberg.org.

Not here: the book between them (book_lines.py, gutenberg.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from corpus_platform.readers.book_lines import Block

if TYPE_CHECKING:
    from collections.abc import Sequence

_GUTENBERG = r"project\s+gutenberg"
_START = re.compile(rf"\s*\*{{2,}}\s*START\s+OF\s+.*{_GUTENBERG}", re.IGNORECASE)
_END_OF_SMALL_PRINT = re.compile(r"\s*\*?\s*END\s*\*?\s*(?:OF\s+)?(?:THE\s+)?SMALL\s+PRINT", re.IGNORECASE)
_START_OF_SMALL_PRINT = re.compile(r"\s*\*+\s*START\s*\*+\s*THE\s+SMALL\s+PRINT", re.IGNORECASE)
_END = re.compile(
    rf"\s*(?:\*{{2,}}\s*END\s+OF\s+.*{_GUTENBERG}"
    rf"|\*{{0,3}}\s*(?:the\s+)?end\s+of\s+(?:(?:the|this)\s+)?{_GUTENBERG}"
    rf"|this\s+is\s+the\s+end\s+of\s+{_GUTENBERG}"
    rf"|(?:ende\s+(?:dieses|des)|fin\s+(?:de|du)|fine\s+(?:di|del)|einde\s+van)\b.{{0,30}}{_GUTENBERG}"
    r"|\*{3,}\s*(?:this\s+file\s+should\s+be\s+named|START:?\s+FULL\s+LICENSE))",
    re.IGNORECASE,
)
_FIRST_LINE = re.compile(
    rf"\W*(?:the\s+|this\s+is\s+the\s+)?{_GUTENBERG}(?:['’]s)?\s*(?:e-?(?:book|text)s?)?\s*(?:of|,|:)?\s*(?P<title>.+?)(?:,?\s+by\s+(?P<author>[^,]+(?:,\s*[JS]r\.)?))?\W*",
    re.IGNORECASE,
)
_FIELD = re.compile(r"\s{0,2}(?P<name>[A-Z][\w ]{2,24}):(?:\s+(?P<value>.*))?")
_NUMBER = re.compile(r"\[?\s*e-?(?:book|text)[\s-]*\#\s*(?P<number>\d+)", re.IGNORECASE)
_FILE_NUMBER = re.compile(r"(?:^|/)(?:pg)?(?P<number>\d+)(?:-\w+)?\.txt", re.IGNORECASE)
_DATE = re.compile(r"(?P<month>[A-Z][a-z]{2,9})\.?\s*(?P<day>\d{1,2})?,?\s+(?P<year>\d{4})")
_SHORT_DATE = re.compile(r"(?P<month>\d{2})/(?P<day>\d{2})/(?P<year>\d{2})\b")
_MONTHS = {
    m: i for i, m in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}

_PRODUCED = re.compile(
    r"\W*(?:(?:this\s+)?(?:e-?text|ebook|book|file|text|html\s+version|edition)\s+(?:was\s+)?(?:first\s+)?(?:produced|prepared|transcribed|scanned|created|typed|"
    r"proofread|proofed|converted|provided|entered)\b|(?:produced|prepared|transcribed|scanned|proofread|proofed|digitized|typed|etext\s+prepared|"
    r"e-text\s+prepared|text\s+prepared|updated|html\s+version|additional\s+(?:proof|edit)\w*|pg\s+distributed\s+proofreaders|distributed\s+proofread\w*|"
    r"updated\s+editions)\s*(?:and\s+\w+\s+)?(?:by|from|for|at|with|:)|note:\s*(?:project\s+gutenberg|images\s+of\s+the\s+original|the\s+html)|"
    r"(?:http|www\.)\S+$|images\s+of\s+the\s+original\s+pages|from\s+(?:page\s+)?images\s+\w*\s*(?:made|provided|generously|digitized)|"
    r"note:\s*the\s+other\s+(?:volume|part)|see\s+\d+-h|transcribed\s+from\s+the\b|\[?(?:project\s+gutenberg|e-?text)\s+(?:note|editor)|"
    r"prepar\w+\s+by\s+.*@|édition\s+préparée\s+par|this\s+etext\s+was\b)",
    re.IGNORECASE,
)
_NOTE = re.compile(
    r"[\W_]*(?:(?:the\s+)?transcriber['’]?s?['’]?\s*(?:end\s*|foot)?notes?\b|transcription\s+notes?\b|transcriber['’]s\s+(?:amend|correct|changes|comment)|"
    r"notes?\s+(?:du|de\s+la|sur\s+la|de)\s+transcri|note\s+au\s+lecteur|anmerkungen?\s+(?:zur|des)\s+(?:transkri|bearbeit)|"
    r"hinweise?\s+zur\s+transkription|opmerkingen?\s+van\s+de\s+bewerker|notas?\s+del?\s+transcri|nota\s+del\s+trascrittore|"
    r"notas?\s+da\s+transcri|lukijalle\s+huomautus|editor['’]?s?\s+note:?\s+this\s+e-?(?:text|book))",
    re.IGNORECASE,
)
_READER = re.compile(
    r"[\W_]*(?:au\s+lecteur|to\s+the\s+reader|an\s+den\s+leser|aan\s+de\s+lezer|note)\W*$", re.IGNORECASE
)
_OF_THE_TEXT = re.compile(
    r"livre\s+électronique|texte\s+(?:en\s+italiques|original)|dans\s+l['’]original|electronic\s+(?:text|edition|version)|e-?(?:text|book)\b|"
    r"plain\s+text\s+version|typographical\s+errors|italics?\s+(?:is|are|text)|in\s+the\s+original\s+(?:text|book|edition)|"
    r"transcri(?:ber|ption|bed)|elektronisch|druckfehler|typografische|ASCII|8-bit|unicode|gesperrt",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Header:
    """What the header says. Nothing is there in every text."""

    number: str | None = None
    title: str | None = None
    author: str | None = None
    language: str | None = None
    date: datetime | None = None
    charset: str | None = None
    more: dict[str, str] = field(default_factory=dict)
    """Translator, editor, illustrator, edition ..., by lower-case name."""


@dataclass(frozen=True)
class Frame:
    """Where a book is in its file: lines `start` to `end` (excluded), and whether there is a frame at either side."""

    start: int
    end: int
    has_header: bool
    has_footer: bool


def frame_of(lines: Sequence[str]) -> Frame:
    """Finds the book. What stands before the last start mark of the first half, and behind the first end mark after it, is not of the book."""
    half = max(len(lines) // 2, 400)
    starts = [i for i, line in enumerate(lines[:half]) if _START.match(line) or _END_OF_SMALL_PRINT.match(line)]
    start = _behind_mark(lines, starts[-1]) if starts else _behind_fields(lines)
    end = next(
        (
            i
            for i in range(start, len(lines))
            if _END.match(lines[i]) or (i > len(lines) // 2 and _START_OF_SMALL_PRINT.match(lines[i]))
        ),
        len(lines),
    )
    # A line of the old footer may stand above the mark: "End of Project Gutenberg's ..." is one itself, so nothing else has to be looked for.
    has_header = bool(starts) or any(_FIRST_LINE.fullmatch(line) for line in lines[:5])
    return Frame(start, end, has_header, end < len(lines))


def header_of(lines: Sequence[str], name: str) -> Header:
    """The header's fields; number from the file's name, title and author from the first line, where fields do not say."""
    fields = _fields(lines)
    joined = "\n".join(lines)
    number = _NUMBER.search(joined) or _FILE_NUMBER.search(name)
    title, author = fields.pop("title", None), fields.pop("author", None)
    first = next(
        (m for line in lines[:5] if line.strip() and (m := _FIRST_LINE.fullmatch(" ".join(line.split())))), None
    )
    dates = [fields.pop(key, "") for key in ("release date", "posting date", "official release date")]
    charset = fields.pop("character set encoding", None)
    return Header(
        number=number["number"].lstrip("0") if number else None,
        title=title or (first["title"].strip(" ,") if first else None),
        author=author or (first["author"] if first else None),
        language=fields.pop("language", None),
        date=next((found for date in dates if (found := date_of(date))), None),
        charset=charset,
        more={key: value for key, value in fields.items() if key in _KNOWN and value},
    )


_KNOWN = (
    "translator",
    "editor",
    "illustrator",
    "contributor",
    "commentator",
    "edition",
    "subtitle",
    "last updated",
    "credits",
)


def date_of(text: str) -> datetime | None:
    """`March, 1994`, `June 25, 2008`, `03/02/01` as a date, the first of the month where there is no day."""
    if match := _DATE.search(text):
        month = _MONTHS.get(match["month"][:3].lower())
        year, day = int(match["year"]), int(match["day"] or 1)
    elif match := _SHORT_DATE.search(text):
        month, day, year = int(match["month"]), int(match["day"]), int(match["year"])
        year += 1900 if year > 70 else 2000
    else:
        return None
    try:
        return datetime(year, month or 0, day, tzinfo=UTC)
    except ValueError:
        return None


def without_notes(blocks: Sequence[Block]) -> list[Block]:
    """The blocks without the notes of those who made the text: at the beginning, at the end, and in boxes and brackets anywhere."""
    kept = [block for block in _closed(blocks) if not _is_boxed_note(block)]
    front = min(len(kept), 40)
    first = _front(kept[:front])
    return _back([*first, *kept[front:]])


def _front(blocks: list[Block]) -> list[Block]:
    """A producer's line goes by itself, a note with all until the next large gap."""
    kept: list[Block] = []
    dropping = False
    for i, block in enumerate(blocks):
        if dropping and block.gap >= 3:
            dropping = False
        if _begins_note(blocks, i):
            dropping = True
        if not (dropping or _is_credit(block)):
            kept.append(block)
    return kept


def _back(blocks: list[Block]) -> list[Block]:
    """A note among the last blocks ends the book, with the rules and credits before it."""
    late = len(blocks) - max(12, len(blocks) // 8)
    for i in range(max(late, 1), len(blocks)):
        if _begins_note(blocks, i):
            blocks = blocks[:i]
            break
    while blocks and (blocks[-1].is_break or (len(blocks) > 1 and _is_credit(blocks[-1]))):
        blocks = blocks[:-1]
    return blocks


def _begins_note(blocks: Sequence[Block], index: int) -> bool:
    """Whether a note begins here: it says so, or a word to the reader speaks of the electronic text in what follows."""
    text = blocks[index].text
    if _NOTE.match(text):
        return True
    return bool(_READER.match(text)) and any(_OF_THE_TEXT.search(block.text) for block in blocks[index + 1 : index + 4])


def _is_credit(block: Block) -> bool:
    return len(block.text) < 700 and bool(_PRODUCED.match(block.text))


def _is_boxed_note(block: Block) -> bool:
    """A note in a box of lines and bars, or in brackets."""
    text = block.text
    boxed = text[:1] in "+|" and text[-1:] in "+|"
    return (boxed or text[:1] == "[") and bool(_NOTE.search(text[:200]))


def _closed(blocks: Sequence[Block]) -> list[Block]:
    """The blocks, with those that a bracketed note of several paragraphs is made of put together, so that it goes as a whole."""
    kept: list[Block] = []
    open_note: list[Block] = []
    for block in blocks:
        if open_note:
            open_note.append(block)
            if block.text.endswith("]") or len(open_note) > 20:
                kept += [_merged(open_note)] if block.text.endswith("]") else open_note
                open_note = []
        elif block.text.startswith("[") and _NOTE.match(block.text) and not block.text.endswith("]"):
            open_note = [block]
        else:
            kept.append(block)
    return [*kept, *open_note]


def _merged(blocks: Sequence[Block]) -> Block:
    return Block(tuple(line for block in blocks for line in block.lines), blocks[0].gap)


def _behind_mark(lines: Sequence[str], mark: int) -> int:
    """The line behind a start mark, which may go on for some lines until its last asterisks."""
    if _END_OF_SMALL_PRINT.match(lines[mark]):
        return mark + 1
    for i in range(mark, min(mark + 4, len(lines))):
        if not lines[i].strip():
            return i
        if lines[i].rstrip().endswith("**"):
            return i + 1
    return mark + 1


def _behind_fields(lines: Sequence[str]) -> int:
    """Without a mark: the line behind the last field of the header, where there is a header."""
    if not any(_FIRST_LINE.fullmatch(" ".join(line.split())) for line in lines[:5] if line.strip()):
        return 0
    named = [
        i
        for i, line in enumerate(lines[:120])
        if (m := _FIELD.fullmatch(line.rstrip())) and m["name"].lower() in _HEADS
    ]
    return named[-1] + 1 if named else 0


_HEADS = frozenset({"title", "author", "language", "release date", "posting date", "character set encoding", *_KNOWN})


def _fields(lines: Sequence[str]) -> dict[str, str]:
    """Fields of the header by lower-case name; indented lines go on with the one above."""
    found: dict[str, str] = {}
    name = ""
    for line in lines:
        bare = line.strip().strip("[]")
        match = _FIELD.fullmatch(bare) if line[:1].strip() else None
        if match:
            name = match["name"].lower().strip()
            found.setdefault(name, (match["value"] or "").strip())
        elif not bare:
            name = ""
        elif name in _HEADS and line[:2] == "  ":
            found[name] = f"{found[name]} {bare}".strip()
    return found
