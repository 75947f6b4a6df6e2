r"""Task sheets: what people are asked to write, in several wordings, from which prompts, by which rules, for how many writers and reviewers.

    summarisation.yaml
      task_type: summarisation
      languages:
        en:
          guide: Say what the text says, in your own words ...
          wordings: ["Sum up this text in two or three sentences:\n\n{prompt}", "{prompt}\n\nWhat is this about? Be brief."]
          prompts: [{text: ..., use_case: notes of meetings}]
          rules: {least: 15, most: 120}

A file has a sheet for each language, called `<file>.<language>`. A *task* is one prompt in one wording, for one answer: a prompt's answers get its wordings in
turn, so that a model does not learn one phrase. A task's id is the hash of sheet, prompt and number: it does not change when other prompts are added.
Lengths are counted in *units*: a Chinese character is one, elsewhere a word.

Not here: files for writers and reviewers (records.py), what is done with answers (human.py).
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from corpus_platform.errors import SettingsError
from corpus_platform.sft_tables import TASK_TYPES
from corpus_platform.yaml_file import nearest, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SLOT = "{prompt}"
_UNIT = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]|[^\W\u3400-\u4dbf\u4e00-\u9fff]+")
_SHIPPED = Path(str(files("corpus_platform.sft.collected") / "sheets"))
_ID = 16


class Rules(BaseModel):
    """What an answer must be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    least: int = Field(default=1, ge=1, description="Fewest units of an answer: Chinese characters, or words")
    most: int = Field(default=2000, ge=1, description="Most units of an answer")
    language: bool = Field(default=True, description="Whether an answer must be in the sheet's language (en, zh)")
    forbidden: tuple[str, ...] = Field(default=(), description="Words that no answer has, beside those of the lists")
    listed: bool = Field(
        default=True, description="Whether words of the lists (flagged_words, ldnoobw) are held against it"
    )
    copied: float | None = Field(
        default=0.5,
        gt=0,
        le=1,
        description="Largest share of an answer's runs of five units that the prompt has too; null for tasks that repeat it",
    )

    @model_validator(mode="after")
    def _least_is_least(self) -> Self:
        if self.least > self.most:
            raise ValueError(f"least ({self.least}) is more than most ({self.most})")
        return self


class Prompt(BaseModel):
    """What a task is about, and the logged use case that it is from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(min_length=1)
    use_case: str | None = Field(default=None, description="Kind of request that was logged, e.g. `notes of meetings`")


class Part(BaseModel):
    """A sheet in one language, as its file has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    guide: str = Field(description="What writers and reviewers are told")
    wordings: tuple[str, ...] = Field(min_length=1, description=f"Ways of asking, each with {SLOT}")
    prompts: tuple[Prompt, ...] = Field(min_length=1)
    rules: Rules = Rules()
    answers: int = Field(default=1, ge=1, le=20, description="Answers wanted to each prompt, by different wordings")
    reviewers: int = Field(default=2, ge=0, le=9, description="Reviewers wanted for each answer")

    @field_validator("wordings")
    @classmethod
    def _have_a_slot(cls, wordings: tuple[str, ...]) -> tuple[str, ...]:
        for wording in wordings:
            if wording.count(SLOT) != 1:
                raise ValueError(f"`{wording[:60]}` must have {SLOT} once")
        return wordings

    @field_validator("prompts")
    @classmethod
    def _are_different(cls, prompts: tuple[Prompt, ...]) -> tuple[Prompt, ...]:
        texts = [one.text for one in prompts]
        if twice := [text for text in texts if texts.count(text) > 1]:
            raise ValueError(f"the prompt `{twice[0][:60]}` comes twice: ask for several `answers`")
        return prompts


class SheetFile(BaseModel):
    """A file of sheets: one task in several languages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task_type: str
    languages: dict[str, Part] = Field(min_length=1)

    @field_validator("task_type")
    @classmethod
    def _is_known(cls, task_type: str) -> str:
        if task_type not in TASK_TYPES:
            raise ValueError(
                f"there is no task type `{task_type}`{nearest(task_type, TASK_TYPES)}; there are {', '.join(TASK_TYPES)}"
            )
        return task_type


class Task(BaseModel):
    """One prompt in one wording, for one answer."""

    model_config = ConfigDict(frozen=True)

    id: str
    sheet: str
    prompt: str
    use_case: str | None
    text: str
    """What is asked: the prompt in its wording."""


class Sheet(BaseModel):
    """A sheet: one task in one language."""

    model_config = ConfigDict(frozen=True)

    name: str
    task_type: str
    language: str
    part: Part

    def tasks(self) -> Iterator[Task]:
        """Every task: prompt after prompt, one for each answer that is wanted."""
        for prompt in self.part.prompts:
            first = int(_hash(prompt.text), 16)
            for number in range(self.part.answers):
                wording = self.part.wordings[(first + number) % len(self.part.wordings)]
                yield Task(
                    id=_hash(self.name, prompt.text, str(number)),
                    sheet=self.name,
                    prompt=prompt.text,
                    use_case=prompt.use_case,
                    text=wording.replace(SLOT, prompt.text),
                )

    @property
    def digest(self) -> str:
        """What changes with anything that it says."""
        return _hash(self.model_dump_json())


def sheets(folder: Path | None = None) -> dict[str, Sheet]:
    """The shipped sheets by name, and those of a folder (`*.yaml`). Raises SettingsError for a broken file, or one whose name is taken."""
    found = dict(_shipped())
    for path in sorted(folder.glob("*.yaml")) if folder is not None and folder.is_dir() else ():
        for sheet in read_sheets(path):
            if sheet.name in found:
                raise SettingsError(f"{path}: there is a sheet `{sheet.name}` already: give your file another name")
            found[sheet.name] = sheet
    return found


def sheet_of(name: str, known: Mapping[str, Sheet]) -> Sheet:
    """The sheet of a name. Raises SettingsError with the nearest name where there is none."""
    if name not in known:
        raise SettingsError(f"there is no sheet `{name}`{nearest(name, known)}; there are {', '.join(known)}")
    return known[name]


def read_sheets(path: Path) -> list[Sheet]:
    """The sheets of a file. Raises SettingsError with file and line."""
    file = read_yaml(path)
    try:
        made = SheetFile.model_validate(file.values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise SettingsError(
            f"{file.at(first['loc'])}: `{where}`: {first['msg'].removeprefix('Value error, ')}"
        ) from None
    return [
        Sheet(name=f"{path.stem}.{language}", task_type=made.task_type, language=language, part=part)
        for language, part in made.languages.items()
    ]


def units(text: str) -> list[str]:
    """What lengths are counted in, in lower case: each Chinese character, and each word of other letters."""
    return _UNIT.findall(text.lower())


@cache
def _shipped() -> dict[str, Sheet]:
    return {sheet.name: sheet for path in sorted(_SHIPPED.glob("*.yaml")) for sheet in read_sheets(path)}


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_ID]
