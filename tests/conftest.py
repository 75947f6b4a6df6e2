"""Fixtures that all tests share."""

import os
import signal
from pathlib import Path

import pytest
from filelock import FileLock

# A shell without job control starts background jobs with SIGINT ignored, Dagster copies that onto SIGTERM, and programs that tests start inherit
# both: then nothing that a test sends would end them.
for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, handler)

# Workers of pytest-xdist are told a width of 80; programs under test print for a file.
os.environ.pop("COLUMNS", None)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory) -> Path:
    """A folder that all workers of this run of the tests share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session", autouse=True)
def model_cache(run_folder) -> Path:
    """Folder of the shipped models that this run of the tests has trained."""
    folder = run_folder / "models"
    os.environ["CORPUS_MODEL_CACHE"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def made_sample(run_folder):
    """The report of a sample made with the usual settings, once for all tests that only look."""
    from corpus_platform.sample import make_sample  # noqa: PLC0415

    with FileLock(run_folder / "sample.lock"):
        return make_sample(run_folder / "sample")


@pytest.fixture(scope="session")
def samples() -> Path:
    """Folder of real sample documents, named by CORPUS_SAMPLES; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("CORPUS_SAMPLES", Path(__file__).parents[2] / "shared" / "data")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no sample corpus at {folder}: set CORPUS_SAMPLES")
    return folder
