from concurrent.futures import ThreadPoolExecutor

import pytest

from corpus_platform.errors import SourceError
from corpus_platform.sources.store import InputMissing

DATA = bytes(range(256)) * 12_000
NAME = "crawl=1/a b.gz"


@pytest.fixture
def server(web_server):
    web_server.files[NAME] = DATA
    return web_server


def test_a_file_has_the_size_and_etag_that_the_server_states(server):
    file = server.location().stat(NAME)

    assert (file.size, file.version) == (len(DATA), "one")


def test_a_file_is_read_in_one_request(server):
    assert server.location().read(NAME) == DATA
    assert [(method, asked) for method, _, asked in server.asked] == [("GET", None)]


def test_a_busy_server_is_asked_again(server):
    server.statuses.extend([503, 429, 500])

    assert server.location().read(NAME) == DATA
    assert len(server.asked) == 4


def test_a_server_that_stays_busy_is_given_up_with_its_address_and_advice(server):
    server.statuses.extend([503] * 10)

    with pytest.raises(
        SourceError, match=r"http://127.0.0.1:\d+/crawl=1/a b.gz: no answer after 3 tries .*503.*; run again later"
    ):
        server.location(attempts=3).read(NAME)

    assert len(server.asked) == 3


def test_a_missing_file_is_told_from_a_refusal(server):
    with pytest.raises(InputMissing, match=r"no.gz: 404 Not Found: no such file"):
        server.location().read("no.gz")
    server.statuses.append(403)
    with pytest.raises(SourceError, match="lower `concurrency`"):
        server.location().read(NAME)


def test_a_broken_transfer_goes_on_where_it_broke(server):
    server.cuts.extend([1_000_000, 700_000, 0])

    with server.location().local_copy(NAME) as path:
        copied = path.read_bytes()

    assert copied == DATA
    assert server.bytes_sent == len(DATA)
    assert [asked for method, _, asked in server.asked if method == "GET"] == [
        None,
        f"bytes=1000000-{len(DATA) - 1}",
        f"bytes=1700000-{len(DATA) - 1}",
        f"bytes=1700000-{len(DATA) - 1}",
    ]
    assert not path.exists()


def test_a_transfer_that_brings_nothing_any_more_is_given_up(server):
    server.cuts.extend([1000, 0, 0, 0])

    with pytest.raises(SourceError, match=r"the transfer broke 3 times at byte 1000 .*run again later"):
        server.location(attempts=3).read(NAME)


def test_a_file_that_changes_while_it_is_read_is_an_error(server):
    server.cuts.append(1000)
    server.on_cut = lambda: server.etags.update({NAME: "two"})

    with pytest.raises(SourceError, match="the file changed while it was read; run again"):
        server.location().read(NAME)


def test_a_copy_of_another_size_than_stated_is_an_error(server):
    server.stated_size = len(DATA) + 1

    with (
        pytest.raises(SourceError, match=rf"{len(DATA)} bytes came instead of {len(DATA) + 1}; run again"),
        server.location().local_copy(NAME),
    ):
        pass


def test_a_range_costs_its_bytes_and_survives_a_break(server):
    server.cuts.append(100)

    found = server.location().read_range(NAME, 1000, 500)

    assert found == DATA[1000:1500]
    assert server.bytes_sent == 500
    assert [asked for _, _, asked in server.asked] == ["bytes=1000-1499", "bytes=1100-1499"]


def test_requests_share_a_connection(server):
    location = server.location()

    location.stat(NAME)
    location.read(NAME)
    for place in range(20):
        location.read_range(NAME, place, 1000)

    assert server.connections == 1


def test_a_range_past_the_end_is_an_error(server):
    with pytest.raises(SourceError, match=r"broke 2 times|shorter than expected"):
        server.location(attempts=2).read_range(NAME, len(DATA) - 10, 20)


def test_a_server_without_ranges_is_named(server):
    server.ignores_ranges = True

    with pytest.raises(SourceError, match="does not answer ranged requests; copy the file to a folder first"):
        server.location().read_range(NAME, 10, 10)


def test_a_remote_file_can_be_read_from_its_end(server):
    with server.location().open_seekable(NAME, piece=1000) as stream:
        stream.seek(-5, 2)
        tail = stream.read()

    assert tail == DATA[-5:]
    assert server.bytes_sent == 5


def test_threads_share_the_transfers_of_a_process(server):
    server.pause = 0.05
    location = server.location(concurrency=2)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda place: location.read_range(NAME, place, 1), range(8)))

    assert b"".join(found) == DATA[:8]
    assert server.busiest <= 2


def test_a_web_server_has_no_listing(server):
    with pytest.raises(SourceError, match="a web server has no listing"):
        list(server.location().files("crawl=1"))


def test_a_server_that_is_not_there_is_named(server):
    location = server.location(attempts=1)
    nowhere = type(location)("http://user:secret@127.0.0.1:9/x", http=location.http)

    with pytest.raises(SourceError, match=r"http://127.0.0.1:9/x/y: no answer after 1 tries \(.*refused.*\)") as caught:
        nowhere.read("y")

    assert "secret" not in str(caught.value)
