"""The dbt project builds on a published warehouse."""

import os
import subprocess
import sys
from pathlib import Path

import polars as pl

from corpus_platform.analytics.warehouse import publish
from corpus_platform.lake import Lake

PROJECT = Path(__file__).parents[2] / "dbt"
PARTITION = {"variant": "wet.ccnet", "snapshot": "CC-MAIN-2024-10"}


def test_staging_and_marts_build_with_their_tests(tmp_path):
    lake = Lake(tmp_path / "lake")
    fence = lake.fence("corpora.ccnet", PARTITION)
    writer = lake.writer("corpora.ccnet", PARTITION, 0, "aaaaaaaa")
    rows = [
        {"doc_id": f"{i:032x}", "file_index": 0, "position": i, "raw_content": "text", "length": 4, "nlines": 1}
        | {"original_nlines": 3, "language": language, "bucket": bucket}
        for i, (language, bucket) in enumerate([("en", "head"), ("en", "tail"), ("zh", "all")])
    ]
    writer.write(
        pl.DataFrame(rows).cast(
            {"file_index": pl.Int32, "length": pl.Int32, "nlines": pl.Int32, "original_nlines": pl.Int32}
        )
    )
    lake.commit("corpora.ccnet", PARTITION, writer.close()["corpora.ccnet"], fence, run="aaaaaaaa")
    warehouse = publish(lake, tmp_path / "warehouse.duckdb")

    environment = {
        **os.environ,
        "CORPUS_WAREHOUSE": str(warehouse),
        "CORPUS_MARTS": str(tmp_path / "marts.duckdb"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    command = [
        Path(sys.executable).with_name("dbt"),
        "build",
        "--profiles-dir",
        str(PROJECT),
        "--project-dir",
        str(PROJECT),
    ]
    command += ["--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path / "logs")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout
    assert "PASS=5" in done.stdout
