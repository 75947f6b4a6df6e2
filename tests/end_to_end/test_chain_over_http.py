"""The web chain from a web server, as Common Crawl's is: whole files, and chosen records through the columnar index."""

import polars as pl
import pytest
from web_server import web_server

from corpus_platform.errors import SourceError
from corpus_platform.home import Home
from corpus_platform.stages.asset_names import WEB

SNAPSHOT = "CC-MAIN-2025-05"
WET, HTML = ({"variant": variant, "snapshot": SNAPSHOT} for variant in ("wet", "resiliparse"))
CHAIN = dict.fromkeys(WEB, WET) | {"corpora.ccnet": {**WET, "variant": "wet.ccnet"}}
SETTINGS = """
source: {{location: "{location}"}}
variants: [{variant}]
pages: {{shard_files: 2{pages}}}
reject_budget: 0.1
engine: {{kind: serial}}
"""


@pytest.fixture(scope="module")
def sample(made_sample):
    return made_sample


@pytest.fixture(scope="module")
def unsteady(sample):
    """A server of the sample that is busy now and then, and breaks off transfers."""
    with web_server(sample.location, refuse_every=5, cut_every=8) as server:
        yield server


@pytest.fixture(scope="module")
def all_pages(sample, tmp_path_factory):
    """The snapshot's pages, of whole files in a folder."""
    home = make_home(tmp_path_factory.mktemp("all"), sample.location)
    home.run("web.pages", HTML)
    return home.lake.scan("web.pages", **HTML).collect()


def make_home(folder, location, variant="resiliparse", pages=""):
    folder.mkdir(exist_ok=True)
    (folder / "corpus.yaml").write_text(SETTINGS.format(location=location, variant=variant, pages=pages))
    return Home.open(folder)


def chosen_of(sample, all_pages, language):
    """The pages that the index says are in a language."""
    (file,) = (sample.location / "cc-index").rglob(f"crawl={SNAPSHOT}/**/*.parquet")
    index = pl.read_parquet(file, hive_partitioning=False).filter(
        pl.col("content_languages").str.contains(language), pl.col("fetch_status") == 200
    )
    place = index.select(file="warc_filename", position=pl.col("warc_record_offset").cast(pl.Int64))
    return all_pages.join(place, on=["file", "position"], how="semi")


def test_a_corpus_from_an_unsteady_web_server_is_that_from_a_folder(sample, unsteady, tmp_path):
    folder, web = (
        make_home(tmp_path / name, at, "wet") for name, at in (("folder", sample.location), ("web", unsteady.address))
    )

    for name, partition in CHAIN.items():
        folder.run(name, partition)
        web.run(name, partition)
    asked = len(unsteady.paths)
    again = [web.run(name, partition) for name, partition in CHAIN.items()]

    assert (unsteady.refused > 0, unsteady.cut > 0) == (True, True)
    for name, partition in CHAIN.items():
        assert web.lake.scan(name, **partition).collect().equals(folder.lake.scan(name, **partition).collect()), name
    assert web.lake.scan("corpora.ccnet").collect().height > 300
    assert not any(report.changed or report.ran for report in again)
    assert not [path for path in unsteady.paths[asked:] if path.endswith(".warc.wet.gz")]


@pytest.mark.parametrize("place", ["folder", "web"])
def test_a_language_is_selected_and_is_equal_to_its_part_of_all_pages(sample, unsteady, all_pages, tmp_path, place):
    location = sample.location if place == "folder" else unsteady.address
    home = make_home(tmp_path / "home", location, pages=", select: {languages: [zho]}")

    report = home.run("web.pages", HTML)

    found = home.lake.scan("web.pages", **HTML).collect()
    assert found.height == report.counters["kept"] > 100
    assert found.equals(chosen_of(sample, all_pages, "zho"))


def test_a_small_selection_costs_a_small_share_of_the_crawl(sample, all_pages, tmp_path):
    whole = sum(path.stat().st_size for path in sample.location.glob(f"crawl-data/{SNAPSHOT}/**/*.warc.gz"))
    with web_server(sample.location) as server:
        home = make_home(tmp_path / "home", server.address, pages=", select: {languages: [jpn]}")
        report = home.run("web.pages", HTML)

    counted = report.counters
    assert home.lake.scan("web.pages").collect().height == chosen_of(sample, all_pages, "jpn").height > 0
    assert counted["bytes_fetched"] < 0.1 * whole
    assert server.bytes_sent < 0.15 * whole
    assert counted["requests"] == len([path for path in server.paths if path.endswith(".warc.gz")])


def test_a_selection_keeps_to_the_first_files_if_asked(sample, tmp_path):
    home = make_home(tmp_path / "home", sample.location, pages=", first_files: 1, select: {languages: [zho]}")

    (shard,) = home.plan("web.pages", HTML).shards

    assert [index for index, _ in shard.work.files] == [0]


def test_a_selection_without_pages_or_index_says_so(sample, tmp_path):
    nothing = make_home(tmp_path / "nothing", sample.location, pages=", select: {languages: [tha]}")
    archive = make_home(
        tmp_path / "archive", f'{sample.location}", archives: {{own: "{tmp_path}"}}, index: "{sample.location}',
        pages=", select: {languages: [zho]}",
    )  # fmt: skip

    with pytest.raises(SourceError, match=f"{SNAPSHOT}: no page in its columnar index fits `pages.select`"):
        nothing.plan("web.pages", HTML)
    with pytest.raises(SourceError, match="own: an archive has no columnar index to select from"):
        archive.plan("web.pages", {**HTML, "snapshot": "own"})
