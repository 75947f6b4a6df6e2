"""Every suite, on tables that nobody wrote for it: green where all is sound, red for each promise that one row breaks, and it shows the row."""

import math

import polars as pl
import pyarrow as pa
import pytest
from spoiling import (
    COUNTERS,
    DRAWN,
    NAMES,
    OF_ROWS,
    READ_FROM,
    Bench,
    is_single,
    partition_of,
    retyped,
    sound,
    spoils,
    spoilt,
)

from corpus_platform.errors import DamagedFile
from corpus_platform.home import Home
from corpus_platform.lake import TableSpec, table
from corpus_platform.quality.run import run_suite
from corpus_platform.quality.suite import KEYS, suite_of

ROWS = 40
BLOCKING = ("has_rows", "columns_are_declared", "columns_are_filled", "keys_are_unique", "values_are_allowed")


@pytest.mark.parametrize("name", NAMES)
def test_a_sound_table_is_green(bench, name):
    spec = table(name)
    read_upstream(bench, spec)
    bench.commit(spec, [bench.write(spec, [sound(spec, rows_of(spec))], spec.schema)])

    result = run_suite(bench.home, name, partition_of(spec))

    assert [outcome for outcome in result.outcomes if outcome.is_broken and outcome.blocks] == []
    assert result.rows == rows_of(spec)
    asked = {outcome.check for outcome in result.outcomes if outcome.state != "not asked"}
    assert asked >= {*BLOCKING[1:3], "values_are_allowed"} - ({"columns_are_filled"} if is_free(spec) else set())


@pytest.mark.parametrize("name", NAMES)
def test_every_promise_that_one_row_breaks_is_broken_and_the_row_is_shown(bench, name):
    suite = suite_of(name)
    rows = spoils(suite)
    bad = bench.write(suite.spec, [spoilt(suite.spec, rows, ROWS)])
    bench.commit(suite.spec, [bench.write(suite.spec, [sound(suite.spec, ROWS)]), bad])

    result = run_suite(bench.home, name, partition_of(suite.spec), set(BLOCKING))

    assert_shown(result, suite, rows, bad)


@pytest.mark.parametrize("name", ["web.pages", "web.url_history", "web.dedup_keys", "ops.rejects", "corpora.fineweb"])
def test_a_column_of_another_type_or_no_declared_one_is_found_and_nothing_is_said_of_its_values(bench, name):
    spec = table(name)
    frame, schema, column = retyped(spec, sound(spec, 1, ROWS))
    other = bench.write(spec, [frame.with_columns(stranger=pl.lit(1))], schema.append(pa.field("stranger", pa.int32())))
    bench.commit(spec, [bench.write(spec, [sound(spec, ROWS)]), other])

    result = run_suite(bench.home, name, partition_of(spec), set(BLOCKING))

    [broken] = [outcome for outcome in result.outcomes if outcome.is_broken]
    assert broken.check == "columns_are_declared"
    assert {row["column"]: row["declared"] for row in broken.rows} == {
        column: str(spec.schema.field(column).type),
        "stranger": "no such column",
    }
    assert {row["lake_file"] for row in broken.rows} == {other.path.rpartition("/")[2]}
    unsaid = [outcome for outcome in result.outcomes if column in outcome.why]
    assert all(outcome.state == "not asked" for outcome in unsaid)
    assert bool(unsaid) == any(column in e.columns for e in suite_of(name).expectations)


def test_a_required_column_that_is_missing_is_found(bench):
    spec = table("web.pages")
    fields = [pa.field(f.name, f.type) for f in spec.schema if f.name != "source"]
    bench.commit(spec, [bench.write(spec, [sound(spec, ROWS)], pa.schema(fields))])

    result = run_suite(bench.home, "web.pages", partition_of(spec), set(BLOCKING))

    broken = {outcome.figure: outcome for outcome in result.outcomes if outcome.is_broken}
    assert set(broken) == {"columns of files that are not as declared", "source is null"}
    assert broken["columns of files that are not as declared"].rows[0]["found"] == "no such column"
    assert broken["source is null"].observed == ROWS
    assert len(broken["source is null"].rows) == 20


@pytest.mark.parametrize(
    ("name", "figure"),
    [(n, e.figure) for n in NAMES for e in suite_of(n).expectations if e.check == "nothing_is_lost"],
)
def test_every_balance_is_broken_by_one_row_that_is_lost(bench, name, figure):
    spec = table(name)
    read_upstream(bench, spec)
    counted = {
        **dict.fromkeys(OF_ROWS, ROWS),
        **({DRAWN: ROWS} if DRAWN in COUNTERS[figure] else {}),
    }
    lost = {key: counted.get(key, 0) + n for key, n in COUNTERS[figure].items()}
    bench.commit(spec, [bench.write(spec, [sound(spec, ROWS)])], counters={**counted, **lost})

    result = run_suite(bench.home, name, partition_of(spec), {"nothing_is_lost"})

    broken = {outcome.figure: outcome for outcome in result.outcomes if outcome.is_broken}
    assert figure in broken
    assert abs(broken[figure].observed - broken[figure].other) == 1


def test_a_table_whose_source_was_made_anew_is_stale_and_its_balance_with_it_is_not_asked(bench):
    spec = table("web.paragraph_hashes")
    bench.commit(spec, [bench.write(spec, [sound(spec, ROWS)])])
    read_upstream(bench, table("web.documents"))

    [outcome] = run_suite(bench.home, spec.name, partition_of(spec), {"nothing_is_lost"}).outcomes

    assert (outcome.state, outcome.why) == ("not asked", "web.pages was made anew since: this table is stale")


