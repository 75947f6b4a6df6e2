"""The home as a Dagster resource: opened when a run starts, so that loading the code location needs no secrets and no network."""

from collections.abc import Callable
from dataclasses import replace

import dagster as dg
from pydantic import PrivateAttr

from corpus_platform.home import Home
from corpus_platform.stages.run import Progress, Report


class HomeResource(dg.ConfigurableResource):
    """Settings, lake and engine of one home folder; reached on S3 as `s3` says, a `dagster_aws.s3.S3Resource`, where there is one."""

    path: str
    s3: dg.ConfigurableResource | None = None
    _watch: Callable[[Progress], None] | None = PrivateAttr(default=None)

    def open(self) -> Home:
        """The home with its settings as they are now."""
        home = Home.open(self.path, watch=self._watch, on_commit=_publish)
        if self.s3 is None:
            return home
        from resources.s3 import S3Resource, s3_settings  # noqa: PLC0415  (imports boto3, only for S3)

        assert isinstance(self.s3, S3Resource)
        return replace(home, settings=home.settings.with_s3(s3_settings(home.settings.s3, self.s3)))

    def watched_by(self, watch: Callable[[Progress], None]) -> "HomeResource":
        """The same resource, for runs in this process, whose finished shards are told to `watch`."""
        self._watch = watch
        return self


def resources_of(home: Home, given: dict[str, object] | None = None) -> dict[str, object]:
    """What assets of a home are given: `home`, and `s3` where the settings speak of S3; those in `given` go before."""
    found = dict(given or {})
    if "s3" not in found and home.settings.s3.is_given:
        from resources.s3 import s3_resource  # noqa: PLC0415  (imports boto3, only for S3)

        found["s3"] = s3_resource(home.settings.s3)
    s3 = found.get("s3")
    assert s3 is None or isinstance(s3, dg.ConfigurableResource)
    return {"home": HomeResource(path=str(home.path), s3=s3), **found}


def _publish(home: Home, report: Report) -> None:
    """Publishes the tables that the run has changed for other programs."""
    if home.settings.warehouse.publish:
        from corpus_platform.analytics.warehouse import publish_after  # noqa: PLC0415  (imports DuckDB)

        publish_after(home, report)
