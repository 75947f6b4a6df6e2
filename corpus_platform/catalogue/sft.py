"""The catalogue of data sets for supervised fine-tuning: whose they are, under which licence, and how their records are read.

    data_set("belle").licence_seen                  # "ODC-By-1.0": the list that names the set says GPL-3.0
    layout_of("belle", "multiturn").kind            # "marked_text"

A *layout* is a form that files of a set have: a kind of record with options and a map of its columns. A set has one or more, the usual one first.
What nobody has looked up is null or of `evidence: memory`; a count is the one that is stated, and no promise.
Promise: the file is read whole or not at all; a mistake is told with file and line; what was not released has no layout and says why.

Not here: what kinds, columns and ways of construction there are (sft/kinds/, sft_tables.py: a test holds the file to them), the page of all
entries (sft_reference.py), where files of this user's sets are (settings `sft.sets`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from corpus_platform.errors import SettingsError
from corpus_platform.yaml_file import YamlFile, mistake, nearest, read_yaml

FILE = Path(__file__).parent / "sft.yaml"

Evidence = Literal["sample", "documentation", "memory"]
"""How a layout is known: a real sample was read; a card, README or program that reads it was read; nobody has checked."""
Commercial = Literal["yes", "no", "unknown"]
Role = Literal["training", "evaluation", "templates", "prompts"]
"""What a set is for: training; evaluation, never trained on; templates that make rows of others; prompts without answers."""
Listed = Literal["table_9", "table_10", "table_12", "table_13", "table_14", "list", "beside"]
"""Where a set is named: a table of the survey of data that the ways of construction are from, the list of sets, or beside them."""

_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
_Language = Annotated[str, StringConstraints(pattern=r"^([a-z]{2,3}|mul|code)$")]
_HubId = Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")]


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Layout(_Closed):
    """A form of a set's records. What it leaves null is the set's own."""

    about: str = Field(default="", description="What records of this form are")
    kind: str = Field(min_length=1, description="Kind of record")
    map: dict[str, Any] = Field(
        default={}, description="Map of columns: columns, labels, meta, ignore, others, task_types"
    )
    options: dict[str, Any] = Field(default={}, description="Options of the kind")
    shape: str | None = Field(default=None, description="Shape of a record: row, line, entry, file; null: as the kind")
    container: dict[str, Any] = Field(
        default={}, description="What can't be seen of the container: columns, header ..."
    )
    files: tuple[str, ...] = Field(default=(), description="Patterns of its files; none: all")
    hub: tuple[_HubId, ...] = Field(default=(), description="Ids on the hub, where they are not the set's")
    modelscope: tuple[_HubId, ...] = Field(default=(), description="Ids on ModelScope, where they are not the set's")
    task_type: str | None = Field(default=None, description="What its dialogues ask for")
    languages: tuple[_Language, ...] = Field(default=(), description="Languages, where they are not the set's")
    construction: str | None = Field(default=None, description="Way of construction, where it is not the set's")
    origin: Literal["human", "model", "mixed"] | None = Field(default=None, description="Who wrote the answers")
    origin_model: str | None = Field(default=None, description="Model that wrote them")
    licence: str | None = Field(default=None, description="Licence, where it is not the set's")
    role: Role | None = Field(default=None, description="What it is for, where it is not what the set is for")
    evidence: Evidence = Field(description="How its form is known: sample, documentation, memory")
    from_memory: tuple[str, ...] = Field(default=(), description="What of it is unchecked, whatever the evidence")


class DataSet(_Closed):
    """A data set, as it was published."""

    name: _Name = Field(description="Name in the catalogue")
    title: str = Field(min_length=1, description="Name as people say it")
    also: tuple[str, ...] = Field(default=(), description="Other names of it")
    listed: tuple[Listed, ...] = Field(min_length=1, description="Where it is named: tables of the survey, the list")
    role: Role = Field(default="training", description="What it is for: training, evaluation, templates, prompts")
    languages: tuple[_Language, ...] = Field(min_length=1, description="ISO 639 codes; `mul`: many, `code`: programs")
    count: int | None = Field(description="Records as stated, as a number")
    count_said: str = Field(default="", description="Counts as stated, where they need words or contradict each other")
    construction: str = Field(description="How it came to be: human, users, expanded, generated, rewritten")
    origin: Literal["human", "model", "mixed"] = Field(description="Who wrote the answers")
    origin_model: str | None = Field(default=None, description="Model that wrote them")
    licence_claimed: str | None = Field(description="Licence by the list that names it: SPDX id, or what is said")
    licence_seen: str | None = Field(
        description="Licence by its own repository or card, as it was seen; null: not seen"
    )
    commercial: Commercial = Field(description="Whether it may be used commercially: yes, no, unknown")
    why: str = Field(min_length=1, description="Why commercial use is yes, no or unknown")
    hub: tuple[_HubId, ...] = Field(default=(), description="Ids on Hugging Face's hub")
    modelscope: tuple[_HubId, ...] = Field(default=(), description="Ids on ModelScope")
    repository: str | None = Field(default=None, description="Where it is described or kept: owner/name on GitHub")
    released: bool = Field(default=True, description="Whether its records were published as data")
    unreleased: str = Field(default="", description="Of a set that was not: what there is instead")
    task_types: tuple[str, ...] = Field(default=(), description="What its dialogues ask for")
    same_as: tuple[_Name, ...] = Field(default=(), description="Entries that are the same set under another name")
    part_of: tuple[_Name, ...] = Field(default=(), description="Entries that hold it")
    notes: str = Field(default="", description="What else is worth knowing")
    layouts: dict[_Name, Layout] = Field(default={}, description="Forms of its records, the usual one first")

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.released and not self.layouts:
            raise ValueError("a set that was released has `layouts`")
        if not self.released and (self.layouts or not self.unreleased):
            raise ValueError("a set that was not released has no `layouts`, and says in `unreleased` what there is")
        return self

    @field_validator("layouts")
    @classmethod
    def _differ_in_files(cls, layouts: dict[str, Layout]) -> dict[str, Layout]:
        for name, layout in list(layouts.items())[1:]:
            if not (layout.files or layout.hub or layout.modelscope or layout.about):
                raise ValueError(f"layout `{name}` says by `files`, `hub` or `about` what it is of")
        return layouts

    @property
    def licence_is_wrong(self) -> bool:
        """Whether the licence that is claimed is not the one that was seen."""
        return None not in (self.licence_claimed, self.licence_seen) and self.licence_claimed != self.licence_seen

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of its records, each once."""
        return tuple(dict.fromkeys(layout.kind for layout in self.layouts.values()))

    @property
    def evidence(self) -> Evidence:
        """How its best known layout is known."""
        known = {layout.evidence for layout in self.layouts.values()}
        return "sample" if "sample" in known else "documentation" if "documentation" in known else "memory"

    @property
    def locations(self) -> tuple[str, ...]:
        """Locations that files of it can be read from, as the settings take them; those of its layouts too."""
        several = (self, *self.layouts.values())
        hub = [f"hf://datasets/{one}" for source in several for one in source.hub]
        modelscope = [f"ms://datasets/{one}" for source in several for one in source.modelscope]
        return tuple(dict.fromkeys(hub + modelscope))

    def layout(self, name: str | None = None) -> Layout:
        """A layout with the set's own values where it has none, the usual one by default. Raises SettingsError with the nearest name."""
        if not self.released:
            raise SettingsError(f"`{self.name}` was not released as data: {self.unreleased}")
        name = name or next(iter(self.layouts))
        if name not in self.layouts:
            known = ", ".join(self.layouts)
            raise SettingsError(f"`{self.name}` has no layout `{name}`{nearest(name, self.layouts)}; it has {known}")
        layout = self.layouts[name]
        task = self.task_types[0] if len(self.task_types) == 1 else None
        own = {
            "hub": self.hub, "modelscope": self.modelscope, "task_type": task, "languages": self.languages,
            "construction": self.construction, "origin": self.origin, "origin_model": self.origin_model,
            "licence": self.licence_seen or self.licence_claimed, "role": self.role,
        }  # fmt: skip
        return layout.model_copy(update={field: value for field, value in own.items() if not getattr(layout, field)})


