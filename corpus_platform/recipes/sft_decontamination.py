"""A file of dialogues held against evaluation sets: a copy without what they have, and a report with the evidence.

The report has a row for each dialogue and item that share `report` of the item or more, with both passages; those that are `flagged` are not in the copy. It
says how many items were searched for and which are too short to be, and counts dialogues by benchmark and by source.
Promise: rows in = kept + dropped + unread; kept rows are written as they were read; a planted item has been found before.

Not here: the search (sft/contamination.py), reading evaluation sets (eval_sets.py), a recipe's own step (steps/sft_contamination.py).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from corpus_platform.errors import SettingsError
from corpus_platform.recipes.sft_files import dialogue_batches
from corpus_platform.sources.plain import PlainWriter

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from corpus_platform.recipes.sft_files import Source
    from corpus_platform.sft.contamination import EvalItems

_SHOWN = 50
"""Hits that a report in Markdown shows of each benchmark."""


@dataclass
class Contamination:
    """What evaluation sets and a file share. `flagged` and `told` count dialogues by (benchmark, source); `items` are those that a flagged dialogue holds."""

    searched: dict[str, int]
    too_short: tuple[str, ...]
    rows: int = 0
    kept: int = 0
    unread: int = 0
    flagged: Counter[tuple[str, str]] = field(default_factory=Counter)
    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    items: dict[str, set[str]] = field(default_factory=dict)
    hits: list[dict[str, Any]] = field(default_factory=list)

    @property
    def dropped(self) -> int:
        """Dialogues that hold an item."""
        return self.rows - self.kept

    def as_json(self) -> dict[str, Any]:
        """The whole report."""
        return {
            "rows": self.rows,
            "kept": self.kept,
            "dropped": self.dropped,
            "unread": self.unread,
            "items_searched_for": self.searched,
            "items_too_short": list(self.too_short),
            "items_found": {name: len(found) for name, found in sorted(self.items.items())},
            "by_benchmark_and_source": [
                {"benchmark": b, "source": s, "flagged": self.flagged[b, s], "told": n}
                for (b, s), n in sorted(self.told.items())
            ],
            "hits": self.hits,
        }


def decontaminate_file(source: Source, items: EvalItems, kept: Path, dropped: Path | None = None) -> Contamination:
    """Writes the dialogues that hold no item, and to `dropped` those that do. Raises CheckFailed where a planted item is not found."""
    items.prove()
    told = Contamination(dict(Counter(one.benchmark for one in items.items)), items.too_short)
    if dropped is None:
        with PlainWriter(kept) as keeper:
            _write(source, items, told, keeper, None)
        return told
    with PlainWriter(kept) as keeper, PlainWriter(dropped) as dropper:
        _write(source, items, told, keeper, dropper)
    return told


def write_report(told: Contamination, path: Path) -> None:
    """The report as JSON or Markdown, by the file's ending."""
    if path.suffix == ".json":
        content = orjson.dumps(told.as_json(), option=orjson.OPT_INDENT_2)
    elif path.suffix == ".md":
        content = _markdown(told).encode()
    else:
        raise SettingsError(f"{path}: a report is .json or .md")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _write(
    source: Source, items: EvalItems, told: Contamination, keeper: PlainWriter, dropper: PlainWriter | None
) -> None:
    for batch in dialogue_batches(source):
        hits = items.find(batch.frame["text"], passages="all")
        _count(told, hits, batch.rows)
        gone = set(hits.filter("flagged")["row"])
        keeper.write([row for number, row in enumerate(batch.rows) if number not in gone])
        if dropper is not None:
            dropper.write([row for number, row in enumerate(batch.rows) if number in gone])
        told.rows += len(batch.rows)
        told.kept += len(batch.rows) - len(gone)
        told.unread += len(batch.unread)


def _count(told: Contamination, hits: pl.DataFrame, rows: list[dict[str, Any]]) -> None:
    seen: set[tuple[int, str, bool]] = set()
    for hit in hits.drop("weight", "numbers").iter_rows(named=True):
        number, benchmark = hit.pop("row"), hit["benchmark"]
        row = rows[number]
        where = str(row.get("source") or "")
        told.hits.append({"id": row["doc_id"], "source": where, **hit})
        for counted, holds in ((told.told, True), (told.flagged, hit["flagged"])):
            key = number, benchmark, counted is told.flagged
            if holds and key not in seen:
                seen.add(key)
                counted[benchmark, where] += 1
        if hit["flagged"]:
            told.items.setdefault(benchmark, set()).add(hit["item"])


def _markdown(told: Contamination) -> str:
    lines = [
        "# Evaluation items in dialogues",
        "",
        f"{told.rows:,} dialogues: {told.kept:,} kept, {told.dropped:,} hold an item of an evaluation set; {told.unread:,} rows could not be read.",
        "",
        "| benchmark | items | found | source | dialogues that hold one | that share a fifth or more |",
        "|---|---:|---:|---|---:|---:|",
    ]
    for (benchmark, where), n in sorted(told.told.items()):
        found = len(told.items.get(benchmark, ()))
        lines.append(
            f"| {benchmark} | {told.searched[benchmark]:,} | {found:,} | {where} | {told.flagged[benchmark, where]:,} | {n:,} |"
        )
    silent = [name for name in told.searched if not any(b == name for b, _ in told.told)]
    lines += [f"| {name} | {told.searched[name]:,} | 0 | | 0 | 0 |" for name in silent]
    if told.too_short:
        lines += ["", f"Too short to be searched for: {', '.join(told.too_short)}."]
    for benchmark in sorted(told.items):
        lines += ["", f"## {benchmark}", ""]
        for hit in [h for h in told.hits if h["benchmark"] == benchmark and h["flagged"]][:_SHOWN]:
            share = f"{hit['score']:.0%} of {hit['tokens']} tokens"
            lines += [f"- `{hit['id']}` has {share} of `{hit['item']}` ({hit['part']})"]
            lines += [f"  - dialogue: {_line(hit['passage'])}", f"  - item: {_line(hit['item_passage'])}"]
    return "\n".join(lines) + "\n"


def _line(text: str) -> str:
    """A passage on one line, its marks of Markdown out of force."""
    shown = " ".join(text.split())
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>|#" else sign for sign in shown)
