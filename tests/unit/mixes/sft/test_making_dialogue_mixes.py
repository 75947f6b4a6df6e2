"""The stage: candidates of filtered sets, what stays out and why, tokens, staleness."""

from dataclasses import replace

import polars as pl
import pytest

from corpus_platform.engine.serial import Serial
from corpus_platform.errors import SettingsError
from corpus_platform.mixes.sft.report import ShareRow
from corpus_platform.mixes.sft.tokens import ESTIMATED, count
from corpus_platform.mixes.tokenizer import Tokenizer, train
from corpus_platform.sft.form import Dialogue, Message, assistant, user
from corpus_platform.stages.run import run_stage
from corpus_platform.stages.sft_filtered import FILTERED
from corpus_platform.stages.sft_mix import SFT_MIXES

from .conftest import said, with_tools


def frame_of(*dialogues):
    """Messages, system and tools as the stage reads them."""
    rows = [
        {
            "messages": [m.row() for m in one.messages],
            "system": one.system,
            "tools": str(list(one.tools)) if one.tools else None,
        }
        for one in dialogues
    ]
    return pl.DataFrame(rows, schema_overrides={"system": pl.String, "tools": pl.String})


def test_rows_of_parts_are_drawn_with_their_facts(house):
    house.put("chat", [said(i, task_type="chat") for i in range(40)])
    house.put("sums", [said(100 + i, task_type="maths", language="zh") for i in range(10)])
    house.mix(
        rows=20, parts=[{"name": "maths", "where": {"task_type": "maths"}, "weight": 1}, {"name": "rest", "weight": 3}]
    )

    drawn = house.make()

    assert dict(drawn.group_by("part").len().sort("part").iter_rows()) == {"maths": 5, "rest": 15}
    assert set(drawn.filter(part="maths").select("set", "language", "task_type").unique().iter_rows()) == {
        ("sums", "zh", "maths")
    }
    assert drawn["rank"].to_list() == list(range(20))
    assert house.report.counters["kept"] == 20


def test_a_row_belongs_to_the_first_part_that_takes_it(house):
    house.put("chat", [said(i, task_type="chat") for i in range(10)])
    house.mix(rows=50, max_epochs=1, parts=[{"name": "first", "weight": 1}, {"name": "second", "weight": 1}])

    drawn = house.make()

    assert set(drawn["part"]) == {"first"}
    [second] = [row for row in ShareRow.of_counters(house.report.counters) if row.value == "second"]
    assert (second.wanted, second.given) == (25, 0)


def test_what_stays_out_is_counted_by_its_reason(house):
    silent = Dialogue((user("Hello?"), Message("assistant", "Hi", trained=False)), language="en")
    seen = replace(said(1), images_needed=True)
    house.put("free", [said(i) for i in range(10)] + [silent, seen], licence="CC0-1.0")
    house.put("copies", [said(i) for i in range(5)], licence="CC0-1.0")
    house.put("bound", [said(200 + i) for i in range(4)], licence="CC-BY-NC-4.0")
    house.put("french", [said(300 + i, task_type="safety") for i in range(3)], licence="CC0-1.0")
    house.mix(licences={"commercial": "yes"}, parts=[{"name": "all", "where": {"task_type": ["!safety"]}}])

    drawn = house.make()

    assert drawn.height == 10
    dropped = {name: n for name, n in house.report.counters.items() if name.startswith("dropped:")}
    assert dropped == {
        "dropped:images_needed": 1,
        "dropped:nothing_to_learn": 1,
        "dropped:no_part": 3,
        "dropped:not_commercial:bound": 4,
        "dropped:same_content": 5,
    }
    assert house.report.counters["records"] == drawn.height + sum(dropped.values())


