"""`corpus review`: verdicts on both sides of a threshold, and a threshold that is frozen over a recipe."""

import shutil

import pytest
import yaml
from looked import LONG, looked
from tiny_crawl import NEXT_SNAPSHOT, SNAPSHOT
from typer.testing import CliRunner

from corpus_platform.analytics.explain import stories
from corpus_platform.analytics.review import reviews, rule_of
from corpus_platform.cli import app
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.home import THRESHOLDS, Home

RULE = "plain/too_short"
WET = {"variant": "wet", "snapshot": SNAPSHOT}


@pytest.fixture(scope="module")
def seen(built, tmp_path_factory):
    """A home with recipes of its own made."""
    return looked(built[0].path, tmp_path_factory.mktemp("looked") / "home")


@pytest.fixture
def mine(seen, tmp_path):
    """A copy to change."""
    shutil.copytree(seen.path, tmp_path / "home")
    return Home.open(tmp_path / "home")


def corpus(home, *words):
    result = CliRunner().invoke(app, ["--home", str(home.path), *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def review(home, *words):
    return corpus(home, "review", *words, "--snapshot", SNAPSHOT, "--reviewer", "me")


def stale(home):
    """Names of the tables that have a partition to make again."""
    opened = Home.open(home.path)
    return {name for name, p in opened.partitions() if opened.status_of(name, p).state == "stale"}


def test_documents_of_both_sides_are_shown_with_value_and_threshold(seen):
    printed = review(seen, RULE, "--count", "4")

    assert "plain/size/too_short: dropped when text_characters < 100" in printed
    assert printed.count(" dropped: value 10, threshold 100") == 2
    assert printed.count(" kept: value ") == 2
    assert "Back soon." in printed
    assert "nothing judged yet" in printed


def test_verdicts_are_kept_and_give_a_precision_with_its_interval(mine):
    printed = review(mine, RULE, "--count", "4", "--verdicts", "bbgb")
    again = review(mine, RULE, "--count", "4", "--verdicts", "g---")

    rows = mine.lake.scan("ops.reviews", recipe="plain").collect()
    assert rows.height == 5
    assert set(rows["rule"]) == {"size/too_short"}
    assert set(rows["reviewer"]) == {"me"}
    assert "dropped, and judged bad: 100% of 2 (95 % interval 34% to 100%)" in printed
    assert "kept, and judged good: 50% of 2" in printed
    assert "dropped, and judged bad: 50% of 2" in again
    assert reviews(mine, rule_of(mine, RULE)).height == 4
    assert reviews(mine, rule_of(mine, RULE), source="town0.example").height <= 1


def test_a_frozen_threshold_makes_the_corpora_of_that_recipe_stale_and_no_other(mine):
    before = stale(mine)

    printed = review(mine, RULE, "--count", "0", "--language", "en", "--freeze", "5000")

    assert before == set()
    assert stale(mine) == {"corpora.plain"}
    assert "Next: corpus run corpora/plain" in printed
    assert yaml.safe_load((mine.path / THRESHOLDS).read_text()) == {
        "plain": [{"rule": "size/too_short", "value": 5000.0, "language": "en"}]
    }


def test_a_frozen_threshold_is_what_explanations_and_the_next_run_hold_a_page_against(mine):
    review(mine, RULE, "--count", "0", "--source", "town0.example", "--freeze", "5000")
    home = Home.open(mine.path)
    [before] = [one for one in stories(home, "https://town0.example/", ["plain"]) if one.snapshot == SNAPSHOT]
    printed = corpus(home, "explain", "https://town0.example/", "--recipe", "plain")

    home.run("corpora.plain", WET)
    home.run("corpora.plain", WET | {"snapshot": NEXT_SNAPSHOT})

    [after] = [one for one in stories(home, "https://town0.example/", ["plain"]) if one.snapshot == SNAPSHOT]
    assert (before.verdict, before.threshold, before.published) == ("dropped", 5000.0, "kept")
    assert "the corpus as it was made says kept" in " ".join(printed.split())
    assert after.is_current
    assert after.published == "size/too_short"
    kept = home.lake.scan("corpora.plain", **WET).collect()
    assert kept.height == 3
    assert stale(home) == set()


def test_the_threshold_with_the_fewest_mistakes_can_be_frozen(mine):
    review(mine, RULE, "--count", "4", "--verdicts", "bbbg", "--freeze", "best")

    [frozen] = Home.open(mine.path).recipe("plain").thresholds
    assert frozen.rule == "size/too_short"
    assert frozen.value > 100


def test_three_standard_deviations_can_be_frozen_and_freezing_again_replaces(mine):
    review(mine, RULE, "--count", "0", "--language", "zh", "--freeze", "7")
    review(mine, RULE, "--count", "0", "--language", "zh", "--freeze", "sigma")

    values = mine.lake.scan("web.signals", **WET).filter(language="zh").collect()["text_characters"]
    [frozen] = Home.open(mine.path).recipe("plain").thresholds
    assert frozen.value == pytest.approx(values.mean() - 3 * values.std(ddof=0))
    assert frozen.language == "zh"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["plain/too_shrot"], r"nearest is `plain/too_short`; of plain there are plain/size/too_short"),
        (["plain"], "there is no rule `plain` over numbers"),
        (["plan/too_short"], "nearest is `plain`"),
        ([RULE, "--freeze", "best"], "no best threshold of plain/size/too_short: 0 verdicts so far"),
        ([RULE, "--freeze", "much"], "takes a number, `best` or `sigma`; not `much`"),
        ([RULE, "--verdicts", "gx"], "takes g, b and -; not x"),
        ([RULE, "--count", "2", "--verdicts", "ggg"], "3 letters for 2 documents"),
        ([RULE, "--source", "nowhere.example"], "no document of .* nowhere.example"),
        (["roots_oscar/stopwords"], "is 14 rules: name one with --language"),
        (["after/too_short", "--language", "tlh"], "no document of"),
    ],
)
def test_a_review_that_can_t_be_done_says_why(seen, words, message):
    with pytest.raises((SettingsError, SourceError), match=message):
        review(seen, *words)


def test_a_rule_with_a_threshold_for_each_language_is_found_by_language(seen):
    assert rule_of(seen, "roots_oscar/stopwords", "en").rule.languages == ("en",)
    assert rule_of(seen, "roots_oscar/stopwords", "xx").rule.languages == ()


def test_thresholds_of_a_recipe_that_there_is_not_are_told(mine):
    (mine.path / THRESHOLDS).write_text("plane: [{rule: too_short, value: 3}]\n")

    with pytest.raises(SettingsError, match=r"thresholds.yaml: there is no recipe `plane`, nearest is `plain`"):
        corpus(mine, "recipes", "list")


def test_a_rule_that_the_recipe_has_not_is_not_frozen(mine):
    (mine.path / THRESHOLDS).write_text("plain: [{rule: too_long, value: 3}]\n")

    with pytest.raises(SettingsError, match="no rule `too_long`"):
        corpus(mine, "funnel", "plain")
    assert LONG["signal"]["rule"] == "too_short"
