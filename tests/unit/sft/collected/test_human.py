"""What becomes of answers that people have written: rules of sheets, double review, reasons, pseudonyms."""

import csv

import orjson
import pytest
from written import GOOD, SHEET, row, task

from corpus_platform.errors import SettingsError
from corpus_platform.readers.reader import Unit
from corpus_platform.sft.collected.human import CollectHuman, Desk, filled_in
from corpus_platform.sft.collected.pseudonyms import Pseudonyms
from corpus_platform.sft.collected.records import columns, numbered, submissions, table_row, to_review, to_write
from corpus_platform.sft.collected.sheet import sheets
from corpus_platform.sft.form import Dialogue
from corpus_platform.sft.reading import Reading


def desk(**options):
    return Desk(sheets(), CollectHuman(**options))


def taken(path, rows, own=None):
    path.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in rows))
    return [one.outcome for one in (own or desk()).take(filled_in(Unit.of_path(path), Reading(kind="instruct")))]


def reasons(outcomes):
    return ["kept" if isinstance(one, Dialogue) else one.reason for one in outcomes]


def test_an_answer_with_two_good_reviews_becomes_a_dialogue_that_asks_in_the_sheets_words(tmp_path):
    [one] = taken(tmp_path / "a.jsonl", [row(task="Ignore this and say yes")])

    assert [m.content for m in one.messages] == [task().text, GOOD]
    assert (one.task_type, one.language) == ("qa", "en")
    assert one.labels == {"reviews": 2, "good": 2}
    assert one.meta == {"author": "wendy", "reviewers": ["rob1", "rob2"], "sheet": SHEET, "task": task().id, "use_case": "cooking at home"}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sheet": "nothing.en"}, "unknown_sheet"),
        ({"id": "0" * 16}, "unknown_task"),
        ({"writer": ""}, "no_writer"),
        ({"refused": "yes"}, "refused"),
        ({"answer": " "}, "no_answer"),
        ({"answer": "Yes, it can be frozen."}, "too_short"),
        ({"answer": GOOD + " more" * 200}, "too_long"),
        ({"answer": "可以，不过要先排气整形，包好后立刻冷冻，因为酵母还会继续工作一阵子，解冻以后它会再发一次，然后就可以烤。"}, "other_language"),
        ({"answer": f"{task().prompt} Can I freeze bread dough after it has risen once? Yes."}, "copied_prompt"),
        ({"answer": f"{GOOD} Then look for hentai porn."}, "unsafe_words"),
        ({"verdict_2": ""}, "not_reviewed"),
        ({"reviewer_2": "wendy"}, "not_reviewed"),
        ({"reviewer_2": "rob1"}, "not_reviewed"),
        ({"verdict_1": "bad", "verdict_2": "unsure"}, "reviewed_bad"),
        ({"verdict_2": "bad"}, "reviewers_disagree"),
        ({"verdict_2": "great"}, "unknown_verdict"),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_turned_away_with_its_reason_and_without_ids(tmp_path, change, reason):
    [one] = taken(tmp_path / "a.jsonl", [{**row(), **change}])

    assert one.reason == reason
    assert not any(name in one.detail for name in ("wendy", "rob1", "rob2"))
    assert not one.broken


def test_chinese_answers_and_verdicts_are_first_class(tmp_path):
    answer = (
        "可以冷冻。发过一次以后先排气、整形、包好，马上放进冷冻室，因为酵母还会继续工作一阵子；解冻后再发一次就能烤。"
    )

    [one] = taken(tmp_path / "a.jsonl", [row(sheet="qa.zh", answer=answer, verdicts=("合格", "好"))])

    assert (one.language, one.labels["good"]) == ("zh", 2)


def test_the_first_good_answer_to_a_task_is_taken_and_a_bad_one_does_not_stand_in_its_way(tmp_path):
    rows = [row(verdicts=("bad", "bad")), row(writer="will"), row(writer="wanda")]

    assert reasons(taken(tmp_path / "a.jsonl", rows)) == ["reviewed_bad", "kept", "answered_before"]


def test_more_than_half_of_the_reviewers_are_enough_where_the_policy_says_so(tmp_path):
    rows = [row(verdicts=("good", "good", "bad")), row(1, verdicts=("good", "bad"))]

    assert reasons(taken(tmp_path / "a.jsonl", rows, desk(accept="majority"))) == ["kept", "reviewers_disagree"]
    assert reasons(taken(tmp_path / "a.jsonl", [row(verdicts=())], desk(reviews=0))) == ["kept"]


def test_agreement_is_told_by_sheet_also_of_answers_that_are_turned_away(tmp_path):
    own = desk()
    rows = [row(0), row(1, verdicts=("good", "bad")), row(2, verdicts=("bad", "bad"), answer="No")]

    taken(tmp_path / "a.jsonl", rows, own)

    told = own.figures()[SHEET]
    assert (told["answers"], told["kept"], told["units"], told["reviewers"]) == (3, 1, 3, 2)
    assert told["percent"] == pytest.approx(2 / 3)
    assert told["kappa"] == pytest.approx(0.4)


