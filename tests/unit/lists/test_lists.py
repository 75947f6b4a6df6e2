"""Lists are found by name and language, shipped or given, and say what they are."""

import hashlib
import json

import polars as pl
import pytest

from corpus_platform.errors import SettingsError
from corpus_platform.lists.domains import DomainCategories
from corpus_platform.lists.lists import KINDS, SHIPPED, Lists


@pytest.fixture
def write(tmp_path):
    """Writes a file and returns its name as a setting holds it."""

    def writer(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return str(path)

    return writer


def test_a_shipped_list_says_licence_and_source():
    found = Lists.of().get("stop_words", "en")

    assert {"the", "of"} <= found.set
    assert found.licence == "CC0-1.0"
    assert "written" in found.source
    assert found.path == SHIPPED / "stop_words.en.txt"
    assert found.sha256 == hashlib.sha256(found.path.read_bytes()).hexdigest()


def test_every_shipped_file_is_a_known_list_with_a_licence_and_entries():
    for path in SHIPPED.iterdir():
        name, *language = path.name.removesuffix(".txt").split(".")

        found = Lists.of().get(name, *language)

        assert found.entries, path
        assert found.licence != "not said", path
        assert found.source != "not said", path


@pytest.mark.parametrize("language", ["en", "zh", "de", "fr", "es", "it", "ru", "ja"])
def test_stop_words_of_the_main_languages_are_shipped(language):
    assert 30 <= len(Lists.of().get("stop_words", language)) <= 150
    assert language in Lists.of().languages("stop_words")


def test_a_language_without_a_list_has_an_empty_one():
    found = Lists.of().get("stop_words", "tlh")

    assert found.entries == ()
    assert found.path is None


def test_a_folder_of_files_by_language_takes_the_place_of_a_list(write, tmp_path):
    write("words/en", "Alpha\n\nbeta two \nAlpha\n")
    write("words/LICENSE", "no list")
    write("words/README.md", "no list")
    write("words/zh.txt", "# licence: MIT\n# source: here\n甲\n")

    lists = Lists.of({"ldnoobw": str(tmp_path / "words")})

    assert lists.get("ldnoobw", "en").entries == ("Alpha", "beta two")
    assert lists.get("ldnoobw", "zh").entries == ("甲",)
    assert lists.get("ldnoobw", "zh").licence == "MIT"
    assert lists.get("ldnoobw", "fr").entries == ()
    assert lists.languages("ldnoobw") == ("en", "zh")


def test_a_json_object_holds_the_lists_of_many_languages(write):
    lists = Lists.of({"stop_words": write("stop.json", json.dumps({"en": ["the", "a"], "zh": ["的"]}))})

    assert lists.get("stop_words", "en").entries == ("the", "a")
    assert lists.get("stop_words", "de").entries == ()
    assert lists.languages("stop_words") == ("en", "zh")


def test_one_language_can_be_replaced_alone(write):
    lists = Lists.of({"stop_words.xx": write("mine", "uno\n")})

    assert lists.get("stop_words", "xx").entries == ("uno",)
    assert "the" in lists.get("stop_words", "en")
    assert {"en", "xx"} <= set(lists.languages("stop_words"))


def test_domains_come_from_a_folder_of_categories(write, tmp_path):
    write("ut1/adult/domains", "a.example\nb.example\n")
    write("ut1/dating/domains", "b.example\n")

    found = Lists.of({"ut1": str(tmp_path / "ut1")}).get("ut1")

    assert found.categories == {"a.example": ("adult",), "b.example": ("adult", "dating")}


def test_domains_come_from_a_file_of_lines(write):
    found = Lists.of({"ut1": write("ut1.txt", "# licence: X\na.example adult,porn\nb.example\n")}).get("ut1")

    assert found.categories == {"a.example": ("adult", "porn"), "b.example": ()}
    assert found.licence == "X"


def test_domains_are_looked_up_by_the_thousand(write):
    words = Lists.of({"ut1": write("ut1.txt", "a.example adult\nb.example dating\nc.example adult\n")}).get("ut1")

    known = DomainCategories.of(words)
    found = known.look_up(pl.Series(["c.example", "x.example", None, "b.example", ""]))

    assert [known.sets[k] if k >= 0 else None for k in found] == [("adult",), None, None, ("dating",), None]


def test_a_changed_file_is_read_again_and_has_another_digest(write):
    path = write("blocked", "a.example\n")
    lists = Lists.of({"blocked_domains": path})
    before = lists.get("blocked_domains"), lists.digest(["blocked_domains"])

    write("blocked", "a.example\nb.example\n")

    assert before[0].entries == ("a.example",)
    assert lists.get("blocked_domains").entries == ("a.example", "b.example")
    assert lists.digest(["blocked_domains"]) != before[1]


def test_the_digest_depends_on_contents_alone(write):
    one = Lists.of({"stop_words.en": write("one", "the\n")})
    other = Lists.of({"stop_words.en": write("other", "the\n")})
    third = Lists.of({"stop_words.en": write("third", "a\n")})

    assert one.digest(["stop_words"]) == other.digest(["stop_words"])
    assert one.digest(["stop_words"]) != third.digest(["stop_words"])


def test_an_unknown_list_is_refused_with_the_nearest_name():
    with pytest.raises(SettingsError, match="there is no list `stop_word`; did you mean `stop_words`"):
        Lists.of().get("stop_word", "en")
    with pytest.raises(SettingsError, match="there is no list `ut2`"):
        Lists.of({"ut2": "x"})


def test_a_list_by_language_needs_one_and_others_have_none():
    with pytest.raises(SettingsError, match="say which"):
        Lists.of().get("stop_words")
    with pytest.raises(SettingsError, match="has no languages"):
        Lists.of().get("ut1", "en")
    with pytest.raises(SettingsError, match="not a list by language"):
        Lists.of({"ut1.en": "x"})


def test_a_file_that_is_missing_or_broken_is_named(write, tmp_path):
    with pytest.raises(SettingsError, match="nowhere: no such file or folder"):
        Lists.of({"ut1": str(tmp_path / "nowhere")}).get("ut1")
    with pytest.raises(SettingsError, match=r"broken\.json: not readable as JSON"):
        Lists.of({"stop_words": write("broken.json", "{")}).get("stop_words", "en")
    (tmp_path / "latin").write_bytes(b"caf\xe9\n")
    with pytest.raises(SettingsError, match="latin: not readable as UTF-8"):
        Lists.of({"stop_words.en": str(tmp_path / "latin")}).get("stop_words", "en")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SettingsError, match="no file `<category>/domains`"):
        Lists.of({"ut1": str(tmp_path / "empty")}).get("ut1")
    with pytest.raises(SettingsError, match="is one file, this is a folder"):
        Lists.of({"blocked_domains": str(tmp_path / "empty")}).get("blocked_domains")


def test_kinds_are_known_for_all_names():
    assert set(KINDS.values()) == {"words by language", "words", "domains by category"}
