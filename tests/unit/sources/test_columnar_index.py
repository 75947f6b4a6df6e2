import gzip
import pickle
import shutil
import zlib
from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_platform.documents import domain_of
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.sources.columnar_index import (
    SelectedFile,
    Selection,
    index_files,
    plan_selection,
    read_selected,
    select,
    selection_plan,
)
from corpus_platform.sources.location import InputLocation
from corpus_platform.sources.records import Record
from corpus_platform.sources.warc import read_responses

SNAPSHOT = "CC-MAIN-2024-10"
FOLDER = f"crawl-data/{SNAPSHOT}/segments/1.0/warc"
INDEX = f"cc-index/table/cc-main/warc/crawl={SNAPSHOT}/subset=warc"
HOSTS = ["news.example.cn", "www.example.cn", "blog.example.de", "example.co.uk"]
LANGUAGES = ["zho", "zho,eng", "deu,eng,zho", "eng", None]


@pytest.fixture(scope="module")
def crawl(tmp_path_factory, warcio_file):
    """Three WARC files of 20 pages each, and the index that their own reading gives, in two Parquet files of small row groups."""
    root = tmp_path_factory.mktemp("crawl")
    (root / FOLDER).mkdir(parents=True)
    (root / INDEX).mkdir(parents=True)
    rows = []
    for number in range(3):
        path = f"{FOLDER}/X-0000{number}.warc.gz"
        pages = {
            f"http://{HOSTS[page % 4]}/{number}/{page}": f"<p>{page} of {number} ".encode() * 300 for page in range(20)
        }
        (root / path).write_bytes(warcio_file(pages))
        rows += list(index_rows(root / path, path))
    (root / f"crawl-data/{SNAPSHOT}/warc.paths.gz").write_bytes(gzip.compress(b""))
    table = pl.DataFrame(rows).sort("url_host_tld", "url")
    table[:25].write_parquet(root / INDEX / "part-00000.gz.parquet", row_group_size=5)
    table[25:].write_parquet(root / INDEX / "part-00001.gz.parquet", row_group_size=5)
    return root


def index_rows(file, path):
    records = [record for record in read_responses(file, path) if isinstance(record, Record)]
    for place, record in enumerate(records):
        host = domain_of(record.url) or ""
        yield {
            "url": record.url,
            "url_host_name": host,
            "url_host_registered_domain": "example." + host.partition("example.")[2],
            "url_host_tld": host.rpartition(".")[2],
            "content_mime_detected": "text/html",
            "content_languages": LANGUAGES[place % 5],
            "fetch_status": 404 if place == 19 else 200,
            "warc_filename": path,
            "warc_record_offset": record.position,
            "warc_record_length": member_length(file, record.position),
        }


def member_length(file, position):
    data = file.read_bytes()[position:]
    inflate = zlib.decompressobj(31)
    inflate.decompress(data)
    return len(data) - len(inflate.unused_data)


def chosen(crawl, selection, location=None):
    location = location or InputLocation(str(crawl))
    plan = plan_selection(select(location, SNAPSHOT, selection))
    return plan, [record for file in plan.files for record in read_selected(location, file)]


def expected(crawl, wanted):
    table = pl.read_parquet(crawl / INDEX / "*.parquet").filter(wanted & (pl.col("fetch_status") == 200))
    keys = set(zip(table["warc_filename"], table["warc_record_offset"], strict=True))
    files = sorted((crawl / FOLDER).iterdir())
    found = [record for file in files for record in read_responses(file, f"{FOLDER}/{file.name}")]
    return [record for record in found if (record.file, record.position) in keys]


@pytest.mark.parametrize(
    ("selection", "wanted"),
    [
        (Selection(languages=("zho",)), pl.col("content_languages").str.contains("zho")),
        (Selection(languages=("zho",), language_match="primary"), pl.col("content_languages").str.starts_with("zho")),
        (
            Selection(languages=("zho", "deu"), tlds=("de",)),
            pl.col("content_languages").str.contains("zho|deu") & (pl.col("url_host_tld") == "de"),
        ),
        (
            Selection(domains=("example.co.uk", "News.example.cn")),
            pl.col("url_host_name").is_in(["example.co.uk", "news.example.cn"]),
        ),
        (Selection(domains=("example.cn",)), pl.col("url_host_tld") == "cn"),
        (Selection(tlds=(".CN", "uk")), pl.col("url_host_tld").is_in(["cn", "uk"])),
        (Selection(media_types=("text/html",)), pl.lit(value=True)),
    ],
)
def test_chosen_records_are_those_of_a_full_reading(crawl, selection, wanted):
    plan, records = chosen(crawl, selection)

    assert records == expected(crawl, wanted)
    assert plan.records == len(records) > 0


