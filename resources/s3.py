"""How S3 is reached, as Dagster's own resource: what a deployment says of it there goes before the section `s3` of the home's settings.

Not here: credentials. A resource's configuration is shown in the web UI and stored with runs, so one that holds them is refused.
"""

from typing import Any

from dagster_aws.s3 import S3Resource

from corpus_platform.errors import SettingsError
from corpus_platform.lake.s3_settings import S3Settings, attempts_in, seconds_of

_CREDENTIALS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")


def s3_resource(s3: S3Settings) -> S3Resource:
    """The resource that the settings describe. A file of CA certificates has no place in it: for its own client AWS_CA_BUNDLE names it."""
    return S3Resource(
        region_name=s3.region,
        endpoint_url=s3.endpoint,
        profile_name=s3.profile,
        max_attempts=attempts_in(s3.retry_seconds),
        verify=False if s3.verify is False else None,
    )


def s3_settings(s3: S3Settings, resource: S3Resource) -> S3Settings:
    """The settings with what a resource says. Raises SettingsError where it holds credentials."""
    if given := [name for name in _CREDENTIALS if getattr(resource, name)]:
        raise SettingsError(
            f"the resource `s3` has `{given[0]}`, which the web UI would show: leave it out, credentials come from the environment or a profile"
        )
    said: dict[str, Any] = {
        "region": resource.region_name,
        "endpoint": resource.endpoint_url,
        "profile": resource.profile_name,
    }
    update = {name: value for name, value in said.items() if value is not None}
    if resource.max_attempts != attempts_in(s3.retry_seconds):
        update["retry_seconds"] = seconds_of(resource.max_attempts)
    if resource.verify is not None:
        # A file of certificates is a way of checking them too.
        update["verify"] = resource.verify and (s3.verify or True)
    return s3.model_copy(update=update)
