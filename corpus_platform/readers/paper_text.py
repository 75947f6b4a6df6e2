"""A paper from its parts: title, abstract, sections and paragraphs as one text with headings, in the one form of the academic sources.

Title `#`, sections `##` and deeper, an empty line between paragraphs. What no reader of papers keeps is named here too: thanks, funding,
conflicts of interest, references.

Not here: formats.
"""

from __future__ import annotations

import re

from corpus_platform.readers.reader import Section

LEFT_OUT = re.compile(
    r"(?:\d+[.)]?\s*|[IVX]+\.\s*)?(?:acknowledge?ments?|funding(?: (?:sources?|statement|information))?|financial (?:support|disclosure)s?"
    r"|references?|bibliography|literature cited|(?:potential )?(?:conflicts?|competing|declarations?) (?:of|financial)?\s*interests?(?: statement)?"
    r"|competing interests?|disclosures?|authors?['’]?s?['’]? (?:contributions?|information|details|affiliations?)|contributions? of authors"
    r"|supplementa(?:ry|l) (?:materials?|information|data|files?)|supporting information|pre-?publication history"
    r"|electronic supplementary material|additional files?|footnotes?|致谢|参考文献|基金项目|作者贡献|利益冲突)\s*[:：.]?",
    re.IGNORECASE,
)
"""Titles of sections that are no part of a paper's text, matched as a whole."""
_LICENCE = re.compile(
    r"creativecommons\.org/(?:licenses/([a-z-]+)/(\d\.\d)(?:/([a-z]{2}))?|publicdomain/(zero|mark)/(\d\.\d))",
    re.IGNORECASE,
)
_GAPS = (
    (re.compile(r"\s*[\[(](?:[\s,;–—-]|and)*[\])]"), ""),
    (re.compile(r"\[(?:\s*[,;–—-]\s*)+(?=\w)"), "["),
    (re.compile(r"(?:\s*[,;–—-]\s*)+\]"), "]"),
    (re.compile(r"[ \t\u00a0]+([,.;:)\]])"), r"\1"),
    (re.compile(r"([(\[])[ \t]+"), r"\1"),
    (re.compile(r",(?:\s*,)+"), ","),
    (re.compile(r"[ \t\u00a0\u2009\u200a]{2,}"), " "),
)


class PaperText:
    """Collects a paper."""

    def __init__(self, title: str | None = None) -> None:
        self._parts: list[str] = []
        self._at = 0
        self._sections: list[Section] = []
        self._paragraphs = 0
        if title:
            self._add(f"# {title}")

    def heading(self, level: int, title: str) -> None:
        """A heading; `level` is 1 for sections of the paper."""
        title = re.sub(r"\s+", " ", title).strip()
        # A heading that nothing stands under goes when the next one of its level, or a higher one, comes.
        while self._sections and self._parts and self._paragraphs == 0 and self._sections[-1].level >= level:
            self._drop()
        if title:
            self._sections.append(Section(level, title, self._at))
            self._add(f"{'#' * (min(level, 5) + 1)} {title}")
            self._paragraphs = 0

    def paragraph(self, text: str) -> None:
        """A paragraph, or a block of lines; nothing where it is blank."""
        text = text.strip("\n").rstrip()
        if text.strip():
            self._add(text)
            self._paragraphs += 1

    def finished(self) -> tuple[str, tuple[Section, ...]]:
        """The text and its headings."""
        while self._sections and self._paragraphs == 0 and self._parts:
            last = self._sections[-1]
            if not self._parts[-1].endswith(f"# {last.title}"):
                break
            self._drop()
        return "\n\n".join(self._parts), tuple(self._sections)

    def _add(self, part: str) -> None:
        self._parts.append(part)
        self._at += len(part) + 2

    def _drop(self) -> None:
        self._sections.pop()
        self._at -= len(self._parts.pop()) + 2


def without_gaps(text: str) -> str:
    """A text whose citations were taken out, without their brackets, commas and blanks."""
    for pattern, by in _GAPS:
        text = pattern.sub(by, text)
    return text.strip()


def licence_of(text: str | None) -> str | None:
    """SPDX id of a Creative Commons licence whose address stands in a text; else None."""
    match = _LICENCE.search(text or "")
    if match is None:
        return None
    kind, version, country, domain, number = match.groups()
    if domain:
        return f"CC0-{number}" if domain.lower() == "zero" else "CC-PDDC"
    return "CC-" + kind.upper() + "-" + version + (f"-{country.upper()}" if country else "")
