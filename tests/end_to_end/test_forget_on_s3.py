"""Forgetting in a bucket: no object holds it any more, and a bucket that keeps versions is told of."""

# pyright: reportMissingImports=false

import io

import polars as pl
import pytest
from conftest import BUCKET
from stage_crawl import SNAPSHOT, make_crawl

from corpus_platform.analytics.forget import forget
from corpus_platform.forgetting.targets import target_of
from corpus_platform.home import Home

pytestmark = [pytest.mark.s3, pytest.mark.e2e]

SETTINGS = """
lake: {{location: "s3://{bucket}/{place}/lake"}}
s3: {{endpoint: "{endpoint}"}}
source: {{location: "{crawl}"}}
variants: [wet]
pages: {{shard_files: 1}}
engine: {{kind: serial}}
recipes: {{enabled: []}}
"""


@pytest.fixture
def home(moto_server, place, tmp_path, monkeypatch):
    storage = moto_server.storage(place)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", storage.key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", storage.secret)
    crawl = make_crawl(tmp_path / "crawl", files=2)
    text = SETTINGS.format(bucket=BUCKET, place=place, endpoint=moto_server.endpoint, crawl=crawl)
    (tmp_path / "corpus.yaml").write_text(text, encoding="utf-8")
    home = Home.open(tmp_path)
    for name in ("web.pages", "web.paragraph_hashes", "web.paragraphs", "web.url_history"):
        home.run(name, {"variant": "wet", "snapshot": SNAPSHOT})
    return home


def held(home, texts):
    """Objects of the lake that hold one of the texts, raw or as a value of a table."""
    fs = home.lake.storage.filesystem()
    found = []
    for path in fs.find(home.lake.storage.path()):
        content = fs.cat_file(path)
        rows = pl.read_parquet(io.BytesIO(content)).rows() if path.endswith(".parquet") else []
        whole = content.decode("utf-8", "ignore") + "\n".join(map(str, rows))
        found += [path for text in texts if text in whole]
    return found


def test_no_object_of_a_bucket_holds_a_forgotten_page(home):
    page = home.lake.scan("web.pages").sort("url").head(1).collect().row(0, named=True)
    texts = [page["url"], page["doc_id"]]
    others = home.lake.scan("web.pages").filter(pl.col("url") != page["url"]).collect()
    assert held(home, texts)

    found = forget(home, target_of(page["url"]))

    assert held(home, texts) == []
    assert home.lake.scan("web.pages").collect().equals(others)
    assert found.documents == 1
    home.lake.unfinish("web.pages", {"variant": "wet", "snapshot": SNAPSHOT})
    home.run("web.pages", {"variant": "wet", "snapshot": SNAPSHOT})
    assert home.lake.scan("web.pages").collect().equals(others)


def test_a_bucket_that_keeps_versions_is_told_of(home):
    fs = home.lake.storage.filesystem()
    before = forget(home, target_of("nobody.example"), dry_run=True)
    fs.call_s3("put_bucket_versioning", Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})

    found = forget(home, target_of("nobody.example"), dry_run=True)

    assert not any("keeps versions" in place for place in before.left)
    assert any("keeps versions of removed objects" in place for place in found.left)
