"""The section `automation` of the settings: what is started by itself, how often the sources are asked, how much runs at once, who is told."""

from __future__ import annotations

import re
from typing import Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from corpus_platform.stages.stage import Settings

NEWEST, EVERY = "newest", "all"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CRON = re.compile(r"\S+( \S+){4}")


class FreshnessSettings(Settings):
    """When a head (the pages, the corpora, the encyclopedia) counts as old: days since any partition of it was made."""

    warn_days: int = Field(default=45, ge=1, description="Old, in yellow; crawls and dumps come about monthly")
    fail_days: int = Field(default=60, ge=2, description="Too old, in red")

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.warn_days >= self.fail_days:
            raise ValueError(f"`warn_days` is {self.warn_days}, which is not before `fail_days`, {self.fail_days}")
        return self


class AlertSettings(Settings):
    """Who is told of runs and checks that failed. The address is a secret: it stays in the environment."""

    webhook: str | None = Field(
        default=None, description="Environment variable that holds the address (https) that alerts are posted to"
    )
    ui: str = Field(default="http://127.0.0.1:3000", description="Where the web UI is, for the links in alerts")
    attempts: int = Field(default=3, ge=1, le=10, description="Times that an alert is posted before it is given up")
    seconds: float = Field(default=10.0, gt=0, le=60, description="Longest wait for an answer, at each attempt")

    @field_validator("webhook")
    @classmethod
    def _check_name(cls, value: str | None) -> str | None:
        # As a credential, for people who get this wrong have written the secret itself: then messages do not repeat it.
        if value is not None and not _VARIABLE.fullmatch(value):
            raise PydanticCustomError(
                "credential", "the name of an environment variable goes here, such as CORPUS_WEBHOOK, and no address"
            )
        return value


class AutomationSettings(Settings):
    """What runs by itself. Off until `enabled`: then the sensors, the schedule and the conditions are on, unless the UI has switched one off."""

    enabled: bool = Field(default=False, description="Start what is new at the sources by itself")
    snapshots: str = Field(
        default=NEWEST,
        description="Which of a crawl's snapshots: `newest` (later than those that are known), `all`, or the first name",
    )
    at_a_tick: int = Field(default=1, ge=1, description="Snapshots that are started at once, the oldest first")
    every_seconds: int = Field(default=300, ge=5, description="Seconds between looks at the sources")
    runs_at_once: int = Field(default=1, ge=1, description="Runs that compute at the same time; each uses all workers")
    reports: str = Field(default="0 5 * * *", description="When reports are made anew, as cron in UTC")
    encyclopedia: str = Field(default="0 6 * * 1", description="When dumps are looked through, as cron in UTC")
    freshness: FreshnessSettings = FreshnessSettings()
    alerts: AlertSettings = AlertSettings()

    @field_validator("reports", "encyclopedia")
    @classmethod
    def _check_cron(cls, value: str) -> str:
        if not _CRON.fullmatch(value):
            raise ValueError(f"`{value}` is no cron: minute, hour, day, month and day of the week, such as `0 5 * * *`")
        return value