def test_a_selection_that_fits_nothing_is_empty(crawl):
    plan, records = chosen(crawl, Selection(media_types=("image/png",)))

    assert (plan.records, plan.files, plan.bytes_fetched, plan.requests, records) == (0, (), 0, 0, [])
    assert str(plan) == "0 records in 0 files, 0.0 MB in 0 requests"


def test_over_http_a_selection_costs_its_share(crawl, web_server):
    paths = [path for path in crawl.rglob("*") if path.is_file()]
    web_server.files = {path.relative_to(crawl).as_posix(): path.read_bytes() for path in paths}
    listed = "\n".join(sorted(name for name in web_server.files if name.endswith(".parquet")))
    web_server.files[f"crawl-data/{SNAPSHOT}/cc-index-table.paths.gz"] = gzip.compress(listed.encode())
    location = web_server.location()
    plan = plan_selection(select(location, SNAPSHOT, Selection(languages=("deu",))), gap=0)
    web_server.bytes_sent = 0
    web_server.asked.clear()
    counts = Counter()

    records = [record for file in plan.files for record in read_selected(location, file, gap=0, counts=counts)]

    assert records == expected(crawl, pl.col("content_languages").str.contains("deu"))
    assert web_server.bytes_sent == plan.bytes_fetched == plan.bytes_wanted == counts["bytes_fetched"]
    assert len(web_server.asked) == plan.requests == counts["requests"] == plan.records == 12
    assert web_server.bytes_sent < sum(path.stat().st_size for path in (crawl / FOLDER).iterdir()) / 3


def test_a_selection_survives_a_busy_server_and_broken_transfers(crawl, web_server):
    web_server.files = {path.relative_to(crawl).as_posix(): path.read_bytes() for path in crawl.rglob("*.gz")}
    plan = plan_selection(select(InputLocation(str(crawl)), SNAPSHOT, Selection(tlds=("cn",))))
    web_server.statuses.extend([503, 503])
    web_server.cuts.extend([40, 100])

    records = [record for file in plan.files for record in read_selected(web_server.location(), file)]

    assert records == expected(crawl, pl.col("url_host_tld") == "cn")
    assert web_server.bytes_sent == plan.bytes_fetched


def test_row_groups_that_can_not_match_are_not_fetched(crawl, web_server):
    web_server.files = {path.relative_to(crawl).as_posix(): path.read_bytes() for path in crawl.rglob("*.parquet")}
    files = sorted(web_server.files)

    found = list(select(web_server.location(), SNAPSHOT, Selection(tlds=("nowhere",)), files))

    # The end of each file is all that is asked for.
    assert found == []
    assert sum(method == "GET" for method, _, _ in web_server.asked) <= 2 * len(files)


def test_records_that_are_near_share_a_request(crawl):
    location = InputLocation(str(crawl))
    rows = list(select(location, SNAPSHOT, Selection(media_types=("text/html",))))

    apart, joined = plan_selection(rows, gap=0), plan_selection(rows, gap=1 << 16)

    assert (apart.records, joined.records) == (57, 57)
    assert joined.requests == 3 < apart.requests
    assert joined.bytes_fetched > apart.bytes_fetched >= apart.bytes_wanted


