"""The kernel tests once more, with every array access checked: a read past an end is otherwise silent garbage."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from corpus_platform.text.kernel import kernel


@kernel
def reads_past_the_end(values):
    return values[values.size]


@pytest.mark.skipif("NUMBA_BOUNDSCHECK" not in os.environ, reason="only the run with bounds checks sees it")
def test_bounds_are_checked():
    with pytest.raises(IndexError):
        reads_past_the_end(np.zeros(3))


@pytest.mark.e2e
@pytest.mark.skipif("NUMBA_BOUNDSCHECK" in os.environ, reason="this is the run with bounds checks")
def test_no_kernel_reads_or_writes_past_an_end(tmp_path):
    # A cache of its own: compiled code on disk does not say whether it has the checks.
    environment = os.environ | {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    unit = Path(__file__).parents[1]
    tests = [unit / "text", unit / "dedup"]

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *map(str, tests)],
        env=environment,
        cwd=unit.parents[1],
        capture_output=True,
        text=True,
        timeout=270,
        check=False,
    )

    assert run.returncode == 0, run.stdout[-3000:]
