"""`corpus extract`: pages of WARC files and HTML files as rows of text.

Not here: extraction itself (extract/), the crawl in tables (stages/pages.py).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, get_args

from corpus_platform.documents import document_id
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.extract.extractor import Extractor
from corpus_platform.extract.main_text import Method
from corpus_platform.extract.outcome import Unusable
from corpus_platform.extract.page import page_text
from corpus_platform.sources.plain import PlainWriter
from corpus_platform.sources.records import Reject
from corpus_platform.sources.warc import MAX_BODY_BYTES, read_responses

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from corpus_platform.extract.page import PageText
    from corpus_platform.sources.records import Record

_HTML = (".html", ".htm", ".xhtml")
_WARC = (".warc", ".warc.gz")
_BATCH = 200


def extract_files(sources: Sequence[Path], out: Path, method: str) -> tuple[int, list[Reject]]:
    """Writes the text of every page; how many there were, and what could not be used.

    Raises SettingsError for an unknown extractor, SourceError for a file that is missing or of another kind.
    """
    if method not in get_args(Method):
        raise SettingsError(f"there is no extractor `{method}`; there are {', '.join(get_args(Method))}")
    rejects: list[Reject] = []
    rows: list[dict[str, Any]] = []
    with Extractor(method) as extractor, PlainWriter(out) as writer:  # type: ignore[arg-type]
        for source in sources:
            for row in _rows(source, extractor):
                if isinstance(row, Reject):
                    rejects.append(row)
                    continue
                rows.append(row)
                if len(rows) == _BATCH:
                    writer.write(rows)
                    rows = []
        writer.write(rows)
    return writer.rows, rejects


def _rows(source: Path, extractor: Extractor) -> Iterator[dict[str, Any] | Reject]:
    if not source.is_file():
        raise SourceError(f"{source}: no such file")
    if source.name.endswith(_WARC):
        for record in read_responses(source, source.name, counts=Counter(), max_body_bytes=MAX_BODY_BYTES):
            yield record if isinstance(record, Reject) else _page(record, extractor)
    elif source.name.lower().endswith(_HTML):
        yield _html(source, extractor)
    else:
        raise SourceError(f"{source}: neither a WARC file nor HTML; known endings: {', '.join((*_WARC, *_HTML))}")


def _page(record: Record, extractor: Extractor) -> dict[str, Any] | Reject:
    stated = record.headers.get("Content-Type") or record.content_type
    try:
        page = page_text(record.body, record.headers, stated, extractor)
    except Unusable as error:
        return Reject(record.file, record.position, error.reason, str(error), record.url, record.record_id)
    return {
        "id": document_id("common_crawl", record.record_id),
        "url": record.url,
        "record_id": record.record_id,
    } | _fields(page)


def _html(source: Path, extractor: Extractor) -> dict[str, Any] | Reject:
    try:
        page = page_text(source.read_bytes(), {}, None, extractor)
    except Unusable as error:
        return Reject(str(source), 0, error.reason, str(error))
    return {"id": document_id("file", source.name), "url": None, "record_id": None} | _fields(page)


def _fields(page: PageText) -> dict[str, Any]:
    return {"title": page.title, "text": page.text, "charset": page.charset, "licence": page.licence}
