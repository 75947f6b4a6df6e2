"""Mixes of dialogues: the rows that each mix draws from what the data sets' recipes have kept. One partition is one mix.

A row has no text: it says which dialogue, for which part, and how many tokens are learnt of it. Texts are read when a mix is exported.
A row is a candidate of the first part that it fits, and a content of the first set, by priority, that has it. What stays out is counted by its reason: its
licence, nothing that would be learnt, a content that is there already, a value without a share.
Memory is some hundred bytes a candidate; texts are seen a batch at a time.

Not here: the language of mixes and the order of drawing (mixes/sft/), files for trainers (analytics/sft_release.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from corpus_platform.catalogue.sft import data_set
from corpus_platform.errors import SettingsError
from corpus_platform.lake import table
from corpus_platform.mixes.sft.draw import LABEL, draw, place_keys
from corpus_platform.mixes.sft.mix import ABILITY, CHOSEN, ESTIMATE, LABELS, mix_of
from corpus_platform.mixes.sft.report import share_rows
from corpus_platform.mixes.sft.sets import SetInfo, chooses, gated
from corpus_platform.mixes.sft.tokens import ESTIMATED, count
from corpus_platform.sft.ability import model_at
from corpus_platform.sft.ability_labels import abilities
from corpus_platform.stages.mix_sources import chosen
from corpus_platform.stages.mix_tables import TOKENIZERS
from corpus_platform.stages.read import batches, lazy
from corpus_platform.stages.sft_filtered import FILTERED
from corpus_platform.stages.sft_sets import SftSettings
from corpus_platform.stages.sft_signals import SFT_SIGNALS
from corpus_platform.stages.stage import Shard, Stage, digest_of
from corpus_platform.stages.tokenizers import open_tokenizer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from corpus_platform.lake import Lake
    from corpus_platform.lake.files import DataFile
    from corpus_platform.mixes.sft.draw import Drawn
    from corpus_platform.mixes.sft.mix import Mix
    from corpus_platform.mixes.tokenizer import Tokenizer
    from corpus_platform.stages.stage import Output, Partition

SFT_MIXES = "sft.mixes"
FACTS = CHOSEN
"""What is asked of a row besides its label."""
_READ = ("doc_id", "content_id", "messages", "system", "tools", "labels", "images_needed", *FACTS)
_LANGUAGES = ("sft_answer_language", "sft_prompt_language")
"""Signals that tell the language of a dialogue whose set does not: that of the answers, else that of the requests."""
_ROWS = 4_000
_WRITTEN = 200_000


@dataclass(frozen=True)
class _Work:
    mix: Mix
    files: tuple[tuple[SetInfo, tuple[DataFile, ...]], ...]
    """The sets that the mix reads, in the order of their priority."""
    tokenizer: str | None
    """Where the tokenizer's files are in the lake; None for the estimate."""
    ability_model: str | None
    """Folder of the model of abilities; None for the shipped one."""


