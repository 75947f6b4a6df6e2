"""Sources other than the web from bucket to bucket: books, folders of code, e-prints, threads read twice from a stream that seeks, pairs, and a recipe of parts.

The undisturbed run is one of local folders. Tables are compared whole: all of the lake's, all columns, row for row.
"""

import pytest
from conftest import BUCKET, KEY, SECRET
from faulty_s3 import Trouble, proxy
from source_house import RECIPE, different, make_home, run_all, seen, write_inputs

from corpus_platform.home import Home

pytestmark = [pytest.mark.e2e, pytest.mark.s3]

ASSETS = (f"corpora/{RECIPE}", "corpora/parallel")


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    write_inputs(folder)
    return folder


@pytest.fixture(scope="module")
def undisturbed(inputs, tmp_path_factory):
    """The tables that local folders give."""
    home = make_home(tmp_path_factory.mktemp("local"), inputs)
    run_all(home, ASSETS)
    return seen(home.lake)


def home_on(server, place, folder, inputs, endpoint=None):
    """A home whose collections and lake are in the server's bucket."""
    server.storage(place).filesystem().put(f"{inputs}/", f"{BUCKET}/{place}/in/", recursive=True)
    lock = {} if server.honours_conditions else {"lock": f"file:{folder}/locks"}
    return make_home(
        folder,
        f"s3://{BUCKET}/{place}/in",
        s3={"endpoint": endpoint or server.endpoint, "region": "us-east-1", "retry_seconds": 60},
        lake={"location": f"s3://{BUCKET}/{place}/lake", **lock},
    )


def test_sources_go_from_bucket_to_bucket_and_a_second_run_makes_nothing(
    juicefs_server, inputs, undisturbed, place, tmp_path
):
    home = home_on(juicefs_server, place, tmp_path, inputs)
    fs = juicefs_server.storage(place).filesystem()
    before = fs.find(f"{BUCKET}/{place}/in", detail=True)

    first = run_all(home, ASSETS)
    again = run_all(Home.open(tmp_path), ASSETS)

    found = seen(Home.open(tmp_path).lake)
    assert different(found, undisturbed) == []
    assert set(found[f"corpora.{RECIPE}"]["part"]) == {"papers", "code", "books", "threads"}
    assert all(report.changed for report in first)
    assert [report.stage for report in again if report.changed or report.ran] == []
    assert {path: facts["ETag"] for path, facts in fs.find(f"{BUCKET}/{place}/in", detail=True).items()} == {
        path: facts["ETag"] for path, facts in before.items()
    }
    assert not (tmp_path / "lake").exists()


def test_slow_down_resets_and_lost_answers_are_waited_out(moto_server, inputs, undisturbed, place, tmp_path):
    """Threads only: waiting is most of it, and they are what is read in two passes."""
    made = Trouble(slow_down=0.15, reset=0.04, lost=0.04)

    with proxy(moto_server.endpoint, made) as endpoint:
        home = home_on(moto_server, place, tmp_path, inputs, endpoint)
        reports = run_all(home, ["social/documents"])

    found = seen(home_on(moto_server, place, tmp_path, inputs).lake)
    assert reports[0].rows == 3
    assert found["social.documents"].equals(undisturbed["social.documents"])
    assert made.done["slow down"] > 0.05 * made.done.total()
