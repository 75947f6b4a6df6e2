"""The report of a mix of dialogues: what was asked and given, what each set brought, what filters took out before; as values, and as Markdown.

Every number is of commits: that of the mix, and those of the filtered sets that it was drawn from.

Not here: the files of an export (sft_release.py), the card around the report (sft_card.py).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.analytics import sft_measures
from corpus_platform.analytics.card_text import code, joined, markdown_table
from corpus_platform.analytics.report.markup import share
from corpus_platform.documents import NOBODY_SAYS
from corpus_platform.mixes.sft.report import ShareRow, in_order, unmet
from corpus_platform.sft.measures import COUNTED
from corpus_platform.stages.sft_filtered import FILTERED
from corpus_platform.stages.sft_mix import FACTS, SFT_MIXES, infos, left_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from corpus_platform.lake import Lake
    from corpus_platform.lake.log import PartitionState
    from corpus_platform.stages.sft_mix import SftMixes

_NAMES = {
    "part": "Parts",
    "label": "Labels",
    "length": "Lengths, in tokens that are learnt",
    "language": "Languages",
    "task_type": "Tasks",
    "construction": "Ways of construction",
    "origin": "Who wrote the answers",
    "licence": "Licences that rows state",
}
_ROWS = 40


def report(lake: Lake, stage: SftMixes, name: str, state: PartitionState) -> dict[str, Any]:
    """What is known of a mix as it was made."""
    mix = stage.mix({"mix": name})
    drawn = lake.scan(SFT_MIXES, mix=name).select("set", "doc_id", "epoch", "trained", "tokens", *FACTS).collect()
    shares = in_order(mix, ShareRow.of_counters(state.counters))
    return {
        "mix": mix.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "fingerprint": state.fingerprint,
        "unit": mix.unit,
        "tokenizer": state.inputs.get("tokenizer"),
        "totals": _totals(drawn),
        "shares": [{**asdict(row), "epochs": round(row.epochs, 4), "missing": row.missing} for row in shares],
        "unmet": [f"{row.dimension} {row.value}" for row in unmet(shares)],
        "sets": _sets(lake, stage, drawn, state),
        "by": {fact: _by(drawn, fact) for fact in FACTS},
        "left_out": dict(left_out(state.counters)),
    }


def markdown(told: Mapping[str, Any]) -> str:
    """The report as Markdown."""
    return joined(f"# Report of the mix {code(told['mix']['name'])}", *sections(told)) + "\n"


def sections(told: Mapping[str, Any]) -> list[str]:
    """The report's parts, each with its heading."""
    totals = told["totals"]
    head = (
        f"**{totals['rows']:,} rows ({totals['distinct']:,} without repetitions), {totals['trained']:,} tokens that are learnt, "
        f"{totals['tokens']:,} in all.** Tokens: {code(str(told['tokenizer']))}. Amounts of shares are in {told['unit']}."
    )
    missing = [row for row in told["shares"] if row["missing"]]
    short = [
        f"- {_NAMES.get(row['dimension'], row['dimension'])}: {code(row['value'])} lacks {row['missing']:,} of {row['wanted']:,}."
        for row in missing
    ]
    said = "\n".join(short) or "All that was asked for was given, to a row."
    return [
        head,
        joined("## Asked and given", *_share_tables(told)),
        joined("## What could not be met", said),
        joined("## Data sets", _set_table(told)),
        joined("## What filters took out of them", _processing(told)),
        joined("## What the mix left out", _left_out(told)),
        joined("## Composition", *(_by_table(told, fact) for fact in FACTS)),
        *_variety(told),
        *_forms(told),
    ]


def _totals(drawn: pl.DataFrame) -> dict[str, int]:
    return {
        "rows": drawn.height,
        "distinct": drawn.select("set", "doc_id").unique().height,
        "trained": int(drawn["trained"].sum()),
        "tokens": int(drawn["tokens"].sum()),
    }


def _sets(lake: Lake, stage: SftMixes, drawn: pl.DataFrame, state: PartitionState) -> list[dict[str, Any]]:
    """A set for each that the mix has rows of, by name."""
    known, found = infos(stage.sft), []
    version = state.inputs.get(FILTERED)
    for (name,), own in sorted(drawn.group_by("set"), key=lambda one: str(one[0][0])):
        info, filtered = known.get(str(name)), lake.state(FILTERED, {"set": str(name)}, version)
        counters = dict(filtered.counters) if filtered else {}
        found.append(
            {
                "set": name,
                "like": info.like if info else "",
                **_totals(own),
                "epochs": int(own["epoch"].max()) + 1,  # type: ignore[arg-type]
                "licence": info.licence if info else None,
                "commercial": info.commercial if info else NOBODY_SAYS,
                "construction": info.construction if info else None,
                "read": counters.get("records", 0),
                "kept": counters.get("kept", 0),
                "dropped": {
                    key.removeprefix("dropped:"): n for key, n in sorted(counters.items()) if key.startswith("dropped:")
                },
            }
        )
    return found


