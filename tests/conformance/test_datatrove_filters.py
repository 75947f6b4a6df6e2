"""The Gopher, C4 and FineWeb filters give each page the verdict, reason included, that datatrove 0.10.1 itself gives.

Words are spaCy's where it is installed; with our own, which datatrove's authors did not use, only the rows are compared whose verdict does not hang
on the tokeniser. Differences that remain: none but two addresses on datatrove's own lists, which are not shipped.
"""

import gzip
import hashlib
import importlib.util
import json

import polars as pl
import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType

from corpus_platform.extract.extractor import Extractor
from corpus_platform.extract.page import page_text
from corpus_platform.recipes.judge import judge
from corpus_platform.recipes.steps.c4 import C4, C4Paragraphs
from corpus_platform.recipes.steps.fineweb import FineWebQuality
from corpus_platform.recipes.steps.gopher import GopherQuality, GopherRepetition
from corpus_platform.recipes.steps.url import Url
from corpus_platform.signals.annotate import compute
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.subject import Subject
from corpus_platform.sources.records import Record
from corpus_platform.sources.warc import read_responses

pytestmark = pytest.mark.samples

NO_SPACY = pytest.mark.skipif(importlib.util.find_spec("spacy") is None, reason="spaCy is an optional extra")
WORDS = [
    pytest.param("simple", 1, id="simple"),
    pytest.param("spacy", 9, marks=NO_SPACY, id="spacy"),
    pytest.param("spacy", 3, marks=[NO_SPACY, pytest.mark.e2e], id="spacy-more"),
]
"""Whose words, and every how manyth WET text: spaCy takes half a minute for all of them (they are equal too)."""
FILTERS = {
    "gopher_repetition": GopherRepetition(),
    "gopher_quality": GopherQuality(),
    "fineweb_quality": FineWebQuality(),
}
EDITS = {"c4_quality_nopunct": C4(terminal_punctuation=False), "c4_quality_default": C4()}


def rows_of(path):
    with gzip.open(path, "rt") as lines:
        return [json.loads(line) for line in lines]


def chosen(source, every, request):
    """Rows and texts; of the WET texts every so manyth."""
    rows, texts = request.getfixturevalue(source)
    every = every if source == "wet" else 1
    return rows[::every], texts[::every]


def sha1(text):
    return hashlib.sha1(text.encode()).hexdigest()


@pytest.fixture(scope="module")
def wet(samples):
    """datatrove's verdicts on the WET texts, and the texts."""
    rows = rows_of(samples / "expected/wet_datatrove_filters.jsonl.gz")
    texts = {}
    for path in sorted((samples / "web/crawl-data").rglob("*.wet.gz")):
        with path.open("rb") as stream:
            texts |= {
                r.record_id: r.reader.read().decode()
                for r in ArchiveIterator(stream, record_types=WarcRecordType.conversion)
            }
    return rows, [texts[row["record_id"]] for row in rows]


@pytest.fixture(scope="module")
def extracted(samples):
    """datatrove's verdicts on pages of one WARC file, for those whose text is equal to ours."""
    rows = {row["record_id"].strip("<>"): row for row in rows_of(samples / "expected/fineweb_decisions.jsonl.gz")}
    pairs = []
    with Extractor("trafilatura") as extractor:
        for path in sorted((samples / "web/crawl-data/CC-MAIN-2024-10").rglob("*.warc.gz"))[:1]:
            for record in read_responses(path, path.name):
                row = rows.get(record.record_id) if isinstance(record, Record) else None
                if row and row.get("n_chars"):
                    text = page_text(record.body, record.headers, record.headers.get("Content-Type"), extractor).text
                    pairs += [(row, text)] if sha1(text) == row["text_sha1"] else []
    assert len(pairs) > 50
    return [row for row, _ in pairs], [text for _, text in pairs]


def subject(texts, words, **columns):
    return Subject.of(
        pl.DataFrame({"text": texts, **columns}), Environment(SignalSettings(compat="reference", words=words))
    )


