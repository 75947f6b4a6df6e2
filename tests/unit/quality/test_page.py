"""The page of results: whole, offline, and harmless whatever texts say; and the command that writes it."""

import os
from html.parser import HTMLParser

import polars as pl
import pytest
from spoiling import partition_of, sound
from typer.testing import CliRunner

from corpus_platform.cli import app
from corpus_platform.lake import table
from corpus_platform.quality import page
from corpus_platform.quality.cells import cell
from corpus_platform.quality.page import page_of, read_results, write_results
from corpus_platform.quality.run import Result, run_suite

HOSTILE = "</code></td><script>alert(1)</script><img src=http://track.example/x onerror=alert(1)> &lt; \x00\u202e 王"
SPEC = table("web.pages")


class Tags(HTMLParser):
    """Every tag with its attributes, and all text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def broken(bench, value=HOSTILE) -> Result:
    """The result of pages of which one has a hostile value."""
    changed = sound(SPEC, 5).with_columns(charset_source=pl.lit(value))
    bench.commit(SPEC, [bench.write(SPEC, [changed])])
    return run_suite(bench.home, SPEC.name, partition_of(SPEC))


def test_a_page_shows_hostile_values_as_text_and_asks_nobody(bench):
    found = Tags(page_of([broken(bench)], title=HOSTILE, about=HOSTILE))

    names = {tag for tag, _ in found.tags}
    assert not names & {"script", "img", "a", "link", "iframe", "object", "form", "base"}
    assert not [attrs for _, attrs in found.tags if {"src", "href", "onerror", "style"} & set(attrs)]
    [policy] = [attrs["content"] for tag, attrs in found.tags if attrs.get("http-equiv")]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    assert "charset_source = </code></td><script>alert(1)</script>" in found.text
    assert found.text.count("charset_source = ") == 5


def test_what_is_broken_comes_first_and_is_open_and_the_rest_is_closed(bench):
    bad = broken(bench)
    good = table("web.sketches")
    bench.commit(good, [bench.write(good, [sound(good, 3)])])

    found = Tags(
        page_of([run_suite(bench.home, good.name, partition_of(good), {"has_rows"}), bad], title="t", about="")
    )

    details = [attrs for tag, attrs in found.tags if tag == "details"]
    assert ["open" in attrs for attrs in details] == [True, False]
    assert found.text.index("web.pages") < found.text.index("web.sketches")


def test_results_come_back_as_they_were_written(bench):
    result = broken(bench)

    path = write_results(bench.home, "run-1", [result])

    assert path == bench.home.path / "quality" / "run-1.html"
    assert read_results(path.with_suffix("")) == [result]
    assert not list(path.parent.rglob(".*"))


def test_the_results_of_one_run_are_on_one_page(bench):
    first = broken(bench)
    write_results(bench.home, "run-1", [first])

    path = write_results(
        bench.home, "run-1", [run_suite(bench.home, "web.documents", partition_of(table("web.documents")))]
    )

    assert [result.table for result in read_results(path.with_suffix(""))] == ["web.documents", "web.pages"]
    text = path.read_text()
    assert text.count('<span class="name">') == 2


def test_pages_of_old_runs_go(bench, monkeypatch):
    monkeypatch.setattr(page, "KEPT", 2)
    result = broken(bench)
    for number in range(4):
        path = write_results(bench.home, f"run-{number}", [result])
        os.utime(path, (number, number))

    kept = write_results(bench.home, "run-4", [result])

    assert sorted(one.name for one in kept.parent.iterdir()) == ["run-3", "run-3.html", "run-4", "run-4.html"]


def test_a_home_that_takes_no_files_gets_no_page_and_no_error(bench):
    result = broken(bench)
    (bench.home.path / "quality").write_text("in the way")

    assert write_results(bench.home, "run-1", [result]) is None


@pytest.mark.parametrize(
    ("written", "shown"),
    [("a\nb\x00c\u202ed", "a b c d"), ("x" * 81, "x" * 80 + "…"), ("y" * 80, "y" * 80), ("  王 小 ", "王 小")],
)
def test_a_value_is_one_short_line_of_what_can_be_printed(written, shown):
    assert cell(written) == shown


def test_addresses_of_people_are_masked_where_rows_are_shown(bench):
    result = broken(bench, "ann.person@mail.example 13912345678")

    [outcome] = [outcome for outcome in result.outcomes if outcome.is_broken]
    assert {row["found"] for row in outcome.rows} == {"charset_source = ‹e-mail› ‹phone›"}
    assert {row["doc_id"] for row in outcome.rows} == {f"{i:032}" for i in range(5)}


def test_the_command_ends_with_1_where_data_are_broken_and_names_the_page(bench):
    broken(bench, "foreign")

    ended = CliRunner().invoke(app, ["--home", str(bench.home.path), "quality", "--snapshot", "CC-MAIN-2025-05"])

    assert ended.exit_code == 1
    said = " ".join(ended.output.split())
    assert "values_are_allowed charset_source: not one of" in said
    assert "1 suite: 0 green, 0 to look at, 1 broken" in said
    [path] = (bench.home.path / "quality").glob("quality-*.html")
    assert str(path) in ended.output


def test_the_command_ends_with_0_where_data_are_sound(bench):
    sketches = table("web.sketches")
    bench.commit(sketches, [bench.write(sketches, [sound(sketches, 3)])])

    ended = CliRunner().invoke(app, ["--home", str(bench.home.path), "quality"])

    assert ended.exit_code == 0, ended.output
    assert "1 suite: 1 green, 0 to look at, 0 broken" in ended.output


def test_the_command_says_so_where_nothing_was_made(bench):
    ended = CliRunner().invoke(app, ["--home", str(bench.home.path), "quality"])

    assert ended.exit_code == 1
    assert "none of that has been made yet" in str(ended.exception)
