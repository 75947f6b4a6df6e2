"""What runs print (stdout and stderr of each step), kept in a bucket: Dagster's `S3ComputeLogManager`, reached as the home reaches S3.

Dagster's own knows no profile, no path-style address (which most S3 servers need) and few tries, and it fails a run whose log could not be stored.
Here the run goes on, and its log stays in the local folder. The web UI shows logs through the web server; it is given no signed address, which
would carry the key id and the session token to a browser.

Not here: where logs go (instance.py).
"""

import sys
from collections.abc import Sequence
from typing import Any

from boto3.exceptions import Boto3Error
from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from dagster import Field, Noneable, StringSource
from dagster._core.storage.compute_log_manager import ComputeIOType  # no public name: Dagster 1.13
from dagster_aws.s3.compute_log_manager import S3ComputeLogManager

from corpus_platform.lake.s3_settings import attempts_in
from corpus_platform.lake.storage import Storage


class S3Logs(S3ComputeLogManager):
    """Compute logs in a bucket. Takes the configuration of `S3ComputeLogManager`, and `profile`, `path_style`, `retry_seconds`."""

    def __init__(
        self,
        *arguments: Any,
        profile: str | None = None,
        path_style: bool | None = None,
        retry_seconds: float = 120.0,
        **config: Any,
    ) -> None:
        super().__init__(*arguments, **config)
        verify: bool | str = bool(config.get("verify", True)) and (config.get("verify_cert_path") or True)
        self._reach = Storage(
            f"s3://{self._s3_bucket}",
            endpoint=config.get("endpoint_url"),
            region=config.get("region"),
            profile=profile,
            path_style=path_style,
            verify=verify,
            retry_seconds=retry_seconds,
        )
        self._s3_session = _client(self._reach)
        self._region = self._reach.region

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """What `dagster.yaml` may say."""
        return {
            **super().config_type(),
            "profile": Field(Noneable(StringSource), is_required=False, default_value=None),
            "path_style": Field(Noneable(bool), is_required=False, default_value=None),
            "retry_seconds": Field(float, is_required=False, default_value=120.0),
        }

    def download_url_for_type(self, log_key: Sequence[str], io_type: ComputeIOType) -> str | None:
        """None: a signed address has a key id in it."""
        del log_key, io_type

    def _on_capture_complete(self, log_key: Sequence[str]) -> None:
        try:
            super()._on_capture_complete(log_key)
        except (BotoCoreError, ClientError, Boto3Error, OSError) as error:
            place = self.local_manager.get_captured_local_path(log_key, "err")
            told = self._reach.masked(f"{type(error).__name__}: {error}")
            sys.stderr.write(
                f"the log of this step stays in {place}: the bucket {self._s3_bucket} did not take it: {told}\n"
            )


def _client(reach: Storage) -> Any:
    session = Session(profile_name=reach.profile)
    config = Config(
        retries={"mode": "standard", "total_max_attempts": attempts_in(reach.retry_seconds)},
        s3={"addressing_style": "path" if reach.path_style else "auto"},
    )
    verify = None if reach.verify is True else reach.verify
    return session.client("s3", endpoint_url=reach.endpoint, region_name=reach.region, verify=verify, config=config)
