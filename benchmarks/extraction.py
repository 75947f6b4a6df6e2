"""Quality and speed of main text extraction on pages with a reference, through the platform and by the extractors alone.

    python benchmarks/extraction.py [SAMPLES] [--method resiliparse --method trafilatura]

SAMPLES (or CORPUS_SAMPLES) is a folder with `web/GOLD.jsonl` (reference text, or snippets that must and must not be in the text, by address and SHA-1
of the page), `web/TRUTH.jsonl` and the WARC files that it names. *Ours* reads the WARC file with `sources.warc`, and decodes and extracts with
`page_text` in a helper process; *without limits* does so in this process. *Alone* is the extractor itself on the same body, decoded as UTF-8 or else by
resiliparse's detector, without title, charset declarations, reuse signals and language hint.

Measures. Pages with a text: tokens are runs of word characters, CJK characters one by one, lower-cased; precision and recall of the multiset of
4-token shingles; F1 of each page, then the mean. `bench F1` is the F1 of mean precision and mean recall, as article-extraction-benchmark reports it.
Pages with snippets: a string that must be there is a true positive or a false negative, one that must not a false positive or a true negative;
runs of white space are one space. trafilatura's cache of paragraphs is emptied before each page.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import trafilatura
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import detect_encoding
from rich.console import Console
from rich.table import Table
from trafilatura.deduplication import LRU_TEST

from corpus_platform.extract.extractor import Extractor
from corpus_platform.extract.page import page_text
from corpus_platform.sources.records import Record
from corpus_platform.sources.warc import read_responses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from corpus_platform.extract.main_text import Method

_TOKEN = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]|[^\W\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+"
)
_SHINGLE = 4


class Page(NamedTuple):
    """A fetched page and what is known of its text."""

    record: Record
    gold: dict[str, Any]


class Overlap(NamedTuple):
    """Precision, recall and F1 of one page."""

    precision: float
    recall: float
    f1: float


@dataclass
class Scores:
    """Figures of one way to extract."""

    texts: dict[str, list[Overlap]] = field(default_factory=dict)
    """By source of the pages."""
    snippets: Counter[str] = field(default_factory=Counter)
    """tp, fn, fp, tn."""
    empty: int = 0
    seconds: float = 0.0
    busy: float = 0.0
    """Processor time of this process."""
    pages: int = 0

    def overlaps(self, source: str | None = None) -> list[Overlap]:
        """The pages of a source, or all."""
        return [overlap for name, overlaps in self.texts.items() if source in (None, name) for overlap in overlaps]

    def f1(self, source: str | None = None) -> float:
        """Mean F1 of the pages of a source, or of all."""
        return fmean(overlap.f1 for overlap in self.overlaps(source))


def gold_pages(samples: Path) -> list[Page]:
    """The pages with a reference, read from their WARC files, in the order of the references."""
    gold = [json.loads(line) for line in (samples / "web/GOLD.jsonl").read_text().splitlines()]
    wanted = {(row["url"], row["sha1"]) for row in gold}
    truth = map(json.loads, (samples / "web/TRUTH.jsonl").read_text().splitlines())
    files = sorted({row["warc"] for row in truth if row["role"] == "unique" and (row["url"], row["sha1"]) in wanted})
    records: dict[tuple[str, str], Record] = {}
    for file in files:
        for record in read_responses(samples / "web" / file, file):
            if isinstance(record, Record):
                records.setdefault((record.url, hashlib.sha1(record.body).hexdigest()), record)
    return [Page(records[row["url"], row["sha1"]], row) for row in gold]


def measure(pages: Iterable[Page], text_of: Callable[[Record], str]) -> Scores:
    """Figures of a way to get the text of a page."""
    scores = Scores()
    for page in pages:
        start, start_busy = time.perf_counter(), time.process_time()
        text = text_of(page.record)
        scores.seconds += time.perf_counter() - start
        scores.busy += time.process_time() - start_busy
        scores.pages += 1
        scores.empty += not text.strip()
        if page.gold["kind"] == "main_text":
            scores.texts.setdefault(page.gold["src"], []).append(overlap(text, page.gold["text"]))
        else:
            scores.snippets += Counter(snippet_outcomes(text, page.gold["must"], page.gold["must_not"]))
    return scores


def overlap(text: str, reference: str) -> Overlap:
    """How much of a text is in its reference, and of the reference in the text."""
    found, expected = shingles(text), shingles(reference)
    common = (found & expected).total()
    precision = common / found.total() if found else 0.0
    recall = common / expected.total() if expected else 0.0
    return Overlap(precision, recall, 2 * precision * recall / (precision + recall) if common else 0.0)


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """Runs of four tokens; of a shorter text, all of it."""
    tokens = _TOKEN.findall(text.lower())
    if not tokens:
        return Counter()
    return Counter(tuple(tokens[i : i + _SHINGLE]) for i in range(max(1, len(tokens) - _SHINGLE + 1)))


def snippet_outcomes(text: str, must: list[str], must_not: list[str]) -> Iterator[str]:
    """True positives or false negatives for each string that must be there, false positives or true negatives for each that must not."""
    flat = " ".join(text.split())
    yield from ("tp" if " ".join(snippet.split()) in flat else "fn" for snippet in must)
    yield from ("fp" if " ".join(snippet.split()) in flat else "tn" for snippet in must_not)


def ours(extractor: Extractor) -> Callable[[Record], str]:
    """The platform's way."""
    return lambda record: page_text(record.body, record.headers, record.headers.get("Content-Type"), extractor).text


