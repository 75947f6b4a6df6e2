"""The page of a report, from facts made by hand: complete, inert, and with nothing in it that may not be given away."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from corpus_platform.analytics.corpora import StepCount
from corpus_platform.analytics.duplicate_counts import Counted, Domain
from corpus_platform.analytics.private_counts import Privacy
from corpus_platform.analytics.report import page, published
from corpus_platform.analytics.report.facts import (
    CheckFacts,
    CorpusFacts,
    DataSetFacts,
    DedupFacts,
    Facts,
    OverlapFacts,
    RuleFacts,
    Sample,
    SignalFacts,
    SnapshotFacts,
    SourceFacts,
    TableFacts,
    TextFacts,
)
from corpus_platform.analytics.report.markup import figure, share, short, size, tag

HOSTILE = "<img src=http://track.example/a onerror=alert(1)>\"'&\x00\u202e"
TEXT = TextFacts("wet", 1000, (("not html", 90), ("truncated", 10)), 900, 800, (("too short", 100),), 5000, 1000)
SNAPSHOT = SnapshotFacts(
    "CC-MAIN-2025-05",
    (TEXT,),
    "web.documents",
    (("en", 700), ("zh", 97), ("tlh", 3)),
    {"en": (("head", 300), ("tail", 400)), "zh": (("all", 97),), "tlh": (("all", 3),)},
    {"en": ((1.0, 5), (1.1, 600), (3.0, 95))},
    (("none stated", 899), (HOSTILE, 1)),
    (("robots: noai", 12),),
    (("a.example", 500), (HOSTILE, 4)),
    90,
)
STEPS = (StepCount("language", "filter", 800, {"language_not_wanted": 99, "language_unknown": 1}),)
CORPUS = CorpusFacts("own", "Own " + HOSTILE, "wet", "CC-MAIN-2025-05", 800, 700, 12_345_678, STEPS)
COUNTED = Counted("documents", 800, 80, 40, 0, 0, (("2", 30), ("3-4", 10)), (), (Domain(HOSTILE, 50, 40, 0),))
SIGNAL = SignalFacts(
    "gopher_dt_words",
    "Words",
    "wet",
    "CC-MAIN-2025-05",
    800,
    0.0,
    5000.0,
    True,
    (1, 0, 400, 399),
    (5.0, 200.0, 1234.5),
    ((50.0, "<", "own"),),
    7,
)
SAMPLE = Sample("0" * 32, 12.0, 50.0, HOSTILE, "https://a.example/" + HOSTILE, "zh", "你好 " + HOSTILE)
RULE = RuleFacts("own", "CC-MAIN-2025-05", "gopher_quality", "short_doc", 7, (1.0, 49.0), (SAMPLE,))
STORED = TableFacts("web.pages", "A row is a page", 900, 4_000_000, 3, 1, 7, datetime(2025, 2, 3, 4, 5, tzinfo=UTC))
CHECKS = (
    CheckFacts("web/wet/pages", "has_rows", "CC-MAIN-2025-05", passed=True, blocking=True),
    CheckFacts("web/wet/pages", "few_broken_records", "CC-MAIN-2025-05", passed=False, blocking=False, said="broken 9"),
)
OVERLAP = OverlapFacts("CC-MAIN-2025-05", ("own", "other"), ((700, 7), (7, 70)))
DEDUP = DedupFacts("own.minhash", "wet", (("CC-MAIN-2025-05", 800, 80),), COUNTED)
FACTS = Facts(
    (SNAPSHOT,),
    (CORPUS,),
    (OVERLAP,),
    (DEDUP,),
    (SIGNAL,),
    {"en": (12.0, 900.0)},
    (RULE,),
    (STORED,),
    (("release one", "2025-03-01", 4),),
    CHECKS,
)


class Reader(HTMLParser):
    """Tags, attributes and words of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.words, self.depth = [], [], [], 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.depth += tag not in {"meta", "path", "rect", "br"}

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        self.depth -= 1

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture
def written(monkeypatch, tmp_path):
    """Writes the report of some facts and returns its text."""

    def write(facts=FACTS, **how):
        monkeypatch.setattr(
            page, "gather", lambda *_, texts, **__: facts if texts else replace(facts, rules=(), signals=())
        )
        made = page.write_report(None, tmp_path / "in" / "report.html", **how)  # pyright: ignore[reportArgumentType]
        return made, made.path.read_text(encoding="utf-8")

    return write


