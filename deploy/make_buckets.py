"""Makes the buckets that the deployment writes into, where they are not there yet: that of `s3.location` and that of the compute logs.

Run by compose.yaml before everything else. Credentials, region and endpoint come from the environment (AWS_*).

Not here: rights, versions and clean-up rules of buckets, which their owner sets. A rule that removes old files must leave the lake alone.
"""

# ruff: noqa: INP001  (a program of the deployment, in no package)
from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import yaml
from botocore.exceptions import ClientError


def buckets(home: Path) -> list[str]:
    """Names of the buckets that the settings of a home and the environment name."""
    file = home / "corpus.yaml"
    settings = (yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else None) or {}
    places = [settings.get("s3", {}).get("location"), settings.get("lake", {}).get("location")]
    named = [urlsplit(place).netloc for place in places if place and place.startswith("s3://")]
    return list(dict.fromkeys([*named, *filter(None, [os.environ.get("CORPUS_LOGS_BUCKET")])]))


def make(client: object, name: str) -> bool:
    """Makes a bucket; False where this account has it already. Raises ClientError where it is somebody else's."""
    region = os.environ.get("AWS_REGION", "us-east-1")
    # The first region is the one that must not be named.
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        client.head_bucket(Bucket=name)  # pyright: ignore[reportAttributeAccessIssue]
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        client.create_bucket(Bucket=name, **place)  # pyright: ignore[reportAttributeAccessIssue]
        return True
    return False


def main() -> None:
    """Makes what is missing and says so."""
    client = boto3.client("s3", region_name=os.environ.get("AWS_REGION", "us-east-1"))
    for name in buckets(Path(os.environ.get("CORPUS_HOME", ".corpus"))):
        sys.stdout.write(f"{name}: {'made' if make(client, name) else 'there'}\n")


if __name__ == "__main__":
    main()
