"""The home as a Dagster resource: opened when a run starts, so that loading the code location needs no secrets and no network."""

from collections.abc import Callable

import dagster as dg
from pydantic import PrivateAttr

from corpus_platform.home import Home
from corpus_platform.stages.run import Progress


class HomeResource(dg.ConfigurableResource):
    """Settings, lake and engine of one home folder."""

    path: str
    _watch: Callable[[Progress], None] | None = PrivateAttr(default=None)

    def open(self) -> Home:
        """The home with its settings as they are now."""
        return Home.open(self.path, watch=self._watch)

    def watched_by(self, watch: Callable[[Progress], None]) -> "HomeResource":
        """The same resource, for runs in this process, whose finished shards are told to `watch`."""
        self._watch = watch
        return self
