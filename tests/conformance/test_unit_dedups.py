"""Dedups of lines, sentences and substrings on real pages, against the systems' own rules in plain Python, and against a suffix array."""

import hashlib
import re
from itertools import islice

import numpy as np
import polars as pl
import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from slow import CJK, slow_norm_cc, slow_norm_dt

from corpus_platform.dedup.cuts import sentences
from corpus_platform.dedup.paragraphs import keep_lines, long_enough, paragraph_hashes
from corpus_platform.dedup.paragraphs import repeated as repeated_paragraphs
from corpus_platform.dedup.sorted_sets import FlaggedHashes
from corpus_platform.dedup.substrings import WindowUnits
from corpus_platform.dedup.units import LineUnits, SentenceUnits, repeated
from corpus_platform.recipes.ccnet import split_titles
from corpus_platform.text.batch import TextBatch

pytestmark = pytest.mark.samples

NO_COLUMNS = pl.DataFrame()


@pytest.fixture(scope="module")
def pages(wet_texts):
    return list(wet_texts.values())


@pytest.fixture(scope="module")
def paragraphs(pages):
    """The contents that CCNet takes, and the hashes that two of them share."""
    contents = split_titles(TextBatch.of(pages))[1]
    batch = TextBatch.of(contents.texts.filter(long_enough(contents)))
    hashes = FlaggedHashes()
    hashes.add(*paragraph_hashes(batch))
    frame = pl.DataFrame(dict(zip(("hash", "in_two_documents"), hashes.finish(), strict=True)))
    return batch, np.concatenate(list(repeated_paragraphs([frame])))


def in_two_documents(keys, document_of, ordinal):
    """Those units whose key is in two documents."""
    frame = pl.DataFrame({"key": keys.key[keys.offset[document_of] + ordinal], "document": document_of})
    shared = frame.select(pl.col("document").n_unique().over("key") > 1).to_series().to_numpy()
    return document_of[shared], ordinal[shared]


def test_lines_that_two_documents_share_are_those_that_ccnet_removes(paragraphs):
    batch, shared_hashes = paragraphs
    units = LineUnits("norm_cc", blank=True)
    keys = units.keys(batch, NO_COLUMNS)

    gone = in_two_documents(keys, *repeated(keys, "none"))
    removed = units.remove(batch, *gone)

    ccnet = keep_lines(batch, paragraph_hashes(batch)[0], shared_hashes)
    assert removed.units_removed.tolist() == ccnet.repeated_in_group.tolist()
    # What is repeated inside a document goes in CCNet's second step.
    again = units.remove(removed.texts, *within_documents(units.keys(removed.texts, NO_COLUMNS)))
    some = ccnet.nlines > 0
    assert again.texts.texts.filter(some).to_list() == ccnet.texts().texts.filter(some).to_list()
    assert removed.units_removed.sum() > 10_000


def within_documents(keys):
    """Units whose key their own document has before."""
    frame = pl.DataFrame({"key": keys.key, "document": keys.document()})
    again = (frame.select(pl.int_range(pl.len()).over("key", "document")).to_series() > 0).to_numpy()
    return keys.document()[again], keys.ordinal()[again]


def test_without_blank_lines_the_same_lines_go_but_for_blank_ones(paragraphs):
    batch, shared_hashes = paragraphs
    keys = LineUnits("norm_cc").keys(batch, NO_COLUMNS)

    document_of, _ = in_two_documents(keys, *repeated(keys, "none"))

    shared = np.isin(paragraph_hashes(batch)[0], shared_hashes)
    lines = batch.lines.strings().to_pylist()
    visible = np.array([bool(slow_norm_cc(line).strip()) for line in lines])
    of_document = np.repeat(np.arange(len(batch)), np.diff(batch.document_line))
    assert document_of.tolist() == of_document[shared & visible].tolist()


def c4_pages(texts, urls):
    """C4's rule: a line stays on the page whose URL has the smallest MD5, and there once."""
    owner = {}
    digests = [hashlib.md5(url.encode()).digest() for url in urls]
    for text, digest in zip(texts, digests, strict=True):
        for line in text.split("\n"):
            key = line.strip().lower()
            owner[key] = min(owner.get(key, digest), digest)
    for text, digest in zip(texts, digests, strict=True):
        kept, seen = [], set()
        for line in text.split("\n"):
            key = line.strip().lower()
            if not key or (owner[key] == digest and key not in seen):
                kept.append(line)
            seen.add(key)
        yield "\n".join(kept) if any(line.strip() for line in kept) else ""


@pytest.fixture(scope="module")
def by_url(samples):
    """The last text of each URL."""
    texts = {}
    for path in sorted((samples / "web" / "crawl-data").rglob("*.wet.gz")):
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream, record_types=WarcRecordType.conversion):
                texts[record.headers["WARC-Target-URI"]] = record.reader.read().decode()
    return texts


def test_lines_stay_on_the_page_whose_url_has_the_smallest_md5_as_in_c4(by_url):
    urls = sorted(by_url, key=lambda url: hashlib.md5(url.encode()).digest())
    texts = [by_url[url] for url in urls]
    batch, units = TextBatch.of(texts), LineUnits("stripped_lower")

    removed = units.remove(batch, *repeated(units.keys(batch, NO_COLUMNS), "first"))

    expected = list(c4_pages(texts, urls))
    assert removed.texts.texts.to_list() == expected
    assert removed.changed.sum() > 300


