"""Every suite on a million rows, of which each promise has one that breaks it: found, counted exactly, and shown; nothing else is said to be broken.

The rows are those of tests/unit/quality, a million in one file of the table and the spoilt ones in another.
"""

import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import duckdb
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

from corpus_platform.home import Home
from corpus_platform.lake import table
from corpus_platform.quality.run import run_suite
from corpus_platform.quality.suite import KEYS, suite_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

MILLION = 1_000_000
BLOCKING = ("columns_are_declared", "columns_are_filled", "keys_are_unique", "values_are_allowed")
KEYS_OF_A_CRAWL = 20_000_000


@pytest.fixture
def bench(tmp_path):
    (tmp_path / "files").mkdir()
    home = tmp_path / "home"
    home.mkdir()
    (home / "corpus.yaml").write_text("sft: {sets: {law: {location: law, kind: instruct}}}\n")
    made = Bench(Home.open(home), tmp_path / "files")
    yield made
    made.close()


@pytest.mark.parametrize("name", [name for name in NAMES if not is_single(table(name))])
def test_one_bad_row_in_a_million_makes_its_suite_red_and_is_shown(bench, name):
    suite = suite_of(name)
    spec, rows = suite.spec, spoils(suite)
    million = bench.write_many(spec, MILLION)

    bad = bench.write(spec, [spoilt(spec, rows, MILLION)])
    bench.commit(spec, [million, bad])
    found = {one.figure: one for one in run_suite(bench.home, name, partition_of(spec), set(BLOCKING)).outcomes}
    for number, row in enumerate(rows):
        outcome = found[row.figure]
        assert outcome.is_broken, row.figure
        # A spoilt value may break an agreement of columns too; and of an expectation about many columns two rows are spoilt.
        assert 1 <= outcome.observed <= len(rows)
        assert {one["lake_file"] for one in outcome.rows} == {bad.path.rpartition("/")[2]}
        shown = {one["row"]: one["found"] for one in outcome.rows}
        assert row.says in shown[str(number)], row.figure
    if KEYS in found:
        assert found[KEYS].observed == 1
        assert [one["rows"] for one in found[KEYS].rows] == ["2"]
    assert not found["columns of files that are not as declared"].is_broken

    frame, schema, column = retyped(spec, sound(spec, 1, MILLION))
    bench.commit(spec, [million, bench.write(spec, [frame], schema)])
    [declared] = run_suite(bench.home, name, partition_of(spec), {"columns_are_declared"}).outcomes
    assert declared.is_broken
    assert [row["column"] for row in declared.rows] == [column]

    if above := READ_FROM.get(name):
        # Only its commit is asked how many rows it has.
        bench.commit(table(above), [replace(bench.write(table(above), [sound(table(above), 1)]), rows=MILLION)])
    for figure in [e.figure for e in suite.expectations if e.check == "nothing_is_lost"]:
        counted = {**dict.fromkeys(OF_ROWS, MILLION), **({DRAWN: MILLION} if DRAWN in COUNTERS[figure] else {})}
        lost = {key: counted.get(key, 0) + n for key, n in COUNTERS[figure].items()}
        bench.commit(spec, [million], counters={**counted, **lost})
        balances = {o.figure: o for o in run_suite(bench.home, name, partition_of(spec), {"nothing_is_lost"}).outcomes}
        assert balances[figure].is_broken, figure
        assert abs(balances[figure].observed - balances[figure].other) == 1


def test_keys_that_do_not_fit_memory_are_compared_on_disk(tmp_path):
    made = tmp_path / "keys.parquet"
    # The last key is that of the first row.
    key = f"hash(i % ({KEYS_OF_A_CRAWL} - 1)) AS hash"
    rows = f"SELECT 0::INT AS paragraph_group, {key} FROM range({KEYS_OF_A_CRAWL}) t(i)"
    duckdb.execute(f"COPY ({rows}) TO '{made}' (FORMAT parquet)")
    program = f"""
        from resource import RUSAGE_SELF, getrusage
        import duckdb
        from spoiling import partition_of
        from corpus_platform.home import Home
        from corpus_platform.lake import table
        from corpus_platform.quality import figures

        figures._MEMORY = "256MiB"
        spec = table("web.paragraphs")
        file = type("File", (), {{"uri": {str(made)!r}}})()
        key = ("paragraph_group", "hash")
        asked = {{"twice": f"count(*) - count(DISTINCT {{figures.hash_of(key)}})"}}
        lake = Home.open({str(tmp_path)!r}).lake
        before = getrusage(RUSAGE_SELF).ru_maxrss
        with figures.Reading(lake, spec, partition_of(spec), [file]) as reading:
            print(reading.aggregates(asked)["twice"], reading.keys_seen_twice(key)[0])
        print((getrusage(RUSAGE_SELF).ru_maxrss - before) // 1024)
    """
    helpers = str(Path(__file__).parents[1] / "unit" / "quality")

    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env={**os.environ, "PYTHONPATH": helpers},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    *_, twice, grown = ended.stdout.splitlines()
    assert twice == "1 1"
    # A hash table of the keys alone would be some 600 MB.
    assert int(grown) < 500
