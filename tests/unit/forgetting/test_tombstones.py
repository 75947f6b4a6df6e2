"""Tombstones know what was forgotten however it is written, and tell nobody what it was."""

import pytest

from corpus_platform.errors import DamagedFile
from corpus_platform.forgetting.targets import target_of
from corpus_platform.forgetting.tombstones import FOLDER, Tombstones, bury, tombstones
from corpus_platform.lake.storage import Storage


@pytest.fixture
def storage(tmp_path):
    return Storage(str(tmp_path / "lake"))


def test_nothing_was_forgotten_in_a_new_lake(storage):
    known = Tombstones.load(storage)

    assert not known
    assert not known.holds("url", "https://example.org/a")


@pytest.mark.parametrize(
    ("forgotten", "kind", "value", "is_held"),
    [
        ("https://example.org/a", "url", "http://www.example.org/a#b", True),
        ("https://example.org/a", "url", "http://example.org/b", False),
        ("https://example.org/a", "domain", "example.org", False),
        ("example.org", "url", "https://a.EXAMPLE.org:8080/x?y", True),
        ("example.org", "domain", "a.b.example.org", True),
        ("example.org", "domain", "notexample.org", False),
        ("example.org", "url", "https://other.net/example.org", False),
        ("例子.中国", "domain", "新闻.例子.中国", True),
        ("0123456789abcdef0123456789abcdef", "doc_id", "0123456789abcdef0123456789abcdef", True),
        ("Jane Doe", "author", "JANE  DOE; Li Si", True),
        ("Jane Doe", "author", "Jane Does", False),
    ],
)
def test_what_was_forgotten_is_known_again(storage, forgotten, kind, value, is_held):
    bury(storage, target_of(forgotten))

    assert Tombstones.load(storage).holds(kind, value) is is_held


def test_a_tombstone_does_not_say_what_is_below_it(storage, tmp_path):
    bury(storage, target_of("https://geheim.example/akte"))

    stored = b"".join(path.read_bytes() for path in (tmp_path / "lake" / FOLDER).iterdir())
    assert b"geheim" not in stored
    assert b"akte" not in stored


def test_the_same_target_has_another_tombstone_in_another_lake(tmp_path):
    lakes = [Storage(str(tmp_path / name)) for name in ("one", "two")]

    made = [bury(lake, target_of("example.org")).hash for lake in lakes]

    assert made[0] != made[1]


def test_to_bury_twice_is_to_bury_once(storage):
    first = bury(storage, target_of("example.org"))

    second = bury(storage, target_of("EXAMPLE.org"))

    assert second.hash == first.hash
    assert [one.hash for one in tombstones(storage)] == [first.hash]


def test_tombstones_without_their_key_are_an_error_and_not_a_silence(storage, tmp_path):
    bury(storage, target_of("example.org"))
    (tmp_path / "lake" / FOLDER / "key").unlink()

    with pytest.raises(DamagedFile, match="key is missing"):
        Tombstones.load(storage)
