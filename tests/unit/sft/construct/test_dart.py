"""DART: numbers of answers by difficulty, what is lacking, stable draws."""

from built import build

from corpus_platform.sft.construct.way import way_of


def pool(question, right, wrong):
    return [
        {
            "doc_id": f"{question}-{n}",
            "set": "pool",
            "origin": "model",
            "messages": [
                {"role": "user", "content": question},
                {"role": "assistant", "content": f"way {n}\nThe answer is {7 if n < right else 8}"},
            ],
            "verifiable_answer": "7",
        }
        for n in range(right + wrong)
    ]


ROWS = [*pool("easy", 9, 1), *pool("middle", 5, 5), *pool("hard", 2, 8)]


def by_question(dialogues):
    found = {}
    for dialogue in dialogues:
        found.setdefault(dialogue.messages[0].content, []).append(dialogue.parents[0])
    return found


def test_uniform_gives_each_question_as_many_and_tells_what_is_lacking():
    dialogues, reasons = build("dart", ROWS, sampling="uniform", answers=4)

    assert {q: len(found) for q, found in by_question(dialogues).items()} == {"easy": 4, "middle": 4, "hard": 2}
    assert reasons == {"wrong_answer": 14, "not_drawn": 6, "unmet_quota": 1}


def test_prop2diff_gives_the_hardest_most_and_others_by_their_share_rounded_up():
    dialogues, _ = build("dart", ROWS, answers=2)

    # 2 * 0.1/0.8 -> 1, 2 * 0.5/0.8 -> 2, 2 * 0.8/0.8 -> 2
    assert {q: len(found) for q, found in by_question(dialogues).items()} == {"easy": 1, "middle": 2, "hard": 2}
    assert {d.labels["wrong_share"] for d in dialogues} == {0.1, 0.5, 0.8}


def test_a_question_that_nobody_answers_rightly_is_the_hardest_and_lacks_all():
    made = list(way_of("dart", {"answers": 4}).make([*ROWS, *pool("lost", 0, 3)]))

    (lacking,) = [one for one in made if one.outcome and getattr(one.outcome, "detail", "") == "0 of 4"]
    assert lacking.outcome.reason == "unmet_quota"
    assert lacking.parents == ("lost-0", "lost-1", "lost-2")


def test_a_higher_number_adds_answers_and_takes_none_away():
    few, _ = build("dart", ROWS, sampling="uniform", answers=2)
    more, _ = build("dart", ROWS, sampling="uniform", answers=4)

    assert all(set(found) < set(by_question(more)[q]) for q, found in by_question(few).items() if q != "hard")


def test_a_question_has_an_answer_once():
    rows = pool("q", 2, 0) + [dict(row, doc_id="again-" + row["doc_id"]) for row in pool("q", 2, 0)]

    dialogues, reasons = build("dart", rows, sampling="uniform", answers=2)

    assert len({d.messages[1].content for d in dialogues}) == len(dialogues) == 2
    assert sum(reasons.values()) == 2


def test_a_quota_is_never_below_the_least():
    dialogues, _ = build("dart", pool("easy", 9, 0) + pool("hard", 2, 8), answers=2, least=1)

    assert {q: len(found) for q, found in by_question(dialogues).items()} == {"easy": 1, "hard": 2}