def test_a_report_has_a_section_for_everything_that_there_is(written):
    made, text = written()

    titles = re.findall(r'<h2 id="[a-z-]+">([^<]+)</h2>', text)
    some = ["Overview", "Snapshots", "Corpora", "Overlap", "Languages", "Quality", "Duplicates", "Licences", "Hosts"]
    assert titles == [*some, "Dropped documents", "Checks", "Storage", "Releases"]
    assert made.sections == len(titles)
    assert made.bytes == len(text.encode())
    assert re.findall(r'<a href="#([a-z-]+)">', text) == [title.lower().replace(" ", "-") for title in titles]


BOOKS = SourceFacts("books", "gutenberg" + HOSTILE, 10, (("not gutenberg", 3),), 7, 5, (("length: below min", 2),))
PAPERS = SourceFacts("academic", "arxiv_2019-11", 4, (), 4)
SHELF = CorpusFacts("shelf", "A shelf", "books.cleaned", "gutenberg", 5, 4, 100, ())


def test_other_sources_have_sections_of_their_own_with_and_without_pages(written):
    both = replace(FACTS, sources=(BOOKS, PAPERS), source_corpora=(SHELF,))
    alone = Facts((), (), (), (), (), {}, (), (STORED,), sources=(BOOKS, PAPERS), source_corpora=(SHELF,))

    (_, with_pages), (made, text) = written(both), written(alone)
    _, given_away = written(alone, privacy=Privacy(min_group=2))

    for shown in (with_pages, text):
        assert re.findall(r"<h3>([a-z]+)</h3>", shown)[-2:] == ["books", "academic"]
        words = "".join(Reader(shown).words)
        assert "not gutenberg" in words
        assert "A shelf: 4 of 5 documents" in words
    titles = re.findall(r'<h2 id="[a-z-]+">([^<]+)</h2>', text)
    assert titles == ["Overview", "Sources", "Corpora of sources", "Checks", "Storage", "Releases"]
    assert "<title>Corpus report, books, academic</title>" in text
    assert "1 snapshot, CC-MAIN-2025-05; 2 partitions of books, academic." in with_pages
    assert (made.snapshots, made.corpora) == (0, 1)
    assert HOSTILE not in text
    assert "gutenberg" not in given_away


CHATS = DataSetFacts(
    "chats" + HOSTILE, "sft.messages", 12, (("no reply", 2),), 10, None, 7, (("sft refusal: refusal", 3),)
)
PAIRS = DataSetFacts("pairs", "sft.constructed_rft", 4, (), 4, 9, None, ())


def test_data_sets_have_a_section_of_their_own_with_and_without_pages(written):
    alone = Facts((), (), (), (), (), {}, (), (STORED,), data_sets=(CHATS, PAIRS))

    (_, with_pages), (_, text) = written(replace(FACTS, data_sets=(CHATS, PAIRS))), written(alone)
    _, given_away = written(alone, privacy=Privacy(min_group=2))

    for shown in (with_pages, text):
        words = " ".join(" ".join(Reader(shown).words).split())
        assert "Every reason" in words
        assert "sft refusal: refusal 3" in words
        assert re.search(r"pairs sft.constructed_rft 4 4 9 all 16 14 9 7 70.0%", words)
    assert re.findall(r'<h2 id="[a-z-]+">([^<]+)</h2>', text) == [
        "Overview",
        "Data sets",
        "Checks",
        "Storage",
        "Releases",
    ]
    assert "<title>Corpus report, 2 data sets</title>" in text
    assert "1 snapshot, CC-MAIN-2025-05; 2 data sets." in with_pages
    assert HOSTILE not in text
    assert "chats" not in given_away


def test_what_pages_say_cannot_become_part_of_the_page(written):
    _, text = written()

    read = Reader(text)
    assert read.depth == 0
    assert {"script", "img", "iframe", "object", "link", "form"}.isdisjoint(read.tags)
    assert not [name for name, _ in read.attributes if name.startswith("on")]
    assert not [
        value for name, value in read.attributes if name in {"src", "action"} or (name == "href" and value[0] != "#")
    ]
    assert "".join(read.words).count("<img src=http://track.example/a onerror=alert(1)>\"'&") >= 6
    assert "\x00" not in text
    assert "\u202e" not in text


