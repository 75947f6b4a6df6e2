"""The sample as a whole: the same bytes each time, counts that hold, nothing of this machine in it."""

import bz2
import gzip
import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from corpus_platform.sample import make_sample
from corpus_platform.sample.make import COUNTED


def digests(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.blake2b(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def contents(path):
    opened = {".gz": gzip.decompress, ".bz2": bz2.decompress}.get(path.suffix)
    data = path.read_bytes()
    try:
        return opened(data) if opened else data
    except EOFError:
        return b"clipped"


def test_another_process_makes_the_same_bytes(report, tmp_path):
    program = (
        "import sys, pathlib; from corpus_platform.sample import make_sample; make_sample(pathlib.Path(sys.argv[1]))"
    )

    environment = {**os.environ, "PYTHONHASHSEED": "4711", "HOME": str(tmp_path), "LANG": "C"}
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "again")], check=True, timeout=120, env=environment)

    assert digests(tmp_path / "again") == digests(report.directory)


def test_a_sample_that_is_there_is_left_alone(report):
    before = {path: path.stat().st_mtime_ns for path in report.directory.rglob("*")}

    again = make_sample(report.directory)

    assert again == report
    assert {path: path.stat().st_mtime_ns for path in report.directory.rglob("*")} == before


@pytest.mark.e2e
def test_a_larger_sample_replaces_what_an_earlier_one_left_and_nothing_else(report, tmp_path):
    (tmp_path / "crawl-data").mkdir()
    (tmp_path / "crawl-data" / "left over").write_text("old")
    (tmp_path / "SAMPLE.json").write_text("{}")
    (tmp_path / "notes.txt").write_text("mine")

    larger = make_sample(tmp_path, pages_scale=2)

    assert not (tmp_path / "crawl-data" / "left over").exists()
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert larger.snapshots[0].counts["kind"]["mixed"] > 100
    assert larger.snapshots[0].responses == report.snapshots[0].responses + larger.snapshots[0].counts["kind"]["mixed"]


def test_the_truth_agrees_with_the_report(report, truth):
    for snapshot in report.snapshots:
        rows = [row for row in truth if row["snapshot"] == snapshot.name]

        assert snapshot.responses == len(rows)
        assert snapshot.in_wet == sum(row["in_wet"] for row in rows)
        for name in COUNTED:
            assert snapshot.counts[name] == Counter(str(row[name]) for row in rows if row[name] is not None)


def test_a_snapshot_has_every_kind_of_page(report):
    for snapshot in report.snapshots:
        kinds, roles, charsets = (snapshot.counts[name] for name in ("kind", "role", "charset"))

        assert 500 <= snapshot.responses <= 700
        assert 150 <= kinds["manual"] <= 250
        assert {
            "article",
            "listing",
            "spam",
            "short",
            "empty",
            "error",
            "redirect",
            "text",
            "image",
            "pdf",
        } <= kinds.keys()
        assert {"original", "exact_duplicate", "near_duplicate"} <= roles.keys()
        assert {"UTF-8", "gbk", "Big5", "Shift_JIS", "EUC-KR", "windows-1251", "KOI8-R", "UTF-16"} <= charsets.keys()
        assert {"header", "meta", "both", "none", "wrong"} == snapshot.counts["charset_declared"].keys()
        assert {"gzip", "deflate", "br"} == snapshot.counts["content_encoding"].keys()
        assert {"en", "zh", "de", "fr", "es", "ru", "ja", "ko", "ar"} == snapshot.counts["language"].keys()


def test_duplicates_name_a_page_that_is_there(truth):
    there = {(row["snapshot"], row["url"]) for row in truth}

    repeated = [row for row in truth if row["of"]]

    assert len(there) == len(truth)
    assert len(repeated) > 400
    assert [row for row in repeated if (row["of_snapshot"], row["of"]) not in there] == []


@pytest.mark.parametrize("role", ["exact_duplicate", "near_duplicate"])
def test_duplicates_are_as_alike_as_the_truth_says(truth, wet_texts, role):
    texts = {(row["snapshot"], row["url"]): wet_texts.get(row["record_id"]) for row in truth}

    pairs = [
        (row["url"], texts[row["snapshot"], row["url"]], texts[row["of_snapshot"], row["of"]])
        for row in truth
        if row["role"] == role and row["in_wet"]
    ]

    if role == "exact_duplicate":
        assert [url for url, one, two in pairs if one != two] == []
    else:
        assert [url for url, one, two in pairs if one == two] == []
        assert [url for url, one, two in pairs if not shared_share(one, two) > 0.3] == []


def shared_share(one, two):
    """Share of the shorter text's runs of eight characters that the longer has too."""
    runs = [{text[start : start + 8] for start in range(len(text) - 7)} for text in sorted((one, two), key=len)]
    return len(runs[0] & runs[1]) / len(runs[0])


def test_nothing_in_the_sample_tells_where_it_was_made(report):
    here = Path(__file__).resolve()
    places = {here.parents[3], Path(sys.prefix), Path(sys.base_prefix), report.directory}
    # With a slash: an EPUB has `</rootfile>`, and somebody's home may be /root.
    told = [*map(str, places), f"{Path.home()}/"]
    names = [place.encode() for place in told if len(place) > 4] + [b"environ({", b" at 0x7f"]

    found = [
        (path.name, name)
        for path in report.directory.rglob("*")
        if path.is_file()
        for data in [contents(path)]
        for name in names
        if name in data
    ]

    assert found == []


def test_hosts_are_invented(truth):
    hosts = {row["url"].split("/")[2] for row in truth}

    assert all(host.endswith(".example") for host in hosts)


def test_the_list_of_crawls_is_in_the_form_of_common_crawl(report):
    crawls = json.loads((report.location / "collinfo.json").read_bytes())

    assert [crawl["id"] for crawl in crawls] == ["CC-MAIN-2025-08", "CC-MAIN-2025-05"]
    assert {"id", "name", "timegate", "cdx-api", "from", "to"} == crawls[0].keys()