@given(
    st.lists(st.tuples(st.integers(1, 300), st.integers(0, 200)), min_size=1, max_size=60),
    st.integers(0, 150),
    st.integers(1, 1000),
)
def test_requests_hold_every_record_once_within_gap_and_size(shapes, gap, largest):
    lengths = np.array([length for length, _ in shapes], np.int64)
    spaces = np.array([space for _, space in shapes], np.int64)
    offsets = np.concatenate(([0], np.cumsum(lengths + spaces)[:-1]))
    file = SelectedFile("x.warc.gz", offsets, lengths)

    requests = list(file.requests(gap, largest))

    assert [record for request in requests for record in request.records] == list(
        zip(offsets.tolist(), lengths.tolist(), strict=True)
    )
    assert all(request.length <= largest or len(request.records) == 1 for request in requests)
    assert all(
        next_offset - (offset + length) <= gap
        for request in requests
        for (offset, length), (next_offset, _) in zip(request.records, request.records[1:], strict=False)
    )
    assert file.cost(gap, largest) == (len(requests), sum(request.length for request in requests))


def test_a_chosen_file_pickles(crawl):
    location = InputLocation(str(crawl))
    plan = plan_selection(select(location, SNAPSHOT, Selection(tlds=("uk",))))

    location, file = pickle.loads(pickle.dumps((location, plan.files[0])))

    assert list(read_selected(location, file)) == list(read_selected(InputLocation(str(crawl)), plan.files[0]))


def test_a_wrong_place_is_a_reject_with_its_offset(crawl):
    path = f"{FOLDER}/X-00000.warc.gz"
    wrong = SelectedFile(path, np.array([3], np.int64), np.array([200], np.int64))

    (reject,) = read_selected(InputLocation(str(crawl)), wrong)

    assert (reject.file, reject.position, reject.reason, reject.broken) == (path, 3, "not_warc", True)


def test_a_selection_says_what_it_needs():
    with pytest.raises(SettingsError, match="needs languages, domains, tlds or media_types"):
        Selection()
    with pytest.raises(SettingsError, match="`zh` is not an ISO 639-3 code of three small letters"):
        Selection(languages=("zh",))


def test_an_index_without_languages_is_named(crawl, tmp_path):
    (tmp_path / INDEX).mkdir(parents=True)
    pl.read_parquet(crawl / INDEX / "part-00000.gz.parquet").drop("content_languages").write_parquet(
        tmp_path / INDEX / "a.parquet"
    )

    with pytest.raises(SourceError, match="has no column content_languages; older ones know no languages"):
        list(select(InputLocation(str(tmp_path)), SNAPSHOT, Selection(languages=("zho",))))


def test_a_missing_or_damaged_index_is_named(tmp_path):
    location = InputLocation(str(tmp_path))
    with pytest.raises(SourceError, match=f"no columnar index of {SNAPSHOT}"):
        index_files(location, SNAPSHOT)
    (tmp_path / INDEX).mkdir(parents=True)
    (tmp_path / INDEX / "a.parquet").write_bytes(b"no parquet")

    with pytest.raises(SourceError, match=r"a.parquet: not a readable Parquet file"):
        list(select(location, SNAPSHOT, Selection(tlds=("cn",))))


def test_an_index_is_read_once_while_it_is_the_same(crawl, web_server, tmp_path):
    copy = tmp_path / "crawl"
    shutil.copytree(crawl, copy)
    selection = Selection(languages=("zho",))
    web_server.files.update(
        {str(path.relative_to(copy)): path.read_bytes() for path in copy.rglob("*.gz*") if path.is_file()}
    )
    listing = "".join(f"{INDEX}/part-0000{n}.gz.parquet\n" for n in range(2))
    web_server.files[f"crawl-data/{SNAPSHOT}/cc-index-table.paths.gz"] = gzip.compress(listing.encode())

    first = selection_plan(InputLocation(str(copy)), SNAPSHOT, selection)
    again = selection_plan(InputLocation(str(copy)), SNAPSHOT, selection)
    (copy / INDEX / "part-00001.gz.parquet").unlink()
    less = selection_plan(InputLocation(str(copy)), SNAPSHOT, selection)
    remote = selection_plan(web_server.location(), SNAPSHOT, selection)
    asked = len(web_server.asked)
    selection_plan(web_server.location(), SNAPSHOT, selection)

    assert first.records == remote.records > less.records > 0
    assert again is first
    assert {path for _, path, _ in web_server.asked[asked:]} == {f"/crawl-data/{SNAPSHOT}/cc-index-table.paths.gz"}
