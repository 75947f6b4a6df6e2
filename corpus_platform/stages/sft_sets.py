"""The data sets of a home: where each is, how its records are read, what it is made of where it is made of others, in which order they count.

    sft:
      sets:
        alpaca: {location: /data/alpaca, like: alpaca}
        clinic: {location: s3://own/clinic, kind: instruct, map: {columns: {prompt: ask, answer: answer}}, licence: CC0-1.0}
        gsm8k_paths: {construct: rft, from: [gsm8k_samples]}
        written: {collect: human, location: data/written}
        chats: {collect: users, location: data/chats, options: {accepted_terms: [2026-01], key: people.key}}

`like` takes kind, column map and facts from the catalogue (`corpus sft catalogue list`); what is written beside it counts more.
`collect` is for what people write to task sheets, and for chats of real users: `options` are those of sft/collected/human.py and users.py.
Sets have a priority: of two copies the one of the earlier set stays. Those that `priority` names come first, then the others in the order of the settings.

Not here: reading (sft_messages.py), building (sft_constructed.py), which data sets there are in the field (catalogue/sft.yaml).
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from corpus_platform.catalogue.refusal import refused
from corpus_platform.catalogue.sft import Layout, data_set, layout_of
from corpus_platform.errors import SettingsError
from corpus_platform.sft.collected.human import CollectHuman
from corpus_platform.sft.collected.users import CollectUsers
from corpus_platform.sft.construct.way import Way, way_class, way_of
from corpus_platform.sft.containers import Container
from corpus_platform.sft.form import SetFacts
from corpus_platform.sft.kinds.kind import ColumnMap, Shape, kind_of
from corpus_platform.sft.reading import Reading
from corpus_platform.sft_tables import TASK_TYPES, WAYS, Construction
from corpus_platform.stages.stage import Settings
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

MESSAGES = "sft.messages"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_READ = ("kind", "options", "map", "shape", "container", "files", "skip")
_TOLD = _READ[:-1]
"""What a layout of the catalogue tells of how records are read."""
_PLAIN = frozenset({"en", "zh"})
"""Languages that all records of a set may be said to be in; of others the catalogue tells families or programs."""

Collecting = Literal["human", "users"]
_COLLECTORS = {"human": CollectHuman, "users": CollectUsers}
_COLLECTED_AS = {"human": ("instruct", "human"), "users": ("turns", "model")}
"""Kind of the records of what is collected, and who wrote the answers."""
_PATHS = ("key", "withdrawn_users")
"""Options of collecting that are files below the home."""

SamePrompt = Literal["keep_all", "longest", "best", "priority"]
"""What stays of rows with one prompt and different answers."""


class DataSetSettings(Settings):
    """One data set: read from files, or made of others."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    location: str | None = Field(
        default=None,
        description="Folder or file (relative to the home), s3://, https://, hf://datasets/OWNER/NAME or ms://datasets/OWNER/NAME of its files",
    )
    like: str | None = Field(
        default=None,
        description="Data set of the catalogue whose kind, map and facts it has: `alpaca`, `belle.multiturn`",
    )
    kind: str | None = Field(default=None, description="Kind of its records; `corpus sft sniff FILE` proposes one")
    collect: Collecting | None = Field(
        default=None,
        description="`human`: filled-in task sheets (`corpus sft sheets`); `users`: chats of real users who have consented",
    )
    options: dict[str, Any] = Field(
        default={}, description="Options of the kind, of the way of building, or of collecting"
    )
    map: ColumnMap | None = Field(default=None, description="Which column is which field of the kind")
    shape: Shape | None = Field(default=None, description="What a record is: row, line, entry, file")
    container: Container = Field(default=Container(), description="How its files are written, where looking misleads")
    files: tuple[str, ...] = Field(default=(), description="Files that are read, by pattern; all by default")
    skip: tuple[str, ...] = Field(default=(), description="Files that are not read, by pattern")
    built_by: str | None = Field(
        default=None, alias="construct", description="Way of building that makes it of other data sets"
    )
    sources: tuple[str, ...] = Field(
        default=(),
        alias="from",
        description="Data sets that it is made of, or partitions of the source that the way reads",
    )
    recipe: str | None = Field(default=None, description="Recipe that filters it; that of `sft.recipe` by default")
    same_prompt: SamePrompt | None = Field(
        default=None,
        description="What stays of rows with one prompt and different answers; as the dedup says by default",
    )
    task_type: str | None = Field(default=None, description="What its records ask for, where they do not say it")
    construction: Construction | None = Field(default=None, description="How it came to be")
    origin: Literal["human", "model", "mixed"] | None = Field(default=None, description="Who wrote the answers")
    origin_model: str | None = Field(default=None, description="Model that wrote them")
    language: str | None = Field(default=None, description="Language of all its records")
    licence: str | None = Field(default=None, description="Licence, as it was seen")
    commercial: Literal["yes", "no", "unknown"] | None = Field(
        default=None, description="Whether the licence allows commercial use"
    )

    @model_validator(mode="after")
    def _is_read_or_made(self) -> Self:
        if (self.location is None) == (self.built_by is None):
            raise ValueError(
                "a data set has a `location` that it is read from, or is made by a way of building: `construct`"
            )
        if self.location and (why := refused(self.location)):
            raise ValueError(why)
        if self.collect and (said := [n for n in ("like", "kind", "shape", "construct") if n in self._said]):
            raise ValueError(f"a data set that is collected from people has no `{said[0]}`")
        if self.built_by and (
            said := [name for name in ("like", *_READ) if name in self.model_fields_set and name != "options"]
        ):
            raise ValueError(f"a data set that is made of others has no `{said[0]}`")
        if self.built_by and not self.sources:
            raise ValueError("a data set that is made of others says `from` which")
        if self.location and self.sources:
            raise ValueError("`from` belongs to a data set that is made of others")
        if self.like and _role_of(self.like) == "evaluation":
            raise ValueError(
                f"`{self.like}` is an evaluation set, and never trained on: name its files in `recipes.test_sets`"
            )
        if self.task_type and self.task_type not in TASK_TYPES:
            raise ValueError(f"there is no task type `{self.task_type}`{nearest(self.task_type, TASK_TYPES)}")
        return self

    @property
    def _said(self) -> set[str]:
        """Names of what was set, as people write them."""
        return {"construct" if name == "built_by" else name for name in self.model_fields_set if getattr(self, name)}

    def reading(self) -> Reading:
        """How its files are read. Raises SettingsError where nothing says of which kind its records are."""
        if self.collect:
            # What a chat's own columns are is told by the options of collecting, which look among all of them.
            columns = (self.map or ColumnMap()).model_copy(update={"others": "meta"})
            more = {name: getattr(self, name) for name in ("container", "files", "skip") if name in self._said}
            return Reading(kind=_COLLECTED_AS[self.collect][0], map=columns, **more)
        known = self._layout
        told = {} if known is None else {name: value for name in _TOLD if (value := getattr(known, name))}
        own = {name: getattr(self, name) for name in _READ if name in self.model_fields_set and getattr(self, name)}
        values = {**told, **own}
        if not values.get("kind"):
            raise SettingsError(
                "it needs a `kind`, or a data set of the catalogue that it is `like`: corpus sft sniff FILE"
            )
        try:
            return Reading.model_validate(values)
        except ValidationError as error:
            raise SettingsError(_first(error)) from None

    @property
    def compares(self) -> bool:
        """Whether its records have several answers of which one may be preferred."""
        reading = self.reading()
        return "preferences" in kind_of(reading.kind, reading.options).gives

    def way(self) -> Way:
        """The way that makes it, with its options. Raises SettingsError for an unknown one, or a wrong option."""
        if self.built_by is None:
            raise SettingsError("it is read from files")
        try:
            return way_of(self.built_by, self.options)
        except ValidationError as error:
            raise SettingsError(f"way `{self.built_by}`: {_first(error)}") from None

    def collecting(self) -> CollectHuman | CollectUsers:
        """What is asked of what people wrote or said. Raises SettingsError for a wrong option."""
        if self.collect is None:
            raise SettingsError("it is not collected from people")
        try:
            return _COLLECTORS[self.collect].model_validate(self.options)
        except ValidationError as error:
            raise SettingsError(f"collect `{self.collect}`: {_first(error)}") from None

    def facts(self, name: str) -> SetFacts:
        """What is true of all its dialogues: its own word, then the catalogue's."""
        known = self._layout
        said = ("task_type", "construction", "origin", "origin_model", "licence")
        values = {field: getattr(self, field) or getattr(known, field, None) for field in said}
        languages = known.languages if known else ()
        values["language"] = self.language or (languages[0] if len(languages) == 1 and languages[0] in _PLAIN else None)
        if self.built_by and not values["construction"]:
            values["construction"] = "rewritten"
        if self.collect:
            values["construction"] = values["construction"] or self.collect
            values["origin"] = values["origin"] or _COLLECTED_AS[self.collect][1]
        source = data_set(self.like.partition(".")[0]).name if self.like else name.replace("-", "_")
        return SetFacts(name=name, source=source, kind=self.built_by or self.reading().kind, **values)

    @property
    def may_be_sold(self) -> str:
        """Whether commercial use is allowed: yes, no, unknown."""
        known = data_set(self.like.partition(".")[0]).commercial if self.like else "unknown"
        return self.commercial or known

    @cached_property
    def _layout(self) -> Layout | None:
        return layout_of(self.like) if self.like else None

    def below(self, home: Path) -> DataSetSettings:
        """The same with a relative folder taken below a home."""
        update: dict[str, Any] = {}
        if self.location is not None and "://" not in self.location:
            update["location"] = str(home / Path(self.location).expanduser())
        if self.collect and (files := [name for name in _PATHS if self.options.get(name)]):
            placed = {name: str(home / Path(self.options[name]).expanduser()) for name in files}
            update["options"] = {**self.options, **placed}
        return self.model_copy(update=update) if update else self


