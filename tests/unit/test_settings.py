"""The settings file: defaults, and errors that name file, line and the nearest right key."""

import pytest

from corpus_platform.errors import SettingsError
from corpus_platform.settings import CorpusSettings, read_settings, write_settings


def test_a_missing_file_means_the_defaults(tmp_path):
    settings = read_settings(tmp_path / "corpus.yaml")

    assert settings == CorpusSettings()


def test_settings_that_are_written_are_read_again(tmp_path):
    path = tmp_path / "corpus.yaml"
    settings = CorpusSettings.model_validate({"variants": ["wet"], "pages": {"shard_files": 2}})

    write_settings(path, settings)

    assert read_settings(path) == settings
    assert path.read_text() == "variants:\n- wet\npages:\n  shard_files: 2\n"


def test_an_unknown_key_is_refused_with_its_line_and_the_nearest_key(tmp_path):
    path = tmp_path / "corpus.yaml"
    path.write_text("variants: [wet]\nparagraphs:\n  min_character: 100\n")

    with pytest.raises(SettingsError) as error:
        read_settings(path)

    assert str(error.value) == (
        f"{path}:3: there is no setting `paragraphs.min_character`, nearest is `min_characters`; "
        "this section takes min_characters, group_files"
    )


def test_a_wrong_value_is_refused_with_its_line(tmp_path):
    path = tmp_path / "corpus.yaml"
    path.write_text("pages:\n  shard_files: many\n")

    with pytest.raises(SettingsError, match=r"corpus.yaml:2: `pages.shard_files`: .*valid integer.*'many'"):
        read_settings(path)


def test_a_file_that_is_not_yaml_is_refused(tmp_path):
    path = tmp_path / "corpus.yaml"
    path.write_text("pages: [1, ")

    with pytest.raises(SettingsError, match="not a YAML file"):
        read_settings(path)
