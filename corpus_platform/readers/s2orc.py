"""Papers of S2ORC: the layouts of 2019 (`grobid_parse`, `latex_parse`), 2020 and 2021, and what doc2json writes (`pdf_parse`).

A file is one paper, a list of them, or a line each. Citations that are only numbers are taken out by their spans; captions of figures and tables
stay, the bibliography and the back matter go.

Not here: how files of rows are read (rows.py).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from corpus_platform.clean.latex_citations import is_governed
from corpus_platform.readers.archives import ARCHIVE_REASONS
from corpus_platform.readers.paper_text import LEFT_OUT, PaperText, without_gaps
from corpus_platform.readers.reader import Reader, SourceDocument, Unit, register_reader
from corpus_platform.readers.rows import ROW_REASONS, rows
from corpus_platform.readers.unpacking import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.sources.records import Reject

_PARSES = ("latex_parse", "grobid_parse", "pdf_parse")
_POINTER = re.compile(r"[\s\d,;.–—\[\]()-]*")
_IDS = ("arxiv_id", "acl_id", "pmc_id", "pubmed_id", "doi", "mag_id", "venue", "journal")
_EQUATION = re.compile(r"\bEQUATION\b")


@register_reader
class S2orc(Reader):
    """Papers of S2ORC."""

    name: ClassVar[str] = "s2orc"
    source: ClassVar[str] = "academic"
    suffixes: ClassVar[tuple[str, ...]] = (".json", ".jsonl", ".json.gz", ".jsonl.gz")
    reasons: ClassVar[dict[str, str]] = {
        **ARCHIVE_REASONS,
        **ROW_REASONS,
        "no_text": "The paper has neither body nor abstract",
        "too_short": "The paper has fewer characters than asked for",
    }

    captions: bool = True
    abstracts: bool = True
    """Whether papers of which only the abstract is there are read."""
    licence: str | None = None
    """Licence of all papers, where it is known."""
    min_characters: int = 200

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """The papers of a file."""
        for position, row in rows(unit):
            if isinstance(row, Problem):
                yield unit.reject(position, row.reason, row.detail)
                continue
            document = self._document(unit, row, position)
            if document is None:
                yield unit.reject(position, "no_text", str(row.get("paper_id", "")), broken=False)
            elif len(document.text) < self.min_characters:
                yield unit.reject(position, "too_short", document.identity, broken=False)
            else:
                yield document

    def _document(self, unit: Unit, row: dict[str, Any], position: int) -> SourceDocument | None:
        facts: dict[str, Any] = _dict(row.get("metadata")) or row
        parse: dict[str, Any] = next((row[name] for name in _PARSES if isinstance(row.get(name), dict)), row)
        title = _said(facts.get("title")) or _said(row.get("title"))
        paper = PaperText(title)
        abstract = _abstract(facts, parse)
        if abstract:
            paper.heading(1, "Abstract")
            paper.paragraph(abstract)
        body = _add_body(paper, parse.get("body_text"))
        if not body and not (abstract and self.abstracts):
            return None
        if self.captions:
            _add_captions(paper, parse.get("ref_entries"))
        text, sections = paper.finished()
        number = str(row.get("paper_id") or facts.get("paper_id") or "")
        ids = {name: facts[name] for name in _IDS if _said(facts.get(name))}
        return SourceDocument(
            identity=f"s2orc:{number}" if len(number) > 4 else f"{unit.name}#{position}",
            position=position,
            text=text,
            title=title,
            url=f"https://www.semanticscholar.org/paper/{number}" if len(number) == 40 else None,
            date=_date(facts.get("year") or row.get("year")),
            content_type="application/json",
            licence=self.licence,
            author="; ".join(_authors(facts.get("authors") or row.get("authors"))) or None,
            category=_field(facts),
            sections=sections,
            meta={**ids, "full_text": body, "peer_reviewed": _reviewed(ids)},
        )


def _abstract(facts: dict[str, Any], parse: dict[str, Any]) -> str:
    for found in (parse.get("abstract"), facts.get("abstract")):
        parts = found if isinstance(found, list) else [{"text": found}]
        text = "\n\n".join(text for part in parts if (text := _paragraph(part)))
        if text:
            return text
    return ""


def _add_body(paper: PaperText, parts: Any) -> bool:
    """Adds the paragraphs under their sections; whether there were any."""
    before: str | None = None
    left_out = any_text = False
    for part in parts if isinstance(parts, list) else ():
        if not isinstance(part, dict):
            continue
        section = (_said(part.get("section")) or "").strip()
        if section != before:
            before = section
            left_out = LEFT_OUT.fullmatch(section) is not None
            if not left_out:
                number = _said(part.get("sec_num")) or ""
                paper.heading(number.strip(".").count(".") + 1, section)
        text = "" if left_out else _paragraph(part)
        if text:
            paper.paragraph(text)
            any_text = True
    return any_text


def _paragraph(part: Any) -> str:
    """A paragraph without the citations that are only numbers; its formulas where they were taken out of it."""
    if not isinstance(part, dict) or not isinstance(part.get("text"), str):
        return ""
    text = part["text"]
    spans = [span for span in part.get("cite_spans") or () if isinstance(span, dict)]
    for span in sorted(spans, key=lambda span: -_number(span.get("start"))):
        start, end = _number(span.get("start")), _number(span.get("end"))
        if 0 <= start < end <= len(text) and _POINTER.fullmatch(text[start:end]) and not is_governed(text[:start]):
            text = text[:start] + text[end:]
    formulas = iter([span for span in part.get("eq_spans") or () if isinstance(span, dict)])
    text = _EQUATION.sub(lambda match: _formula(next(formulas, {})) or match[0], text)
    return without_gaps(re.sub(r"^\s*[.,;]\s+", "", text))


def _formula(span: dict[str, Any]) -> str:
    latex = _said(span.get("latex"))
    return f"$${latex}$$" if latex else _said(span.get("raw_str")) or "[formula]"


def _add_captions(paper: PaperText, entries: Any) -> None:
    for key, entry in entries.items() if isinstance(entries, dict) else ():
        if not isinstance(entry, dict) or not key.startswith(("FIGREF", "TABREF")):
            continue
        caption = without_gaps(_said(entry.get("text")) or "")
        if len(caption.split()) > 2:
            kind = "Table" if key.startswith("TAB") else "Figure"
            paper.paragraph(caption if re.match(r"(?:fig|tab)", caption, re.IGNORECASE) else f"{kind}: {caption}")


def _authors(people: Any) -> Iterator[str]:
    for one in people if isinstance(people, list) else ():
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            middle = [part for part in one.get("middle") or () if isinstance(part, str)]
            name = " ".join(str(part) for part in (one.get("first"), *middle, one.get("last")) if part)
            name = name or str(one.get("name") or "")
            if sum(letter.isalpha() for letter in name) > 1:
                yield name


def _field(facts: dict[str, Any]) -> str | None:
    for name in ("mag_field_of_study", "fields_of_study", "fieldsOfStudy"):
        found = facts.get(name)
        if isinstance(found, list) and found:
            return str(found[0].get("category") if isinstance(found[0], dict) else found[0])
    return None


def _reviewed(ids: dict[str, Any]) -> bool | None:
    """True with a journal and a number of PubMed or the ACL's; false where arXiv is all that is named; else nobody knows."""
    if ids.get("acl_id") or (ids.get("journal") and (ids.get("pubmed_id") or ids.get("pmc_id"))):
        return True
    return False if ids.get("arxiv_id") and not ids.get("journal") and not ids.get("venue") else None


def _date(value: Any) -> datetime | None:
    """Of a year and a month; a year alone is no date."""
    match = re.match(r"(\d{4})-(\d{2})(?:-(\d{2}))?", str(value or ""))
    try:
        return datetime(int(match[1]), int(match[2]), int(match[3] or 1), tzinfo=UTC) if match else None
    except ValueError:
        return None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> int:
    return value if isinstance(value, int) else -1


def _said(value: Any) -> str | None:
    return value.strip() if isinstance(value, str) and value.strip() not in ("", "None") else None
