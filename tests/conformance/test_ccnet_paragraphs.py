"""CCNet's paragraph deduplication against the outputs of cc_net itself (facebookresearch/cc_net bda555b) on real pages."""

import gzip
import hashlib
from collections import Counter
from itertools import groupby
from pathlib import Path

import numpy as np
import orjson
import polars as pl
import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType

from corpus_platform.dedup.paragraphs import keep_lines, long_enough, paragraph_hashes, repeated
from corpus_platform.dedup.sorted_sets import FlaggedHashes, intersect
from corpus_platform.recipes.ccnet import split_titles
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.normalise import norm_cc

pytestmark = pytest.mark.samples

SNAPSHOTS = ["CC-MAIN-2024-10", "CC-MAIN-2024-18"]


def sha1(data):
    return hashlib.sha1(data).hexdigest()


@pytest.fixture(scope="module")
def reference(samples):
    """What cc_net says of each document: snapshot -> WET file -> documents."""
    with gzip.open(samples / "expected" / "ccnet_paragraphs.jsonl.gz") as lines:
        rows = [orjson.loads(line) for line in lines]
    assert len(rows) == 775
    return {
        snapshot: {segment: list(group) for segment, group in groupby(of_snapshot, key=lambda row: row["cc_segment"])}
        for snapshot, of_snapshot in groupby(rows, key=lambda row: row["snapshot"])
    }


@pytest.fixture(scope="module")
def files(samples, reference):
    """Titles and contents of each WET file: snapshot -> WET file -> (titles, batch)."""
    return {
        snapshot: {segment: split_titles(TextBatch.of(wet_texts(samples / "web" / segment))) for segment in segments}
        for snapshot, segments in reference.items()
    }


def wet_texts(path):
    with Path(path).open("rb") as stream:
        return [r.reader.read().decode() for r in ArchiveIterator(stream, record_types=WarcRecordType.conversion)]


def entering(batch):
    """The documents that are long enough for CCNet."""
    texts = pl.Series([batch.documents.bytes(d).decode() for d in np.flatnonzero(long_enough(batch))], dtype=pl.String)
    return TextBatch.of(texts)


def hash_set(batches):
    hashes = FlaggedHashes()
    for batch in batches:
        hashes.add(*paragraph_hashes(batch))
    return pl.DataFrame(dict(zip(("hash", "in_two_documents"), hashes.finish(), strict=True)))


def repeated_of(sets):
    return np.concatenate(list(repeated(sets)))


@pytest.mark.parametrize("snapshot", SNAPSHOTS)
def test_titles_and_contents_are_those_of_the_reference(reference, files, snapshot):
    for segment, expected in reference[snapshot].items():
        titles, contents = files[snapshot][segment]

        assert [sha1(title.encode()) for title in titles.to_pylist()] == [row["title_sha1"] for row in expected]
        assert [sha1(contents.documents.bytes(d)) for d in range(len(contents))] == [
            row["raw_content_sha1"] for row in expected
        ]
        assert contents.characters.tolist() == [row["raw_content_chars"] for row in expected]
        assert np.diff(contents.document_line).tolist() == [row["n_lines"] for row in expected]


@pytest.mark.parametrize("snapshot", SNAPSHOTS)
def test_normalised_lines_and_hashes_are_those_of_the_reference(reference, files, snapshot):
    for segment, expected in reference[snapshot].items():
        batch = files[snapshot][segment][1]
        hashes, first = paragraph_hashes(batch)
        normalised = norm_cc(batch.lines)

        for d, row in enumerate(expected):
            if row["decision"] == "dropped_min_len":
                assert batch.characters[d] < 300
                continue
            lines = range(first[d], first[d + 1])
            own = hashes[first[d] : first[d + 1]]
            assert own[:3].tolist() == row["first_hashes"]
            assert sha1(own.astype("<u8").tobytes()) == row["paragraph_hashes_sha1"]
            assert sha1(b"\n".join(normalised.bytes(i) for i in lines)) == row["normalized_sha1"]


@pytest.mark.parametrize("snapshot", SNAPSHOTS)
def test_kept_lines_are_those_of_the_reference(reference, files, snapshot):
    batches = {segment: entering(contents) for segment, (_, contents) in files[snapshot].items()}
    hashes = repeated_of([hash_set([batch]) for batch in batches.values()])

    for segment, expected in reference[snapshot].items():
        batch = batches[segment]
        own, _ = paragraph_hashes(batch)
        frame = keep_lines(batch, own, intersect(np.unique(own), [hashes])).frame()

        entered = [row for row in expected if row["decision"] != "dropped_min_len"]
        assert (frame["nlines"] > 0).to_list() == [row["decision"] == "kept" for row in entered]
        survivors = frame.filter(pl.col("nlines") > 0)
        kept = [row for row in entered if row["decision"] == "kept"]
        assert survivors["line_ids"].to_list() == [row["line_ids"] for row in kept]
        assert survivors["nlines"].to_list() == [row["nlines"] for row in kept]
        assert survivors["length"].to_list() == [row["length"] for row in kept]
        assert [sha1(text.encode()) for text in survivors["text"]] == [row["kept_content_sha1"] for row in kept]


def test_decisions_and_lines_of_both_snapshots_add_up_to_those_of_the_reference(reference, files):
    totals = Counter()
    for snapshot in SNAPSHOTS:
        batches = [entering(contents) for _, contents in files[snapshot].values()]
        hashes = repeated_of([hash_set([batch]) for batch in batches])
        for (_, contents), batch in zip(files[snapshot].values(), batches, strict=True):
            left = keep_lines(batch, paragraph_hashes(batch)[0], hashes)
            kept = left.nlines > 0
            totals["too_short"] += len(contents) - len(batch)
            totals["all_paragraphs_repeated"] += int((~kept).sum())
            totals["kept"] += int(kept.sum())
            totals["lines"] += int(np.diff(batch.document_line)[kept].sum())
            totals["unique in the group"] += int((left.nlines + left.repeated_in_document)[kept].sum())
            totals["unique in the document"] += int(left.nlines.sum())

    assert totals == {
        "too_short": 90,
        "all_paragraphs_repeated": 57,
        "kept": 628,
        "lines": 107_748,
        "unique in the group": 71_381,
        "unique in the document": 58_602,
    }


@pytest.mark.parametrize("snapshot", SNAPSHOTS)
def test_any_grouping_of_the_files_into_sets_repeats_the_same_lines(files, snapshot):
    a, b, c, d = [entering(contents) for _, contents in files[snapshot].values()]
    groupings = [
        [[a], [b], [c], [d]],
        [[d], [c], [b], [a]],
        [[a, b], [c, d]],
        [[c, a, d], [b]],
        [[a, b, c, d]],
    ]

    results = [repeated_of([hash_set(group) for group in grouping]).tolist() for grouping in groupings]

    assert results[1:] == results[:1] * 4