def test_balances_with_side_tables_are_not_asked_where_records_were_forgotten(bench):
    spec = table("web.documents")
    counters = {"records": ROWS + 1, "kept": ROWS, "dropped:too_short": 1}
    files = [bench.write(spec, [sound(spec, ROWS)])]
    bench.commit(spec, files, counters=counters)
    lost = run_suite(bench.home, spec.name, partition_of(spec), {"nothing_is_lost"})
    bench.commit(spec, files, counters=counters, extra={"forgotten": 1})

    result = run_suite(bench.home, spec.name, partition_of(spec), {"nothing_is_lost"})

    assert [outcome.figure for outcome in lost.outcomes if outcome.is_broken] == ["rows in ops.decisions"]
    assert result.is_sound
    assert "some of its records were forgotten since it was made" in {outcome.why for outcome in result.outcomes}


@pytest.mark.parametrize("name", [name for name in NAMES if "has_rows" in {c.name for c in suite_of(name).checks}])
def test_a_table_without_rows_is_found(bench, name):
    spec = table(name)
    bench.commit(spec, [])

    result = run_suite(bench.home, name, partition_of(spec), {"has_rows"})

    assert [outcome.figure for outcome in result.outcomes if outcome.is_broken] == ["rows"]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_in_no_range(bench, value):
    spec = table("web.documents")
    changed = sound(spec, ROWS).with_columns(language_score=pl.lit(value, pl.Float32))
    bench.commit(spec, [bench.write(spec, [changed])])

    result = run_suite(bench.home, "web.documents", partition_of(spec), {"values_are_allowed"})

    assert [outcome.figure for outcome in result.outcomes if outcome.is_broken] == ["language_score: not 0 to 1"]


def test_keys_whose_hashes_meet_are_compared_as_they_are(bench, monkeypatch):
    monkeypatch.setattr("corpus_platform.quality.figures.hash_of", lambda key: f"hash({key[0]}) % 7")
    monkeypatch.setattr("corpus_platform.quality.suite.hash_of", lambda key: f"hash({key[0]}) % 7")
    suite_of.cache_clear()
    spec = table("web.pages")
    bench.commit(spec, [bench.write(spec, [sound(spec, ROWS), sound(spec, 2)])])

    result = run_suite(bench.home, "web.pages", partition_of(spec), {"keys_are_unique"})

    suite_of.cache_clear()
    [outcome] = result.outcomes
    assert outcome.observed == 2
    assert [(row["doc_id"], row["rows"]) for row in outcome.rows] == [(f"{0:032}", "2"), (f"{1:032}", "2")]


def test_a_file_with_other_bytes_than_were_written_is_damaged_and_no_verdict(bench):
    spec = table("web.pages")
    written = bench.write(spec, [sound(spec, ROWS)])
    bench.commit(spec, [written])
    with open(bench.home.lake.storage.path(spec.folder, written.path), "r+b") as file:  # noqa: PTH123
        file.truncate(written.bytes - 9)

    with pytest.raises(DamagedFile, match=r"\.parquet is damaged"):
        run_suite(bench.home, "web.pages", partition_of(spec))


def test_places_with_quotes_in_their_names_are_read(tmp_path):
    (tmp_path / "files").mkdir()
    bench = Bench(Home.open(tmp_path / 'it\'s a "home"'), tmp_path / "files")
    spec = table("web.sketches")
    bench.commit(spec, [bench.write(spec, [sound(spec, ROWS)])])

    assert run_suite(bench.home, "web.sketches", partition_of(spec)).is_sound


def assert_shown(result, suite, rows, bad) -> None:
    """Each promise is broken, and shows its own row of the bad file; the key that occurs twice is shown too."""
    outcomes = {outcome.figure: outcome for outcome in result.outcomes}
    where = bad.path.rpartition("/")[2]
    assert rows, f"{suite.spec.name}: no promise is about rows"
    for number, row in enumerate(rows):
        outcome = outcomes[row.figure]
        assert outcome.is_broken, row.figure
        shown = [one for one in outcome.rows if (one["lake_file"], one["row"]) == (where, str(number))]
        assert shown, (row.figure, outcome.rows)
        assert row.says in shown[0]["found"], (row.figure, shown)
    if KEYS in outcomes:
        assert outcomes[KEYS].is_broken
        assert int(outcomes[KEYS].rows[0]["rows"]) == (result.rows if is_single(suite.spec) else 2)
    # Partition columns are in paths: no row of a file can break a promise about them.
    on_places = {e.figure for e in suite.expectations if e.columns and set(e.columns) <= set(suite.spec.partition_by)}
    asked = {outcome.figure for outcome in result.outcomes if outcome.check in BLOCKING[2:]}
    assert asked <= {row.figure for row in rows} | {KEYS} | on_places


def is_free(spec: TableSpec) -> bool:
    """Whether every column of the table's files may be null."""
    return all(field.nullable for field in spec.schema)


def rows_of(spec: TableSpec) -> int:
    """Rows of a sound partition."""
    return 1 if is_single(spec) else ROWS


def read_upstream(bench, spec: TableSpec) -> None:
    """Makes the table whose rows are the records of this one."""
    if spec.name in READ_FROM:
        above = table(READ_FROM[spec.name])
        bench.commit(above, [bench.write(above, [sound(above, ROWS)])])