def datatrove_texts(texts, cut, n=3):
    """datatrove's rule on given sentences: spans of n in simplified form, all but the first of equal ones go, with all their sentences."""
    seen = set()
    for text, own in zip(texts, cut, strict=True):
        forms = [slow_norm_dt(text[start:end]) for start, end in own]
        drop_until, kept, last = 0, [], 0
        repeats = set()
        for i in range(len(forms) - n + 1):
            gram = " ".join(forms[i : i + n])
            if gram.strip():
                repeats |= {i} if gram in seen else set()
                seen.add(gram)
        for i, (_, end) in enumerate(own):
            if i in repeats:
                drop_until = i + n
            if i >= drop_until:
                kept.append(text[last:end])
            last = end
        yield "".join(kept).lstrip()


def test_spans_of_three_sentences_go_as_in_datatrove(pages):
    batch, units = TextBatch.of(pages), SentenceUnits(3, "norm_dt")

    removed = units.remove(batch, *repeated(units.keys(batch, NO_COLUMNS), "first"))

    parts = sentences(batch)
    cut = []
    for d, text in enumerate(pages):
        data, begin = text.encode(), batch.document_start[d]
        own = slice(parts.first[d], parts.first[d + 1])
        bounds = [(parts.start[own] - begin).tolist(), (parts.end[own] - begin).tolist()]
        cut.append([(len(data[:a].decode()), len(data[:b].decode())) for a, b in zip(*bounds, strict=True)])
    # White space goes with the sentence before it here, and with the one behind it there.
    expected = ["".join(text.split()) for text in datatrove_texts(pages, cut)]
    assert ["".join(text.split()) for text in removed.texts.texts] == expected
    assert removed.changed.sum() > 300


def suffix_array(values):
    """Places in the order of what follows them, by doubling what is compared."""
    rank, width = np.unique(values, return_inverse=True)[1].astype(np.int64), 1
    while True:
        behind = np.zeros_like(rank)
        behind[:-width] = rank[width:] + 1
        both = rank * (rank.size + 1) + behind
        rank = np.unique(both, return_inverse=True)[1].astype(np.int64)
        if rank.max() == rank.size - 1:
            return np.argsort(rank), rank
        width *= 2


def common_prefixes(values, order, rank):
    """Of each suffix but the first in order, how long it agrees with the one before (Kasai's algorithm)."""
    values, order, rank = values.tolist(), order.tolist(), rank.tolist()
    common, size = [0] * len(values), 0
    for place, own in enumerate(rank):
        if own == 0:
            size = 0
            continue
        other = order[own - 1]
        while max(place, other) + size < len(values) and values[place + size] == values[other + size]:
            size += 1
        common[own] = size
        size = max(size - 1, 0)
    return np.array(common)


def covered_by_repeats(documents, n):
    """For each document (a list of numbers), which places a substring of at least n covers that occurs twice."""
    top = max(max(own, default=0) for own in documents) + 1
    values = np.array([v for d, own in enumerate(documents) for v in (*own, top + d)])
    order, rank = suffix_array(values)
    common = common_prefixes(values, order, rank)
    longest = np.maximum(common, np.append(common[1:], 0))[rank]
    change = np.zeros(values.size + 1, np.int64)
    for place in np.flatnonzero(longest >= n):
        change[place] += 1
        change[place + longest[place]] -= 1
    covered, at = np.cumsum(change) > 0, 0
    for own in documents:
        yield covered[at : at + len(own)]
        at += len(own) + 1


@pytest.fixture(scope="module")
def some_pages(pages):
    return list(islice((text for text in pages if len(text) < 20_000), 50))


def test_hundred_bytes_that_are_repeated_are_those_of_the_suffix_array(some_pages):
    batch, units = TextBatch.of(some_pages), WindowUnits(100, "byte")

    removed = units.remove(batch, *repeated(units.keys(batch, NO_COLUMNS), "none"))

    expected = []
    for text, covered in zip(some_pages, covered_by_repeats([list(t.encode()) for t in some_pages], 100), strict=True):
        ends = np.cumsum([0, *(len(character.encode()) for character in text)])
        expected.append("".join(c for i, c in enumerate(text) if not covered[ends[i] : ends[i + 1]].all()))
    assert removed.texts.texts.to_list() == expected
    assert removed.changed.sum() > 10


def test_fifty_tokens_that_are_repeated_are_those_of_the_suffix_array(some_pages):
    batch, units = TextBatch.of(some_pages), WindowUnits(50, "token")

    removed = units.remove(batch, *repeated(units.keys(batch, NO_COLUMNS), "none"))

    matches = [list(re.finditer(rf"{CJK}|(?:(?!{CJK})\w)+|[^\w\s]", text)) for text in some_pages]
    number = {}
    documents = [[number.setdefault(m[0], len(number)) for m in own] for own in matches]
    expected = []
    for text, own, covered in zip(some_pages, matches, covered_by_repeats(documents, 50), strict=True):
        left, at = "", 0
        for i, match in enumerate(own):
            if covered[i]:
                left += "" if i and covered[i - 1] else text[at : match.start()]
                at = match.end()
        expected.append(left + text[at:])
    assert removed.texts.texts.to_list() == expected
    assert removed.changed.sum() > 5
