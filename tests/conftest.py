"""Fixtures that all tests share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def samples() -> Path:
    """Folder of real sample documents, named by CORPUS_SAMPLES; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("CORPUS_SAMPLES", Path(__file__).parents[2] / "shared" / "data")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no sample corpus at {folder}: set CORPUS_SAMPLES")
    return folder
