"""Rates that were measured: what each stage took for a sample, on which machine and when. Kept in `rates.yaml` of the home.

Words: the *driver* of a stage is what its work grows with: compressed bytes of input, bytes of text, or pages.

Not here: how they are measured (measure.py), what follows from them (full.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from corpus_platform.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

FILE = "rates.yaml"
_HEADER = "# Measured by `corpus plan --measure`; read by `corpus plan --full`. Bytes, seconds of one core.\n"


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MachineFacts(_Closed):
    """Where it was measured."""

    processor: str
    cores: int = Field(ge=1, description="Cores that the process might use; one was used")
    memory: int = Field(ge=1)
    python: str
    platform_version: str


class SampleFacts(_Closed):
    """What it was measured on: the last of the sample's snapshots."""

    kind: str = Field(description="`made`, or the location of the pages")
    snapshots: int = Field(ge=1)
    files: int = Field(ge=1)
    records: int = Field(ge=1, description="Records of the input files that were taken for pages or rejected")
    pages: int = Field(ge=1)
    input_bytes: int = Field(ge=1, description="Compressed")
    text_bytes: int = Field(ge=1, description="UTF-8 of the pages' texts")


class StageRate(_Closed):
    """What one stage took for the sample, in one worker: sums over the shards that were timed."""

    stage: str = Field(description="The table that it writes")
    of: str = Field(default="", description="Text variant, with the dedup's name where it is one")
    shards: int = Field(ge=1)
    records: int = Field(ge=0, description="Documents that it read")
    bytes_in: int = Field(ge=0)
    seconds: float = Field(ge=0)
    rows_out: int = Field(ge=0)
    bytes_out: int = Field(ge=0, description="Files of its table and side tables")
    peak_memory: int = Field(ge=0, description="Of the worker")
    planning: float = Field(default=0.0, ge=0, description="Seconds that a plan of all shards took in the parent")
    counters: dict[str, int] = Field(default={}, description="Those that plans of dedups go by: kept, keys, edges")

    @property
    def key(self) -> tuple[str, str]:
        """Which rate it is."""
        return self.stage, self.of


class Rates(_Closed):
    """All that a measurement found."""

    measured: str = Field(description="Date and time, UTC")
    machine: MachineFacts
    sample: SampleFacts
    base: str = Field(description="How pages became text")
    log_bytes_per_file: float = Field(gt=0, description="Of a table's Delta log, for each file that it names")
    stages: tuple[StageRate, ...]


def write_rates(path: Path, rates: Rates) -> None:
    """Writes them, in place of what was there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(_HEADER + yaml.safe_dump(rates.model_dump(mode="json"), sort_keys=False), encoding="utf-8")
    partial.replace(path)


def read_rates(path: Path) -> Rates:
    """The rates of a file. Raises SettingsError where there is none, or none of ours."""
    try:
        return Rates.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise SettingsError(f"there are no rates at {path} yet: corpus plan --measure") from None
    except (ValidationError, yaml.YAMLError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        why = f"{'.'.join(map(str, first['loc']))}: {first['msg']}" if first else " ".join(str(error).split())
        raise SettingsError(f"{path} has no rates ({why}); measure anew: corpus plan --measure") from None