def test_labels_choose_and_balance(house):
    house.put(
        "marked",
        [said(i, labels={"ability": ["maths", "x"] if i % 5 == 0 else ["chat"], "score": i % 3}) for i in range(60)],
    )
    house.mix(rows=20, label_balance={"by": "ability"}, parts=[{"name": "a", "where": {"labels.score": ["1", "2"]}}])

    drawn = house.make()

    assert dict(drawn.group_by("label").len().sort("label").iter_rows()) == {"chat": 10, "maths": 10}
    assert drawn.filter(label="maths")["doc_id"].n_unique() == 8


def test_a_row_whose_set_names_no_language_has_that_of_its_signals(house):
    house.put("chat", [said(i, language=None) for i in range(4)])
    ids = house.lake.scan(FILTERED, set="chat").sort("ordinal", "file_index", "position").collect()["doc_id"].to_list()
    measured = pl.DataFrame(
        {
            "doc_id": ids,
            "sft_answer_language": [None, "zh", None, "zh"],
            "sft_prompt_language": ["en", "en", None, None],
        }
    )
    house.measure("chat", measured)
    house.mix(parts=[{"name": "a"}])

    drawn = house.make()

    found = dict(drawn.select("doc_id", "language").iter_rows())
    assert [found[one] for one in ids] == ["en", "zh", None, "zh"]


def test_tokens_are_those_of_what_is_learnt_and_of_all():
    short = Dialogue(
        (user("abcd" * 2), assistant("efgh"), user("abcd"), Message("assistant", "ijkl" * 3, trained=False))
    )
    thought = Dialogue((user("词" * 3), assistant("词" * 6, reasoning="abcd")), system="abcdabcd")

    counted = count(frame_of(short, thought), None)

    assert counted.rows() == [(1, 7), (5, 9)]


def test_a_tokenizer_counts_what_is_said(tmp_path):
    train(["river stone market winter " * 50], tmp_path, name="t", vocabulary=300)
    tokenizer = Tokenizer(tmp_path)
    dialogue = with_tools(1)

    [(trained, every)] = count(frame_of(dialogue), tokenizer).rows()

    calls = '[{"name":"weather","arguments":{"city":"Oslo 1"}}]'
    learnt = ["I need the tool." + calls, "The tool says so.It is 12 degrees."]
    assert trained == int(tokenizer.count(learnt).sum())
    assert every > trained + int(tokenizer.count(["12 degrees", "Weather in Oslo 1?"]).sum())


def test_a_mix_is_current_until_its_sets_or_itself_change(house):
    house.put("chat", [said(i) for i in range(10)])
    house.mix(rows=5, parts=[{"name": "a"}])
    house.make()

    again = run_stage(house.stage, house.lake, Serial(), {"mix": "small"})
    house.mix(rows=6, parts=[{"name": "a"}])
    more = run_stage(house.stage, house.lake, Serial(), {"mix": "small"})

    assert not again.changed
    assert more.changed
    assert house.lake.state(SFT_MIXES, {"mix": "small"}).inputs["tokenizer"] == ESTIMATED


def test_a_plan_draws_nothing_and_says_what_would_be_given(house):
    house.put("chat", [said(i) for i in range(10)])
    house.mix(rows=5, parts=[{"name": "a"}])

    drawn, counters = house.stage.preview(house.lake, {"mix": "small"})

    assert drawn.frame.height == 5
    assert [(row.value, row.given) for row in ShareRow.of_counters(counters)] == [("a", 5)]
    assert house.lake.state(SFT_MIXES, {"mix": "small"}) is None


def test_a_mix_of_sets_that_nobody_has_says_so(house):
    house.mix(parts=[{"name": "a", "from": "alpaca"}])

    with pytest.raises(SettingsError, match="none of the data sets"):
        house.stage.preview(house.lake, {"mix": "small"})


def test_a_tokenizer_that_is_not_made_is_asked_for(house):
    house.put("chat", [said(1)])
    house.mix(tokenizer="llama", parts=[{"name": "a"}])

    with pytest.raises(SettingsError, match="corpus tokenizer train llama"):
        house.make()
