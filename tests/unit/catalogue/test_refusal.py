"""What the catalogue refuses can't be named as a location anywhere; what only sounds like it can."""

import pytest

from corpus_platform.catalogue.entries import sources
from corpus_platform.catalogue.refusal import check_allowed, refused
from corpus_platform.errors import SettingsError
from corpus_platform.readers.reader import readers
from corpus_platform.sources.location import InputLocation

NAMED = ("z_library", "sci_hub", "annas_archive", "library_genesis", "books3", "bibliotik")
REFUSED = [one for one in sources().values() if one.risk == "refused"]


def test_the_four_libraries_and_their_collections_are_refused_with_the_reason():
    assert {one.name for one in REFUSED} == set(NAMED)
    assert all("without their owners' permission" in one.why for one in REFUSED)


@pytest.mark.parametrize("host", [host for one in REFUSED for host in one.hosts])
def test_every_host_of_a_refused_source_is_refused_in_any_dress(host):
    for location in (
        f"https://{host}/books",
        f"http://user:word@EN.{host.upper()}.:8080/a",
        f"//{host}",
        f"{host}/dump",
    ):
        assert refused(location), location
    with pytest.raises(SettingsError, match="is refused: copies of"):
        InputLocation(f"https://{host}/books")


@pytest.mark.parametrize(
    ("location", "source"),
    [
        ("https://annas-archive.example/datasets", "Anna's Archive"),
        ("s3://annas-archive/torrents", "Anna's Archive"),
        ("https://libgen.newhome/", "Library Genesis"),
        ("https://sci%2Dhub.example/10.1000/1", "Sci-Hub"),
        ("https://mirror.example/sci-hub/papers.zip", "Sci-Hub"),
        ("https://z-lib.example", "Z-Library"),
        ("https://singlelogin.example", "Z-Library"),
        ("s3://bucket/zlibrary/pile", "Z-Library"),
        ("https://mirror.example/library-genesis-dump/a.zip", "Library Genesis"),
        ("/data/books3.tar.gz", "Books3"),
        ("bibliotik.example", "Bibliotik"),
    ],
)
def test_namesakes_and_mirrors_are_refused(location, source):
    assert (refused(location) or "").startswith(f"{source} is refused: ")


@pytest.mark.parametrize(
    "location",
    [
        "https://zlib.net/zlib-1.3.tar.gz", "/usr/include/libgen.h", "/src/zlib-1.3", "https://github.com/madler/zlib",
        "https://libgenetics.example", "https://scihub.copernicus.eu/dhus", "https://www.gutenberg.org/ebooks", "s3://commoncrawl",
        "https://data.commoncrawl.org", "https://archive.org/details/stackexchange", "books", "", "/data/book3", "https://[broken",
    ],
)  # fmt: skip
def test_what_only_sounds_like_it_is_let_pass(location):
    assert refused(location) is None
    check_allowed(location)


def test_every_other_source_with_an_address_is_let_pass():
    assert [one.name for one in sources().values() if one.risk != "refused" and refused(one.address or "")] == []


def test_nothing_reads_a_refused_source():
    assert [one.name for one in REFUSED if one.reader or one.recipe or one.access != "none"] == []
    assert not {one.name for one in REFUSED} & set(readers())
