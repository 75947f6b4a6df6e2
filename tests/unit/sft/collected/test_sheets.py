"""Task sheets: what is shipped, tasks and their ids, and what a broken file is told."""

import pytest

from corpus_platform.errors import SettingsError
from corpus_platform.sft.collected.human import copied
from corpus_platform.sft.collected.sheet import SLOT, read_sheets, sheet_of, sheets, units
from corpus_platform.sft_tables import TASK_TYPES

SHEET = """
task_type: qa
languages:
  en:
    guide: g
    wordings: ["{prompt}", "Please: {prompt}"]
    answers: 2
    prompts:
      - text: Why is it dark at night?
"""


def test_there_are_sheets_of_twelve_task_types_in_english_and_chinese():
    known = sheets()

    by_language = {code: {s.task_type for s in known.values() if s.language == code} for code in ("en", "zh")}
    assert len(by_language["en"]) >= 12
    assert by_language["en"] == by_language["zh"] <= set(TASK_TYPES)
    assert all(len(s.part.wordings) >= 2 and s.part.reviewers == 2 for s in known.values())
    assert all(prompt.use_case for s in known.values() for prompt in s.part.prompts)


def test_every_task_has_an_id_of_its_own_and_its_prompt_within_a_wording():
    tasks = [task for sheet in sheets().values() for task in sheet.tasks()]

    assert len({task.id for task in tasks}) == len(tasks) >= 60
    assert all(task.prompt in task.text and SLOT not in task.text for task in tasks)


def test_answers_to_one_prompt_are_asked_for_in_different_wordings_and_more_prompts_change_no_id(tmp_path):
    (tmp_path / "own.yaml").write_text(SHEET)
    before = list(read_sheets(tmp_path / "own.yaml")[0].tasks())

    (tmp_path / "own.yaml").write_text(SHEET.replace("prompts:", "prompts:\n      - text: What else?"))
    after = list(read_sheets(tmp_path / "own.yaml")[0].tasks())

    assert len({task.text for task in before}) == 2
    assert [task for task in after if task.prompt != "What else?"] == before


def test_a_broken_sheet_is_told_with_its_line_and_a_name_that_is_taken_is_refused(tmp_path):
    (tmp_path / "own.yaml").write_text(SHEET.replace('"Please: {prompt}"', '"Please"'))
    with pytest.raises(SettingsError, match=r"own.yaml:\d+: `languages.en.wordings`.*must have \{prompt\} once"):
        sheets(tmp_path)

    (tmp_path / "own.yaml").write_text(SHEET.replace("task_type: qa", "task_type: qaa"))
    with pytest.raises(SettingsError, match="there is no task type `qaa`, nearest is `qa`"):
        sheets(tmp_path)

    (tmp_path / "own.yaml").unlink()
    (tmp_path / "qa.yaml").write_text(SHEET)
    with pytest.raises(SettingsError, match=r"there is a sheet `qa.en` already"):
        sheets(tmp_path)

    with pytest.raises(SettingsError, match=r"there is no sheet `qa.em`, nearest is `qa.en`"):
        sheet_of("qa.em", sheets())


def test_lengths_are_counted_in_words_and_chinese_characters():
    assert units("Two words, 三个字。") == ["two", "words", "三", "个", "字"]


def test_a_copy_is_told_by_runs_of_five():
    asked = units("the sea is salt since rivers bring it salt")

    assert copied(units("The sea is salt since rivers bring it."), asked) == 1.0
    assert copied(units("the sea is salt since"), asked) == 1.0
    assert copied(units("Rivers wash a little of every rock into it, year after year"), asked) == 0.0
    assert copied([], asked) == 0.0
