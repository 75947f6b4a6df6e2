"""S3 as Dagster is told of it: the resource configures the lake, the instance keeps compute logs in the bucket, and neither holds a credential."""

import warnings

import dagster as dg
import pytest
import yaml
from dagster_aws.s3 import S3Resource
from tiny_crawl import write_settings

from corpus_platform.definitions import build_defs, instance_of
from corpus_platform.errors import SettingsError
from corpus_platform.home import Home
from resources.home import HomeResource, resources_of
from resources.instance import INSTANCE_SETTINGS, instance_settings

S3 = "s3: {location: 's3://corpus/team', endpoint: 'http://127.0.0.1:9', region: eu-central-1, profile: null, retry_seconds: 30}\n"


@pytest.fixture
def home(tmp_path):
    (tmp_path / "corpus.yaml").write_text(S3)
    return Home.open(tmp_path)


@pytest.fixture(autouse=True)
def no_aws_environment(monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)


def opened(resources):
    """The home as an asset gets it."""
    found = []

    @dg.asset
    def look(home: HomeResource) -> None:
        found.append(home.open())

    dg.materialize([look], resources=resources)
    return found[0]


def test_a_home_without_s3_has_no_resource_for_it(tmp_path):
    assert set(resources_of(Home.open(tmp_path))) == {"home"}


def test_the_default_resource_says_what_the_settings_say(home):
    found = opened(resources_of(home))

    assert found.settings.s3 == home.settings.s3
    assert found.lake.storage == home.lake.storage


def test_a_resource_that_is_given_goes_before_the_settings(home):
    given = S3Resource(endpoint_url="http://127.0.0.1:10", region_name="us-west-2", max_attempts=4, verify=False)

    found = opened(resources_of(home, {"s3": given}))

    assert found.lake.location == "s3://corpus/team/lake"
    assert (found.lake.storage.endpoint, found.lake.storage.region) == ("http://127.0.0.1:10", "us-west-2")
    assert (found.lake.storage.verify, found.lake.storage.retry_seconds) == (False, pytest.approx(1.4))
    assert found.settings.source.at("x").s3.endpoint == "http://127.0.0.1:10"


def test_a_resource_with_a_credential_is_refused(home):
    given = S3Resource(aws_secret_access_key="PLANTEDSECRET")

    with pytest.raises(SettingsError, match="`aws_secret_access_key`, which the web UI would show") as told:
        HomeResource(path=str(home.path), s3=given).open()

    assert "PLANTED" not in str(told.value)


def test_definitions_of_a_home_on_s3_have_the_resource_without_credentials(tmp_path):
    write_settings(tmp_path)
    with (tmp_path / "corpus.yaml").open("a") as file:
        file.write(S3)

    resources = build_defs(Home.open(tmp_path)).resources or {}

    assert resources["home"].s3 is resources["s3"]
    assert (resources["s3"].endpoint_url, resources["s3"].aws_access_key_id) == ("http://127.0.0.1:9", None)


def test_the_instance_file_follows_the_settings_until_somebody_edits_it(home):
    file = home.path / "dagster" / "dagster.yaml"

    instance_of(home).dispose()
    logs = yaml.safe_load(file.read_text())["compute_logs"]
    (home.path / "corpus.yaml").write_text(S3.replace("team", "other"))
    instance_of(Home.open(home.path)).dispose()
    moved = yaml.safe_load(file.read_text())["compute_logs"]
    (home.path / "corpus.yaml").unlink()
    instance_of(Home.open(home.path)).dispose()
    without = yaml.safe_load(file.read_text())
    file.write_text(file.read_text() + "# mine\n")
    (home.path / "corpus.yaml").write_text(S3)
    with pytest.warns(UserWarning, match="was edited and stays as it is, without compute_logs"):
        instance_of(Home.open(home.path)).dispose()

    assert (logs["class"], logs["config"]["bucket"], logs["config"]["prefix"]) == ("S3Logs", "corpus", "team/logs")
    assert logs == instance_settings(home)["compute_logs"]
    assert moved["config"]["prefix"] == "other/logs"
    assert without == yaml.safe_load(INSTANCE_SETTINGS.read_text())
    assert file.read_text().endswith("# mine\n")


def test_a_copy_of_an_earlier_home_is_taken_for_ours(home):
    (home.path / "dagster").mkdir()
    (home.path / "dagster" / "dagster.yaml").write_text(INSTANCE_SETTINGS.read_text())

    with warnings.catch_warnings(), instance_of(home) as instance:
        manager = instance.compute_log_manager

    assert type(manager).__name__ == "S3Logs"
    assert manager.download_url_for_type(["run", "compute_logs", "step"], None) is None