class SftSettings(Settings):
    """The data sets, and what all of them go through."""

    sets: dict[str, DataSetSettings] = Field(default={}, description="Data sets by name")
    recipe: str = Field(
        default="sft", description="Recipe that filters them: shipped, or `<recipes.folder>/sft/NAME.yaml`"
    )
    priority: tuple[str, ...] = Field(
        default=(), description="Data sets whose rows stay where others have copies, the first before the next"
    )
    mixes: str = Field(default="mixes/sft", description="Folder of mixes of one's own (`*.yaml`)")
    sheets: str = Field(default="sheets", description="Folder of task sheets of one's own (`*.yaml`)")

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        for name, one in self.sets.items():
            if not _NAME.fullmatch(name):
                raise ValueError(f"`sets.{name}`: a name has small letters, digits, `_` and `-`")
            if one.built_by not in (None, *WAYS):
                raise ValueError(
                    f"`sets.{name}.construct`: there is no way `{one.built_by}`{nearest(one.built_by, WAYS)}"
                )
            if one.built_by and way_class(one.built_by).reads == "messages":
                self._check_parents(name, one.sources)
        if strange := [name for name in self.priority if name not in self.sets]:
            raise ValueError(f"`priority` names `{strange[0]}`, which is no data set{nearest(strange[0], self.sets)}")
        return self

    def _check_parents(self, name: str, parents: Iterable[str]) -> None:
        for parent in parents:
            if parent not in self.sets:
                raise ValueError(
                    f"`sets.{name}.from` names `{parent}`, which is no data set{nearest(parent, self.sets)}"
                )
            if self.sets[parent].collect:
                raise ValueError(
                    f"`sets.{name}.from` names `{parent}`, which is collected from people: name what is read of a data set"
                )
            if self.sets[parent].built_by:
                raise ValueError(
                    f"`sets.{name}.from` names `{parent}`, which is made of others itself: name what is read"
                )

    def below(self, home: Path) -> SftSettings:
        """The same with relative folders taken below a home."""
        placed = {name: one.below(home) for name, one in self.sets.items()}
        folders = {name: str(home / Path(getattr(self, name)).expanduser()) for name in ("mixes", "sheets")}
        return self.model_copy(update={"sets": placed, **folders})

    @cached_property
    def read(self) -> dict[str, DataSetSettings]:
        """The data sets of others, that are read from files."""
        return {name: one for name, one in self.sets.items() if one.location and not one.collect}

    @cached_property
    def collected(self) -> dict[str, DataSetSettings]:
        """The data sets that are collected from people."""
        return {name: one for name, one in self.sets.items() if one.collect}

    @cached_property
    def collections(self) -> tuple[str, ...]:
        """The ways of collecting that are used."""
        return tuple(dict.fromkeys(one.collect for one in self.sets.values() if one.collect))

    def made_by(self, way: str) -> dict[str, DataSetSettings]:
        """The data sets that a way makes."""
        return {name: one for name, one in self.sets.items() if one.built_by == way}

    @cached_property
    def ways(self) -> tuple[str, ...]:
        """The ways that are used."""
        return tuple(dict.fromkeys(one.built_by for one in self.sets.values() if one.built_by))

    @cached_property
    def ranked(self) -> tuple[str, ...]:
        """All data sets in the order of their priority."""
        return tuple(dict.fromkeys((*self.priority, *self.sets)))

    def table_of(self, name: str) -> str:
        """The table that has a data set's dialogues. Raises SettingsError for one that there is not."""
        if name not in self.sets:
            raise SettingsError(
                f"there is no data set `{name}`{nearest(name, self.sets)}; there are {', '.join(self.sets)}"
            )
        way, people = self.sets[name].built_by, self.sets[name].collect
        return f"sft.constructed_{way}" if way else f"sft.collected_{people}" if people else MESSAGES

    def holds(self, table: str, name: str) -> bool:
        """Whether a table may have a partition of a data set: dialogues that are read, built or collected are each in another one."""
        of_dialogues = (MESSAGES, "sft.constructed_", "sft.collected_")
        return table == self.table_of(name) or not table.startswith(of_dialogues)

    def one(self, name: str) -> DataSetSettings:
        """A data set's settings. Raises SettingsError for one that there is not."""
        self.table_of(name)
        return self.sets[name]

    def recipe_of(self, name: str) -> str:
        """Name of the recipe that filters a data set."""
        return self.one(name).recipe or self.recipe


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    return f"`{where}`: {first['msg'].removeprefix('Value error, ')}"


def _role_of(like: str) -> str | None:
    """What a data set of the catalogue is for. Raises ValueError, as Pydantic wants it, for one that there is not."""
    try:
        return layout_of(like).role
    except SettingsError as error:
        raise ValueError(str(error)) from None
