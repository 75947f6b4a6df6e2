"""Dialogues from people: answers to task sheets with their reviews, and chats of real users. One partition is one data set; its files are one shard.

All files of a set go through one pass, for which answer to a task is taken, and how many chats of a user, depends on those before. `sft.agreement` is told by
the same pass over the same files. Keys of pseudonyms are read where a run starts, and are in no table and no fingerprint but as a hash that tells nothing.

Not here: rules (sft/collected/), votes and failing requests (sft_feedback.py), which data sets there are (sft_sets.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from corpus_platform.documents import DIALOGUES
from corpus_platform.errors import SourceError
from corpus_platform.lake import table
from corpus_platform.lake.fit import polars_schema
from corpus_platform.lake.s3_settings import S3Access
from corpus_platform.lists.lists import Lists
from corpus_platform.recipes.judge import judge
from corpus_platform.recipes.steps.sft_safety import SftToxicity
from corpus_platform.sft.collected.human import LISTS, CollectHuman, Desk, filled_in
from corpus_platform.sft.collected.pseudonyms import Pseudonyms
from corpus_platform.sft.collected.sheet import Sheet, sheets
from corpus_platform.sft.collected.users import CollectUsers, collected
from corpus_platform.sft.form import Dialogue, Problem, row_of
from corpus_platform.sft.kinds.kind import kind_of
from corpus_platform.sft.reading import Reading, read
from corpus_platform.signals.annotate import annotate
from corpus_platform.signals.environment import Environment
from corpus_platform.stages.output import Rows
from corpus_platform.stages.sft_messages import units_of
from corpus_platform.stages.sft_sets import SftSettings
from corpus_platform.stages.signals import SignalsSettings
from corpus_platform.stages.stage import Shard, Stage, digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from corpus_platform.lake import Lake
    from corpus_platform.readers.reader import Unit
    from corpus_platform.sft.form import Found, SetFacts
    from corpus_platform.stages.stage import Output, Partition

AGREEMENT = f"{DIALOGUES}.agreement"
_JUDGED = ("text", "messages", "system", "tools", "labels", "meta", "task_type", "kind")


def collected_table(way: str) -> str:
    """`sft.collected_<way>`."""
    return f"{DIALOGUES}.collected_{way}"


ANSWERS, CHATS = collected_table("human"), collected_table("users")
"""Tables of what writers answered, and of chats of users."""


@dataclass(frozen=True)
class Collection:
    """What a pass over a set needs: how its files are read, what is true of it, what is asked, and what only this home knows of people."""

    reading: Reading
    facts: SetFacts
    options: CollectHuman | CollectUsers
    environment: Environment
    sheets: Mapping[str, Sheet] = field(default_factory=dict)
    pseudonyms: Pseudonyms = field(default_factory=Pseudonyms)
    gone: frozenset[str] = field(default=frozenset(), repr=False)

    @classmethod
    def of(
        cls,
        options: CollectHuman | CollectUsers,
        reading: Reading,
        facts: SetFacts,
        environment: Environment,
        known: Mapping[str, Sheet] | None = None,
    ) -> Collection:
        """With key and withdrawals read from the files that the options name. Raises SettingsError where they can't be read."""
        gone = options.gone() if isinstance(options, CollectUsers) else frozenset()
        return cls(reading, facts, options, environment, known or {}, Pseudonyms.of_file(options.key), gone)

    def outcomes(self, units: Sequence[Unit]) -> tuple[Iterator[Found], Desk | None]:
        """What becomes of the records of files, in order; and the desk that took answers in, which has the figures when all are through."""
        if isinstance(self.options, CollectHuman):
            desk = Desk(self.sheets, self.options, self.environment.lists, self.pseudonyms)
            return desk.take(chain.from_iterable(filled_in(unit, self.reading) for unit in units)), desk
        found = chain.from_iterable(read(unit, self.reading) for unit in units)
        harmful = harmful_by(self.environment, self.facts)
        return collected(found, self.options, harmful, gone=self.gone, pseudonyms=self.pseudonyms), None

    @property
    def identity(self) -> tuple[str, ...]:
        """What changes with anything that the outcomes depend on besides the files."""
        options = self.options.model_dump(mode="json", exclude={"key", "withdrawn_users"})
        people = [self.pseudonyms.identity, sorted(self.pseudonyms(one) for one in self.gone)]
        lists = Lists.of(self.environment.settings.lists).digest(LISTS)
        facts = {name: getattr(self.facts, name) for name in self.facts.__dataclass_fields__}
        kind = kind_of(self.reading.kind)
        return (
            f"kind:{kind.name} {kind.version}",
            f"options:{digest_of([options, self.reading.model_dump(mode='json'), facts])}",
            f"people:{digest_of(people)}",
            f"lists:{lists}",
            f"sheets:{digest_of({name: sheet.digest for name, sheet in self.sheets.items()})}",
        )


