"""Dialogues for supervised fine-tuning: data sets from their files, or built of others, to what their recipe keeps. One partition is one data set.

Which data sets there are is a matter of the settings, so partitions are static; a table has those that it can have, and names tell which belong together.

Not here: data sets themselves (corpus_platform/stages/sft_sets.py).
"""

from collections.abc import Iterable, Mapping

import dagster as dg

from assets.checks import checks_of
from assets.corpora import steps_of
from assets.factory import stage_asset
from corpus_platform.home import Home
from corpus_platform.home.dialogues import is_constructed
from corpus_platform.sft.construct.way import way_class
from corpus_platform.sft_tables import WAYS
from corpus_platform.stages.asset_names import asset_of
from corpus_platform.stages.sft_collected import AGREEMENT, ANSWERS, CHATS
from corpus_platform.stages.sft_constructed import constructed_table
from corpus_platform.stages.sft_duplicates import SFT_DEDUP_INDEX
from corpus_platform.stages.sft_feedback import FAILING, FEEDBACK
from corpus_platform.stages.sft_filtered import FILTERED, SFT_DUPLICATES, SFT_SELECTED, SftFiltered
from corpus_platform.stages.sft_messages import PREFERENCES, RAW
from corpus_platform.stages.sft_mix import SFT_MIXES, SftMixes
from corpus_platform.stages.sft_mix import sets_of as sets_of_mix
from corpus_platform.stages.sft_sets import MESSAGES
from corpus_platform.stages.sft_signals import SFT_SIGNALS, tables_of
from corpus_platform.stages.stage import Partition
from corpus_platform.stages.texts import cleaned_table

GROUP = "sft"
_ABOUT = {
    RAW: """A row is a file of a data set, with its digest, how it is written and what kind of records it looks like. One partition is one data set.

What the settings say of a data set counts; what is sniffed is told beside it.""",
    MESSAGES: """A row is a dialogue: messages with their roles, system prompt, tools, and what the data set says of it. One partition is one data set.

Records that could not be used are in `ops.rejects`, each with file, position and reason: kept, preferences and rejects are all that was read.""",
    PREFERENCES: """A row is a prompt with several answers, and which of them was preferred. One partition is one data set.

`corpus sft preferences` writes them as LLaMA-Factory's ranking, TRL's DPO and KTO.""",
    ANSWERS: """A row is a task of a sheet with the answer that somebody wrote and reviewers called good. One partition is one data set.

Answers that break a rule of their sheet, or that reviewers did not let pass, are in `ops.rejects` with a reason.""",
    CHATS: """A row is a chat of a real user who has consented, without personal data. One partition is one data set.

Without consent and terms of use nothing comes in; what is withdrawn, invalid or harmful is in `ops.rejects` with a reason, and not a word of it.""",
    AGREEMENT: """A row is a task sheet with the answers that came in, and how far their reviewers agree. One partition is one data set.

Share of equal verdicts, Cohen's kappa for two reviewers, Krippendorff's alpha for any number.""",
    FEEDBACK: """A row is an answer that a user had, with the votes on it and whether the request failed. One partition is one data set.

It fails where it was voted down, generated again, edited, or where the answer refuses.""",
    FAILING: """A row is a cluster of requests that fail, the largest first: what to write next. One partition is one data set.

`corpus sft failing` prints them, `corpus sft sheets make --from-failing` proposes task sheets of them.""",
    SFT_SIGNALS: """A row is a dialogue with its signals: turns, lengths, languages, phrases, labels, measured once. One partition is one data set.

Recipes over dialogues judge by them.""",
    SFT_DEDUP_INDEX: """A row is a dialogue with the keys by which copies are found: of its prompt, of all of it, and its bands. One partition is one data set.

Those that the recipe drops before its dedup are not here.""",
    SFT_DUPLICATES: """A row is a dialogue that has a copy, with the one that stays and how alike they are. One partition is one data set.

It is held against itself and against data sets of higher priority; near copies have the Jaccard similarity that was measured.""",
    SFT_SELECTED: """A row is a dialogue that a choice of the recipe has seen: whether it stays, why it goes. One partition is one data set.

A choice goes by tags, unlikeness or scores over all of the set (`sft_select_*`); a recipe without one leaves this table empty.""",
}
_FILTERED = """A row is a dialogue that its data set's recipe keeps, repaired and de-identified. One partition is one data set.

{recipes}

What is dropped is in `ops.decisions`, with step, rule, value and threshold."""
_CONSTRUCTED = """A row is a {what}. One partition is one data set that is made so.

{about} `parents` names the rows that it was made of; rows of which nothing was made are in `ops.rejects` with a reason."""
_MIXES = """A row is a dialogue that a mix draws, with its part, its tokens and where it stands. One partition is one mix of dialogues.

A mix is made when it is asked for: a data set that is new makes it stale and starts nothing. `corpus sft mix export` writes it for trainers."""
_KINDS = {
    RAW: {"python"},
    PREFERENCES: {"parquet"},
    SFT_SIGNALS: {"polars"},
    SFT_DEDUP_INDEX: {"numba"},
    SFT_DUPLICATES: {"numba"},
    SFT_SELECTED: {"numba"},
}
_OF_PEOPLE: dict[str, tuple[str, ...]] = {
    ANSWERS: (),
    CHATS: (),
    AGREEMENT: (),
    FEEDBACK: (CHATS,),
    FAILING: (FEEDBACK,),
}
"""Tables of what is collected from people, with what each is made of."""

