"""A worker's memory does not follow the size of its file: the benchmark's own measure on a smaller WARC file."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "memory.py"


@pytest.mark.e2e
def test_a_worker_and_its_helper_stay_below_their_limit_on_a_large_file(tmp_path):
    """All pages and paragraphs differ, which is the harder case for the sets of hashes."""
    call = [sys.executable, str(BENCHMARK), "--made", "--megabytes", "150", "--json", "--scratch", str(tmp_path)]

    ended = subprocess.run(call, capture_output=True, text=True, timeout=280, check=False)

    assert ended.returncode == 0, ended.stderr[-3000:] + ended.stdout[-3000:]
    found = json.loads(ended.stdout)
    assert found["stages"]["web.pages"]["rows"] == found["records"]
    assert 0 < found["helper_peak"] < found["worker_needs"] < 1_500_000_000
    assert not list(tmp_path.iterdir())
