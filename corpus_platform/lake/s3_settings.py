"""The section `s3` of the settings: where the bucket is, and how every client of the platform reaches S3.

One section for all: the lake, its models, markers and releases, the compute logs, and every location that input comes from. What a section of
its own says (`lake.endpoint`, `source.endpoint`) goes before it.

Credentials are never settings. They come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), from a profile, or
from the machine's role, and are looked up when a client is made.

Not here: the clients (storage.py, s3_files.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_WAIT, LONGEST_WAIT, GROWTH = 0.2, 15.0, 2.0
"""Seconds before a request is tried a second time, at most between two tries, and how much longer each wait is than the one before."""
_SECRET_NAME = re.compile(r"key|secret|token|password|passwd|credential", re.IGNORECASE)
CREDENTIAL = "credential"
"""Type of the error about a credential among the settings: whoever tells it must not tell the value."""
_WHERE_FROM = "credentials come from the environment (AWS_ACCESS_KEY_ID ...) or from a profile (`profile: NAME`), never from the settings"


@dataclass(frozen=True)
class S3Access:
    """How S3 is reached; the values that are None are the environment's. A value: it pickles and compares, and holds no credentials."""

    endpoint: str | None = None
    region: str | None = None
    profile: str | None = None
    path_style: bool | None = None
    verify: bool | str = True
    retry_seconds: float = 120.0
    connections: int = 50

    def below(self, home: Path) -> S3Access:
        """The same with a relative file of certificates taken below a home."""
        return (
            replace(self, verify=str(home / Path(self.verify).expanduser())) if isinstance(self.verify, str) else self
        )


def checked_endpoint(endpoint: str) -> str:
    """The address of an S3 server; an error where it is none, or has a user and a password in it."""
    parts = urlsplit(endpoint)
    if "@" in parts.netloc:
        raise PydanticCustomError(CREDENTIAL, "{said}", {"said": f"there is a user or a password in it: {_WHERE_FROM}"})
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError("an S3 server is `https://host:port` or `http://host:port`")
    return endpoint


Endpoint = Annotated[str, AfterValidator(checked_endpoint)]
"""The address of an S3 server, as a setting."""


class NoCredentials(BaseModel):
    """What sections that reach S3 have in common: a name that looks like that of a credential is refused, and its value not repeated."""

    @model_validator(mode="before")
    @classmethod
    def _refuse_credentials(cls, values: Any) -> Any:
        names: Mapping[Any, Any] = values if isinstance(values, dict) else {}
        if found := [str(name) for name in names if _SECRET_NAME.search(str(name))]:
            raise PydanticCustomError(
                CREDENTIAL, "{said}", {"said": f"`{found[0]}` looks like a credential: {_WHERE_FROM}"}
            )
        return values


class S3Settings(NoCredentials):
    """How buckets are reached, and the one below which the platform keeps everything."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    location: str | None = Field(
        default=None, description="s3://bucket/prefix: the lake is at `lake` below it, compute logs are at `logs`"
    )
    logs: str | None = Field(
        default=None, description="s3://bucket/prefix of the compute logs; by default below `location`, else a folder"
    )
    endpoint: Endpoint | None = Field(
        default=None, description="S3 server; AWS_ENDPOINT_URL, else AWS itself, by default"
    )
    region: str | None = Field(default=None, description="Region; AWS_REGION by default")
    profile: str | None = Field(default=None, description="Profile of the credentials file; AWS_PROFILE by default")
    path_style: bool | None = Field(
        default=None, description="Bucket in the path; by default where there is an endpoint"
    )
    verify: bool | str = Field(
        default=True,
        description="Certificates of https servers: true, false (any is taken), or a file of CA certificates",
    )
    retry_seconds: float = Field(
        default=120.0,
        gt=0,
        description="How long a request is tried again while the server is away or says `slow down`",
    )
    connections: int = Field(default=50, ge=1, description="Connections of a process to the server at the same time")

    @field_validator("location", "logs")
    @classmethod
    def _check_bucket(cls, location: str | None) -> str | None:
        if location is None:
            return None
        parts = urlsplit(location)
        if parts.scheme != "s3" or not parts.netloc or "@" in parts.netloc:
            raise ValueError("this is `s3://bucket/prefix`; a folder is the setting `lake.location`")
        return location.rstrip("/")

    @property
    def is_given(self) -> bool:
        """Whether the home says anything of S3 here."""
        return self != S3Settings()

    def place(self, name: str) -> str | None:
        """Address of something below the location; None where there is no location."""
        return None if self.location is None else f"{self.location}/{name}"

    def access(self, **own: Any) -> S3Access:
        """How a section reaches S3: what it says itself, else what is said here."""
        mine = {name: getattr(self, name) for name in S3Access.__dataclass_fields__}
        return S3Access(**(mine | {name: value for name, value in own.items() if value is not None}))


def attempts_in(seconds: float) -> int:
    """How many tries there are in so many seconds of waiting, for clients that count them: 14 in two minutes."""
    tries, waited, wait = 1, 0.0, FIRST_WAIT
    while waited + wait <= seconds:
        tries, waited, wait = tries + 1, waited + wait, min(wait * GROWTH, LONGEST_WAIT)
    return tries


def seconds_of(attempts: int) -> float:
    """The seconds of waiting that so many tries take: the other way round."""
    return sum(min(FIRST_WAIT * GROWTH**n, LONGEST_WAIT) for n in range(max(attempts - 1, 0))) or FIRST_WAIT
