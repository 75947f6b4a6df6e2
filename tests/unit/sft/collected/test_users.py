"""Chats of real users: consent and terms block, what is withdrawn, invalid or harmful stays out, and nothing personal is kept."""

import orjson
import pytest

from corpus_platform.readers.reader import Unit
from corpus_platform.sft.collected.pseudonyms import Pseudonyms
from corpus_platform.sft.collected.users import CollectUsers, collected, votes_of
from corpus_platform.sft.form import Dialogue, assistant, user
from corpus_platform.sft.kinds.kind import ColumnMap
from corpus_platform.sft.reading import Reading, read

READING = Reading(kind="turns", map=ColumnMap(others="meta"))


def chat(asked="How do I boil an egg?", answered="Six minutes in boiling water.", **more):
    turns = [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]
    told = {"consent": True, "terms": "2026-01", "user": "u1", "timestamp": "2026-10-01T10:00:00Z", "model": "m-1"}
    return {"messages": turns, **told, **more}


def harmless(chats):
    return [None for _ in chats]


def taken(path, rows, harmful=harmless, pseudonyms=None, **options):
    path.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in rows))
    own = CollectUsers(**options)
    found = collected(read(Unit.of_path(path), READING), own, harmful, gone=own.gone(), pseudonyms=pseudonyms)
    return [one.outcome for one in found]


def reasons(outcomes):
    return ["kept" if isinstance(one, Dialogue) else one.reason for one in outcomes]


def test_a_chat_with_consent_and_terms_is_kept_with_user_time_and_terms_and_nothing_else(tmp_path):
    [one] = taken(tmp_path / "a.jsonl", [chat(ip="203.0.113.9", country="NL", hashed_ip="ff")])

    assert one.meta == {"author": "u1", "terms": "2026-01", "time": "2026-10-01T10:00:00Z"}
    assert one.origin_model == "m-1"
    assert [m.role for m in one.messages] == ["user", "assistant"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"consent": ""}, "no_consent"),
        ({"consent": None}, "no_consent"),
        ({"consent": "  "}, "no_consent"),
        ({"consent": False}, "consent_refused"),
        ({"consent": "不同意"}, "consent_refused"),
        ({"terms": ""}, "no_terms"),
        ({"terms": None}, "no_terms"),
        ({"terms": "2019-01"}, "other_terms"),
        ({"withdrawn": "2026-11-01"}, "consent_withdrawn"),
        ({"withdrawn": True}, "consent_withdrawn"),
        ({"user": ""}, "no_user"),
        ({"messages": [{"role": "user", "content": "How do I boil an egg?"}]}, "no_answer"),
        ({"messages": [{"role": "user", "content": "How?"}, {"role": "assistant", "content": ""}]}, "no_answer"),
        ({"messages": chat("test")["messages"]}, "test_message"),
        ({"messages": chat("测试一下。")["messages"]}, "test_message"),
        ({"messages": chat("asdfff")["messages"]}, "test_message"),
        ({"messages": chat("Hm")["messages"]}, "too_short"),
    ],
)
def test_what_may_not_or_need_not_be_kept_is_turned_away_and_not_a_word_of_it_is_told(tmp_path, change, reason):
    [one] = taken(tmp_path / "a.jsonl", [chat(**change)], accepted_terms=("2026-01",))

    assert (one.reason, one.detail, one.broken) == (reason, "", False)


def test_a_chat_without_the_columns_at_all_is_blocked(tmp_path):
    bare = {"messages": chat()["messages"]}

    assert reasons(taken(tmp_path / "a.jsonl", [bare, {**bare, "consent": "yes"}])) == ["no_consent", "no_terms"]


def test_requests_that_only_speak_of_tests_are_no_test_messages(tmp_path):
    rows = [chat("test driven development, what is it?"), chat("如何测试一个网站的速度"), chat("Count to 10 in Latin")]

    assert reasons(taken(tmp_path / "a.jsonl", rows)) == ["kept"] * 3


def test_users_who_have_withdrawn_consent_later_are_named_in_a_file(tmp_path):
    (tmp_path / "gone.txt").write_text("u2\n\n")

    found = taken(tmp_path / "a.jsonl", [chat(), chat(user="u2")], withdrawn_users=tmp_path / "gone.txt")

    assert reasons(found) == ["kept", "consent_withdrawn"]


def test_what_is_harmful_stays_out_and_does_not_count_for_the_cap_of_its_user(tmp_path):
    rows = [chat("A wicked request"), chat(), chat(), chat(user="u2"), chat()]

    found = taken(
        tmp_path / "a.jsonl",
        rows,
        lambda chats: ["toxic" if "wicked" in one.messages[0].content else None for one in chats],
        most_of_user=2,
    )

    assert reasons(found) == ["harmful", "kept", "kept", "kept", "over_user_cap"]
    assert found[0].detail == "toxic"


def test_flags_of_the_source_reach_who_judges_harm_as_labels(tmp_path):
    seen = []

    taken(tmp_path / "a.jsonl", [chat(toxic=True), chat()], lambda chats: [seen.append(one.labels) for one in chats])

    assert [labels.get("toxic") for labels in seen] == [True, None]


def test_personal_data_is_replaced_in_messages_and_in_what_users_wrote_to_votes(tmp_path):
    votes = [{"vote": "down", "reason": "wrong, ask ann@firma-x.de"}, {"vote": "edit", "edit": "Call 13812345678"}]

    [one] = taken(tmp_path / "a.jsonl", [chat("Write to ann@firma-x.de please", "Done: ann@firma-x.de", votes=votes)])

    assert [m.content for m in one.messages] == ["Write to <EMAIL_1> please", "Done: <EMAIL_1>"]
    assert one.meta["votes"][0] == {"turn": 1, "vote": "down", "reason": "wrong, ask <EMAIL_1>"}
    assert one.meta["votes"][1] == {"turn": 1, "vote": "edit", "edit": "Call <PHONE_1>"}


def test_users_have_pseudonyms_where_there_is_a_key_and_the_cap_is_still_theirs(tmp_path):
    named = Pseudonyms(b"k" * 32)

    found = taken(tmp_path / "a.jsonl", [chat(), chat(), chat(user="u2")], pseudonyms=named, most_of_user=1)

    assert reasons(found) == ["kept", "over_user_cap", "kept"]
    assert [found[i].meta["author"] for i in (0, 2)] == [named("u1"), named("u2")]
    assert "u1" not in str(found[0])


def test_votes_are_those_of_products_and_belong_to_an_answer():
    messages = [user("a"), assistant("b"), user("c"), assistant("d")]

    assert votes_of("👎", messages) == [{"turn": 3, "vote": "down"}]
    assert votes_of([{"turn": 1, "vote": "thumbs_up"}, {"turn": 2, "vote": "重新生成"}], messages) == [
        {"turn": 1, "vote": "up"},
        {"turn": 3, "vote": "regenerate"},
    ]
    assert votes_of("meh", messages) == [{"turn": 3, "vote": "other"}]
    assert votes_of(None, messages) == votes_of("", messages) == []


def test_columns_may_have_other_names_and_be_paths(tmp_path):
    row = {"conversation": chat()["messages"], "legal": {"ok": "granted", "tos": "v3"}, "who": "u9"}

    [one] = taken(tmp_path / "a.jsonl", [row], consent="legal.ok", terms="legal.tos", user="who")

    assert one.meta == {"author": "u9", "terms": "v3"}
