"""A mistake of the user's is told in a line that says what to do, and never by a traceback."""

import sys

import pytest
from stage_crawl import SNAPSHOT, make_crawl

from corpus_platform import cli
from corpus_platform.home import Home


@pytest.fixture
def told(tmp_path, monkeypatch, capsys):
    """What a command that fails prints, given a home's settings."""

    def run(words, settings=None, home="home"):
        place = tmp_path / home
        if settings is not None:
            place.mkdir(exist_ok=True)
            (place / "corpus.yaml").write_text(settings)
        monkeypatch.setattr(sys, "argv", ["corpus", "--home", str(place), *words.split()])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert end.value.code == 1
        return capsys.readouterr().err.strip()

    return run


@pytest.mark.parametrize(
    ("words", "settings", "message"),
    [
        ("run corpora/ccnet", None, "there is nothing to make corpora/ccnet of: name a snapshot with --snapshot"),
        ("run models/language_model --snapshot CC-MAIN-2024-10", "", "set `encyclopedia.location`"),
        ("run corpora/ccnet --snapshot CC-MAIN-2024-11", "", "there is no snapshot CC-MAIN-2024-11 at"),
        ("run web/wet/pages --snapshot CC-MAIN-2024-10", "", "there is no asset `web/wet/pages`; there are web/resil"),
        ("snapshots list", "source: {location: nowhere}", "there are no snapshots at"),
        ("snapshots list", "source: {location: 'ftp://x'}", "`ftp:` is not a kind of location"),
        ("export out --snapshot CC-MAIN-2024-10", "", "there is no corpus of resiliparse.ccnet/CC-MAIN-2024-10 yet (there is: none)"),
        ("status", "variants: [web]", "corpus.yaml:1: `variants.0`: Input should be 'resiliparse', 'trafilatura',"),
        ("status", "engine: {kind: proces}", "corpus.yaml:1: `engine.kind`: there is no engine `proces`, nearest is `process`"),
        ("tables", "lake: {location: a=b}", "`=` is kept for partitions, choose another folder name"),
        ("demo --variant web", None, "there is no variant `web`; there are resiliparse, trafilatura, justext, math, wet"),
        ("demo --input nowhere", None, "no `crawl-data` or `web/crawl-data` there"),
        ("sql selec", None, "Parser Error"),
        ("sql select+1 --format xml", None, "there is no format `xml`"),
    ],
)  # fmt: skip
def test_a_mistake_is_told(tmp_path, told, monkeypatch, words, settings, message):
    monkeypatch.chdir(tmp_path)
    if settings == "":
        make_crawl(tmp_path / "crawl", files=1)
        settings = f"source: {{location: {tmp_path / 'crawl'}}}"

    printed = told(words, settings)

    assert printed.startswith("error: ")
    assert message in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize("words", ["status", "demo", "run corpora/ccnet"])
def test_a_home_that_can_not_be_made_is_told(tmp_path, told, words):
    (tmp_path / "file").write_text("")

    printed = told(words, home="file/home")

    assert printed.startswith("error: ")
    assert "Not a directory" in printed


def test_status_knows_what_was_made_without_dagster_and_says_why_there_is_no_input(tmp_path, monkeypatch, capsys):
    make_crawl(tmp_path / "crawl", files=1)
    settings = "source: {location: crawl}\nvariants: [wet]\nengine: {kind: serial}\nreject_budget: 0.9\n"
    (tmp_path / "corpus.yaml").write_text(settings)
    Home.open(tmp_path).run("web.pages", {"variant": "wet", "snapshot": SNAPSHOT})
    (tmp_path / "crawl").rename(tmp_path / "elsewhere")
    monkeypatch.setattr(sys, "argv", ["corpus", "--home", str(tmp_path), "status"])

    with pytest.raises(SystemExit) as end:
        cli.main()

    printed = capsys.readouterr().out
    assert not end.value.code
    assert "web.pages" in printed
    assert "no input: " in printed
    assert "wet.paths.gz is not there" in printed
