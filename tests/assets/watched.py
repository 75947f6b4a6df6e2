"""A home whose sensors are ticked by hand."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from corpus_platform.definitions import build_defs
from corpus_platform.home import Home
from resources.home import HomeResource


@dataclass(frozen=True)
class Look:
    """What a look of a sensor gave."""

    run_requests: list[dg.RunRequest]
    skip_message: str


@dataclass
class Watch:
    """A home and its instance, whose sensors are ticked by hand; each goes on from its cursor."""

    home: Path
    instance: dg.DagsterInstance
    cursors: dict[str, Any] = field(default_factory=dict)

    def tick(self, name: str) -> Look:
        """What a look of a sensor asks for. The partitions that it asks for are added, as the daemon does."""
        repository = build_defs(Home.open(self.home)).get_repository_def()
        with dg.build_sensor_context(
            self.instance,
            cursor=self.cursors.get(name),
            repository_def=repository,
            resources={"home": HomeResource(path=str(self.home))},
        ) as context:
            found = repository.get_sensor_def(name)(context)
        if isinstance(found, dg.SkipReason):
            return Look([], found.skip_message or "")
        assert isinstance(found, dg.SensorResult)
        self.cursors[name] = found.cursor or self.cursors.get(name)
        for request in found.dynamic_partitions_requests or []:
            self.instance.add_dynamic_partitions(request.partitions_def_name, list(request.partition_keys))
        return Look(list(found.run_requests or []), (found.skip_reason and found.skip_reason.skip_message) or "")

    def asked(self, name: str) -> list[tuple[str | None, ...]]:
        """(job, partition, run key) of the runs that a look of a sensor asks for."""
        return [(r.job_name, r.partition_key, r.run_key) for r in self.tick(name).run_requests]

    def set(self, **sections: object) -> None:
        """Changes sections of the settings."""
        file = self.home / "corpus.yaml"
        file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | sections))
