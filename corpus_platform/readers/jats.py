"""Articles in JATS (PubMed Central's .nxml, publishers' .xml), one or many in a file or an archive, and PubMed's records of abstracts.

References, thanks, funding, footnotes and affiliations are left out. Whether an article is peer-reviewed is said in `meta` as far as its type
and journal tell it: true, false for preprints, null.

Not here: what its elements become (jats_text.py).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from corpus_platform.readers.archives import ARCHIVE_REASONS, ArchiveError, Member, Problem, members
from corpus_platform.readers.archives import plain as unpacked
from corpus_platform.readers.jats_text import JatsOptions, add_body, blocks, inline
from corpus_platform.readers.paper_text import PaperText, licence_of, without_gaps
from corpus_platform.readers.reader import Reader, SourceDocument, Unit, register_reader
from corpus_platform.readers.safe_xml import XML_REASONS, events, local_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from corpus_platform.sources.records import Reject

_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".zip")
_NO_ABSTRACT = (
    "teaser",
    "graphical",
    "toc",
    "short",
    "key-points",
    "video",
    "plain-language-summary",
    "editor",
    "web-summary",
)
_REVIEWED = (
    "research-article",
    "review-article",
    "brief-report",
    "case-report",
    "systematic-review",
    "rapid-communication",
    "meta-analysis",
    "data-paper",
    "methods-article",
)
_PREPRINTS = re.compile(r"biorxiv|medrxiv|arxiv|research square|preprints|ssrn|chemrxiv|f1000", re.IGNORECASE)
_GENERAL = re.compile(
    r"(?:original|research|review|brief|short|regular|case)?\s*(?:research|articles?|papers?|reports?|communications?|reviews?|letters?|studies|study|contributions?)"
    r"(?: articles?| papers?)?",
    re.IGNORECASE,
)
_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES.split(), 1)}
_LANGUAGES = {
    "eng": "en",
    "fre": "fr",
    "ger": "de",
    "spa": "es",
    "chi": "zh",
    "jpn": "ja",
    "rus": "ru",
    "por": "pt",
    "ita": "it",
    "kor": "ko",
    "pol": "pl",
}


@register_reader
class Jats(Reader):
    """Articles in JATS, and PubMed's records."""

    name: ClassVar[str] = "jats"
    source: ClassVar[str] = "academic"
    by: ClassVar[Literal["file", "folder"]] = "file"
    suffixes: ClassVar[tuple[str, ...]] = (".nxml", ".xml", ".nxml.gz", ".xml.gz", *_ARCHIVES)
    reasons: ClassVar[dict[str, str]] = {
        **ARCHIVE_REASONS,
        **XML_REASONS,
        "no_article": "The file has no article of JATS or PubMed",
        "no_text": "The article has neither body nor abstract",
        "too_short": "The article has fewer characters than asked for",
    }

    captions: bool = True
    tables: bool = True
    appendices: bool = True
    abstracts: bool = True
    """Whether articles of which only the abstract is there are read."""
    licence: str | None = None
    """Licence of articles that state none."""
    min_characters: int = 200

    def read(self, unit: Unit) -> Iterator[SourceDocument | Reject]:
        """The articles of a file or an archive of files."""
        position = 0
        for found in self._articles(unit):
            yield (
                unit.reject(position, found.reason, f"{found.path}: {found.detail}")
                if isinstance(found, Problem)
                else self._document(unit, found, position)
            )
            position += 1
        if not position:
            yield unit.reject(0, "no_article")

    def _articles(self, unit: Unit) -> Iterator[Any]:
        with unit.open() as stream:
            if not unit.name.lower().endswith(_ARCHIVES):
                yield from _elements(unpacked(stream, unit.name), unit.name)
                return
            for member in members(stream, unit.name):
                if isinstance(member, Member):
                    if member.path.lower().endswith((".nxml", ".xml")):
                        yield from _elements(member.open(), member.path)
                else:
                    yield member

    def _document(self, unit: Unit, article: Any, position: int) -> SourceDocument | Reject:
        document = (
            self._of_pubmed(article, position)
            if local_name(article) == "PubmedArticle"
            else self._of_jats(unit, article, position)
        )
        if document is None:
            return unit.reject(position, "no_text", broken=False)
        if len(document.text) < self.min_characters:
            return unit.reject(
                position, "too_short", f"{len(document.text)} characters", broken=False, record=document.identity
            )
        return document

    def _of_jats(self, unit: Unit, article: Any, position: int) -> SourceDocument | None:
        options = JatsOptions(self.captions, self.tables)
        meta = article.find(".//{*}article-meta")
        body = article.find("{*}body")
        if meta is None or (body is None and not self.abstracts):
            return None
        title = without_gaps(inline(meta.find(".//{*}article-title"), options).replace("\x0b", " ")) or None
        paper = PaperText(title)
        abstract = _abstract(meta, options)
        if abstract:
            paper.heading(1, "Abstract")
            paper.paragraph(abstract)
        if body is not None:
            add_body(body, paper, options)
        for part in article.iterfind("{*}back/{*}app-group") if self.appendices else ():
            add_body(part, paper, options)
        text, sections = paper.finished()
        if not sections and body is None:
            return None
        ids = {part.get("pub-id-type", ""): "".join(part.itertext()).strip() for part in meta.iterfind("{*}article-id")}
        licence = meta.find(".//{*}license")
        return SourceDocument(
            identity=_identity(ids) or f"{unit.name}#{position}",
            position=position,
            text=text,
            title=title,
            url=_address(ids),
            language=(article.get("{http://www.w3.org/XML/1998/namespace}lang") or "").lower()[:2] or None,
            date=_date(meta),
            content_type="application/jats+xml",
            licence=_licence(licence) or self.licence,
            author="; ".join(_authors(meta)) or None,
            category=_subject(meta),
            sections=sections,
            meta=_facts(article, meta, ids, full=body is not None),
        )

    def _of_pubmed(self, record: Any, position: int) -> SourceDocument | None:
        options = JatsOptions()
        parts = record.findall(".//{*}Article/{*}Abstract/{*}AbstractText")
        abstract = "\n\n".join(
            (f"{part.get('Label').capitalize()}: " if part.get("Label") else "") + without_gaps(inline(part, options))
            for part in parts
            if part is not None
        )
        if not abstract.strip() or not self.abstracts:
            return None
        title = (
            without_gaps(inline(record.find(".//{*}ArticleTitle"), options)).removeprefix("[").removesuffix("].")
            or None
        )
        paper = PaperText(title)
        paper.heading(1, "Abstract")
        paper.paragraph(abstract)
        text, sections = paper.finished()
        number = _text(record, ".//{*}MedlineCitation/{*}PMID")
        kinds = [kind.text or "" for kind in record.iterfind(".//{*}PublicationType")]
        subjects = [
            name.text
            for name in record.iterfind(".//{*}MeshHeading/{*}DescriptorName")
            if name.get("MajorTopicYN") == "Y" and name.text
        ]
        return SourceDocument(
            identity=f"pubmed:{number}",
            position=position,
            text=text,
            title=title,
            url=f"https://pubmed.ncbi.nlm.nih.gov/{number}/" if number else None,
            language=_LANGUAGES.get(_text(record, ".//{*}Language") or ""),
            date=_moment(record.find(".//{*}ArticleDate"), record.find(".//{*}PubDate")),
            content_type="application/xml",
            licence=self.licence,
            author="; ".join(
                f"{_text(one, '{*}ForeName') or ''} {_text(one, '{*}LastName')}".strip()
                for one in record.iterfind(".//{*}AuthorList/{*}Author")
                if _text(one, "{*}LastName")
            )
            or None,
            category=subjects[0] if subjects else None,
            sections=sections,
            meta={
                "pmid": number,
                "journal": _text(record, ".//{*}Journal/{*}Title"),
                "publication_types": kinds,
                "subjects": subjects,
                "full_text": False,
                "peer_reviewed": False if "Preprint" in kinds else True if "Journal Article" in kinds else None,
            },
        )


