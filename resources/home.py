"""The home as a Dagster resource: opened when a run starts, so that loading the code location needs no secrets and no network."""

import dagster as dg

from corpus_platform.home import Home


class HomeResource(dg.ConfigurableResource):
    """Settings, lake and engine of one home folder."""

    path: str

    def open(self) -> Home:
        """The home with its settings as they are now."""
        return Home.open(self.path)
