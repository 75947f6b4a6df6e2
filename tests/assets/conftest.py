"""A tiny home, the same with everything made, and what Dagster recorded of it."""

import shutil
from collections.abc import Iterator

import dagster as dg
import pytest
from recorded import Recorded, make_all, recorded
from tiny_crawl import NEXT_SNAPSHOT, SNAPSHOT, make_home

from corpus_platform.home import Home


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """A Dagster instance in memory."""
    with dg.DagsterInstance.ephemeral() as found:
        yield found


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> tuple[Home, Recorded]:
    """A home with two snapshots made, for tests that only look."""
    home = Home.open(make_home(tmp_path_factory.mktemp("built")))
    with dg.DagsterInstance.ephemeral() as instance:
        make_all(home, instance, (SNAPSHOT, NEXT_SNAPSHOT))
        return home, recorded(instance)


@pytest.fixture
def home(built, tmp_path) -> Home:
    """A copy of the home with everything made, for tests that change it."""
    shutil.copytree(built[0].path, tmp_path / "home")
    return Home.open(tmp_path / "home")
