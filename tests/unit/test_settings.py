"""The settings file: defaults, and errors that name file, line and the nearest right key."""

import pytest

from corpus_platform.errors import SettingsError
from corpus_platform.home import Home
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


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"pages: [1, ", r"corpus.yaml:1: not a YAML file: expected the node content"),
        (b"variants: [wet]\npages: {", r"corpus.yaml:2: not a YAML file: "),
        (b"\xff\xfex", r"corpus.yaml: not a YAML file in UTF-8: .*0xff"),
        (b"- wet", r"corpus.yaml:1: settings are `name: value`, with the names s3, lake, source, variants"),
    ],
)
def test_a_file_that_is_not_yaml_is_refused_in_one_line(tmp_path, content, message):
    path = tmp_path / "corpus.yaml"
    path.write_bytes(content)

    with pytest.raises(SettingsError, match=message) as error:
        read_settings(path)

    assert "\n" not in str(error.value)


def test_a_folder_in_place_of_the_file_is_refused(tmp_path):
    (tmp_path / "corpus.yaml").mkdir()

    with pytest.raises(SettingsError, match="can't be read: Is a directory"):
        read_settings(tmp_path / "corpus.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("variants: []", "`variants`: .*at least 1 item"),
        ("variants: [wet, wet]", "`variants` names one twice"),
        ("recipes: {variants: {ccnet: html}}", r"`recipes.variants.ccnet`: .*match pattern.*wet.*found 'html'"),
        (
            "language_model: {cutoffs_of: {variant: wet, snapshot: CC-MAIN-2024-10}}",
            "`language_model.cutoffs_of.variant` is wet, which `variants` does not make: resiliparse",
        ),
        ("variants: [resiliparse, wet]\npages: {select: {languages: [zho]}}", "leave `wet` out of `variants`"),
    ],
)
def test_variants_that_do_not_fit_together_are_refused(tmp_path, text, message):
    path = tmp_path / "corpus.yaml"
    path.write_text(text)

    with pytest.raises(SettingsError, match=message):
        read_settings(path)


def test_one_section_says_how_s3_is_reached_and_what_a_section_says_itself_goes_before(tmp_path, monkeypatch):
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    (tmp_path / "corpus.yaml").write_text(
        "s3: {location: 's3://corpus/team', endpoint: 'https://common:9000', region: eu-central-1, verify: ca.pem, retry_seconds: 30}\n"
        "lake: {endpoint: 'http://own:9000'}\n"
        "source: {location: 's3://commoncrawl', anonymous: true}\n"
        "encyclopedia: {location: 's3://dumps/wiki'}\n"
    )

    home = Home.open(tmp_path)
    lake, source = home.lake.storage, home.settings.source.below(home.path).at("CC-MAIN-2024-10")
    articles = home.stage("encyclopedia.articles")

    assert (lake.location, lake.endpoint, lake.region) == ("s3://corpus/team/lake", "http://own:9000", "eu-central-1")
    assert (lake.verify, lake.retry_seconds) == (str(tmp_path / "ca.pem"), 30)
    assert (source.base, source.anonymous, source.endpoint) == ("s3://commoncrawl", True, None)
    assert (source.s3.endpoint, source.s3.verify) == ("https://common:9000", str(tmp_path / "ca.pem"))
    assert articles.s3 == source.s3
    assert home.settings.s3.place("logs") == "s3://corpus/team/logs"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("s3: {access_key: %s}", "access_key"),
        ("lake: {secret: %s}", "secret"),
        ("source: {token: %s}", "token"),
        ("s3: {endpoint: 'https://me:%s@host'}", "user or a password"),
        ("lake: {endpoint: 'https://me:%s@host'}", "user or a password"),
    ],
)
def test_a_credential_in_the_settings_is_refused_with_the_reason_and_not_repeated(tmp_path, line, name):
    (tmp_path / "corpus.yaml").write_text(line % "PLANTEDSECRET0123456789")

    with pytest.raises(SettingsError, match=rf"corpus.yaml:1: .*{name}.*credentials come from the environment") as told:
        read_settings(tmp_path / "corpus.yaml")

    assert "PLANTED" not in str(told.value)