@dataclass(frozen=True)
class SftMixes(Stage):
    """The dialogues of one mix."""

    name: ClassVar[str] = SFT_MIXES
    version: ClassVar[str] = "1"
    sft: SftSettings = field(default_factory=SftSettings, kw_only=True)
    mixes: Mapping[str, Mix] = field(default_factory=dict, kw_only=True)
    """All mixes of dialogues by name."""
    ability_model: str | None = field(default=None, kw_only=True)
    """Folder of the model of abilities that labels are told by; the shipped one by default."""

    def above(self, variant: str) -> tuple[tuple[str, str], ...]:
        """Nothing by itself: which sets a mix draws from is its own choice."""
        del variant
        return ()

    def settings_hash(self) -> str:
        """The same for all mixes: the mix is part of its shard."""
        return digest_of({})

    def mix(self, partition: Partition) -> Mix:
        """The mix of a partition. Raises SettingsError for an unknown one."""
        return mix_of(partition["mix"], self.mixes)

    def shards(self, lake: Lake, partition: Partition) -> list[Shard]:
        """One shard: the files of every set that a part takes, what is known of the sets, the mix, the tokenizer. None where no set is filtered yet."""
        mix = self.mix(partition)
        found = tuple((info, tuple(lake.files(FILTERED, {"set": info.name}))) for info in sets_of(mix, self.sft))
        found = tuple(one for one in found if one[1])
        if not found:
            return []
        digest, path = _tokenizer(lake, mix.tokenizer)
        read = [f"{info.name}:{file.shard}:{file.digest}" for info, files in found for file in files]
        read += [
            f"{info.name}:signals:{state.fingerprint}"
            for info, _ in found
            if (state := lake.state(SFT_SIGNALS, {"set": info.name}))
        ]
        facts = [digest_of([*map(repr, (info for info, _ in found))])]
        own = f"mix:{digest_of(mix.model_dump(mode='json', exclude={'title', 'about'}))}"
        if mix.label_balance and mix.label_balance.by == ABILITY:
            facts.append(f"abilities:{model_at(self.ability_model).digest}")
        size = sum(file.bytes for _, files in found for file in files)
        work = _Work(mix, found, path, self.ability_model)
        return [Shard(0, (own, f"tokenizer:{digest}", *facts, *read), work, size)]

    def run(self, lake: Lake, partition: Partition, shard: Shard, output: Output) -> None:
        """Gathers the candidates, draws."""
        del partition
        drawn = self._drawn(lake, shard.work, output)
        _write(shard.work.mix, drawn, output)

    def preview(self, lake: Lake, partition: Partition) -> tuple[Drawn, dict[str, int]]:
        """What a mix would draw now, and what was counted on the way. Raises SettingsError where no set is there."""
        [shard] = self.shards(lake, partition) or [None]
        if shard is None:
            raise SettingsError(_no_sets(self.mix(partition), self.sft))
        counted = _Counted()
        return self._drawn(lake, shard.work, counted), counted.counters

    def inputs(self, lake: Lake, partition: Partition) -> dict[str, Any]:
        """Version of the filtered dialogues, and the tokenizer."""
        digest, _ = _tokenizer(lake, self.mix(partition).tokenizer)
        version = lake.version(FILTERED)
        return {"tokenizer": digest, **({} if version is None else {FILTERED: version})}

    def _drawn(self, lake: Lake, work: _Work, output: Output | _Counted) -> Drawn:
        tokenizer = open_tokenizer(lake, work.tokenizer) if work.tokenizer else None
        found = [frame for frame in _candidates(lake, work, tokenizer, output) if frame.height]
        rows = pl.concat(found) if found else pl.DataFrame(schema=_TYPES)
        once = rows.unique("content_id", keep="first", maintain_order=True)
        _count(output, "dropped:same_content", rows.height - once.height)
        del rows, found
        drawn = draw(work.mix, once)
        for name, n in sorted(drawn.no_share.items()):
            _count(output, f"dropped:no_share:{name}", n)
        for row in share_rows(work.mix, drawn):
            for name, n in row.counters().items():
                output.count(name, n)
        return drawn


def infos(sft: SftSettings) -> dict[str, SetInfo]:
    """What the settings and the catalogue say of every set, in the order of priority."""
    found = {}
    for name in sft.ranked:
        one = sft.sets[name]
        facts = one.facts(name)
        known = data_set(one.like.partition(".")[0]) if one.like else None
        languages = (facts.language,) if facts.language else known.languages if known else ()
        found[name] = SetInfo(
            name,
            known.name if known else "",
            facts.construction,
            languages,
            (facts.task_type,) if facts.task_type else known.task_types if known else (),
            facts.licence or (known.licence_seen if known else None),
            one.may_be_sold,  # type: ignore[arg-type]
        )
    return found


def sets_of(mix: Mix, sft: SftSettings) -> list[SetInfo]:
    """The sets that a part of the mix takes, by priority."""
    return [info for info in infos(sft).values() if any(chooses(part, info) for part in mix.parts)]


def _tokenizer(lake: Lake, name: str) -> tuple[str, str | None]:
    """Digest and place of a tokenizer; the estimate where it is asked for, or nobody has made the default one."""
    rows = [] if name == ESTIMATE else lake.scan(TOKENIZERS, tokenizer=name).collect().to_dicts()
    if rows:
        return rows[0]["digest"], rows[0]["path"]
    if name not in {ESTIMATE, "default"}:
        raise SettingsError(
            f"there is no tokenizer `{name}` yet: corpus tokenizer train {name}, or `tokenizer: {ESTIMATE}`"
        )
    return ESTIMATED, None


def _candidates(
    lake: Lake, work: _Work, tokenizer: Tokenizer | None, output: Output | _Counted
) -> Iterator[pl.DataFrame]:
    """Facts of the rows that parts take, without their texts."""
    for info, files in work.files:
        languages = _languages(lake, info.name)
        for file in files:
            for frame in batches(lake, file, columns=_READ, rows=_ROWS):
                output.count("records", frame.height)
                open_, refused = gated(_with_languages(frame, languages), work.mix.licences, info)
                for reason, n in refused.items():
                    _count(output, f"dropped:{reason}:{info.name}", n)
                whole = open_.filter(~pl.col("images_needed"))
                _count(output, "dropped:images_needed", open_.height - whole.height)
                yield _facts(work.mix, info, file, whole, tokenizer, work.ability_model, output)


def _languages(lake: Lake, name: str) -> pl.DataFrame | None:
    """Languages of a set's dialogues by its signals (`doc_id`, `measured`); None where they are not stored."""
    files = lake.files(SFT_SIGNALS, {"set": name}) if lake.state(SFT_SIGNALS, {"set": name}) else []
    found = [lazy(lake, file) for file in files]
    if not found or not set(_LANGUAGES) <= set(found[0].collect_schema().names()):
        return None
    return pl.concat([one.select("doc_id", pl.coalesce(_LANGUAGES).alias("measured")) for one in found]).collect()


