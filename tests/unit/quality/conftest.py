"""A home whose tables are put together from files."""

import pytest
from spoiling import Bench

from corpus_platform.home import Home


@pytest.fixture
def bench(tmp_path) -> Bench:
    (tmp_path / "files").mkdir()
    home = tmp_path / "home"
    home.mkdir()
    (home / "corpus.yaml").write_text("sft: {sets: {law: {location: law, kind: instruct}}}\n")
    return Bench(Home.open(home), tmp_path / "files")
