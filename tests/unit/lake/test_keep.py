import pytest

from corpus_platform.errors import SettingsError
from corpus_platform.lake import Lake


def folder_with(path, **files):
    path.mkdir()
    for name, text in files.items():
        (path / name).write_text(text)
    return path


def test_a_folder_is_kept_under_the_digest_of_its_content(house, tmp_path):
    one = house.lake.store_files("language_model/en", folder_with(tmp_path / "a", model="1", cutoffs="2"))
    same = house.lake.store_files("language_model/en", folder_with(tmp_path / "b", model="1", cutoffs="2"))
    other = house.lake.store_files("language_model/en", folder_with(tmp_path / "c", model="1", cutoffs="3"))

    assert one == same
    assert one.path == f"_files/language_model/en/{one.digest}"
    assert one.digest != other.digest
    assert (house.lake.fetch_files(one.path) / "cutoffs").read_text() == "2"
    assert (house.lake.fetch_files(other.uri) / "cutoffs").read_text() == "3"


def test_one_file_and_folders_in_folders_can_be_kept(house, tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "list.txt").write_text("x")

    single = house.lake.store_files("lists", tmp_path / "in" / "deep" / "list.txt")
    nested = house.lake.store_files("lists", tmp_path / "in")

    assert (house.lake.fetch_files(single.path) / "list.txt").read_text() == "x"
    assert (house.lake.fetch_files(nested.path) / "deep" / "list.txt").read_text() == "x"


def test_a_lake_that_was_moved_still_finds_its_files(house, tmp_path):
    kept = house.lake.store_files("lists", folder_with(tmp_path / "a", list="x"))
    moved = (tmp_path / "lake").rename(tmp_path / "elsewhere")

    assert (Lake(moved).fetch_files(kept.path) / "list").read_text() == "x"


def test_what_is_not_there_or_not_finished_is_told(house, tmp_path):
    with pytest.raises(SettingsError, match="nothing to store"):
        house.lake.store_files("lists", tmp_path / "nowhere")
    with pytest.raises(SettingsError, match="holds no stored files: make the model again"):
        house.lake.fetch_files("_files/lists/0000")