def _elements(stream: BinaryIO, name: str) -> Iterator[Any]:
    try:
        yield from events(stream, tags=("article", "PubmedArticle"), name=name)
    except ArchiveError as error:
        yield error.problem


def _abstract(meta: Any, options: JatsOptions) -> str:
    """The main abstract; its parts as paragraphs that begin with their titles."""
    for abstract in meta.iterfind("{*}abstract"):
        if (abstract.get("abstract-type") or "") in _NO_ABSTRACT:
            continue
        parts: list[str] = []
        for child in abstract:
            if local_name(child) == "sec":
                title = without_gaps(inline(child.find("{*}title"), options)).rstrip(":.")
                text = "\n\n".join(block for part in child for block in blocks(part, options) if block)
                parts.append(f"{title}: {text}" if title else text)
            else:
                parts += blocks(child, options)
        return "\n\n".join(part for part in parts if part)
    return ""


def _identity(ids: dict[str, str]) -> str | None:
    number = ids.get("pmc") or ids.get("pmcid") or ids.get("pmcaid")
    if number:
        return "pmc:PMC" + number.upper().removeprefix("PMC")
    if ids.get("pmid"):
        return "pubmed:" + ids["pmid"]
    return "doi:" + ids["doi"].lower() if ids.get("doi") else None


