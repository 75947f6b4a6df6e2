"""A second program reads the published file while runs go on: always a whole state, never an error, and at last the newest."""

import json
import subprocess
import sys

import pytest
from tiny_crawl import FILES, NEXT_SNAPSHOT, PAGES, SNAPSHOT, make_home, write_settings

from resources.home import HomeResource

pytestmark = pytest.mark.e2e

READER = """
import json, pathlib, sys
import duckdb

path, stop = sys.argv[1], pathlib.Path(sys.argv[2])
last = False
while True:
    with duckdb.connect(path, read_only=True) as lake:
        counted = lake.execute("select count(*), count(distinct doc_id), count(text) from web.pages").fetchall()[0]
        said = lake.execute("select rows from meta.tables where name = 'web.pages'").fetchall()[0]
        committed = lake.execute("select sum(rows) from ops.commits where table_name = 'web.pages' and is_current").fetchall()[0]
        documents = lake.execute("select count(*) from web.documents").fetchall()[0]
    print(json.dumps([*counted, *said, *map(int, committed), *documents]), flush=True)
    if last:
        break
    last = stop.exists()
"""


def test_a_second_program_sees_whole_states_during_runs_and_the_newest_after(tmp_path):
    resource = HomeResource(path=str(make_home(tmp_path / "home")))
    first = {"variant": "wet", "snapshot": SNAPSHOT}
    resource.open().run("web.pages", first)
    stop = tmp_path / "stop"
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(resource.open().warehouse), str(stop)],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert reader.stdout.readline()
        for number, snapshot in enumerate((NEXT_SNAPSHOT, SNAPSHOT, NEXT_SNAPSHOT, SNAPSHOT)):
            # Another setting each time, so that the partition is made anew.
            write_settings(tmp_path / "home", pages={"shard_files": 1 + number % 2, "time_limit": 4.0 + number})
            home = resource.open()
            for table in ("web.pages", "web.paragraph_hashes", "web.paragraphs", "web.documents"):
                home.run(table, {"variant": "wet", "snapshot": snapshot})
        stop.touch()
        seen, errors = reader.communicate(timeout=120)
    finally:
        reader.kill()

    assert (reader.returncode, errors) == (0, "")
    looks = [json.loads(line) for line in seen.splitlines()]
    pages = FILES * (PAGES + 1)
    for rows, documents, texts, said, committed, _ in looks:
        assert rows in {pages, 2 * pages}
        assert rows == documents == texts == said == committed
    assert looks[-1][0] == 2 * pages
    assert looks[-1][-1] == 2 * FILES * PAGES
    assert len({tuple(look) for look in looks}) > 1
