"""Hard-wrapped plain text as blocks: paragraphs that are put on one line, verse and tables that keep theirs, headings, lists of contents.

A *block* is a run of lines without a blank one. It is *wrapped* where its lines end because the next word did not fit; then they are joined.
A heading is a short block after two blank lines or more that reads like one (`CHAPTER I`, `第三回`, `PREFACE`, a numeral, capitals).
Rules are ours, tried on texts of Project Gutenberg and on Chinese novels.

Not here: what belongs to Project Gutenberg and not to the book (gutenberg_frame.py), charsets (extract/charset.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from corpus_platform.readers.reader import Section

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FULL = 0.82
"""A line is full when it and the next word would take more than this share of the width: texts are wrapped at 65 to 75."""
_NARROWEST, _WIDEST = 40, 110
"""Columns that texts are wrapped at."""
_MOSTLY = 0.75
"""Share of the full lines of a block from which it is prose."""
_EAST_ASIAN = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")

_NUMERAL = r"(?:[IVXLCDM]+|\d{1,4}|[一二三四五六七八九十百千零〇两上下]+)"
_WORDS = (
    r"the\s+\w+\s+(?:book|part|chapter|canto)|chapters?|chap\.|chapitre|kapitel|capitolo|cap[ií]tulo|hoofdstuk|глава|book|livre|buch|libro|boek|"
    r"part|partie|teil|parte|deel|часть|volume|vol\.|tome|band|act|acte|akt|atto|acto|scene|sc[èe]ne|szene|section|canto|letter|lecture|stave|sonnet"
)
_ORDINALS = (
    r"first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|"
    r"premi[eè]re?|deuxi[eè]me|seconde?|troisi[eè]me|derni[eè]re?|erste[rs]?|zweite[rs]?|dritte[rs]?|primer[oa]?|segund[oa]|tercer[oa]?|primo|prima|terzo|"
    r"eerste|tweede|derde|первая|вторая|третья|первый|второй"
)
_WORDED = re.compile(
    rf"(?:{_WORDS})(?:(?<=\.)|\b)[\s.:]*(?:$|(?:the\s+)?(?:{_NUMERAL}|(?:{_ORDINALS}))\b.{{0,100}})|"
    r"(?:the\s+)?\w{3,16}\s+(?:chapter|kapitel|buch|the?il|akt|aufzug|abschnitt|hoofdstuk|luku)\b[.:]?(?:\s+[^\s.].{0,80})?",
    re.IGNORECASE | re.DOTALL,
)
_NUMBERED = re.compile(rf"{_NUMERAL}(?:\s*[.:)—–-]+(?:\s+\S.{{0,80}})?|\s+[A-ZÀ-Þ«“\"'].{{0,80}})?", re.DOTALL)
_ONLY_A_NUMBER = re.compile(rf"(?:{_WORDS})?\s*{_NUMERAL}[.:]?", re.IGNORECASE)
_CHINESE = re.compile(
    r"(?:第[一二三四五六七八九十百千零〇两\d]+[回章卷节節部篇集折幕]|卷[一二三四五六七八九十百千零〇两\d]+|[上中下]卷|卷[上中下首末]|楔子|序[章言]?|自序|引子|前言|后记|後記|尾声|尾聲|跋)"
    r"(?:[\s　:：·、].{0,40}|.{0,24})?"
)
_NAMED = re.compile(
    r"(?:author's\s+|translator's\s+|editor's\s+|general\s+)?(?:preface|introduction|introductory|foreword|prologue|epilogue|dedication|conclusion|"
    r"afterword|appendix|notes|postscript|footnotes|glossary|bibliography|pr[ée]face|avant-propos|vorwort|einleitung|nachwort|prefacio|prefazione|"
    r"pr[óo]logo|introduzione|voorwoord|inleiding|предисловие)\b.{0,60}",
    re.IGNORECASE | re.DOTALL,
)
_UPPER_LEVEL = re.compile(
    r"(?:the\s+\w+\s+)?(?:book|livre|buch|libro|boek|part|partie|teil|parte|deel|часть|volume|vol\.|tome|band|act|acte|akt|atto|acto)\b"
    r"|卷|第[^回章节節]{1,6}[卷部集篇]",
    re.IGNORECASE,
)
_CONTENTS = re.compile(
    r"(?:table\s+of\s+)?contents\.?|index\.?|table\s+des\s+mati[èe]res\.?|inhalt(?:sverzeichnis)?\.?|[íi]ndice\.?|inhoud(?:sopgave)?\.?|"
    r"оглавление|содержание|目\s*[录錄次]|(?:list\s+of\s+)?illustrations\.?|liste\s+des\s+(?:gravures|illustrations)\.?",
    re.IGNORECASE,
)
_ENTRY = re.compile(
    rf"(?:.*(?:\.{{2,}}|\s{{2,}})\s*\S{{1,8}}|\s*(?:{_WORDS})\b.*|\s*{_NUMERAL}[.:)\s].*|.*\s\d{{1,4}})", re.IGNORECASE
)
_INDEX = re.compile(
    r"(?:general\s+|alphabetical\s+)?index(?:\s+of\s+.{1,40})?\.?|(?:sach|namen)?register\.?", re.IGNORECASE
)
_PAGES = re.compile(r"\d[\d\s,;–-]*\.?$|\bsee\s+(?:also\s+)?_?[A-Z]")
_BY = re.compile(r"(?:by|par|von|di|por|door)\s", re.IGNORECASE)
_FINIS = re.compile(
    r"(?:the\s+end|finis|fin|ende|fine|fim|einde)\W*|[（(]?(?:全[书書文]完|完|终|終)[）)]?", re.IGNORECASE
)
_WIDE_STOP = re.compile(r"(?<=[.!?:;,\]})'\"”’]) {2}(?=\S)")
_BREAK = re.compile(r"\s*(?:[*·•~#]\s*){2,}\s*|\s*[-_=—–*]{3,}\s*")


@dataclass(frozen=True)
class Block:
    """Lines without a blank one between them, `gap` blank lines before, and the level of the heading that they are (0: none)."""

    lines: tuple[str, ...]
    gap: int = 1
    heading: int = 0

    @property
    def text(self) -> str:
        """The lines in one, white space collapsed."""
        return " ".join(" ".join(self.lines).split())

    @property
    def is_break(self) -> bool:
        """Whether it is a row of asterisks or a rule."""
        return len(self.lines) == 1 and bool(_BREAK.fullmatch(self.lines[0]))


def blocks_of(lines: Iterable[str]) -> list[Block]:
    """The blocks of lines, white space at line ends taken off."""
    found: list[Block] = []
    current: list[str] = []
    gap = before = 0
    for line in (*lines, ""):
        bare = line.rstrip()
        if bare:
            current.append(bare)
            continue
        if current:
            found.append(Block(tuple(current), before))
            current, gap = [], 0
        gap += 1
        before = gap
    return found


def width_of(blocks: Sequence[Block]) -> int:
    """Columns that a line was wrapped at: the length that nine in ten lines with another below do not pass; 0 where there are none."""
    lengths = sorted(_size(line) for block in blocks for line in block.lines[:-1])
    return min(lengths[len(lengths) * 9 // 10], 2 * _WIDEST) if lengths else 0


def is_wrapped(block: Block, width: int) -> bool:
    """Whether a block's lines end where the next word did not fit, and none but the first is indented on its own."""
    if len(block.lines) < 2 or not _NARROWEST <= width <= _WIDEST or max(map(_size, block.lines)) > 1.4 * width:
        return False
    columns = sum("   " in line.strip() for line in block.lines)
    if len(set(map(_indent, block.lines[1:]))) > 1 or columns > max(1, 0.3 * len(block.lines)):
        return False
    full = sum(_size(line) + _first_word(after) > _FULL * width for line, after in pairwise(block.lines))
    return full >= _MOSTLY * (len(block.lines) - 1)