def _by(drawn: pl.DataFrame, fact: str) -> dict[str, dict[str, int]]:
    grouped = drawn.group_by(pl.col(fact).fill_null(NOBODY_SAYS)).agg(pl.len().alias("rows"), pl.col("trained").sum())
    ordered = grouped.sort(["trained", fact], descending=[True, False])
    return {row[fact]: {"rows": row["rows"], "trained": row["trained"]} for row in ordered.iter_rows(named=True)}


def _share_tables(told: Mapping[str, Any]) -> list[str]:
    made = []
    for dimension in dict.fromkeys(row["dimension"] for row in told["shares"]):
        rows = [row for row in told["shares"] if row["dimension"] == dimension]
        whole = sum(row["given"] for row in rows)
        lines = [
            (
                code(row["value"]),
                *(f"{row[key]:,}" for key in ("wanted", "given")),
                share(row["given"], whole),
                *(f"{row[key]:,}" for key in ("rows", "distinct", "available")),
                f"{row['epochs']:.2f}",
            )
            for row in rows[:_ROWS]
        ]
        head = [dimension, "asked", "given", "share", "rows", "without repetitions", "there once", "epochs"]
        made.append(joined(f"### {_NAMES.get(dimension, dimension)}", markdown_table(head, lines, numbers=range(1, 8))))
    return made


def _set_table(told: Mapping[str, Any]) -> str:
    whole = told["totals"]["trained"]
    lines = [
        (
            code(row["set"]),
            code(row["like"]),
            *(f"{row[key]:,}" for key in ("rows", "distinct", "trained", "tokens")),
            share(row["trained"], whole),
            str(row["epochs"]),
            code(row["licence"] or "none seen"),
            row["commercial"],
            row["construction"] or "",
        )
        for row in told["sets"]
    ]
    head = ["set", "in the catalogue", "rows", "without repetitions", "tokens learnt", "tokens", "share", "most epochs"]
    return markdown_table([*head, "licence", "commercial use", "construction"], lines, numbers=range(2, 8))


def _processing(told: Mapping[str, Any]) -> str:
    lines = []
    for row in told["sets"]:
        most = sorted(row["dropped"].items(), key=lambda one: (-one[1], one[0]))
        reasons = ", ".join(f"{code(reason)} {n:,}" for reason, n in most[:8] if n)
        lines.append((code(row["set"]), f"{row['read']:,}", f"{row['kept']:,}", reasons or "nothing"))
    return markdown_table(["set", "read", "kept", "dropped, by step and rule"], lines, numbers=(1, 2))


def _left_out(told: Mapping[str, Any]) -> str:
    lines = [(code(reason), f"{n:,}") for reason, n in told["left_out"].items()]
    return (
        markdown_table(["reason", "rows"], lines, numbers=(1,))
        if lines
        else "Nothing was left out but what was not drawn."
    )


def _by_table(told: Mapping[str, Any], fact: str) -> str:
    values: Sequence[tuple[str, dict[str, int]]] = list(told["by"][fact].items())
    whole = told["totals"]["trained"]
    lines = [
        (code(value), f"{own['rows']:,}", f"{own['trained']:,}", share(own["trained"], whole))
        for value, own in values[:_ROWS]
    ]
    more = f"… and {len(values) - _ROWS} more, in `mix_report.json`." if len(values) > _ROWS else ""
    table = markdown_table([fact, "rows", "tokens learnt", "share"], lines, numbers=(1, 2, 3))
    return joined(f"### {_NAMES[fact]}", table, more)


def _variety(told: Mapping[str, Any]) -> list[str]:
    """How varied the dialogues are; nothing where there is no export yet."""
    if "measures" not in told:
        return []
    return [joined("## Variety, each dialogue once", *sft_measures.sections(told["measures"], but=COUNTED))]


def _forms(told: Mapping[str, Any]) -> list[str]:
    """Files of the export, with what a form could not say; nothing where there is no export yet."""
    if "forms" not in told:
        return []
    lines = [
        (
            code(name),
            f"{own['rows']:,}",
            ", ".join(f"{code(reason)} {n:,}" for reason, n in own["left_out"].items()) or "nothing",
        )
        for name, own in told["forms"].items()
    ]
    table = markdown_table(["file", "records", "dialogues that its form can't say, by reason"], lines, numbers=(1,))
    packed = told.get("packing")
    said = (
        f"Packed into {packed['sequences']:,} sequences of at most {packed['most']:,} tokens, {packed['filled']:.1%} full; "
        f"{packed['cut']:,} dialogues are longer than a sequence and were cut."
        if packed
        else ""
    )
    return [joined("## Files", table, said)]
