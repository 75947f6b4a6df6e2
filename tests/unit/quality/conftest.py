"""A home whose tables are put together from files."""

import pytest
from spoiling import Bench

from corpus_platform.home import Home


@pytest.fixture
def bench(tmp_path) -> Bench:
    (tmp_path / "files").mkdir()
    return Bench(Home.open(tmp_path / "home"), tmp_path / "files")