def _size(line: str) -> int:
    """Columns of a line: Chinese and Japanese characters take two."""
    return len(line) + len(_EAST_ASIAN.findall(line)) if not line.isascii() else len(line)


def _first_word(line: str) -> int:
    """Columns that the first word of a line would have taken on the line above, with the space before it."""
    bare = line.lstrip()
    return 2 if _EAST_ASIAN.match(bare) else 1 + len(bare.split(maxsplit=1)[0])


def unwrapped(lines: Sequence[str]) -> str:
    """Lines as one: a hyphen or dash at an end joins without a space, and so do Chinese and Japanese characters."""
    parts = [" ".join(lines[0].split())]
    for line in lines[1:]:
        after = " ".join(line.split())
        before = parts[-1]
        tight = (before.endswith("-") and before[-2:-1].strip() != "") or before.endswith(("—", "–"))
        both = _EAST_ASIAN.match(before[-1:]) and _EAST_ASIAN.match(after)
        parts.append(after if tight or both else f" {after}")
    return "".join(parts)


def body_of(block: Block, width: int) -> str:
    """The text of a block: on one line where it was wrapped, else its lines without their common indentation."""
    if block.heading:
        return block.text
    if is_wrapped(block, width):
        return unwrapped(block.lines)
    if pieces := _paragraphs(block, width):
        return "\n".join(unwrapped(piece) for piece in pieces)
    indent = min(map(_indent, block.lines))
    return "\n".join(_WIDE_STOP.sub(" ", line[indent:]) for line in block.lines)


