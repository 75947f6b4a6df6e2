"""Suites over a lake in a bucket: read through the lake's own file system, with the same verdicts as in a folder."""

import pytest
from spoiling import Bench, partition_of, sound, spoils, spoilt

from corpus_platform.home import Home
from corpus_platform.quality.run import run_suite
from corpus_platform.quality.suite import KEYS, suite_of

pytestmark = pytest.mark.s3

SETTINGS = 'lake: {{location: "s3://corpus/{place}/lake", endpoint: "{endpoint}", region: us-east-1, lock: "file:{folder}/locks"}}'


@pytest.mark.parametrize("s3_server", [pytest.param("moto", marks=pytest.mark.e2e), "juicefs"], indirect=True)
def test_a_suite_says_of_a_bucket_what_it_says_of_a_folder(s3_server, place, tmp_path, monkeypatch):
    storage = s3_server.storage(place)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", storage.key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", storage.secret)
    (tmp_path / "files").mkdir()
    (tmp_path / "home").mkdir()
    text = SETTINGS.format(place=place, endpoint=s3_server.endpoint, folder=tmp_path)
    (tmp_path / "home" / "corpus.yaml").write_text(text)
    suite = suite_of("web.documents")
    rows = spoils(suite)

    def outcomes(home):
        bench = Bench(home, tmp_path / "files")
        good = bench.write(suite.spec, [sound(suite.spec, 30)])
        bench.commit(suite.spec, [good, bench.write(suite.spec, [spoilt(suite.spec, rows, 30)])])
        return run_suite(home, "web.documents", partition_of(suite.spec)).outcomes

    in_bucket = outcomes(Home.open(tmp_path / "home"))

    assert in_bucket == outcomes(Home.open(tmp_path / "folder"))
    assert {row.figure for row in rows} | {KEYS} <= {outcome.figure for outcome in in_bucket if outcome.is_broken}
