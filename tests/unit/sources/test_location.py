import os
import pickle

import pytest

from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.sources.location import InputLocation
from corpus_platform.sources.store import InputFile, InputMissing


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / ".hidden").mkdir()
    for name in ("b/two.txt", "a.txt", "b-one.txt", ".note", ".hidden/x"):
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def test_a_folder_lists_its_files_by_path_and_passes_over_hidden_ones(folder):
    location = InputLocation(str(folder))

    files = list(location.files())

    assert [file.path for file in files] == ["a.txt", "b-one.txt", "b/two.txt"]
    assert [file.size for file in files] == [5, 9, 9]
    assert location.folders() == ["b"]


def test_a_files_version_changes_with_the_file(folder):
    location = InputLocation(str(folder))
    before = location.stat("a.txt")

    os.utime(folder / "a.txt", ns=(1, 1))

    assert location.stat("a.txt").identity != before.identity
    assert location.stat("a.txt") == location.stat("a.txt")


def test_a_file_address_names_a_folder_with_spaces(tmp_path):
    (tmp_path / "with space").mkdir()
    (tmp_path / "with space" / "a.txt").write_bytes(b"a")

    location = InputLocation(f"file://{tmp_path}/with%20space")

    assert location.read("a.txt") == b"a"


def test_a_local_copy_of_a_local_file_is_the_file(folder):
    with InputLocation(str(folder)).local_copy("b/two.txt") as path:
        assert path == folder / "b" / "two.txt"


def test_a_range_is_exact_or_an_error(folder):
    location = InputLocation(str(folder))

    assert location.read_range("b/two.txt", 2, 3) == b"two"
    with pytest.raises(SourceError, match=r"two.txt: 2 of the 5 bytes at 7"):
        location.read_range("b/two.txt", 7, 5)


def test_a_missing_file_is_named(folder):
    location = InputLocation(str(folder))

    with pytest.raises(InputMissing, match=r"no.txt: no such file"):
        location.stat("no.txt")
    with pytest.raises(InputMissing, match="no such folder"):
        list(location.files("nowhere"))
    assert location.find("no.txt") is None


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "a\0b"])
def test_a_path_can_not_leave_the_location(folder, path):
    with pytest.raises(SourceError, match="not a path inside the location"):
        InputLocation(str(folder)).read(path)


def test_an_unknown_kind_of_location_lists_the_known_ones():
    with pytest.raises(
        SettingsError,
        match=r"`ftp:` is not a kind of location; there are /folder, file://, s3://, https://, hf:// and ms://",
    ):
        InputLocation("ftp://example.org/x")


def test_a_location_is_a_value_that_pickles(folder):
    location = InputLocation(str(folder)).at("b")

    assert pickle.loads(pickle.dumps(location)) == location
    assert location.read("two.txt") == b"b/two.txt"


def test_a_password_is_not_shown():
    location = InputLocation("https://user:secret@example.org/data")

    assert "secret" not in f"{location} {location!r} {location.address('x')}"
    assert str(location) == "https://example.org/data"


def test_a_file_of_unknown_size_is_identified_by_its_path():
    assert InputFile("a/b.gz").identity == "a/b.gz"
    assert InputFile("a/b.gz", 7, "v").identity == "a/b.gz 7 v"
