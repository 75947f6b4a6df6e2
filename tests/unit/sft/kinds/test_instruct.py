"""Requests with answers, and requests without."""

import pytest

from corpus_platform.sft.form import Dialogue, Problem, assistant, user
from corpus_platform.sft.kinds.instruct import Instruct
from corpus_platform.sft.kinds.kind import ColumnMap, Record
from corpus_platform.sft.kinds.prompts_only import PromptsOnly

ALPACA = ColumnMap(columns={"prompt": "instruction", "context": "input", "answer": "output", "system": "system", "history": "history"})  # fmt: skip


def read(value, columns=ALPACA, kind=None, **options):
    return list((kind or Instruct)(**options).read(Record(value, columns)))


def said(value, columns=ALPACA, **options):
    [dialogue] = read(value, columns, **options)
    assert isinstance(dialogue, Dialogue), dialogue
    return [(message.role, message.content) for message in dialogue.messages]


def test_the_prompt_is_request_and_input_with_a_line_break_between():
    record = {"instruction": "Translate.", "input": "你好", "output": "Hello"}

    assert said(record) == [("user", "Translate.\n你好"), ("assistant", "Hello")]
    assert said(record, context_first=True, between="\n\n")[0] == ("user", "你好\n\nTranslate.")


def test_line_breaks_that_the_files_write_out_are_line_breaks():
    columns = ColumnMap(columns={"prompt": "0", "answer": "1", "reasoning": "2"})
    record = {"0": 'Is it true?\\n"It is."\\n', "1": "yes", "2": "It was.\\nIt is."}

    [escaped], [plain] = read(record, columns, escaped=True), read(record, columns)

    assert escaped.messages == (user('Is it true?\n"It is."'), assistant("yes", "It was.\nIt is."))
    assert plain.messages[0].content == record["0"]


@pytest.mark.parametrize(
    "nothing",
    [None, "", "  ", "无", "無", "None", "N/A", "n/a", "<noinput>", "<no input>", "No input.", "无输入", "nan", "无。"],
)
def test_an_input_that_says_that_there_is_none_is_none(nothing):
    assert said({"instruction": "Say hi.", "input": nothing, "output": "Hi"})[0] == ("user", "Say hi.")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"instruction": "a", "input": "输入：b", "output": "c"}, ("a\nb", "c")),
        ({"instruction": "\n\n### Instruction:\na", "input": None, "output": "\n### Response:\n\n### Response:\nc"}, ("a", "c")),
        ({"instruction": "### 指令：\na\n\n### 回答：", "output": "c"}, ("a", "c")),
        ({"instruction": "问题：a？\n回答: ", "output": "c"}, ("a？", "c")),
        ({"instruction": "## Input formats: which?", "output": "## Output\nx"}, ("## Input formats: which?", "## Output\nx")),
        ({"instruction": 7, "output": 3.5}, ("7", "3.5")),
    ],
)  # fmt: skip
def test_what_formats_write_into_fields_is_taken_off_and_nothing_else(value, expected):
    assert tuple(text for _, text in said(value)) == expected


def test_marks_can_be_left_where_they_are():
    assert said({"instruction": "### Instruction:\na", "output": "c"}, marks=False)[0][1] == "### Instruction:\na"


@pytest.mark.parametrize(
    "answer",
    [
        "<think>why</think>because",
        "<Thought>why</Thought>\n<Output>because</Output>",
        "<|begin_of_thought|>why<|end_of_thought|>\n<|begin_of_solution|>because<|end_of_solution|>",
    ],
)
def test_what_is_thought_before_an_answer_is_its_reasoning(answer):
    [dialogue] = read({"instruction": "a", "output": answer})

    assert dialogue.messages[1] == assistant("because", "why")


def test_a_column_of_thoughts_is_the_reasoning_too():
    columns = ColumnMap(columns={"prompt": "question", "reasoning": "thought", "answer": "answer"})

    [dialogue] = read({"question": "q", "thought": ["one", "two"], "answer": "a"}, columns)

    assert dialogue.messages == (user("q"), assistant("a", "one\ntwo"))


@pytest.mark.parametrize("history", [[["q", "a"]], [{"human": "q", "assistant": "a"}]])
def test_history_and_system_come_before_the_request(history):
    record = {"instruction": "b", "output": "c", "system": "Be kind.", "history": history}

    [dialogue] = read(record)

    assert dialogue.system == "Be kind."
    assert dialogue.messages == (user("q"), assistant("a"), user("b"), assistant("c"))


def test_of_several_wordings_and_answers_the_first_is_read_or_each_answer():
    columns = ColumnMap(columns={"prompt": "questions", "answer": "answers"})
    record = {"questions": [["q", "q again"]], "answers": ["a", "b"]}

    [first] = read(record, columns)
    each = read(record, columns, alternatives="each")

    assert [m.content for m in first.messages] == ["q", "a"]
    assert first.meta == {"answers": 2}
    assert [one.messages[1].content for one in each] == ["a", "b"]


def test_several_columns_of_a_field_are_joined_and_labels_tasks_and_meta_are_handed_on():
    columns = ColumnMap(
        columns={"prompt": ("title", "ask"), "answer": "answer", "task": "kind"},
        labels={"level": "facts.level"},
        meta=("id",),
        task_types={"nli": "classification", "otherwise": "other"},
    )
    record = {"title": "T", "ask": "A", "answer": "x", "kind": "nli", "facts": {"level": 3}, "id": 9}

    [dialogue] = read(record, columns)

    assert dialogue.messages[0].content == "T\n\nA"
    assert dialogue.task_type == "classification"
    assert dialogue.labels == {"level": 3}
    assert dialogue.meta == {"id": 9}


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"instruction": "a", "output": ""}, Problem("no_answer", "a", broken=False)),
        ({"instruction": "a"}, Problem("no_answer", "a", broken=False)),
        ({"instruction": "a", "output": "<think>never said</think>"}, Problem("no_answer", "a", broken=False)),
        ({"instruction": " ", "output": "b"}, Problem("no_prompt", broken=False)),
        ({"else": 1}, Problem("no_prompt")),
        (["a", "b"], Problem("wrong_shape", "a record is list, not an object")),
    ],
)
def test_what_is_missing_is_said_and_only_another_form_counts_as_damage(value, problem):
    assert read(value) == [problem]


def test_images_that_are_not_there_are_told():
    assert read({"instruction": "<image>\nWhat is it?", "output": "A cat"})[0].images_needed


def test_requests_without_answers_are_seeds_and_no_damage():
    columns = ColumnMap(columns={"prompt": "instruction", "context": "input", "answer": "output"})

    assert read({"instruction": "a"}, columns, PromptsOnly) == [Problem("no_answer_given", "a", broken=False)]
    assert read("a line", ColumnMap(), PromptsOnly) == [Problem("no_answer_given", "a line", broken=False)]
    assert read({"instruction": ""}, columns, PromptsOnly) == [Problem("no_prompt", broken=False)]
    assert read({"instruction": "a", "output": "b"}, columns, PromptsOnly)[0].messages == (user("a"), assistant("b"))


def test_seeds_can_be_dialogues_of_what_is_asked_alone():
    columns = ColumnMap(columns={"prompt": "turns"})

    [dialogue] = read({"turns": ["a", "b"]}, columns, PromptsOnly, seeds=True)

    assert dialogue.messages == (user("a"), user("b"))
