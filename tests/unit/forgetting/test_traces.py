"""Copies of forgotten rows are found however they were cut out, and are gone from files to the last byte."""

import json
import sqlite3

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.errors import CorpusError
from corpus_platform.forgetting.traces import REMOVED, Needles, has_copies, scrub_lines, scrub_sqlite

TEXT = (
    "The ferry to Marrowby leaves at nine; whoever misses it waits in the yard of the old customs house.\n"
    "河边的老船夫每天清晨把缆绳解开，慢慢划向对岸的集市，去买当天最新鲜的蔬菜和刚刚出炉的面包。"
)


LINES = TEXT.splitlines()


def needles_of(*texts, names=()):
    found = Needles()
    for text in texts:
        found.add_text(text)
    for name in names:
        found.add_name(name)
    return found


@given(st.sampled_from(LINES), st.integers(0, 60), st.integers(29, 80))
@settings(deadline=None, max_examples=100)
def test_a_quoted_piece_is_found_wherever_it_begins(line, start, length):
    piece = line[min(start, len(line) - 29) :][:length]

    assert needles_of(TEXT).in_any([f"… {piece} …"]) == [True]


@pytest.mark.parametrize(
    "shown",
    [
        "The ferry  to\tMarrowby leaves at nine",
        "`leaves at nine; whoever misses it waits in the yard`",
        "leaves at nine; whoever misses it…",
    ],
)
def test_white_space_and_marks_of_previews_do_not_hide_a_piece(shown):
    assert needles_of(TEXT).in_any([shown]) == [True]


def test_other_texts_are_left_alone():
    assert (
        needles_of(TEXT, names=["https://example.org/a"]).in_any(
            ["The ferry to Dunwick leaves at ten", "example.org", ""]
        )
        == [False] * 3
    )


def test_rows_give_their_texts_and_lists():
    needles = Needles()
    needles.add(pl.DataFrame({"authors": [["Jane Marrow Doe"]], "n": [12345678901]}))

    assert needles.in_any(["by Jane Marrow Doe", "12345678901"]) == [True, False]


def test_a_host_is_looked_for_only_when_it_is_taken_in_by_name():
    needles = Needles()
    needles.add(pl.DataFrame({"domain": ["news.example.org"], "url": ["https://news.example.org/a"]}))
    shown = ["https://news.example.org/b", "https://NEWS.example.org/a"]

    assert needles.in_any(shown) == [False, True]

    for host in needles.hosts:
        needles.add_name(host)
    assert needles.in_any(shown) == [True, True]


def test_short_names_are_looked_for_as_a_whole():
    assert needles_of(names=["鲁迅", "x"]).in_any(["作者：鲁迅", "x y z"]) == [True, False]


def test_what_is_too_much_to_look_for_replaces_all(monkeypatch):
    monkeypatch.setattr("corpus_platform.forgetting.traces._MOST", 3)

    assert needles_of(TEXT).in_any(["anything at all", "short"]) == [True, False]


@pytest.fixture
def store(tmp_path):
    """A store as Dagster's: events as JSON in JSON, written ahead."""
    path = tmp_path / "index.db"
    event = {
        "__class__": "EventLogEntry",
        "user_message": "made 5 rows",
        "run_id": "run-of-Marrowby-with-a-long-name",
        "metadata": {
            "preview": {"md_str": f"| `{TEXT[:80]}` |"},
            "rows": 5,
            "examples": json.dumps([{"url": "https://marrowby.example/x"}]),
        },
    }
    with sqlite3.connect(path) as made:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("CREATE TABLE event_logs (id INTEGER PRIMARY KEY, event TEXT, run_id VARCHAR(255))")
        made.executemany(
            "INSERT INTO event_logs (event, run_id) VALUES (?, ?)", [(json.dumps(event), "r1"), ('{"ok": 1}', "r2")]
        )
        # Deleted rows leave their bytes in free pages.
        made.executemany("INSERT INTO event_logs (event, run_id) VALUES (?, 'old')", [(json.dumps(event),)] * 200)
    with sqlite3.connect(path) as made:
        made.execute("DELETE FROM event_logs WHERE run_id = 'old'")
    return path


def test_an_event_keeps_all_but_the_values_that_show_it(store):
    assert scrub_sqlite(store, needles_of(TEXT, names=["https://marrowby.example/x"])) == 1

    with sqlite3.connect(store) as made:
        (first,), (second,) = made.execute("SELECT event FROM event_logs ORDER BY id").fetchall()
    event = json.loads(first)
    assert event["metadata"] == {
        "preview": {"md_str": REMOVED},
        "rows": 5,
        "examples": json.dumps([{"url": REMOVED}], separators=(",", ":")),
    }
    assert event["run_id"] == "run-of-Marrowby-with-a-long-name"
    assert second == '{"ok": 1}'


def test_no_byte_of_it_is_left_in_free_pages_or_the_log_of_the_store(store):
    before = b"".join(path.read_bytes() for path in store.parent.iterdir())
    assert b"Marrowby leaves" in before

    scrub_sqlite(store, needles_of(TEXT, names=["https://marrowby.example/x"]))

    after = b"".join(path.read_bytes() for path in store.parent.iterdir())
    assert b"Marrowby leaves" not in after
    assert b"marrowby.example" not in after


def test_a_store_that_is_in_use_is_an_error_that_says_what_to_stop(store, monkeypatch):
    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, **named: real(path, **{**named, "timeout": 0}))
    user = real(store, isolation_level=None)
    user.execute("BEGIN IMMEDIATE")

    with pytest.raises(CorpusError, match="stop the web server and the daemon"):
        scrub_sqlite(store, needles_of(TEXT))

    user.close()


def test_lines_of_a_log_that_show_it_are_replaced(tmp_path):
    log = tmp_path / "run.err"
    log.write_text("first line\nreading https://marrowby.example/x now\nlast line\n", encoding="utf-8")

    assert scrub_lines(log, needles_of(names=["https://marrowby.example/x"])) == 1

    assert log.read_text(encoding="utf-8") == f"first line\n{REMOVED}\nlast line\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.html", "<td>https://marrowby.example/x?a=1&amp;b=2</td>"),
        (
            "a.json",
            '{"page": "\\u6cb3\\u8fb9\\u7684\\u8001\\u8239\\u592b\\u6bcf\\u5929\\u6e05\\u6668\\u628a\\u7f06\\u7ef3"}',
        ),
    ],
)
def test_reports_that_show_it_are_found_in_their_own_writing(tmp_path, name, content):
    file = tmp_path / name
    file.write_text(content, encoding="utf-8")

    assert has_copies(file, needles_of("河边的老船夫每天清晨把缆绳", names=["https://marrowby.example/x?a=1&b=2"]))
    assert not has_copies(file, needles_of(names=["https://marrowby.example/y"]))
