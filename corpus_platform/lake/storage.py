"""Where the lake is: a folder or an S3 bucket, and how its clients (fsspec, deltalake, Polars) reach it.

A `Storage` is frozen and pickles, so that workers get it as it is. Credentials normally stay in the environment (AWS_*) or in a named
profile and are looked up when a client is made; those that are given by hand are never shown.

Not here: whether the store is safe to commit to (store.py).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import fsspec

from corpus_platform.errors import SettingsError, SourceError


@dataclass(frozen=True)
class Storage:
    """A location (`/folder`, `file:///folder`, `s3://bucket/prefix`) and, for S3, how to reach it."""

    location: str
    endpoint: str | None = None
    region: str | None = None
    profile: str | None = None
    path_style: bool | None = None
    allow_http: bool | None = None
    key: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Makes the location absolute and fills what the environment says."""
        object.__setattr__(self, "location", _normal(self.location))
        if not self.is_s3:
            return
        env = os.environ
        endpoint = self.endpoint or env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL") or None
        filled = {
            "endpoint": endpoint,
            "region": self.region or env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or "us-east-1",
            "profile": self.profile or env.get("AWS_PROFILE") or None,
            "path_style": bool(endpoint) if self.path_style is None else self.path_style,
            "allow_http": bool(endpoint and endpoint.startswith("http://"))
            if self.allow_http is None
            else self.allow_http,
        }
        for name, value in filled.items():
            object.__setattr__(self, name, value)

    @property
    def is_s3(self) -> bool:
        """Whether the location is a bucket."""
        return self.location.startswith("s3://")

    def uri(self, *parts: str) -> str:
        """Address of something in the lake, as Polars, deltalake and DuckDB take it."""
        return "/".join((self.location, *(part for part in parts if part)))

    def path(self, *parts: str) -> str:
        """The same for the fsspec file system: without `s3://`."""
        return self.uri(*parts).removeprefix("s3://")

    def relative(self, path: str) -> str:
        """The part of a path or address below the location."""
        return path.removeprefix("s3://").removeprefix(self.path()).lstrip("/")

    def at(self, location: str) -> Storage:
        """The same store, another location."""
        return replace(self, location=location)

    def filesystem(self) -> Any:
        """A synchronous fsspec file system; listings are never cached, for other processes write too."""
        if not self.is_s3:
            return fsspec.filesystem("file", auto_mkdir=True)
        key, secret, token = self._credentials()
        return fsspec.filesystem(
            "s3",
            key=key,
            secret=secret,
            token=token,
            endpoint_url=self.endpoint,
            client_kwargs={"region_name": self.region},
            config_kwargs={
                "s3": {"addressing_style": "path" if self.path_style else "auto"},
                "max_pool_connections": 50,
            },
            use_listings_cache=False,
        )

    def read(self, path: str) -> bytes:
        """Content of a small file, in one request; `FileNotFoundError` where it is not there. `path` is the file system's."""
        return self.filesystem().cat_file(path, **({"max_concurrency": 1} if self.is_s3 else {}))

    def unreachable(self, error: Exception) -> SourceError:
        """What to tell when the store does not answer as it should."""
        reason = " ".join(re.sub(r"\x1b\[[0-9;]*m|↳", " ", str(error)).split())
        advice = (
            "check the bucket, the endpoint and the credentials (AWS_*)"
            if self.is_s3
            else "check the folder and its rights"
        )
        return SourceError(f"the lake at {self.location} can't be reached: {advice}. It says: {reason[:400]}")

    def delta_options(self) -> dict[str, str]:
        """`storage_options` of deltalake; empty for a folder."""
        if not self.is_s3:
            return {}
        options = {
            "aws_region": self.region,
            "aws_endpoint_url": self.endpoint,
            "aws_allow_http": "true" if self.allow_http else None,
            "aws_virtual_hosted_style_request": "false" if self.path_style else None,
            **dict(
                zip(
                    ("aws_access_key_id", "aws_secret_access_key", "aws_session_token"),
                    self._credentials(),
                    strict=True,
                )
            ),
        }
        return {name: value for name, value in options.items() if value}

    def polars_options(self) -> dict[str, str] | None:
        """`storage_options` of Polars' scans; None for a folder."""
        return self.delta_options() or None

    def _credentials(self) -> tuple[str | None, str | None, str | None]:
        if self.key:
            return self.key, self.secret, self.token
        if not self.profile:
            env = os.environ
            return env.get("AWS_ACCESS_KEY_ID"), env.get("AWS_SECRET_ACCESS_KEY"), env.get("AWS_SESSION_TOKEN")
        found = _of_profile(self.profile)
        if found is None:
            raise SettingsError(f"{self.location}: AWS profile `{self.profile}` has no credentials")
        # Asked anew each time: those of a role expire and renew themselves.
        frozen = found.get_frozen_credentials()
        return frozen.access_key, frozen.secret_key, frozen.token


@cache
def _of_profile(profile: str) -> Any:
    from botocore.session import Session  # noqa: PLC0415  (slow to import, only for profiles)

    return Session(profile=profile).get_credentials()


def _normal(location: str) -> str:
    scheme = urlsplit(location).scheme
    if scheme in {"s3", "s3a"}:
        location = "s3://" + location.split("://", 1)[1].strip("/")
        if location == "s3://":
            raise SettingsError("a lake on S3 is `s3://bucket/prefix`: the bucket is missing")
    elif scheme in {"", "file"}:
        path = unquote(urlsplit(location).path) if scheme else location
        location = str(Path(path).expanduser().resolve())
    else:
        raise SettingsError(f"a lake can't be at `{location}`: use a folder, `file:///folder` or `s3://bucket/prefix`")
    if "=" in location:
        # Readers take every `name=value` folder of a path for a partition column.
        raise SettingsError(f"a lake can't be at `{location}`: `=` is kept for partitions, choose another folder name")
    return location
