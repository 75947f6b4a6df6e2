r"""A paper's LaTeX as text, without loss of its body.

    paper = paper_text({"ms.tex": source, "intro.tex": ...}, "ms.tex")
    paper.text, paper.title, paper.sections

What becomes of a paper:
    preamble   read for macros, title and authors, then gone; comments, `\iffalse` and comment environments too
    files      those that the main one reads in are put where it does so, from the project only
    headings   lines that begin with `#`, as in the other sources, so that a mix has one form: title `#`, sections `##` and deeper
    formulas   LaTeX, macros expanded: `$...$`, `$$...$$` or the environment; a label is the formula's number, `\tag{n}`
    tables     LaTeX (`tabular` and its kin) with captions; algorithms and programs as they are written
    figures    their captions only
    citations  as printed, from the paper's bibliography: `(Smith & Jones 2010)`, else `[key]`
    references numbers: `Figure 3`, `Section 2.1`
    end        the bibliography goes, what is behind it stays: acknowledgements and appendices

The reference (latex_reference.py) keeps text formatting, citations and references as commands, and loses files without a section.
Promise: time linear in the source and what its macros make, which is bounded; no command of the paper's own is left in the text.

Not here: which file is the main one, archives (readers/latex.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from corpus_platform.clean.latex_citations import labels_of_entries, labels_of_items, settled
from corpus_platform.clean.latex_commands import AUTHORS_END, KNOWN
from corpus_platform.clean.latex_definitions import define
from corpus_platform.clean.latex_macros import Macros, Tokens
from corpus_platform.clean.latex_render import text_of
from corpus_platform.clean.latex_source import (
    Verbatim,
    class_of,
    found_file,
    packages,
    split_document,
    tokens_of,
    with_inputs,
    without_comments,
)
from corpus_platform.clean.latex_state import INDENT, State
from corpus_platform.clean.latex_structure import front_matter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MARK = re.compile(r"\x01(\d+)\x02")
_REFERENCE = re.compile(r"\x05([ekn])([^\x05\x06]*)\x06")
_MARKS = re.compile("[\x00-\x08\x0b-\x1f]")
_REFERENCES = re.compile(r"(?:references?|bibliography|literature cited|references cited)\.?", re.IGNORECASE)
_APPENDIX = "\x08"
_MAX_LEVEL = 4
"""Pieces in pieces: an environment in a table's cell."""


@dataclass(frozen=True)
class LatexOptions:
    """What is kept of a paper."""

    captions: bool = True
    appendices: bool = True
    citations: Literal["text", "keep", "drop"] = "text"
    """As printed; as `\\cite{key}`; not at all."""
    headings: Literal["markdown", "latex"] = "markdown"
    title: bool = True
    """Title and abstract at the beginning of the text."""


@dataclass(frozen=True)
class Heading:
    """A heading: level from 1 for the paper's highest, title, and where it begins in the text (code points)."""

    level: int
    title: str
    start: int


@dataclass(frozen=True)
class Paper:
    """A paper as text, with what its front says."""

    text: str
    title: str | None
    authors: tuple[str, ...]
    abstract: str | None
    keywords: str | None
    headings: tuple[Heading, ...]
    document_class: str | None
    stopped_macros: int
    """Expansions that the bounds cut off; 0 in every honest paper."""
    unknown: dict[str, int] = field(default_factory=dict)
    """Commands that nothing is known of: they are left out, their arguments stay."""


def paper_text(files: Mapping[str, str], main: str, options: LatexOptions | None = None) -> Paper:
    """The text of a project: decoded files by path (`.tex`, and where there are any `.sty`, `.bbl`, `.bib`), and the main one's path."""
    options = options or LatexOptions()
    verbatim = Verbatim()
    sources = {path: without_comments(text, verbatim) for path, text in files.items() if not path.endswith(".bib")}
    whole = with_inputs(main, sources)
    preamble, body = split_document(whole)
    state = State(
        verbatim,
        Macros(budget=200_000 + 10 * len(whole)),
        _labels(files, whole),
        captions=options.captions,
        keep_citations=options.citations,
    )
    for package in packages(preamble):
        path = found_file(package, ("",), sources, ".sty")
        if path is not None:
            _read_definitions(sources[path], state, front=False)
    state.macros.forget(KNOWN)
    _read_definitions(preamble, state, front=True)
    raw = text_of(tokens_of(body), state)
    return _Page(state, options).finished(raw, class_of(preamble))


def _labels(files: Mapping[str, str], whole: str) -> dict[str, tuple[str, str]]:
    items = labels_of_items([whole, *(text for path, text in files.items() if path.endswith(".bbl"))])
    return labels_of_entries(text for path, text in files.items() if path.endswith(".bib")) | items


def _read_definitions(source: str, state: State, *, front: bool) -> None:
    """Macros, theorems, and what a preamble says of title and authors; all else is passed."""
    stream = Tokens(tokens_of(source, at_is_letter=True), state.macros)
    while (piece := stream.pop()) is not None:
        if piece[0] == "\\" and not define(piece, stream, state.macros) and front:
            front_matter(piece, stream, state)