def test_a_report_asks_for_nothing_from_elsewhere(written):
    _, text = written()

    policy = '<meta http-equiv="Content-Security-Policy" content="default-src &#x27;none&#x27;;'
    assert policy in text
    assert "url(" not in text
    assert "@import" not in text


def test_a_report_shows_texts_in_their_language_and_both_colour_schemes(written):
    _, text = written()

    assert '<blockquote dir="auto" lang="zh">你好 ' in text
    assert "prefers-color-scheme:dark" in text
    assert "@media print" in text


def test_without_corpora_dedups_and_decisions_their_sections_are_left_out(written):
    bare = replace(SNAPSHOT, texts=(replace(TEXT, documents=None),), buckets={}, perplexities={}, reuse=())
    made, text = written(Facts((bare,), (), (), (), (), {}, (), (STORED,)))

    assert made.corpora == 0
    titles = re.findall(r"<h2 id=[^>]+>([^<]+)", text)
    assert titles == ["Overview", "Snapshots", "Languages", "Licences", "Hosts", "Checks", "Storage", "Releases"]


@pytest.mark.parametrize("privacy", [Privacy(5), Privacy(5, 1.0), Privacy(0, 1.0)])
def test_what_is_given_away_has_no_text_address_distribution_or_size(written, privacy):
    made, text = written(privacy=privacy)

    assert not [word for word in ("你好", "https://a.example", "gopher_dt_words", "12.3 MB", "4.0 MB") if word in text]
    assert "blockquote dir" not in text
    assert "Made to be given away" in text
    assert made.privacy["min_group"] == privacy.min_group


def test_small_groups_are_merged_and_their_names_go():
    release = published.publish(FACTS, Privacy(10))

    languages = next(one for one in release.tables if one.title == "Documents by language")
    licences = next(one for one in release.tables if one.section == "Licences")
    assert dict(languages.rows) == {"en": 700, "other": 100}
    assert HOSTILE not in dict(licences.rows)
    assert not [one for one in release.tables if 0 < min((n for _, n in one.rows), default=10) < 10]


def test_noise_of_one_budget_is_shared_by_the_tables_of_a_snapshot_and_said_in_the_report(written):
    made, text = written(privacy=Privacy(0, 0.5))

    tables = published.publish(FACTS, Privacy(0, 0.5)).tables
    assert made.privacy["tables_of_a_snapshot"] == len(tables)
    assert made.privacy["epsilon_of_a_table"] == pytest.approx(0.5 / len(tables))
    assert not [one for one in tables if one.section == "Hosts"]
    assert "Noise was added to every count: two-sided geometric, epsilon 0.5" in text
    assert "larger --min-group" in text


def test_noise_differs_from_release_to_release():
    first, second = (published.publish(FACTS, Privacy(0, 0.1)).tables for _ in range(2))

    assert [one.rows for one in first] != [one.rows for one in second]


def test_every_document_of_a_table_that_is_given_away_is_in_one_row_of_it():
    tables = {one.title: sum(n for _, n in one.rows) for one in published.publish(FACTS, Privacy()).tables}

    assert tables["What became of records, text by wet"] == TEXT.records
    assert tables["Documents by language"] == tables["Documents by language and bucket"] == 800
    assert tables["Pages by host"] == TEXT.pages
    assert tables["own.minhash, wet"] == 800
    assert tables[f"{CORPUS.title}: kept, or dropped by which rule"] == CORPUS.read


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        (short(599), "599"),
        (short(35_240), "35.2 k"),
        (short(1_139_000), "1.14 M"),
        (short(2.5e12), "2.50 T"),
        (size(831), "831 B"),
        (size(13_200_000), "13.2 MB"),
        (share(0, 0), "–"),
        (share(1, 100_000), "<0.1%"),
        (share(1, 8), "12.5%"),
        (figure(0.02834), "0.0283"),
        (figure(23_561.2), "23,561"),
        (tag("a", "<&", class_="x", title='"', hidden=None), '<a class="x" title="&quot;">&lt;&amp;</a>'),
    ],
)
def test_numbers_and_tags_are_written_as_people_read_them(made, shown):
    assert made == shown