def _paragraphs(block: Block, width: int) -> list[tuple[str, ...]]:
    """The paragraphs of a block that are told by the indentation of their first lines only, or by that of all others; none where they are not wrapped."""
    indents = list(map(_indent, block.lines))
    base = max(set(indents), key=indents.count)
    starts = [0, *(i for i, indent in enumerate(indents) if i and indent != base)]
    pieces = [block.lines[a:b] for a, b in zip(starts, [*starts[1:], len(indents)], strict=True)]
    long = [piece for piece in pieces if len(piece) > 1]
    fits = len(pieces) > 1 and 2 * sum(map(len, long)) > len(indents)
    return pieces if fits and all(is_wrapped(Block(piece), width) for piece in long) else []


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def with_headings(blocks: Sequence[Block], *, least_gap: int = 2) -> list[Block]:
    """The blocks with their headings marked: level 1 for parts and books where there are chapters below them, else 1 for all.

    A number alone and the short title below it are one heading.
    """
    kept: list[Block] = []
    titled = True
    for i, block in enumerate(blocks):
        before = kept[-1] if kept else None
        if (
            before
            and before.heading
            and not titled
            and _is_title(block)
            and not is_named(block)
            and _ONLY_A_NUMBER.fullmatch(before.text)
        ):
            kept[-1] = replace(before, lines=(*before.lines, *block.lines))
            titled = True
        elif (i == 0 or block.gap >= least_gap) and is_heading(block):
            kept.append(replace(block, heading=1))
            titled = False
        else:
            kept.append(block)
            titled = True
    tops = {i for i, block in enumerate(kept) if block.heading and _UPPER_LEVEL.match(block.text)}
    has_both = tops and any(block.heading and i not in tops for i, block in enumerate(kept))
    return [replace(b, heading=2) if has_both and b.heading and i not in tops else b for i, b in enumerate(kept)]


def is_named(block: Block) -> bool:
    """Whether a heading says what it is the head of (`CHAPTER I`, `PREFACE`, a number), and is not just set in capitals."""
    text = block.text
    return any(form.fullmatch(text) for form in (_CHINESE, _NAMED, _WORDED, _NUMBERED))


def is_heading(block: Block) -> bool:
    """Whether a block reads like a heading."""
    text = block.text
    if len(block.lines) > 4 or len(text) > 140 or block.is_break or _BY.match(text) or _FINIS.fullmatch(text):
        return False
    if _CHINESE.fullmatch(text):
        return not text.endswith(("。", "，", "；", "！", "？"))
    if text.endswith((",", ";")):
        return False
    if _NAMED.fullmatch(text) or _CONTENTS.fullmatch(text):
        return True
    return _is_numbered(block, text) or _is_capitals(block, text)