def verdicts(step, documents):
    """The first rule that drops each document, or `pass`."""
    rules = step.rules(documents.environment)
    values = compute(documents, [rule.signal for rule in {rule.signal: rule for rule in rules}.values()])
    found = ["pass"] * len(documents)
    for rule in reversed(rules):
        for i in judge(rule, values[rule.signal], None).holds.nonzero()[0]:
            found[i] = rule.name
    return found


def check(rows, found, name, words):
    """All rows are equal, the ones aside that hang on the tokeniser where it is not datatrove's."""
    compared = [i for i, row in enumerate(rows) if words == "spacy" or name not in row["simple_tokeniser_differs"]]
    different = [
        (rows[i]["record_id"], found[i], rows[i]["filters"][name])
        for i in compared
        if found[i] != rows[i]["filters"][name]
    ]
    assert len(compared) > 30
    assert different == []


@pytest.mark.parametrize(("words", "every"), WORDS)
@pytest.mark.parametrize("source", ["wet", "extracted"])
def test_gopher_and_fineweb_filters_give_datatroves_verdicts(source, words, every, request):
    rows, texts = chosen(source, every, request)
    documents = subject(texts, words)

    for name, step in FILTERS.items():
        check(rows, verdicts(step, documents), name, words)


@pytest.mark.parametrize(("words", "every"), WORDS)
@pytest.mark.parametrize("source", ["wet", "extracted"])
@pytest.mark.parametrize("name", EDITS)
def test_c4_gives_datatroves_verdicts_and_texts(source, name, words, every, request):
    rows, texts = chosen(source, every, request)

    edited = EDITS[name].edit(subject(texts, words))

    check(rows, ["pass" if i < 0 else edited.rules[i] for i in edited.dropped], name, "spacy")
    for row, text in zip(rows, edited.text, strict=True):
        if row["filters"][name] == "pass":
            assert sha1(text) == row["c4_text_after"][name]["sha1"]


def test_mc4s_paragraph_rule_gives_datatroves_verdicts(wet):
    rows, texts = wet

    found = verdicts(C4Paragraphs(), subject(texts, "simple"))

    check(rows, ["< 3 paragraphs" if verdict != "pass" else verdict for verdict in found], "c4_paragraph", "spacy")


def test_the_address_filter_differs_by_what_is_on_datatroves_own_lists_only(wet):
    rows, texts = wet

    found = verdicts(Url(), subject(texts, "simple", url=[row["url"] for row in rows]))

    assert {
        row["filters"]["url"] for row, verdict in zip(rows, found, strict=True) if verdict != row["filters"]["url"]
    } == {"domain"}
    assert sum(row["filters"]["url"] == "domain" for row in rows) == 2


def test_the_chain_gives_fineweb_the_text_that_c4_has_left(wet):
    rows, texts = wet
    language = [row["language_filter"] == "pass" for row in rows]
    found = ["pass" if row["filters"]["url"] == "pass" else "url:domain" for row in rows]
    found = [verdict if verdict != "pass" or ok else "language" for verdict, ok in zip(found, language, strict=True)]
    now = list(texts)

    for name, step in (
        *list(FILTERS.items())[:2],
        ("c4_quality_nopunct", EDITS["c4_quality_nopunct"]),
        ("fineweb_quality", FILTERS["fineweb_quality"]),
    ):
        documents = subject(now, "simple")
        if name.startswith("c4"):
            edited = step.edit(documents)
            now = edited.text.to_list()
            verdict = ["pass" if i < 0 else edited.rules[i] for i in edited.dropped]
        else:
            verdict = verdicts(step, documents)
        found = [
            old if old != "pass" or new == "pass" else f"{name}:{new}" for old, new in zip(found, verdict, strict=True)
        ]

    pairs = [
        (got, row["chain_any_language"])
        for got, row in zip(found, rows, strict=True)
        if not row["simple_tokeniser_differs"]
    ]
    assert sum(got == expected for got, expected in pairs) == len(pairs)