@cache
def data_sets() -> dict[str, DataSet]:
    """Every data set by its name, in the file's order."""
    return read_data_sets(FILE)


def data_set(name: str) -> DataSet:
    """The data set of a name, a title, another name or an id on a hub, whatever the case. Raises SettingsError with the nearest name."""
    asked = name.casefold()
    if asked in data_sets():
        return data_sets()[asked]
    for entry in data_sets().values():
        if asked in _names_of(entry):
            return entry
    known = [one for entry in data_sets().values() for one in (entry.name, *sorted(_names_of(entry)))]
    raise SettingsError(
        f"the catalogue has no data set `{name}`{nearest(asked, known)}; corpus sft catalogue list tells all"
    )


def layout_of(name: str, layout: str | None = None) -> Layout:
    """A layout of a data set with all that is known of it; `name` may hold both: `belle.multiturn`. Raises SettingsError."""
    if layout is None and name.count(".") == 1 and name.partition(".")[0] in data_sets():
        name, _, layout = name.partition(".")
    return data_set(name).layout(layout)


def read_data_sets(path: Path) -> dict[str, DataSet]:
    """The entries of a YAML file `sft: [...]`. Raises SettingsError, a line for each mistake."""
    file = read_yaml(path)
    listed = file.values.get("sft") if isinstance(file.values, dict) else None
    if not isinstance(listed, list) or len(file.values) != 1:
        raise SettingsError(f"{path}:1: a file of data sets is a list under the one key `sft`")
    found: dict[str, DataSet] = {}
    mistakes: list[str] = []
    for i, values in enumerate(listed):
        try:
            entry = DataSet.model_validate(values)
        except ValidationError as error:
            mistakes += [_told(file, i, one) for one in error.errors()]
            continue
        if entry.name in found:
            mistakes.append(f"{file.at(('sft', i, 'name'))}: there is an entry `{entry.name}` already")
        found[entry.name] = entry
    for i, values in enumerate(listed):
        links = [(key, one) for key in ("same_as", "part_of") for one in _listed(values, key)]
        mistakes += [
            f"{file.at(('sft', i, key))}: there is no entry `{one}`{nearest(str(one), found)}"
            for key, one in links
            if one not in found and not mistakes
        ]
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    return found


def _told(file: YamlFile, i: int, error: Any) -> str:
    """A mistake with its line; within a layout, the fields that are told are a layout's."""
    where = tuple(error["loc"])
    if where[:1] == ("layouts",) and len(where) > 2:
        inside = {**error, "loc": where[2:]}
        return mistake(file, ("sft", i, *where[:2]), inside, Layout, ("field", "a layout"))
    return mistake(file, ("sft", i), error, DataSet, ("field", "an entry"))


def _listed(values: Any, key: str) -> list[Any]:
    given = values.get(key) if isinstance(values, dict) else None
    return given if isinstance(given, list) else []


def _names_of(entry: DataSet) -> set[str]:
    layouts = [one for layout in entry.layouts.values() for one in (*layout.hub, *layout.modelscope)]
    return {one.casefold() for one in (entry.name, entry.title, *entry.also, *entry.hub, *entry.modelscope, *layouts)}
