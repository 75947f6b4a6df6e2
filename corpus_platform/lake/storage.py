"""Where the lake is: a folder or an S3 bucket, and how its clients (fsspec, deltalake, Polars) reach it.

A `Storage` is frozen and pickles, so that workers get it as it is. Credentials normally stay in the environment (AWS_*) or in a named
profile and are looked up when a client is made; those that are given by hand are never shown.

Promise: while the server is away, resets connections or answers `slow down`, every client tries again with growing waits, `retry_seconds` long;
then the error names the server and what to do, and has no credential in it.

Not here: whether the store is safe to commit to (store.py), the settings (s3_settings.py).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

import fsspec

from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.lake.s3_settings import FIRST_WAIT, LONGEST_WAIT
from corpus_platform.lake.trust import trust

_CONNECT_SECONDS, _SILENT_SECONDS = 10, 60
"""How long one try waits for a connection, and for a server that says nothing."""
_LOOKS_SECRET = re.compile(
    r"(<AWSAccessKeyId>|<SignatureProvided>|<StringToSign>|Credential=|Signature=|Security-Token[=:] ?)[^<&,\s]+|\b(?:AKIA|ASIA)[A-Z0-9]{12,}"
)
"""What AWS's own answers and addresses with a signature hold."""
_SHORTEST_SECRET = 6
"""Characters; a shorter value is no credential of a real store, and would be taken out of words."""


@dataclass(frozen=True)
class Storage:
    """A location (`/folder`, `file:///folder`, `s3://bucket/prefix`) and, for S3, how to reach it."""

    location: str
    endpoint: str | None = None
    region: str | None = None
    profile: str | None = None
    path_style: bool | None = None
    allow_http: bool | None = None
    verify: bool | str = True
    """Whether https servers must have a certificate that is trusted, or the file of CA certificates to trust."""
    retry_seconds: float = 120.0
    connections: int = 50
    anonymous: bool = False
    """Whether to ask without credentials, as public buckets allow."""
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
        from corpus_platform.lake.s3_files import PatientFiles  # noqa: PLC0415  (slow to import, only for buckets)

        key, secret, token = self._credentials()
        return PatientFiles(
            patience=self.retry_seconds,
            anon=self.anonymous,
            key=key,
            secret=secret,
            token=token,
            endpoint_url=self.endpoint,
            client_kwargs={"region_name": self.region, "verify": None if self.verify is True else self.verify},
            config_kwargs={
                "s3": {"addressing_style": "path" if self.path_style else "auto"},
                "max_pool_connections": self.connections,
                "retries": {"total_max_attempts": 1},
                "connect_timeout": _CONNECT_SECONDS,
                "read_timeout": _SILENT_SECONDS,
            },
            use_listings_cache=False,
        )

    def read(self, path: str) -> bytes:
        """Content of a small file, in one request; `FileNotFoundError` where it is not there. `path` is the file system's."""
        return self.filesystem().cat_file(path, **({"max_concurrency": 1} if self.is_s3 else {}))

    def unreachable(self, error: Exception) -> SourceError:
        """What to tell when the store does not answer as it should."""
        reason = " ".join(re.sub(r"\x1b\[[0-9;]*m|↳", " ", self.masked(str(error))).split())
        advice = "check the folder and its rights"
        if self.is_s3:
            server = (
                f"the endpoint ({self.endpoint or 'AWS'}), its certificate (`s3.verify`) and the credentials (AWS_*)"
            )
            advice = f"check the bucket, {server}; what is finished is kept: then run again"
        return SourceError(f"the lake at {self.location} can't be reached: {advice}. It says: {reason[:400]}")

    def raise_unreachable(self, error: Exception) -> NoReturn:
        """Raises `unreachable`; without its cause where the cause, or what it comes from, has a credential in its words."""
        told = self.unreachable(error)
        if any(self.masked(words) != words for words in _words_of(error)):
            raise told from None
        raise told from error

    def masked(self, text: str) -> str:
        """The text without the credentials that reach the store, and without what looks like one: a role's are not known here."""
        text = _LOOKS_SECRET.sub(r"\1***", text)
        try:
            credentials = self._credentials() if self.is_s3 else ()
        except SettingsError:
            return text
        for value in credentials:
            if value and len(value) >= _SHORTEST_SECRET:
                text = text.replace(value, "***")
        return text

    def delta_options(self) -> dict[str, str]:
        """`storage_options` of deltalake; empty for a folder."""
        if not self.is_s3:
            return {}
        return self._rust_options() | {
            "max_retries": str(_TRIES),
            "retry_timeout": f"{self.retry_seconds:.0f}s",
            "backoff_config.init_backoff": f"{FIRST_WAIT * 1000:.0f}ms",
            "backoff_config.max_backoff": f"{LONGEST_WAIT:.0f}s",
            "backoff_config.base": str(_GROWTH),
        }

    def polars_options(self) -> dict[str, Any] | None:
        """`storage_options` of Polars' scans; None for a folder."""
        if not self.is_s3:
            return None
        return self._rust_options() | {
            "max_retries": _TRIES,
            "retry_timeout_ms": int(self.retry_seconds * 1000),
            "retry_init_backoff_ms": int(FIRST_WAIT * 1000),
            "retry_max_backoff_ms": int(LONGEST_WAIT * 1000),
            "retry_base_multiplier": float(_GROWTH),
        }

    def _rust_options(self) -> dict[str, str]:
        """What the clients written in Rust share."""
        options = {
            "aws_region": self.region,
            "aws_endpoint_url": self.endpoint,
            "aws_allow_http": "true" if self.allow_http else None,
            "aws_virtual_hosted_style_request": "false" if self.path_style else None,
            "aws_skip_signature": "true" if self.anonymous else None,
            "allow_invalid_certificates": "true" if self.verify is False else None,
            **dict(
                zip(
                    ("aws_access_key_id", "aws_secret_access_key", "aws_session_token"),
                    self._credentials(),
                    strict=True,
                )
            ),
        }
        if isinstance(self.verify, str):
            trust(self.verify)
        return {name: value for name, value in options.items() if value}

    def _credentials(self) -> tuple[str | None, str | None, str | None]:
        if self.anonymous:
            return None, None, None
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


_TRIES, _GROWTH = 1000, 3
"""The time ends the tries, not their number. A wait is a random time of at most three of the one before: one and a half times as long on average."""


def _words_of(error: BaseException | None) -> list[str]:
    """What an error and its causes say."""
    found: dict[int, str] = {}
    while error is not None and id(error) not in found:
        found[id(error)] = str(error)
        error = error.__cause__ or error.__context__
    return list(found.values())


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
