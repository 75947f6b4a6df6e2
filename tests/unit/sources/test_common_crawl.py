import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.sources.common_crawl import CommonCrawl, WarcFolder, group_files, kind_of, related_path
from corpus_platform.sources.location import InputLocation
from corpus_platform.sources.store import InputFile

WARC = "crawl-data/CC-MAIN-2024-10/segments/1.0/warc/B-00000.warc.gz"
OTHER = "crawl-data/CC-MAIN-2024-10/segments/0.0/warc/A-00001.warc.gz"


@pytest.fixture
def crawl(tmp_path):
    for path in (WARC, OTHER):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_bytes(path.encode())
    (tmp_path / "crawl-data/CC-MAIN-2024-10/warc.paths.gz").write_bytes(gzip.compress(f"{WARC}\n{OTHER}\n".encode()))
    (tmp_path / "crawl-data/CC-MAIN-2023-50").mkdir()
    (tmp_path / "crawl-data/notes").mkdir()
    return tmp_path


def test_a_folders_snapshots_are_its_crawls(crawl):
    assert [snapshot.name for snapshot in CommonCrawl(InputLocation(str(crawl))).snapshots()] == [
        "CC-MAIN-2023-50",
        "CC-MAIN-2024-10",
    ]


def test_collinfo_names_the_snapshots_where_it_is(crawl):
    entries = [{"id": "CC-MAIN-2024-18", "name": "April 2024 Index"}, {"id": "CC-MAIN-2008-2009", "from": "2008-05-09"}]
    (crawl / "collinfo.json").write_text(json.dumps(entries))

    snapshots = CommonCrawl(InputLocation(str(crawl))).snapshots()

    assert [(one.name, one.title, one.first) for one in snapshots] == [
        ("CC-MAIN-2008-2009", "", "2008-05-09"),
        ("CC-MAIN-2024-18", "April 2024 Index", None),
    ]


def test_files_come_in_the_order_of_the_paths_list(crawl):
    files = CommonCrawl(InputLocation(str(crawl))).files("CC-MAIN-2024-10", "warc")

    assert [file.path for file in files] == [WARC, OTHER]
    assert all(file.size == len(file.path) and file.version for file in files)


def test_a_missing_snapshot_is_told_with_the_nearest(crawl):
    with pytest.raises(SourceError, match=r"no snapshot `CC-MAIN-2024-11`, the nearest of 2 is `CC-MAIN-2024-10`"):
        CommonCrawl(InputLocation(str(crawl))).files("CC-MAIN-2024-11", "warc")


def test_a_missing_list_is_told_from_a_missing_snapshot(crawl):
    with pytest.raises(SourceError, match=r"wet.paths.gz is not there; `CC-MAIN-2024-10` exists, but has no such list"):
        CommonCrawl(InputLocation(str(crawl))).files("CC-MAIN-2024-10", "wet")


def test_a_damaged_list_is_an_error(crawl):
    list_file = crawl / "crawl-data/CC-MAIN-2024-10/warc.paths.gz"
    list_file.write_bytes(list_file.read_bytes()[:-12])

    with pytest.raises(SourceError, match="not a list of paths"):
        CommonCrawl(InputLocation(str(crawl))).files("CC-MAIN-2024-10", "warc")


def test_a_listed_file_that_is_not_there_is_an_error(crawl):
    (crawl / OTHER).unlink()

    with pytest.raises(SourceError, match=r"A-00001.warc.gz: no such file"):
        CommonCrawl(InputLocation(str(crawl))).files("CC-MAIN-2024-10", "warc")


def test_a_web_server_is_asked_for_the_list_alone(crawl, web_server):
    web_server.files = {path.relative_to(crawl).as_posix(): path.read_bytes() for path in crawl.rglob("*.gz")}
    source = CommonCrawl(web_server.location())

    files = source.files("CC-MAIN-2024-10", "warc")
    asked = len(web_server.asked)
    with_sizes = source.files("CC-MAIN-2024-10", "warc", stat=True)

    assert files == [InputFile(WARC), InputFile(OTHER)]
    assert asked == 1
    assert [file.size for file in with_sizes] == [len(WARC), len(OTHER)]


def test_a_web_server_without_collinfo_says_where_to_look(web_server):
    with pytest.raises(SourceError, match=r"collinfo.json: 404 .* give `index` the location of collinfo.json"):
        CommonCrawl(web_server.location()).snapshots()


def test_any_folder_of_archives_is_a_named_snapshot(tmp_path):
    for path in ("b/x.warc", "a.warc.gz", "old.arc.gz", "a.warc.wet.gz", "a.warc.wat.gz", "README.txt", ".hidden.warc"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(b"x")
    source = WarcFolder(InputLocation(str(tmp_path)), "LIBRARY-2026")

    names = {kind: [file.path for file in source.files("LIBRARY-2026", kind)] for kind in ("warc", "wet", "wat")}

    assert names == {
        "warc": ["README.txt", "a.warc.gz", "b/x.warc", "old.arc.gz"],
        "wet": ["a.warc.wet.gz"],
        "wat": ["a.warc.wat.gz"],
    }
    assert [snapshot.name for snapshot in source.snapshots()] == ["LIBRARY-2026"]
    with pytest.raises(SourceError, match="is the snapshot `LIBRARY-2026`; there is no `OTHER`"):
        source.files("OTHER", "warc")


@pytest.mark.parametrize(
    ("path", "kind", "related"),
    [
        ("s/1/warc/X-0.warc.gz", "wet", "s/1/wet/X-0.warc.wet.gz"),
        ("s/1/wet/X-0.warc.wet.gz", "wat", "s/1/wat/X-0.warc.wat.gz"),
        ("s/1/wat/X-0.warc.wat.gz", "warc", "s/1/warc/X-0.warc.gz"),
        ("X.warc.gz", "wat", "X.warc.wat.gz"),
    ],
)
def test_files_of_the_same_pages_are_found_by_name(path, kind, related):
    assert related_path(path, kind) == related
    assert kind_of(related) == kind


sizes = st.lists(st.integers(0, 50), max_size=40)


@given(sizes, st.integers(1, 7), st.integers(1, 120), st.none() | st.integers(1, 9))
def test_groups_keep_order_limits_and_boundaries(sizes, shard_files, shard_bytes, boundary):
    files = [InputFile(f"{index}.warc.gz", size) for index, size in enumerate(sizes)]

    groups = group_files(files, shard_files=shard_files, shard_bytes=shard_bytes, boundary=boundary)

    assert [indexed for group in groups for indexed in group.indexed()] == list(enumerate(files))
    assert [group.index for group in groups] == list(range(len(groups)))
    assert all(1 <= len(group.files) <= shard_files for group in groups)
    assert all(group.bytes <= shard_bytes or len(group.files) == 1 for group in groups)
    if boundary:
        assert all(group.first // boundary == (group.first + len(group.files) - 1) // boundary for group in groups)


def test_groups_by_bytes_need_sizes():
    with pytest.raises(SettingsError, match="give shard_files"):
        group_files([InputFile("a")], shard_bytes=10)
    with pytest.raises(SettingsError, match="shard_files, shard_bytes or both"):
        group_files([InputFile("a", 1)], boundary=10)
