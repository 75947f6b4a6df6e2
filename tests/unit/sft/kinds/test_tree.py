"""Message trees: which paths, in which order, what is left out, and flat files put together."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus_platform.readers.reader import Unit
from corpus_platform.sft.form import Dialogue, Problem
from corpus_platform.sft.kinds.flat_trees import Keys, Orphan, trees_of
from corpus_platform.sft.kinds.kind import ColumnMap, Record, kind_of
from corpus_platform.sft.reading import Reading
from corpus_platform.sft.reading import read as read_unit

KEYS = Keys("message_id", "parent_id", "message_tree_id", "replies")


def message(name, role="assistant", *replies, **more):
    return {"message_id": name, "role": role, "text": f"text of {name}", "replies": list(replies), **more}


def read(root, columns=None, **options):
    kind = kind_of("tree", options)
    return list(kind.read(Record(root, columns or ColumnMap())))


def said(dialogue):
    return [m.content.removeprefix("text of ") for m in dialogue.messages]


TREE = message(
    "root",
    "prompter",
    message("a", "assistant", message("a1", "prompter", message("a2", rank=0)), message("a3", "prompter"), rank=1),
    message("b", "assistant", rank=0, labels={"quality": {"value": 0.5}, "toxicity": {"value": 0.1}}),
    message("c", "assistant", rank=2),
)


def test_the_best_path_follows_the_ranks():
    (dialogue,) = read(TREE)

    assert said(dialogue) == ["root", "b"]
    assert [m.role for m in dialogue.messages] == ["user", "assistant"]
    assert dialogue.labels == {"quality": 0.5, "toxicity": 0.1, "rank": 0}


def test_all_paths_come_best_first_and_end_with_an_answer():
    paths = read(TREE, paths="all")

    assert list(map(said, paths)) == [["root", "b"], ["root", "a", "a1", "a2"], ["root", "c"]]


def test_what_an_earlier_path_says_is_trained_once():
    root = message(
        "root", "prompter", message("a", "assistant", *(message(f"u{i}", "prompter", message(f"v{i}")) for i in (1, 2)))
    )

    trained = [[m.row()["trained"] for m in path.messages] for path in read(root, paths="all")]
    again = [[m.row()["trained"] for m in path.messages] for path in read(root, paths="all", repeat=True)]

    assert trained == [[False, True, False, True], [False, False, False, True]]
    assert again == [[False, True, False, True]] * 2


def test_top_k_keeps_the_best_replies_of_each_message():
    assert list(map(said, read(TREE, paths="all", top_k=2))) == [["root", "b"], ["root", "a", "a1", "a2"]]


def test_quality_may_say_which_reply_is_better():
    labels = ({"name": ["quality", "spam"], "value": [q, 0.0], "count": [3, 3]} for q in (0.2, 0.9))
    root = message("root", "prompter", *(message(f"r{i}", labels=one, rank=i) for i, one in enumerate(labels)))

    assert said(read(root)[0]) == ["root", "r0"]
    assert said(read(root, order="quality")[0]) == ["root", "r1"]


def test_deleted_and_refused_messages_go_with_all_below_them_and_are_told():
    root = message(
        "root",
        "prompter",
        message("gone", "assistant", message("x", "prompter", message("y")), deleted=True),
        message("bad", "assistant", review_result=False),
        message("good", "assistant", review_result=None),
    )

    outcomes = read(root, paths="all")

    assert [(o.reason, o.broken) for o in outcomes if isinstance(o, Problem)] == [("deleted", False)] * 2
    assert [said(o) for o in outcomes if isinstance(o, Dialogue)] == [["root", "good"]]
    assert len([o for o in read(root, paths="all", refused=True) if isinstance(o, Dialogue)]) == 2


@pytest.mark.parametrize(
    ("root", "reason"),
    [
        (message("root", "prompter"), "no_answer"),
        (message("root", "prompter", message("a"), deleted=True), "deleted"),
        (message("root", "narrator"), "unknown_role"),
        ({**message("root", "prompter"), "text": " "}, "empty_message"),
        ("a text", "no_parent"),
    ],
)
def test_a_tree_without_a_dialogue_has_a_reason(root, reason):
    outcomes = read(
        root if isinstance(root, dict) else [{"message_id": "m", "parent_id": "?", "text": "t", "role": "prompter"}]
    )

    assert [o.reason for o in outcomes] == [reason]


def test_who_wrote_a_path_is_told_from_its_answers():
    human = message("root", "prompter", message("a", synthetic=False, lang="de"), lang="de")
    machine = message("root", "prompter", message("a", synthetic=True, model_name="chip"))

    (by_human,), (by_machine,) = read(human), read(machine)

    assert (by_human.origin, by_human.language) == ("human", "de")
    assert (by_machine.origin, by_machine.origin_model) == ("model", "chip")


def test_labels_of_a_path_are_its_worst():
    votes = [{"quality": 0.9, "toxicity": 0.0}, {"quality": 0.3, "toxicity": 0.2}, {"quality": 0.8, "toxicity": 0.7}]
    root = message(
        "root", "prompter", message("a", "assistant", message("b", "prompter", message("c", labels=votes[1]), labels=votes[2]), labels=votes[0])
    )  # fmt: skip
    root["detoxify"] = {"insult": 0.4}

    (path,) = read(root)

    assert path.labels == {"quality": 0.3, "toxicity": 0.7, "detoxify_insult": 0.4}


def test_a_map_may_name_the_columns_of_messages_by_their_path_in_the_root():
    record = {
        "tree": "t",
        "prompt": {"who": "prompter", "said": "Hi", "below": [{"who": "assistant", "said": "Hello"}]},
    }
    columns = {"root": "prompt", "role": "prompt.who", "text": "prompt.said", "replies": "prompt.below"}

    (dialogue,) = read(record, ColumnMap(columns=columns, meta=("tree",)))

    assert [m.content for m in dialogue.messages] == ["Hi", "Hello"]
    assert dialogue.meta == {"tree": "t"}


def flat(root, tree, above=None):
    row = {k: v for k, v in root.items() if k != "replies"}
    yield {**row, "parent_id": above, "message_tree_id": tree}
    for reply in root["replies"]:
        yield from flat(reply, tree, root["message_id"])


def renamed(root, prefix):
    return {**root, "message_id": prefix + root["message_id"], "replies": [renamed(r, prefix) for r in root["replies"]]}


def test_a_flat_file_gives_what_its_nested_trees_give_wherever_its_messages_stand():
    trees = [renamed(TREE, f"{n}-") for n in range(40)]
    rows = [row for n, tree in enumerate(trees) for row in flat(tree, f"tree {n}")]
    random.Random(1).shuffle(rows)
    nested = [outcome for tree in trees for outcome in read(tree, paths="all")]

    outcomes = read(iter(rows), paths="all")

    def told(found):
        return sorted((o.meta["message_ids"], [m.row()["trained"] for m in o.messages], dict(o.labels)) for o in found)

    assert told(outcomes) == told(nested)


def test_trees_come_in_the_same_order_whether_messages_were_written_out_or_not():
    rows = [row for n in range(30) for row in flat(renamed(TREE, f"{n}-"), f"tree {n}")]
    random.Random(2).shuffle(rows)

    held, spilt = list(trees_of(rows, KEYS)), list(trees_of(rows, KEYS, memory=500))

    assert spilt == held
    assert len(held) == 30


def test_messages_that_hang_nowhere_are_told_one_by_one():
    rows = [
        {"message_id": "a", "parent_id": "b", "message_tree_id": "t"},
        {"message_id": "b", "parent_id": "a", "message_tree_id": "t"},
        {"message_id": "c", "parent_id": "lost", "message_tree_id": "t"},
        {"message_id": "root", "parent_id": None, "message_tree_id": "t"},
    ]

    found = list(trees_of(rows, KEYS))

    assert found[0]["message_id"] == "root"
    assert found[1:] == [Orphan("a"), Orphan("b"), Orphan("c")]


def test_a_deep_tree_is_read():
    root = message("last")
    for depth in range(5_000):
        root = message(f"m{depth}", "assistant" if depth % 2 else "prompter", root)

    (dialogue,) = read(message("root", "prompter", root) if root["role"] == "assistant" else root)

    assert len(dialogue.messages) > 5_000


@given(st.lists(st.integers(0, 9), max_size=30), st.booleans())
def test_every_answer_without_an_answer_below_it_ends_one_path(parents, user_first):
    nodes = [message("0", "prompter" if user_first else "assistant")]
    for i, draw in enumerate(parents, 1):
        above = nodes[draw % len(nodes)]
        nodes.append(message(str(i), "prompter" if above["role"] == "assistant" else "assistant"))
        above["replies"].append(nodes[-1])

    def answered(node):
        return any(r["role"] == "assistant" or answered(r) for r in node["replies"])

    ends = sorted(n["message_id"] for n in nodes if n["role"] == "assistant" and not answered(n))
    found = [o for o in read(nodes[0], paths="all") if isinstance(o, Dialogue)]

    assert sorted(path.meta["message_ids"][-1] for path in found) == ends


def test_a_message_of_a_flat_file_is_no_tree():
    (outcome,) = read({"message_id": "a", "parent_id": None, "text": "Hi", "role": "prompter"})

    assert outcome.reason == "wrong_shape"
    assert "shape: file" in outcome.detail


@pytest.mark.parametrize("container", ["jsonl", "json"])
def test_a_flat_file_is_read_row_by_row(tmp_path, container):
    rows = [row for n in range(3) for row in flat(renamed(TREE, f"{n}-"), f"tree {n}")]
    lines = [json.dumps(row) for row in rows]
    text = "\n".join([*lines[:5], '{"broken', *lines[5:]]) if container == "jsonl" else f"[{','.join(lines)}]"
    (tmp_path / "oasst").write_text(text)
    reading = Reading(kind="tree", shape="file", options={"paths": "all"})

    found = list(read_unit(Unit.of_path(tmp_path / "oasst"), reading))

    problems = [one for one in found if isinstance(one.outcome, Problem)]
    assert len(found) - len(problems) == 9
    assert [(one.position, one.outcome.reason) for one in problems] == (
        [(5, "bad_json")] if container == "jsonl" else []
    )
    assert len({(one.position, one.ordinal) for one in found}) == len(found)
