"""Measures of a data set, a mix or a file of dialogues: where their rows are read, and how figures are told.

Not here: the figures themselves (sft/measures.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.analytics.card_text import code, joined, markdown_table
from corpus_platform.documents import NOBODY_SAYS
from corpus_platform.errors import SettingsError
from corpus_platform.recipes.sft_files import dialogue_batches
from corpus_platform.sft.measures import COUNTED, measure
from corpus_platform.stages.read import batches
from corpus_platform.stages.sft_filtered import FILTERED
from corpus_platform.stages.sft_mix import SFT_MIXES
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from corpus_platform.home import Home
    from corpus_platform.lake import Lake
    from corpus_platform.recipes.sft_files import Source
    from corpus_platform.sft.ability import AbilityModel

_READ = ("doc_id", "messages", "labels", *COUNTED)
_ROWS = 5_000
_NAMES = {
    "language": "Languages",
    "task_type": "Tasks",
    "construction": "Ways of construction",
    "origin": "Who wrote the answers",
    "labels": "Labels that rows have",
    "difficulty": "Difficulty, where it is given",
    "abilities": "Abilities",
    "demands": "Demands on answers",
}
_SIZES = {
    "turns": "messages",
    "request_characters": "characters of requests",
    "answer_characters": "characters of answers",
}
_SHOWN = 12


def of_home(home: Home, name: str, model: AbilityModel | None = None) -> dict[str, Any]:
    """Measures of a data set (as it is filtered, else as it was read) or of a mix. Raises SettingsError for a name that is neither, or is not made yet."""
    sets, mixes = home.dialogues.sft.sets, home.mixing.dialogues
    if name in mixes and name not in sets:
        return {"mix": name, **measure(_of_mix(home.lake, name), model=model)}
    if name not in sets:
        known = (*sets, *mixes)
        raise SettingsError(f"there is no data set or mix `{name}`{nearest(name, known)}; there are {', '.join(known)}")
    where = {"set": name}
    tables = [table for table in (FILTERED, home.dialogues.sft.table_of(name)) if home.lake.state(table, where)]
    if not tables:
        raise SettingsError(f"data set {name} has not been read yet: corpus run sft/filtered --partition {name}")
    frames = (
        frame
        for file in home.lake.files(tables[0], where)
        for frame in batches(home.lake, file, columns=list(_READ), rows=_ROWS)
    )
    return {"set": name, "table": tables[0], **measure(frames, model=model)}


def of_file(source: Source, model: AbilityModel | None = None) -> dict[str, Any]:
    """Measures of a file of dialogues; rows that can't be read are counted as `unread`."""
    unread = 0

    def frames() -> Iterator[pl.DataFrame]:
        nonlocal unread
        for batch in dialogue_batches(source):
            unread += len(batch.unread)
            yield batch.frame

    return {"file": source.path.name, **measure(frames(), model=model), "unread": unread}


def _of_mix(lake: Lake, name: str) -> Iterator[pl.DataFrame]:
    """The dialogues of a mix, each once, as the commit of the mix has read them."""
    state = lake.state(SFT_MIXES, {"mix": name})
    if state is None or not state.rows:
        raise SettingsError(f"mix {name} has no dialogues yet: corpus sft mix make {name}")
    drawn = lake.scan(SFT_MIXES, mix=name).filter(pl.col("epoch") == 0).select("set", "doc_id", "file_shard").collect()
    for (owner,), own in sorted(drawn.group_by("set"), key=lambda one: str(one[0][0])):
        for file in lake.files(FILTERED, {"set": str(owner)}, state.inputs.get(FILTERED)):
            wanted = own.filter(pl.col("file_shard") == file.shard).select("doc_id")
            for frame in batches(lake, file, columns=list(_READ), rows=_ROWS) if wanted.height else ():
                yield frame.join(wanted, on="doc_id", how="semi")


def sections(told: Mapping[str, Any], *, but: Collection[str] = ()) -> list[str]:
    """The figures as Markdown, each with its heading; tables that are told elsewhere may be left out, and those where nobody says anything are."""
    head = f"{told['rows']:,} dialogues; texts are looked at in {told['sample']:,} of them."
    lines = [
        (f"`distinct-{n}`", *(_number(told[f"distinct_{n}"][side]) for side in ("requests", "answers")))
        for n in (1, 2, 3)
    ]
    sizes = [
        (
            what,
            *(f"{told[name][key]:,.0f}" if told[name] else "" for key in ("p5", "p50", "p95", "max")),
            _number(told[name].get("mean")),
        )
        for name, what in _SIZES.items()
    ]
    return [
        joined("### Words", head, markdown_table(["", "requests", "answers"], lines, numbers=(1, 2)), _verbs(told["verbs"])),
        joined("### Sizes", markdown_table(["of a dialogue", "5 %", "half", "95 %", "most", "mean"], sizes, numbers=range(1, 6))),
        *(
            _table(title, told[name])
            for name, title in _NAMES.items()
            if name not in but and told[name] and [*told[name]] != [NOBODY_SAYS]
        ),
    ]  # fmt: skip


def _verbs(verbs: Mapping[str, Any]) -> str:
    lines = [
        (code(verb), f"{own['rows']:,}", ", ".join(f"{code(name)} {n:,}" for name, n in own["objects"].items()))
        for verb, own in list(verbs["top"].items())[:_SHOWN]
    ]
    said = (
        f"{verbs['with_verb']:.1%} of requests begin a clause with a listed verb; {verbs['pairs']:,} pairs of verb and object, "
        f"{verbs['bits']:.1f} bits ({2 ** verbs['bits']:,.0f} pairs, if all were as frequent)."
    )
    return joined(said, markdown_table(["verb", "requests", "its objects"], lines, numbers=(1,)) if lines else "")


def _table(title: str, values: Mapping[str, Mapping[str, float]]) -> str:
    lines = [(code(value), f"{own['rows']:,}", f"{own['share']:.1%}") for value, own in list(values.items())[:_SHOWN]]
    return joined(f"### {title}", markdown_table(["", "rows", "share"], lines, numbers=(1, 2)))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.2f}" if value >= 10 else f"{value:.3f}"
