"""What people wrote and said as data sets of a home: tables, agreement, votes, failing requests, filters, and forgetting a person."""

import orjson
import polars as pl
import pytest
from people import home_at
from written import GOOD, task

from corpus_platform.analytics.forget import forget
from corpus_platform.errors import SettingsError
from corpus_platform.forgetting.targets import target_of
from corpus_platform.home import Home
from corpus_platform.quality.run import BROKEN, run_suite
from corpus_platform.settings import CorpusSettings


@pytest.fixture
def home(tmp_path):
    """A home with both sets."""
    return home_at(tmp_path)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The same with all tables made."""
    home = home_at(tmp_path_factory.mktemp("people"))
    make(home, "sft/filtered", "sft/agreement", "sft/failing")
    return home


def make(home, *assets):
    for batch in home.batches(assets, []):
        for name, partition in batch.tables:
            home.run(name, partition)


def table(home, name, key):
    return home.lake.scan(name, set=key).collect()


def rejects(home, name):
    return home.lake.scan("ops.rejects").collect().filter(pl.col("stage") == name)


def test_written_answers_and_chats_go_the_way_of_all_data_sets(made):
    written, chats = table(made, "sft.filtered", "written"), table(made, "sft.filtered", "chats")

    assert written["construction"].unique().to_list() == ["human"]
    assert written["origin"].unique().to_list() == ["human"]
    assert written["language"].to_list() == ["en", "zh"]
    assert [m["content"] for m in written["messages"][0]] == [task().text, GOOD]
    assert (chats.height, chats["construction"][0], chats["origin_model"][0]) == (5, "users", "m-1")
    assert "ann@firma-x.de" not in chats["text"][0]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("sft.collected_human", "written"),
        ("sft.collected_users", "chats"),
        ("sft.agreement", "written"),
        ("sft.feedback", "chats"),
        ("sft.failing", "chats"),
    ],
)
def test_the_suite_of_each_table_passes_on_what_was_made(made, name, key):
    outcomes = run_suite(made, name, {"set": key}).outcomes

    assert outcomes
    assert [(one.figure, one.notes, one.rows) for one in outcomes if one.state == BROKEN] == []


def test_everything_that_is_turned_away_has_a_reason_and_no_words_or_ids(made):
    people = rejects(made, "sft.collected_users")
    writers = rejects(made, "sft.collected_human")
    assert people["reason"].to_list() == ["no_consent", "harmful", "test_message"]
    assert writers["reason"].to_list() == ["reviewers_disagree", "reviewed_bad"]
    told = str(people.to_dicts() + writers.to_dicts())
    assert not any(word in told for word in ("giraffe", "u4", "will", "rob1"))
    state = made.lake.state("sft.collected_users", {"set": "chats"})
    assert (state.counters["records"], state.counters["kept"]) == (8, 5)


def test_agreement_is_a_table_by_sheet(made):
    found = {one["sheet"]: one for one in table(made, "sft.agreement", "written").to_dicts()}
    assert found["qa.en"]["percent"] == pytest.approx(2 / 3)
    assert found["qa.en"]["kappa"] == pytest.approx(0.4)
    assert (found["qa.en"]["answers"], found["qa.en"]["taken"], found["qa.en"]["reviewed"]) == (3, 1, 3)
    assert found["qa.zh"]["kappa"] is None


def test_votes_and_refusals_make_clusters_of_failing_requests(made):
    feedback = table(made, "sft.feedback", "chats")
    assert feedback["votes"].to_list() == [[], ["down"], ["up"], ["regenerate"], []]
    assert feedback["refused"].to_list() == [True, False, False, False, False]
    assert feedback["failed"].to_list() == [True, True, False, True, False]
    failing = table(made, "sft.failing", "chats").to_dicts()
    assert [(one["requests"], one["failures"], one["language"]) for one in failing] == [(3, 2, None), (1, 1, "zh")]
    assert failing[0]["example"] == "How do I cancel my subscription? I am <EMAIL_1>"
    assert (failing[0]["refusals"], failing[0]["down"], failing[1]["regenerated"]) == (1, 1, 1)


def test_ids_of_people_are_nowhere_and_a_pseudonym_can_be_forgotten_in_every_table(home, tmp_path):
    make(home, "sft/filtered", "sft/failing")
    author = orjson.loads(table(home, "sft.collected_users", "chats")["meta"][0])["author"]
    assert author.startswith("p")

    forget(home, target_of(author, "author"))

    for name in ("sft.collected_users", "sft.filtered", "sft.signals", "sft.feedback"):
        assert table(home, name, "chats").height == 3, name
    left = table(home, "sft.failing", "chats")
    assert not any("<EMAIL_1>" in one for one in left["example"])
    make(home, "sft/filtered", "sft/failing")
    assert table(home, "sft.collected_users", "chats").height == 3
    assert table(home, "sft.failing", "chats")["example"].to_list()[0] == "cancel subscriptions for me please"


def test_only_what_changes_a_set_makes_it_stale(home, tmp_path):
    make(home, "sft/collected/human", "sft/collected/users")
    where = {"sft.collected_human": {"set": "written"}, "sft.collected_users": {"set": "chats"}}

    (tmp_path / "sheets").mkdir()
    (tmp_path / "sheets/own.yaml").write_text(
        'task_type: qa\nlanguages:\n  en:\n    guide: g\n    wordings: ["{prompt}"]\n    prompts: [{text: Why?}]\n'
    )
    after = Home.open(tmp_path)
    assert {name: after.status_of(name, w).state for name, w in where.items()} == {
        "sft.collected_human": "stale",
        "sft.collected_users": "current",
    }

    (tmp_path / "people.key").write_bytes(b"another key, which is long")
    assert after.status_of("sft.collected_users", where["sft.collected_users"]).state == "stale"


def test_settings_of_what_is_collected_say_what_is_wrong(home):
    def with_sets(**sets):
        return CorpusSettings.model_validate({"sft": {"sets": sets}}).sft

    with pytest.raises(ValueError, match="a data set that is collected from people has no `kind`"):
        with_sets(a={"collect": "users", "location": "x", "kind": "turns"})
    with pytest.raises(ValueError, match="names `a`, which is collected from people"):
        with_sets(a={"collect": "users", "location": "x"}, b={"construct": "recut", "from": ["a"]})
    with pytest.raises(SettingsError, match="collect `users`: `most`: Extra inputs"):
        with_sets(a={"collect": "users", "location": "x", "options": {"most": 1}}).one("a").collecting()
    assert with_sets(a={"collect": "users", "location": "x"}).table_of("a") == "sft.collected_users"