def _address(ids: dict[str, str]) -> str | None:
    identity = _identity(ids) or ""
    kind, _, value = identity.partition(":")
    places = {
        "pmc": "https://www.ncbi.nlm.nih.gov/pmc/articles/{}/",
        "pubmed": "https://pubmed.ncbi.nlm.nih.gov/{}/",
        "doi": "https://doi.org/{}",
    }
    return places[kind].format(value) if value else None


def _licence(element: Any) -> str | None:
    """SPDX id of a licence element, else its address."""
    if element is None:
        return None
    addresses = [value for part in element.iter() for key, value in part.attrib.items() if key.endswith("href")]
    said = " ".join([*addresses, *element.itertext()])
    return licence_of(said) or (addresses[0] if addresses else None)


def _authors(meta: Any) -> Iterator[str]:
    for contributor in meta.iterfind(".//{*}contrib"):
        name = contributor.find(".//{*}name")
        if name is not None and contributor.get("contrib-type", "author") == "author":
            yield f"{_text(name, '{*}given-names') or ''} {_text(name, '{*}surname') or ''}".strip()


def _subject(meta: Any) -> str | None:
    """The most telling subject: of a discipline, else a heading that is more than a kind of article."""
    found: list[tuple[bool, str]] = []
    for group in meta.iterfind(".//{*}subj-group"):
        is_heading = group.get("subj-group-type") == "heading"
        found += [(is_heading, (subject.text or "").strip()) for subject in group.iterfind("{*}subject")]
    named = [
        (is_heading, subject.partition("/")[0])
        for is_heading, subject in found
        if subject and not _GENERAL.fullmatch(subject)
    ]
    return min(named, key=lambda pair: pair[0])[1] if named else None


def _date(meta: Any) -> datetime | None:
    dates = {part.get("pub-type") or part.get("date-type") or "": part for part in meta.iterfind("{*}pub-date")}
    return _moment(*(dates.get(kind) for kind in ("epub", "pub", "ppub", "epub-ppub", "collection", "pmc-release", "")))


def _moment(*parts: Any) -> datetime | None:
    """The first of the dates that names year and month."""
    for part in parts:
        if part is None:
            continue
        year, month, day = (
            _text(part, f"{{*}}{name}") or _text(part, f"{{*}}{name.capitalize()}") or ""
            for name in ("year", "month", "day")
        )
        number = int(month) if month.isdecimal() else _MONTHS.get(month.lower()[:3], 0)
        if year.isdecimal() and 1 <= number <= 12:
            try:
                return datetime(int(year), number, int(day) if day.isdecimal() else 1, tzinfo=UTC)
            except ValueError:
                continue
    return None


def _facts(article: Any, meta: Any, ids: dict[str, str], *, full: bool) -> dict[str, Any]:
    journal = _text(article, ".//{*}journal-title")
    kind = article.get("article-type")
    is_preprint = kind == "preprint" or (journal is not None and _PREPRINTS.search(journal) is not None)
    keywords = [without_gaps("".join(word.itertext())) for word in meta.iterfind(".//{*}kwd")]
    facts = {
        **{key: value for key, value in ids.items() if key in ("doi", "pmid")},
        "journal": journal,
        "article_type": kind,
        "keywords": keywords,
        "full_text": full,
    }
    return {key: value for key, value in facts.items() if value not in (None, [])} | {
        "peer_reviewed": False if is_preprint else True if kind in _REVIEWED and journal else None
    }


def _text(element: Any, path: str) -> str | None:
    found = element.find(path)
    return None if found is None else " ".join("".join(found.itertext()).split()) or None