Made = tuple[list[dg.AssetsDefinition], list[dg.AssetChecksDefinition]]


def sft_assets(home: Home) -> Made:
    """The assets of the home's data sets, upstream first, and their checks; none where it has no data set."""
    if not home.settings.sft.sets:
        return [], []
    names = [name for name in home.dialogues.stages if home.dialogues.partitions(name)]
    tables = {name: _asset(home, name) for name in names}
    checks = [check for name, asset in tables.items() for check in checks_of(asset, name, set_of)]
    mixes = _mixes(home)
    return [*tables.values(), mixes], [*checks, *checks_of(mixes, SFT_MIXES, _mix)]


def _mixes(home: Home) -> dg.AssetsDefinition:
    """The asset of all mixes of dialogues that some data set is for."""
    stage = home.stage(SFT_MIXES)
    assert isinstance(stage, SftMixes)
    takes = {name: [info.name for info in sets_of_mix(mix, stage.sft)] for name, mix in stage.mixes.items()}
    below: dict[str, list[str]] = {}
    for name, sets in takes.items():
        for one in sets:
            below.setdefault(one, []).append(name)
    return stage_asset(
        stage,
        key=asset_of(SFT_MIXES),
        group=GROUP,
        partitions=dg.StaticPartitionsDefinition([name for name, sets in takes.items() if sets]),
        partition_of=_mix,
        deps=[_dep(FILTERED, below)],
        description=_MIXES,
        kinds={"parquet", "polars"},
        tags={"domain": "sft"},
    )


def _mix(key: str) -> Partition:
    return {"mix": key}


def set_of(key: str) -> Partition:
    """Partition of a data set."""
    return {"set": key}


def sets_of(home: Home, name: str) -> dg.StaticPartitionsDefinition:
    """The data sets that a table has."""
    return dg.StaticPartitionsDefinition([where["set"] for where in home.dialogues.partitions(name)])


def _asset(home: Home, name: str) -> dg.AssetsDefinition:
    return stage_asset(
        home.dialogues.stages[name],
        key=asset_of(name),
        group=GROUP,
        partitions=sets_of(home, name),
        partition_of=set_of,
        deps=_deps(home, name),
        description=_about(home, name),
        kinds=_KINDS.get(name, {"parquet", "polars"}),
        tags={"domain": "sft"},
    )


def _about(home: Home, name: str) -> str:
    if is_constructed(name):
        way = name.removeprefix(constructed_table(""))
        return _CONSTRUCTED.format(what=WAYS[way], about=way_class(way).about)
    if name != FILTERED:
        return _ABOUT[name]
    stage = home.dialogues.stages[name]
    assert isinstance(stage, SftFiltered)
    told = [f"Recipe `{recipe.name}`: {recipe.about}\n\n{steps_of(recipe.steps)}" for recipe in stage.recipes.values()]
    return _FILTERED.format(recipes="\n\n".join(told))


def _deps(home: Home, name: str) -> list[dg.AssetDep]:
    """What a table is made of, data set by data set."""
    sft = home.dialogues.sft
    if name in (RAW, MESSAGES, PREFERENCES):
        return [] if name == RAW else [_same(home, RAW, name)]
    if is_constructed(name):
        return _deps_of_way(home, name)
    if name in _OF_PEOPLE:
        return [_same(home, upstream, name) for upstream in _OF_PEOPLE[name]]
    found = [_same(home, table, name) for table in tables_of(sft) if home.dialogues.partitions(table)]
    if name == SFT_DUPLICATES:
        later = {key: sft.ranked[i:] for i, key in enumerate(sft.ranked)}
        return [*found, _dep(SFT_DEDUP_INDEX, later)]
    more = {
        SFT_SIGNALS: (),
        SFT_DEDUP_INDEX: (SFT_SIGNALS,),
        SFT_SELECTED: (SFT_SIGNALS, SFT_DUPLICATES),
        FILTERED: (SFT_SIGNALS, SFT_DUPLICATES, SFT_SELECTED),
    }
    return [*found, *(_same(home, upstream, name) for upstream in more[name])]


def _deps_of_way(home: Home, name: str) -> list[dg.AssetDep]:
    """What a way reads: the data sets that each of its own is made of, or all of a source's cleaned documents."""
    way = name.removeprefix(constructed_table(""))
    source = way_class(way).source
    made = home.dialogues.sft.made_by(way)
    if source is None:
        children: dict[str, list[str]] = {}
        for child, one in made.items():
            for parent in one.sources:
                children.setdefault(parent, []).append(child)
        return [_dep(MESSAGES, children)]
    if cleaned_table(source) not in home.stages:
        return []
    key = dg.AssetKey(asset_of(cleaned_table(source)).split("/"))
    return [dg.AssetDep(key, partition_mapping=dg.AllPartitionMapping())]


def _same(home: Home, upstream: str, name: str) -> dg.AssetDep:
    """A table above that has the same data sets, as far as it can have them."""
    there = {where["set"] for where in home.dialogues.partitions(name)}
    return _dep(upstream, {w["set"]: (w["set"],) for w in home.dialogues.partitions(upstream) if w["set"] in there})


def _dep(upstream: str, below: Mapping[str, Iterable[str]]) -> dg.AssetDep:
    key = dg.AssetKey(asset_of(upstream).split("/"))
    return dg.AssetDep(key, partition_mapping=dg.StaticPartitionMapping({up: list(down) for up, down in below.items()}))
