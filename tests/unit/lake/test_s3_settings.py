"""One section says how S3 is reached; credentials are no settings and no words."""

import asyncio
import pickle

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError, SSLError
from pydantic import ValidationError

from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.lake import s3_files, trust
from corpus_platform.lake.faults import StoreAway, faults_named
from corpus_platform.lake.s3_settings import S3Access, S3Settings, attempts_in, seconds_of
from corpus_platform.lake.storage import Storage

SECRET = "PLANTEDSECRET0123456789"


@pytest.fixture(autouse=True)
def no_aws_environment(monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)


def answered(status, code="Oops", message="no"):
    told = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(told, "PutObject")


@pytest.mark.parametrize("name", ["access_key", "secret", "aws_secret_access_key", "session_token", "password", "KEY"])
def test_what_looks_like_a_credential_is_refused_with_the_reason_and_not_shown(name):
    with pytest.raises(ValidationError, match="looks like a credential: credentials come from the environment") as told:
        S3Settings.model_validate({name: SECRET})

    assert SECRET not in told.value.errors()[0]["msg"]


def test_an_endpoint_with_a_password_is_refused():
    with pytest.raises(ValidationError, match="never from the settings"):
        S3Settings(endpoint=f"https://me:{SECRET}@host")
    with pytest.raises(ValidationError, match="https://host:port"):
        S3Settings(endpoint="host:9000")


def test_a_section_of_its_own_goes_before_the_common_one():
    s3 = S3Settings(endpoint="https://common", region="eu-central-1", retry_seconds=7)

    assert s3.access() == S3Access("https://common", "eu-central-1", retry_seconds=7)
    assert s3.access(endpoint="https://own", region=None).endpoint == "https://own"
    assert not S3Settings().is_given
    assert S3Settings(location="s3://corpus/team/").place("lake") == "s3://corpus/team/lake"


def test_tries_and_seconds_of_waiting_are_each_other_the_other_way_round():
    assert [attempts_in(seconds) for seconds in (0.1, 0.2, 1, 120)] == [1, 2, 3, 14]
    assert all(attempts_in(seconds_of(attempts)) == attempts for attempts in range(2, 30))


def test_every_client_is_told_to_be_patient_and_how_to_trust(tmp_path):
    storage = Storage("s3://bucket/lake", endpoint="https://host", verify=False, retry_seconds=30)

    delta, polars, files = storage.delta_options(), storage.polars_options() or {}, storage.filesystem()

    assert delta["retry_timeout"] == "30s"
    assert polars["retry_timeout_ms"] == 30_000
    assert delta["allow_invalid_certificates"] == polars["allow_invalid_certificates"] == "true"
    assert (files.patience, files.client_kwargs["verify"]) == (30, False)
    assert pickle.loads(pickle.dumps(storage)) == storage


def test_certificates_of_ones_own_are_trusted_beside_the_machines(tmp_path, monkeypatch):
    (tmp_path / "system.pem").write_bytes(b"SYSTEM\n")
    (tmp_path / "own.pem").write_bytes(b"OWN\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "system.pem"))
    monkeypatch.setenv("CORPUS_CACHE", str(tmp_path / "cache"))

    for _ in range(2):
        trust.trust(str(tmp_path / "own.pem"))

    (made,) = (tmp_path / "cache" / "trust").iterdir()
    assert made.read_bytes() == b"SYSTEM\nOWN\n"
    assert trust.os.environ["SSL_CERT_FILE"] == str(made)
    with pytest.raises(SettingsError, match=r"`s3.verify` names /nowhere.pem, which can't be read"):
        trust.trust("/nowhere.pem")


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (answered(503, "SlowDown"), True),
        (answered(500), True),
        (answered(429), True),
        (answered(400, "RequestTimeout"), True),
        (EndpointConnectionError(endpoint_url="http://host"), True),
        (ReadTimeoutError(endpoint_url="http://host"), True),
        (ConnectionResetError(), True),
        (answered(403, "AccessDenied"), False),
        (answered(412, "PreconditionFailed"), False),
        (answered(501, "NotImplemented"), False),
        (SSLError(endpoint_url="https://host", error="self signed"), False),
        (FileNotFoundError(), False),
    ],
)
def test_only_what_passes_is_tried_again(error, passes):
    assert s3_files.is_passing(error) == passes


def ask(answers, patience, monkeypatch):
    """Asks until there is an answer, on a clock of its own; (answer, seconds waited between the tries)."""
    waits = []

    async def sleep(seconds):
        waits.append(seconds)

    async def one():
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(s3_files.asyncio, "sleep", sleep)
    monkeypatch.setattr(s3_files.time, "monotonic", lambda: sum(waits))
    return asyncio.run(s3_files._patiently(one, patience, "http://host:9000")), waits


def test_waits_grow_and_end_with_the_answer(monkeypatch):
    slow = answered(503, "SlowDown")

    answer, waits = ask([*[slow] * 9, "done"], 120, monkeypatch)

    assert answer == "done"
    assert waits[-1] > 4 * waits[0]
    assert max(waits) <= 15


def test_a_server_that_stays_away_is_named_with_what_to_do(monkeypatch):
    with pytest.raises(StoreAway, match=r"http://host:9000 did not do .* 1\d times in 1[01]\d s .*run again") as told:
        ask([EndpointConnectionError(endpoint_url="http://host:9000/bucket")], 120, monkeypatch)

    assert isinstance(told.value, SourceError)
    assert isinstance(told.value, OSError)


def test_an_answer_that_is_final_is_given_at_once(monkeypatch):
    with pytest.raises(PermissionError, match="not for you"):
        ask([answered(403, "AccessDenied", "not for you")], 120, monkeypatch)


def test_no_credential_of_an_answer_gets_into_the_error_or_its_cause():
    storage = Storage(
        "s3://bucket/lake", endpoint="http://host", key="PLANTEDKEYID", secret=SECRET, token="PLANTEDTOKEN"
    )
    answer = f"The operation lacked the necessary privileges: Error performing PUT http://host/x - 403 <AWSAccessKeyId>PLANTEDKEYID</AWSAccessKeyId> {SECRET} PLANTEDTOKEN"

    with (
        pytest.raises(
            SourceError, match=r"s3://bucket/lake can't be reached: check the bucket, the endpoint \(http://host\)"
        ) as told,
        faults_named(storage),
    ):
        raise OSError(answer)

    assert told.value.__cause__ is None
    assert told.value.__suppress_context__
    assert "PLANTED" not in str(told.value)
    assert storage.masked("AKIAIOSFODNN7EXAMPLE and <AWSAccessKeyId>role</AWSAccessKeyId>") == (
        "*** and <AWSAccessKeyId>***</AWSAccessKeyId>"
    )


def test_other_errors_pass_as_they_are():
    storage = Storage("s3://bucket/lake", endpoint="http://host")

    for error in (FileNotFoundError("s3 object"), ValueError("a bug"), OSError(5, "local disk")):
        with pytest.raises(type(error)) as told, faults_named(storage):
            raise error
        assert told.value is error