def alone(method: Method) -> Callable[[Record], str]:
    """The extractor without the platform."""
    by = {"resiliparse": _resiliparse_alone, "trafilatura": _trafilatura_alone}[method]
    return lambda record: by(_decoded(record.body))


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode(detect_encoding(body) or "utf-8", "replace")


def _resiliparse_alone(html: str) -> str:
    return extract_plain_text(html, main_content=True, alt_texts=False, comments=False)


def _trafilatura_alone(html: str) -> str:
    LRU_TEST.clear()
    return trafilatura.extract(html, favor_precision=True, include_comments=False, deduplicate=True) or ""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("samples", nargs="?", type=Path, default=os.environ.get("CORPUS_SAMPLES"))
    parser.add_argument("--method", action="append", choices=["resiliparse", "trafilatura"])
    arguments = parser.parse_args()
    if arguments.samples is None:
        parser.error("name the folder of sample documents, or set CORPUS_SAMPLES")
    pages = gold_pages(arguments.samples)
    results: dict[str, Scores] = {}
    for method in cast("list[Method]", arguments.method or ["trafilatura", "resiliparse"]):
        with Extractor(method) as limited, Extractor(method, time_limit=None) as unlimited:
            ways = {"ours": ours(limited), "ours without limits": ours(unlimited), "alone": alone(method)}
            for name, way in ways.items():
                measure(pages[:1], way)  # The libraries load, the helper comes up.
                results[f"{method}, {name}"] = measure(pages, way)
    console = Console(width=160)
    console.print(quality_table(results), speed_table(results))


def quality_table(results: dict[str, Scores]) -> Table:
    sources = sorted({source for scores in results.values() for source in scores.texts})
    table = Table(
        "extractor", "P", "R", "F1", "bench F1", *(f"F1 {name}" for name in sources), "empty", title="Main text"
    )
    for name in ("snippet P", "snippet R", "snippet F1", "accuracy"):
        table.add_column(name)
    for name, scores in results.items():
        precision = fmean(overlap.precision for overlap in scores.overlaps())
        recall = fmean(overlap.recall for overlap in scores.overlaps())
        by_source = [f"{scores.f1(source):.3f}" for source in sources]
        figures = (precision, recall, scores.f1(), _harmonic(precision, recall))
        table.add_row(
            name, *(f"{x:.3f}" for x in figures), *by_source, str(scores.empty), *_snippet_figures(scores.snippets)
        )
    return table


def _snippet_figures(counts: Counter[str]) -> list[str]:
    if not counts:
        return ["", "", "", ""]
    precision = counts["tp"] / ((counts["tp"] + counts["fp"]) or 1)
    recall = counts["tp"] / ((counts["tp"] + counts["fn"]) or 1)
    accuracy = (counts["tp"] + counts["tn"]) / counts.total()
    return [f"{x:.3f}" for x in (precision, recall, _harmonic(precision, recall), accuracy)]


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0


def speed_table(results: dict[str, Scores]) -> Table:
    table = Table(
        "extractor",
        "pages",
        "ms a page",
        "pages/s",
        "CPU ms a page",
        "F1 to alone",
        "time to alone",
        title="Wall-clock time, one worker",
    )
    for name, scores in results.items():
        method, _, way = name.partition(", ")
        twin = results[f"{method}, alone"]
        each = scores.seconds / scores.pages
        # The helper's processor time is not this process's.
        busy = "" if way == "ours" else f"{1000 * scores.busy / scores.pages:.2f}"
        ratios = (
            ("", "") if way == "alone" else (f"{scores.f1() / twin.f1():.3f}", f"{scores.seconds / twin.seconds:.2f}")
        )
        table.add_row(name, str(scores.pages), f"{1000 * each:.2f}", f"{1 / each:,.0f}", busy, *ratios)
    return table


if __name__ == "__main__":
    main()
