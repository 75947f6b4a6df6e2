import pickle
import threading

import pytest

from corpus_platform.errors import CommitConflict, SettingsError, StoreUnsafe
from corpus_platform.lake import Lake, store
from corpus_platform.lake.storage import Storage
from corpus_platform.lake.store import FileLock, lock_from


@pytest.fixture(autouse=True)
def no_aws_environment(monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)


def test_a_folder_can_be_given_in_three_ways(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    places = {Storage(place).location for place in ("lake", str(tmp_path / "lake"), f"file://{tmp_path}/lake")}

    assert places == {str((tmp_path / "lake").resolve())}
    assert Storage("lake").polars_options() is None
    assert Storage("lake").delta_options() == {}


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("gs://bucket/x", "use a folder, `file:///folder` or `s3://bucket/prefix`"),
        ("s3://", "bucket is missing"),
        ("/a=b/lake", "`=`"),
    ],
)
def test_a_location_that_can_not_be_used_is_refused_with_what_can(place, reason):
    with pytest.raises(SettingsError, match=reason):
        Storage(place)


def test_the_environment_says_where_the_store_is(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

    storage = Storage("s3://bucket/lake/")

    assert storage.location == "s3://bucket/lake"
    options = storage.delta_options()
    patience = {name for name in options if "retr" in name or "backoff" in name}
    assert patience == {
        "max_retries",
        "retry_timeout",
        "backoff_config.base",
        "backoff_config.init_backoff",
        "backoff_config.max_backoff",
    }
    assert {name: value for name, value in options.items() if name not in patience} == {
        "aws_region": "eu-central-1",
        "aws_endpoint_url": "http://127.0.0.1:9",
        "aws_allow_http": "true",
        "aws_virtual_hosted_style_request": "false",
        "aws_access_key_id": "id",
        "aws_secret_access_key": "secret",
    }


def test_secrets_are_not_shown_and_survive_pickling():
    lake = Lake("s3://bucket/lake", storage={"key": "TOPKEY", "secret": "TOPSECRET", "token": "TOPTOKEN"})

    copy = pickle.loads(pickle.dumps(lake))

    assert copy.storage == lake.storage
    assert copy.storage.delta_options()["aws_secret_access_key"] == "TOPSECRET"
    assert "TOP" not in repr(lake) + repr(lake.storage) + str(lake.storage)


def test_a_path_is_found_again_below_the_lake():
    storage = Storage("s3://bucket/lake")

    assert storage.uri("web/pages", "x") == "s3://bucket/lake/web/pages/x"
    assert storage.path("web/pages") == "bucket/lake/web/pages"
    assert storage.relative("s3://bucket/lake/web/pages") == storage.relative("bucket/lake/web/pages") == "web/pages"


def test_a_store_without_conditional_writes_is_refused_unless_there_is_a_lock(monkeypatch, tmp_path):
    monkeypatch.setitem(
        store._PROBED, ("s3://bucket/lake", "http://h"), "the store at http://h ignores `If-None-Match: *`"
    )
    storage = Storage("s3://bucket/lake", endpoint="http://h")

    with pytest.raises(StoreUnsafe, match=r"s3://bucket/lake: the store at http://h ignores .*Give the lake a lock"):
        Lake(storage.location, storage=storage).check_safe("web.pages")
    Lake(storage.location, storage=storage, lock=f"file:{tmp_path}").check_safe("web.pages")


def test_locks_are_read_from_settings():
    assert lock_from(None) is None
    assert lock_from("file:/locks") == lock_from("file:///locks") == FileLock("/locks")
    with pytest.raises(SettingsError, match="`redis:` is no kind of lock; use `file:/folder`"):
        lock_from("redis://x")
    with pytest.raises(SettingsError, match=r"has no `hold\(name\)`"):
        lock_from(object())


def test_a_lock_lets_one_holder_through_at_a_time(tmp_path):
    lock = FileLock(str(tmp_path), timeout=0.05)
    inside, leave = threading.Event(), threading.Event()

    def hold():
        with lock.hold("web.pages"):
            inside.set()
            leave.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    assert inside.wait(10)
    with (
        pytest.raises(CommitConflict, match=r"web.pages: another run has held the lock .*web.pages.lock"),
        lock.hold("web.pages"),
    ):
        pass
    with lock.hold("web.documents"):
        leave.set()
    holder.join(10)

    with lock.hold("web.pages"):
        pass


def test_any_object_that_holds_is_a_lock(house):
    held = []

    class Once:
        def hold(self, name):
            held.append(name)
            return threading.Lock()

    house.lake.lock = lock_from(Once())
    house.commit("run-0001")

    assert held == ["test.notes"]