def _with_languages(frame: pl.DataFrame, languages: pl.DataFrame | None) -> pl.DataFrame:
    if languages is None or not frame["language"].has_nulls():
        return frame
    joined = frame.join(languages, on="doc_id", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("language", "measured").alias("language")).drop("measured")


def _facts(
    mix: Mix,
    info: SetInfo,
    file: DataFile,
    frame: pl.DataFrame,
    tokenizer: Tokenizer | None,
    ability_model: str | None,
    output: Output | _Counted,
) -> pl.DataFrame:
    taken = _parts(mix, info, frame)
    _count(output, "dropped:no_part", frame.height - taken.height)
    counted = taken.with_columns(*count(taken, tokenizer).get_columns(), _label(mix, taken, ability_model).alias(LABEL))
    learnt = counted.filter(pl.col("trained") > 0)
    _count(output, "dropped:nothing_to_learn", counted.height - learnt.height)
    where = (pl.lit(info.name).alias("set"), pl.lit(file.shard, pl.Int32).alias("file_shard"))
    return learnt.with_columns(where).select(pl.col(name).cast(kind) for name, kind in _TYPES.items())


def _parts(mix: Mix, info: SetInfo, frame: pl.DataFrame) -> pl.DataFrame:
    """Rows with the first part that takes them."""
    asked = sorted({name for part in mix.parts for name in part.where if name.startswith(LABELS)})
    rows = frame.with_row_index("_row").with_columns(label_of(name.removeprefix(LABELS)).alias(name) for name in asked)
    left, found = rows, []
    for part in mix.parts:
        if not chooses(part, info):
            continue
        own = chosen(left, part.where)
        found.append(own.with_columns(pl.lit(part.name).alias("part")))
        left = left.filter(~pl.col("_row").is_in(own["_row"].implode()))
    empty = rows.clear().with_columns(pl.lit("", pl.String).alias("part"))
    return pl.concat([empty, *found]).sort("_row").drop("_row", *asked)


def label_of(name: str) -> pl.Expr:
    """The value of a label of rows, as text; of a list its first."""
    path = f"$['{name}']"
    labels = pl.col("labels")
    return pl.coalesce(labels.str.json_path_match(f"{path}[0]"), labels.str.json_path_match(path))


def _label(mix: Mix, rows: pl.DataFrame, ability_model: str | None) -> pl.Expr:
    if mix.label_balance is None:
        return pl.lit(None, pl.String)
    by = mix.label_balance.by
    if by == ABILITY:
        return pl.lit(abilities(rows, model_at(ability_model))["ability"])
    return pl.col("task_type") if by == "task_type" else label_of(by)


def _write(mix: Mix, drawn: Drawn, output: Output) -> None:
    """Writes the drawn rows in the order of drawing."""
    wanted = [name for name in table(SFT_MIXES).schema.names if name != "mix"]
    frame = drawn.frame
    output.count("kept", frame.height)
    output.count("tokens:trained", int(frame["trained"].sum()))
    output.count("tokens:all", int(frame["tokens"].sum()))
    for start in range(0, frame.height, _WRITTEN):
        piece = frame[start : start + _WRITTEN]
        keys = place_keys(piece, mix.seed)
        output.write(piece.with_columns(keys, pl.col("_hash").alias("draw_key")).select(wanted))


def _no_sets(mix: Mix, sft: SftSettings) -> str:
    named = [info.name for info in sets_of(mix, sft)]
    if not named:
        return f"mix {mix.name}: none of the data sets of `sft.sets` is among those that its parts take"
    return f"mix {mix.name}: none of its data sets is filtered yet: {', '.join(named)}. Make one: corpus run sft/filtered --set {named[0]}"


def _count(output: Output | _Counted, name: str, n: int) -> None:
    if n:
        output.count(name, n)


@dataclass
class _Counted:
    """Counts in place of an output, for a preview."""

    counters: dict[str, int] = field(default_factory=dict)

    def count(self, name: str, amount: int = 1) -> None:
        """Adds to a counter."""
        self.counters[name] = self.counters.get(name, 0) + amount


_TYPES: Mapping[str, Any] = {
    "set": pl.String(),
    "doc_id": pl.String(),
    "content_id": pl.String(),
    "file_shard": pl.Int32(),
    "part": pl.String(),
    "trained": pl.Int64(),
    "tokens": pl.Int64(),
    "label": pl.String(),
    **{name: pl.String() for name in FACTS},
}
"""A candidate."""


def left_out(counters: Mapping[str, int]) -> Iterable[tuple[str, int]]:
    """Reasons why rows are not in a mix, with how many; most first."""
    found = ((name.removeprefix("dropped:"), n) for name, n in counters.items() if name.startswith("dropped:"))
    return sorted(found, key=lambda one: (-one[1], one[0]))