@dataclass(frozen=True)
class _Work:
    units: tuple[Unit, ...]
    collection: Collection


@dataclass(frozen=True, kw_only=True)
class _OfPeople(Stage):
    """What the stages that read what people wrote have in common."""

    settings: SftSettings = SftSettings()
    way: str
    signals: SignalsSettings = field(default_factory=SignalsSettings)
    """How signals are computed by which harm is told."""
    s3: S3Access = field(default_factory=S3Access)
    """How buckets are reached. No part of the stage's identity."""

    def settings_hash(self) -> str:
        """How a data set is collected is part of its shard: another one that is added makes nothing stale."""
        return digest_of([])

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """All files of the data set, in their order."""
        del lake
        name = partition["set"]
        one = self.settings.one(name)
        if one.collect != self.way:
            raise SourceError(f"`sft.sets.{name}` is not collected from {self.way}")
        known = sheets(Path(self.settings.sheets)) if self.way == "human" else {}
        collection = Collection.of(one.collecting(), one.reading(), one.facts(name), Environment(self.signals), known)
        units = tuple(units_of(one, self.s3))
        reads = (*(unit.identity for unit in units), *collection.identity)
        return [Shard(0, reads, _Work(units, collection), sum(unit.bytes for unit in units))]


@dataclass(frozen=True, kw_only=True)
class SftCollected(_OfPeople):
    """The data sets that are collected in one way."""

    version: ClassVar[str] = "1"

    @property
    def name(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]  (one class, a table for each way)
        """`sft.collected_<way>`."""
        return collected_table(self.way)

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Streams the files; what is turned away is a reject."""
        del lake, partition
        work: _Work = shard.work
        rows = Rows(output, polars_schema(table(self.name)))
        places: dict[str, int] = {}
        for found in work.collection.outcomes(work.units)[0]:
            output.count("records")
            index = places.setdefault(found.file, len(places))
            match found.outcome:
                case Dialogue() as dialogue:
                    output.count("kept")
                    place = {"file": found.file, "position": found.position, "ordinal": found.ordinal}
                    row = row_of(dialogue, work.collection.facts, **place)
                    rows.add({**row, "shard": shard.index, "file_index": index})
                case Problem(reason=reason, detail=detail, broken=broken):
                    output.reject(file=found.file, position=found.position, reason=reason, detail=detail, broken=broken)
        rows.flush()


@dataclass(frozen=True, kw_only=True)
class SftAgreement(_OfPeople):
    """How far reviewers of a data set agree, by sheet."""

    name: ClassVar[str] = AGREEMENT
    version: ClassVar[str] = "1"
    way: str = "human"

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Takes all answers in again, and tells the figures."""
        del lake, partition
        work: _Work = shard.work
        found, desk = work.collection.outcomes(work.units)
        for _ in found:
            pass
        rows = agreement_rows(desk)
        output.count("records", len(rows))
        output.count("kept", len(rows))
        schema = polars_schema(table(self.name))
        output.write(pl.DataFrame({name: [row.get(name) for row in rows] for name in schema}, schema=schema))


def agreement_rows(desk: Desk | None) -> list[dict[str, Any]]:
    """Rows of `sft.agreement`, without the partition."""
    figures = desk.figures() if desk is not None else {}
    return [
        {
            "sheet": name,
            "task_type": desk.sheets[name].task_type,  # type: ignore[union-attr]
            "language": desk.sheets[name].language,  # type: ignore[union-attr]
            "answers": one["answers"],
            "taken": one["kept"],
            "reviewed": one["units"],
            **{figure: one[figure] for figure in ("reviewers", "percent", "kappa", "alpha")},
        }
        for name, one in figures.items()
    ]


def harmful_by(environment: Environment, facts: SetFacts) -> Callable[[Sequence[Dialogue]], list[str | None]]:
    """Tells of dialogues why they are harmful, by the rules of the step `sft_toxicity`: the first that holds."""
    rules = SftToxicity().rules(environment)
    schema = {name: kind for name, kind in polars_schema(table(CHATS)).items() if name in _JUDGED}

    def why(dialogues: Sequence[Dialogue]) -> list[str | None]:
        rows = [row_of(one, facts, file="", position=i, ordinal=0) for i, one in enumerate(dialogues)]
        frame = pl.DataFrame({name: [row[name] for row in rows] for name in schema}, schema=schema)
        found = annotate(frame, [rule.signal for rule in rules], environment)
        held = [(rule.name, judge(rule, found[rule.signal].fill_nan(None), None).holds) for rule in rules]
        return [next((name for name, holds in held if holds[i]), None) for i in range(len(dialogues))]

    return why
