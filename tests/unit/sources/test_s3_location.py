import boto3
import pytest
from moto.server import ThreadedMotoServer

from corpus_platform.errors import SourceError
from corpus_platform.sources.common_crawl import WarcFolder
from corpus_platform.sources.location import InputLocation
from corpus_platform.sources.store import InputMissing

pytestmark = pytest.mark.s3


@pytest.fixture(scope="module")
def endpoint():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def location(endpoint, monkeypatch):
    keys = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": "127.0.0.1",
    }
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3", endpoint_url=endpoint)
    client.create_bucket(Bucket="crawls")
    for path, data in {
        "own/b/two.warc.gz": b"two",
        "own/a.warc.wet.gz": b"one",
        "own/c/three.warc": b"three",
        "other/x": b"x",
    }.items():
        client.put_object(Bucket="crawls", Key=path, Body=data, ACL="public-read")
    return InputLocation("s3://crawls/own", endpoint=endpoint)


def test_a_bucket_lists_its_files_with_size_and_etag(location):
    files = list(location.files())

    assert [(file.path, file.size) for file in files] == [
        ("a.warc.wet.gz", 3),
        ("b/two.warc.gz", 3),
        ("c/three.warc", 5),
    ]
    assert location.folders() == ["b", "c"]
    assert files[1] == location.stat("b/two.warc.gz")
    assert len(files[1].version or "") == 32


def test_an_object_is_read_whole_or_in_part(location):
    assert location.read("c/three.warc") == b"three"
    assert location.read_range("c/three.warc", 1, 3) == b"hre"
    with location.local_copy("c/three.warc") as path:
        assert path.read_bytes() == b"three"
    with pytest.raises(SourceError, match="shorter than expected"):
        location.read_range("c/three.warc", 3, 30)


def test_the_environment_may_name_the_server(location, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", location.endpoint)

    assert InputLocation("s3://crawls/own", anonymous=True).read("a.warc.wet.gz") == b"one"


def test_a_missing_object_is_named(location):
    with pytest.raises(InputMissing, match="s3://crawls/own/no: no such object"):
        location.read("no")
    with pytest.raises(InputMissing, match="s3://nowhere/no"):
        InputLocation("s3://nowhere", endpoint=location.endpoint).read("no")


def test_a_bucket_of_archives_is_a_snapshot(location):
    source = WarcFolder(location, "OWN-2026")

    assert [file.path for file in source.files("OWN-2026", "warc")] == ["b/two.warc.gz", "c/three.warc"]
    assert [file.path for file in source.files("OWN-2026", "wet")] == ["a.warc.wet.gz"]