class _Page:
    """Turns text with marks into the paper's text."""

    def __init__(self, state: State, options: LatexOptions) -> None:
        self._state = state
        self._options = options

    def finished(self, raw: str, document_class: str | None) -> Paper:
        front = {kind: [self._prose(text) for text in texts] for kind, texts in self._state.front.items()}
        title = " ".join(front.get("title", [])[-1:]).replace("\n", " ") or None
        abstract = "\n\n".join(front.get("abstract", [])) or None
        text, headings = self._joined(self._paragraphs(raw), title, abstract)
        return Paper(
            text,
            title,
            tuple(_authors(self._state.front.get("author", []))),
            abstract,
            "; ".join(front.get("keywords", [])) or None,
            tuple(headings),
            document_class,
            self._state.macros.stopped,
            dict(self._state.unknown),
        )

    def _paragraphs(self, raw: str) -> Iterator[tuple[int, str]]:
        """(depth of a heading or -1, text), without bibliographies that are written as a section, and empty headings of them."""
        skipped_below: int | None = None
        for part in re.split(r"\n[ \t]*\n\s*", raw):
            if part.strip() == _APPENDIX:
                if not self._options.appendices:
                    return
                continue
            heading = re.fullmatch(r"\s*\x07(\d)(.*?)\s*", part, re.DOTALL)
            if heading:
                depth, title = int(heading[1]), self._prose(heading[2]).replace("\n", " ")
                if skipped_below is None or depth <= skipped_below:
                    skipped_below = depth if _REFERENCES.fullmatch(title) else None
                if skipped_below is None and title:
                    yield depth, title
            elif skipped_below is None:
                text = self._prose(part)
                if re.search(r"\w", text):
                    yield -1, text

    def _prose(self, part: str) -> str:
        """A paragraph in one line, but for the lines that are meant."""
        part = settled(_REFERENCE.sub(self._reference, part))
        lines = [
            re.sub(r"[ \t\n\u00a0\u2003]+", " ", _HAN_BREAK.sub("", line)).rstrip()
            for line in part.replace(_APPENDIX, "").split("\x0b")
        ]
        text = "\n".join(line.strip().replace(INDENT, "  ") for line in lines if line.strip())
        text = re.sub(r" +([,.;:)])", r"\1", re.sub(r"\( +", "(", text))
        return self._with_pieces(text).strip("\n")

    def _with_pieces(self, text: str) -> str:
        """Kept pieces put where their marks are: blocks on lines of their own."""
        out = ""
        at = 0
        for match in _MARK.finditer(text):
            block, piece = self._piece(int(match[1]))
            before = _MARKS.sub("", text[at : match.start()])
            at = match.end()
            if block:
                out += before.strip(" ") if before.strip() else ""
                out += ("\n" if out and not out.endswith("\n") else "") + piece + "\n"
            else:
                out += before + piece
        rest = _MARKS.sub("", text[at:])
        return out + (rest.lstrip(" \n") if out.endswith("\n") else rest)

    def _piece(self, number: int, level: int = 0) -> tuple[bool, str]:
        """A kept piece, with those in it: verbatim text in the cell of a table."""
        block, text = self._state.verbatim.pieces[number]
        if level < _MAX_LEVEL:
            text = _MARK.sub(lambda match: self._piece(int(match[1]), level + 1)[1], text)
        return block, _MARKS.sub("", settled(_REFERENCE.sub(self._reference, text)))

    def _reference(self, match: re.Match[str]) -> str:
        label = self._state.labels.get(match[2])
        if label is None or not label.number:
            return f"[{match[2]}]"
        if match[1] == "e":
            return f"({label.number})"
        if match[1] == "k":
            return f"Eq. ({label.number})" if label.kind == "Equation" else f"{label.kind} {label.number}"
        return label.number

    def _joined(
        self, paragraphs: Iterator[tuple[int, str]], title: str | None, abstract: str | None
    ) -> tuple[str, list[Heading]]:
        found = list(paragraphs)
        if self._options.title and abstract:
            found = [(2, "Abstract"), (-1, abstract), *found]
        # Levels follow each other, whichever commands a paper uses: a paragraph's title may be right below a section's.
        levels = {depth: level for level, depth in enumerate(sorted({depth for depth, _ in found if depth >= 0}), 1)}
        parts: list[str] = [f"# {title}"] if self._options.title and title else []
        headings: list[Heading] = []
        at = sum(len(part) + 2 for part in parts)
        for depth, text in found:
            shown = text
            if depth >= 0:
                level = levels[depth]
                headings.append(Heading(level, text, at))
                shown = (
                    f"{'#' * (level + 1)} {text}"
                    if self._options.headings == "markdown"
                    else f"\\{_COMMANDS[depth]}{{{text}}}"
                )
            parts.append(shown)
            at += len(shown) + 2
        return "\n\n".join(parts), headings


_COMMANDS = ("part", "chapter", "section", "subsection", "subsubsection", "paragraph", "subparagraph")
_AND = re.compile(r"\s*(?:\band\b|[,，、]|&|\u2003)\s*")
_HAN = "\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef"
_HAN_BREAK = re.compile(rf"(?<=[{_HAN}])[ \t]*\n[ \t]*(?=[{_HAN}])")
"""A line break of the source between two Han characters, which is no space."""
_HAN_NAME = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff·]{2,8}")
_NO_NAME = re.compile(r"\$[^$]*\$|[\d*†‡§¶$^{}]|\b(?:Jr|Sr|PhD|MD)\b\.?|\x01\d+\x02")


def _authors(blocks: list[str]) -> Iterator[str]:
    """Names in the author fields: of each block between `and`s the first line, cut at commas and `and`."""
    for block in blocks:
        for entry in block.split(AUTHORS_END):
            lines = [line for line in re.split(r"\x0b|\n\s*\n", entry) if line.strip()]
            names = _AND.split(re.sub(r"[ \n\t]+", " ", _NO_NAME.sub("", lines[0]))) if lines else []
            for name in (_MARKS.sub("", name).strip(" .,;()~\u2003") for name in names):
                if (3 <= len(name) <= 60 and " " in name and "@" not in name) or _HAN_NAME.fullmatch(name):
                    yield name