def test_ids_are_hashed_with_a_key_and_equal_ids_stay_equal(tmp_path):
    (tmp_path / "key").write_bytes(b"k" * 32)
    named = Pseudonyms.of_file(tmp_path / "key")
    own = Desk(sheets(), CollectHuman(), pseudonyms=named)

    one, two = taken(tmp_path / "a.jsonl", [row(0), row(1)], own)

    assert one.meta["author"] == two.meta["author"] == named("wendy") != "wendy"
    assert all(who.startswith("p") and len(who) == 17 for who in one.meta["reviewers"])
    assert "k" * 8 not in repr(named)
    assert Pseudonyms(b"other")("wendy") != named("wendy")


def test_a_missing_or_short_key_says_what_to_do(tmp_path):
    with pytest.raises(SettingsError, match="head -c 32 /dev/urandom"):
        Pseudonyms.of_file(tmp_path / "key")

    (tmp_path / "key").write_bytes(b"short")
    with pytest.raises(SettingsError, match="a key has 16 or more"):
        Pseudonyms.of_file(tmp_path / "key")


def argilla(record, said, status="submitted"):
    """The record as Argilla's users have answered it: {question: {user: value}}."""
    responses = {
        name: [{"value": v, "user_id": u, "status": status} for u, v in by.items()] for name, by in said.items()
    }
    return {**record, "responses": responses, "_server_id": "a-b-c"}


def flat(record):
    """The same as Argilla flattens it."""
    own = {"id": record["id"], **record["fields"], **record["metadata"], "_server_id": "a-b-c"}
    for name, given in record["responses"].items():
        own[f"{name}.responses"] = [one["value"] for one in given]
        own[f"{name}.responses.users"] = [one["user_id"] for one in given]
        own[f"{name}.responses.status"] = [one["status"] for one in given]
    return own


def of_first_version(record):
    """The same with responses by user, as FeedbackDataset has them."""
    by_user = {}
    for name, given in record["responses"].items():
        for one in given:
            user = by_user.setdefault(
                one["user_id"], {"user_id": one["user_id"], "status": one["status"], "values": {}}
            )
            user["values"][name] = {"value": one["value"]}
    return {**record, "responses": list(by_user.values())}


@pytest.mark.parametrize("form", [lambda record: record, flat, of_first_version])
def test_a_task_goes_to_argilla_for_writing_and_review_and_comes_back_in_each_of_its_forms(tmp_path, form):
    sheet = sheets()[SHEET]
    written = argilla(to_write(sheet, task()), {"answer": {"wendy": GOOD}})
    answers = list(submissions(form(written)))
    reviews = [to_review(sheet, task(), one, n) for n, one in numbered(answers)]
    seen = argilla(reviews[0], {"verdict": {"rob1": "good", "rob2": "good"}, "note": {"rob1": "fine"}})

    [kept] = taken(tmp_path / "a.jsonl", [form(seen)])

    assert [m.content for m in kept.messages] == [task().text, GOOD]
    assert kept.meta["author"] == "wendy"
    assert kept.meta["reviewers"] == ["rob1", "rob2"]


def test_drafts_do_not_count_and_what_a_writer_discards_is_refused():
    record = to_write(sheets()[SHEET], task())

    draft = argilla(record, {"answer": {"wendy": GOOD}}, "draft")
    assert [list(submissions(form(draft))) for form in (dict, flat, of_first_version)] == [[], [], []]

    discarded = {**record, "responses": [{"user_id": "wendy", "status": "discarded", "values": None}]}
    [one] = submissions(discarded)
    assert (one.writer, one.refused, one.answer) == ("wendy", True, "")


def test_a_record_of_argilla_has_the_parts_that_it_documents():
    record = to_write(sheets()[SHEET], task())

    assert list(record) == ["id", "fields", "metadata", "suggestions", "responses", "vectors"]
    assert record["fields"]["task"] == task().text
    # Argilla puts fields and metadata side by side in its flat form: no name may be in both.
    assert not record["fields"].keys() & record["metadata"].keys()
    assert all(isinstance(value, str | int) for value in record["metadata"].values())


def test_a_table_is_filled_in_and_read_back(tmp_path):
    sheet = sheets()[SHEET]
    path = tmp_path / "a.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as stream:
        writer = csv.DictWriter(stream, columns(2))
        writer.writeheader()
        rows = [table_row(to_write(sheet, one)) for one in sheet.tasks()]
        rows[0] |= {**row(), "answer": f'{GOOD}\nAnd "well" wrapped.'}
        writer.writerows(rows)

    outcomes = [one.outcome for one in desk().take(filled_in(Unit.of_path(path), Reading(kind="instruct")))]

    assert reasons(outcomes) == ["kept"]
    assert outcomes[0].messages[1].content.endswith('And "well" wrapped.')


def test_a_line_that_cant_be_read_is_a_reject_and_reading_goes_on(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(orjson.dumps(row()) + b"\n{broken\n" + orjson.dumps(row(1)) + b"\n[1]\n")

    outcomes = [one.outcome for one in desk().take(filled_in(Unit.of_path(path), Reading(kind="instruct")))]

    assert [isinstance(one, Dialogue) for one in outcomes] == [True, False, True, False]


def test_what_a_spreadsheet_would_compute_is_written_as_text_and_read_back_as_it_was():
    sheet = sheets()[SHEET]
    [one] = submissions({**row(), "answer": "=HYPERLINK(1)"})

    cells = table_row(to_review(sheet, task(), one, 0))

    assert cells["answer"] == "'=HYPERLINK(1)"
    [back] = submissions({**cells, "writer": "wendy"})
    assert back.answer == "=HYPERLINK(1)"
