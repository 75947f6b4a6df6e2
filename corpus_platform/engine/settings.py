"""Which engine runs the tasks: its settings, and the one place where engines are known by name.

    >>> engine_from("process", workers=4, memory_limit_mb=1500)
    >>> EngineSettings.model_validate({"kind": "ray", "address": "ray://head:10001"}).open()

A new engine is one line in `ENGINES` and one module that keeps the promise of `protocol.py`.

Not here: where settings come from (files, environment, command line).
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from corpus_platform.engine.cluster import Ray
from corpus_platform.engine.cluster_connection import AUTO
from corpus_platform.engine.processes import Processes
from corpus_platform.engine.serial import Serial
from corpus_platform.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from corpus_platform.engine.protocol import Engine


class EngineSettings(BaseModel):
    """How tasks are run. Results do not depend on it, so it is no part of any stage's identity."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field("process", description="Name of the engine: serial, process, ray")
    address: str | None = Field(
        None,
        description="Of `ray`: `auto` (RAY_ADDRESS or the cluster of this machine; the default), HOST:PORT, ray://HOST:10001, `local`: one for this process",
    )
    workers: int | None = Field(
        None,
        ge=1,
        description="Workers at the same time; by default the cores that may be used, here or in the cluster",
    )
    memory_limit_mb: int | None = Field(
        None, ge=1, description="A worker whose peak memory (MiB) passed this is replaced after its item"
    )
    retries: int = Field(2, ge=0, description="How often an item is tried again when its worker died")
    task_timeout: float | None = Field(None, gt=0, description="Seconds for one item; then its worker is killed")
    items_per_worker: int | None = Field(None, ge=1, description="A worker is replaced after so many items")
    threads: int = Field(1, ge=1, description="Threads that numeric libraries may start in one worker")

    @field_validator("kind")
    @classmethod
    def _is_known(cls, kind: str) -> str:
        if kind not in ENGINES:
            near = get_close_matches(kind, ENGINES, n=1)
            hint = f", nearest is `{near[0]}`" if near else ""
            raise ValueError(f"there is no engine `{kind}`{hint}; engines are: {', '.join(sorted(ENGINES))}")
        return kind

    @model_validator(mode="after")
    def _has_use_for_its_address(self) -> Self:
        if self.address is not None and self.kind != "ray":
            raise ValueError(f"engine `{self.kind}` has no address: only `ray` runs elsewhere")
        return self

    def open(self) -> Engine:
        """The engine that these settings describe. Starts nothing."""
        return ENGINES[self.kind](self)


def engine_from(kind: str = "process", **options: Any) -> Engine:
    """The engine of that name, with the options of EngineSettings. Raises SettingsError naming what is wrong and what is allowed."""
    try:
        settings = EngineSettings(kind=kind, **options)
    except ValidationError as error:
        raise SettingsError("; ".join(_sentence(problem) for problem in error.errors())) from None
    return settings.open()


def _sentence(problem: Any) -> str:
    name = ".".join(map(str, problem["loc"]))
    if problem["type"] == "extra_forbidden":
        return f"an engine has no option `{name}`; it takes {', '.join(EngineSettings.model_fields)}"
    text = problem["msg"].removeprefix("Value error, ")
    return text if name in {"kind", ""} else f"engine option `{name}` is {problem['input']!r}: {text}"


def _serial(_: EngineSettings) -> Engine:
    return Serial()


def _process(settings: EngineSettings) -> Engine:
    return Processes(settings.workers, **_limits(settings))


def _ray(settings: EngineSettings) -> Engine:
    return Ray(settings.address or AUTO, settings.workers, **_limits(settings))


def _limits(settings: EngineSettings) -> dict[str, Any]:
    return {
        "memory_limit": settings.memory_limit_mb and settings.memory_limit_mb * 2**20,
        "retries": settings.retries,
        "task_timeout": settings.task_timeout,
        "items_per_worker": settings.items_per_worker,
        "threads": settings.threads,
    }


ENGINES: dict[str, Callable[[EngineSettings], Engine]] = {"serial": _serial, "process": _process, "ray": _ray}
