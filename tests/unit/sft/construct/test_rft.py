"""RFT: right paths, one for each way of reckoning, the farther of two, the data set's own, several models."""

from built import build, said

from corpus_platform.sft.construct.way import way_of
from corpus_platform.sft.form import Dialogue

QUESTION = "Tom has 3 bags of 4 apples and eats 2. How many are left?"


def path(doc_id, text, **columns):
    messages = [{"role": "user", "content": columns.pop("question", QUESTION)}, {"role": "assistant", "content": text}]
    return {
        "doc_id": doc_id,
        "set": "pool",
        "messages": messages,
        "verifiable_answer": "10",
        "origin": "model",
        **columns,
    }


def kept(rows, **options):
    dialogues, reasons = build("rft", rows, **options)
    return [d.parents[0] for d in dialogues], reasons


MULTIPLY = "He has 3*4 = <<3*4=12>>12 apples. Then 12-2 = <<12-2=10>>10.\n#### 10"
ADD = "He has 4+4+4 = <<4+4+4=12>>12. So 12-2 = <<12-2=10>>10 are left.\n#### 10"


def test_paths_that_reckon_differently_are_kept():
    assert kept([path("a", MULTIPLY), path("b", ADD)]) == (["a", "b"], {})


def test_a_path_with_another_answer_a_false_equation_or_none_is_left_out():
    rows = [
        path("answer", MULTIPLY.replace("#### 10", "#### 11")),
        path("equation", "He has 3*4 = <<3*4=13>>13. So <<13-3=10>>10.\n#### 10"),
        path("none", "It is ten.\n#### 10"),
        path("silent", "He has <<3*4=12>>12."),
        path("said", MULTIPLY, labels={"correct": False}),
    ]

    doc_ids, reasons = kept(rows)

    assert doc_ids == []
    assert reasons == {"wrong_answer": 2, "wrong_equation": 1, "no_equation": 1, "no_final_answer": 1}


def test_of_two_paths_with_one_key_the_one_farther_from_the_others_stays():
    near = "He has <<4+4+4=12>>12. So <<12-2=10>>10 are left.\n#### 10"
    far = "Adding up three bags one after the other makes <<3*4=12>>12, of which <<12-2=10>>10 remain in the end.\n#### 10"
    same_key_near = "He has <<3*4=12>>12. So <<12-2=10>>10 are left.\n#### 10"

    assert kept([path("other", near), path("near", same_key_near), path("far", far)]) == (
        ["other", "far"],
        {"same_path": 1},
    )
    assert kept([path("other", near), path("far", far), path("near", same_key_near)]) == (
        ["other", "far"],
        {"same_path": 1},
    )


def test_the_data_sets_own_solution_is_added_and_stays_whatever_comes():
    own = path("own", MULTIPLY, set="gsm8k", origin="human")

    dialogues, reasons = build("rft", [path("twin", MULTIPLY + " "), path("b", ADD), own], original_sets=["gsm8k"])

    assert [(d.parents, d.origin, d.labels["original"]) for d in dialogues] == [
        (("own",), "human", True),
        (("b", "own"), "model", False),
    ]
    assert reasons == {"same_path": 1}


def test_questions_are_the_same_whatever_their_blanks_and_others_are_apart():
    rows = [
        path("a", MULTIPLY),
        path("b", MULTIPLY, question=QUESTION.replace(" ", "  ")),
        path("c", MULTIPLY, question="Ann too has 3 bags of 4 apples and eats 2?"),
    ]

    doc_ids, reasons = kept(rows)

    assert sorted(doc_ids) == ["a", "c"]
    assert reasons == {"same_path": 1}


def test_the_calculator_goes_from_the_text_unless_it_is_kept():
    (bare,), _ = build("rft", [path("a", MULTIPLY)])
    (full,), _ = build("rft", [path("a", MULTIPLY)], keep_calculator=True)

    assert said(bare) == (QUESTION, "He has 3*4 = 12 apples. Then 12-2 = 10.\n#### 10")
    assert said(full)[1] == MULTIPLY
    assert bare.verifiable_answer == "10"


def test_equations_that_the_kind_has_kept_beside_the_text_count():
    stripped = path("a", "He has 12 apples, then 10.\n#### 10", meta={"equations": ["3*4=12", "12-2=10"]})

    assert kept([stripped]) == (["a"], {})


def test_several_paths_in_a_row_are_told_by_their_columns():
    row = {"doc_id": "r", "set": "s", "messages": [], "meta": {
        "question": QUESTION, "truth": MULTIPLY,
        "small": {"solution": ADD, "ok": True}, "large": {"solution": [ADD + " ", MULTIPLY], "ok": [True, False]},
    }}  # fmt: skip

    dialogues, reasons = build(
        "rft", [row], question="question", gold="truth", original="truth",
        paths=["small.solution", "large.solution"], correct="ok",
    )  # fmt: skip

    assert [(d.origin_model, d.labels["original"]) for d in dialogues] == [(None, True), ("large", False)]
    assert reasons == {"same_path": 1, "wrong_answer": 1}


def test_rows_without_a_right_answer_say_so():
    assert kept([path("a", "#### ", verifiable_answer=None)]) == ([], {"no_gold": 1})


def test_every_row_is_a_parent_or_has_a_reason():
    rows = [path(f"{n}", (MULTIPLY, ADD, "no")[n % 3], question=f"{QUESTION} {n // 5}") for n in range(60)]

    made = list(way_of("rft").make(rows))

    assert {parent for one in made for parent in one.parents} == {row["doc_id"] for row in rows}
    assert all(one.parents for one in made if isinstance(one.outcome, Dialogue))