def _is_numbered(block: Block, text: str) -> bool:
    """`CHAPTER I`, `IV. The Pool`, `12`."""
    if _WORDED.fullmatch(text):
        return text[0].isupper() and (len(text) < 90 or text.isupper())
    if not _NUMBERED.fullmatch(text) or not (text[0].isdigit() or text[0] in "IVXLC"):
        return False
    return (
        len(text) < 60
        and not text.endswith(":")
        and len(block.lines) < 3
        and (len(text) < 6 or any(map(str.isalpha, text)))
    )


def _is_capitals(block: Block, text: str) -> bool:
    cased = [c for c in text if c.lower() != c.upper()]
    return len(block.lines) < 4 and len(text) < 80 and bool(cased) and all(c.isupper() for c in cased)


def without_contents(blocks: Sequence[Block]) -> list[Block]:
    """The blocks without lists of contents and of illustrations in the first third, and without an index in the last."""
    kept: list[Block] = []
    i, limit = 0, max(len(blocks) // 3, 12)
    while i < len(blocks):
        lines = blocks[i].lines
        if i > 2 * limit and _INDEX.fullmatch(lines[0].strip(" _*=")) and (end := _end_of_index(blocks, i)):
            i = end
            continue
        if i < limit and _CONTENTS.fullmatch(lines[0].strip(" _*=")):
            end = _end_of_list(blocks, i)
            listed = [line for block in blocks[i:end] for line in block.lines][1:]
            entries = sum(bool(_ENTRY.fullmatch(line)) or (line.isupper() and len(line) < 70) for line in listed)
            if listed and entries >= 0.6 * len(listed):
                i = end
                continue
        kept.append(blocks[i])
        i += 1
    return kept


def _end_of_index(blocks: Sequence[Block], start: int) -> int:
    """Where an index at the end of a book ends: before the next named heading; 0 where most lines do not end in page numbers or refer to each other."""
    end = next(
        (
            i
            for i in range(start + 1, len(blocks))
            if blocks[i].gap > 2 and is_named(blocks[i]) and len(blocks[i].text) > 2
        ),
        len(blocks),
    )
    lines = [line for block in blocks[start + 1 : end] for line in block.lines]
    pages = sum(bool(_PAGES.search(line)) for line in lines)
    return end if len(lines) > 20 and pages > 0.5 * len(lines) else 0


def _end_of_list(blocks: Sequence[Block], start: int) -> int:
    """Where a list that begins at a heading ends: at a gap that is larger than those inside it."""
    inside = max(2, blocks[start + 1].gap if start + 1 < len(blocks) and len(blocks[start].lines) == 1 else 1)
    for i in range(start + 1, len(blocks)):
        if blocks[i].gap > inside and i > start + 1:
            return i
    return min(start + 2, len(blocks))


def composed(blocks: Sequence[Block], *, unwrap: bool = True) -> tuple[str, tuple[Section, ...]]:
    """The text of the blocks, a blank line between two, and its sections."""
    width = width_of(blocks) if unwrap else 0
    parts: list[str] = []
    sections: list[Section] = []
    at = 0
    for block in blocks:
        text = body_of(block, width) if unwrap else "\n".join(block.lines)
        if block.is_break:
            text = "* * *"
        if not text.strip():
            continue
        if block.heading:
            sections.append(Section(block.heading, block.text, at))
        parts.append(text)
        at += len(text) + 2
    return "\n\n".join(parts), tuple(sections)


def _is_title(block: Block) -> bool:
    """Whether a block may be the title of the chapter whose number is above it."""
    text = block.text
    return (
        block.gap <= 3
        and len(block.lines) < 3
        and 0 < len(text) < 70
        and text[0].isupper()
        and text[-1] not in ".,;!?\"'”’:"
    )
