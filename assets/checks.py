"""Checks that Dagster must know: blocking ones for broken data, warnings for what people should look at.

A check is a function of a home and a partition that gives its verdict with figures; its docstring is what the UI says of it.
`partitions_def` of a check is a preview in Dagster; it is used here only, so that leaving it is one edit.
"""

import warnings
from collections.abc import Callable
from statistics import median
from typing import Any

import dagster as dg
import polars as pl

from corpus_platform.home import Home
from corpus_platform.lake import table
from corpus_platform.recipes.plan import rules_of
from corpus_platform.recipes.step import FilterStep, Step
from corpus_platform.signals.environment import Environment
from corpus_platform.signals.registry import signals
from corpus_platform.stages.stage import Partition
from resources.home import HomeResource

BROKEN_SHARE = 0.002
"""More broken records than this deserve a look; the stage itself fails at its reject budget."""
UNSURE_SCORE = 0.5
"""CCNet keeps documents whose language has this score."""
UNSURE_SHARE = 0.2
"""Largest share of documents whose language is unknown or below CCNet's threshold."""
ONE_BUCKET_SHARE = 0.95
"""Cut-offs that put more documents of a language than this into one bucket were made for other texts."""
ENOUGH = 100
"""Documents, of a language say, below which shares mean little."""
USUAL = 3
"""How often larger or smaller than the median of the other snapshots a snapshot may be."""
KEYS_AT_ONCE = 20_000_000

Verdict = tuple[bool, dict[str, Any]]
Test = Callable[[Home, Partition], Verdict]
PartitionOf = Callable[[str], Partition]


def checks_of(
    asset: dg.AssetsDefinition,
    name: str,
    partition_of: PartitionOf,
    *,
    reads_records: bool = False,
    may_be_empty: bool = False,
) -> list[dg.AssetChecksDefinition]:
    """The checks of any stage's asset: rows exist, keys are unique, required columns are filled. Of those that read archives also: few are broken."""
    blocking = [*([] if may_be_empty else [_has_rows(name)]), _keys_are_unique(name), _columns_are_filled(name)]
    blocking += [_nothing_is_lost(name, None)] if reads_records else []
    made = [_check(asset, partition_of, test, blocking=True) for test in blocking]
    made += [_check(asset, partition_of, _few_broken_records(name), blocking=False)] if reads_records else []
    return made


def balance(
    asset: dg.AssetsDefinition,
    name: str,
    upstream: str,
    partition_of: PartitionOf,
    of_upstream: PartitionOf | None = None,
) -> dg.AssetChecksDefinition:
    """Rows in = rows kept + rows dropped with a reason. Blocking: a document must not vanish. `of_upstream`: its partition, where it is another."""
    return _check(asset, partition_of, _nothing_is_lost(name, upstream, of_upstream), blocking=True)


def verdicts(asset: dg.AssetsDefinition, name: str, partition_of: PartitionOf) -> list[dg.AssetChecksDefinition]:
    """Warnings where a recipe keeps nothing or everything, or has a rule that could judge no document."""
    return [_check(asset, partition_of, test(name), blocking=False) for test in (_a_part_is_kept, _rules_see_values)]


def usual_size(asset: dg.AssetsDefinition, name: str, partition_of: PartitionOf) -> dg.AssetChecksDefinition:
    """A warning where a snapshot is much larger or smaller than the others."""
    return _check(asset, partition_of, _size_is_usual(name), blocking=False)


def annotations(asset: dg.AssetsDefinition, name: str, partition_of: PartitionOf) -> list[dg.AssetChecksDefinition]:
    """Warnings about language and perplexity of documents."""
    tests = [_languages_are_sure(name), _languages_have_models(name), _buckets_are_spread(name)]
    return [_check(asset, partition_of, test, blocking=False) for test in tests]


def model_exists(asset: dg.AssetsDefinition, name: str, partition_of: PartitionOf) -> dg.AssetChecksDefinition:
    """A warning where a language has no model."""
    return _check(asset, partition_of, _model_was_made(name), blocking=False)


def _check(
    asset: dg.AssetsDefinition, partition_of: PartitionOf, test: Test, *, blocking: bool
) -> dg.AssetChecksDefinition:
    severity = dg.AssetCheckSeverity.ERROR if blocking else dg.AssetCheckSeverity.WARN

    def check(context: dg.AssetCheckExecutionContext, home: HomeResource) -> dg.AssetCheckResult:
        opened = home.open()
        verdicts = {key: test(opened, partition_of(key)) for key in context.partition_keys}
        failed = {key: figures for key, (passed, figures) in verdicts.items() if not passed}
        figures = next(iter(verdicts.values()))[1] if len(verdicts) == 1 else {"failed_partitions": list(failed)}
        return dg.AssetCheckResult(passed=not failed, severity=severity, metadata=figures)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return dg.asset_check(
            asset=asset,
            name=test.__name__,
            blocking=blocking,
            description=test.__doc__,
            partitions_def=asset.partitions_def,
        )(check)


def _has_rows(name: str) -> Test:
    def has_rows(home: Home, partition: Partition) -> Verdict:
        """The partition has at least one row: an empty one means that an input was not found or everything was dropped."""
        rows = _rows(home, name, partition)
        return rows > 0, {"rows": rows}

    return has_rows


def _keys_are_unique(name: str) -> Test:
    def keys_are_unique(home: Home, partition: Partition) -> Verdict:
        """No key occurs twice, or every count downstream would be wrong."""
        key = list(table(name).key)
        frame = home.lake.scan(name, version=None, **partition).select(key)
        passes = 1 + _rows(home, name, partition) // KEYS_AT_ONCE  # Memory is bounded by a part of the keys.
        found = pl.concat([_twice(frame, key, part, passes) for part in range(passes)])
        return found.is_empty(), {"keys_seen_twice": found.height, "examples": found.head(10).to_dicts()}

    return keys_are_unique


def _twice(frame: pl.LazyFrame, key: list[str], part: int, parts: int) -> pl.DataFrame:
    mine = frame if parts == 1 else frame.filter(pl.struct(key).hash() % parts == part)
    return mine.group_by(key).len("rows").filter(pl.col("rows") > 1).sort("rows", *key, descending=True).collect()


def _columns_are_filled(name: str) -> Test:
    def columns_are_filled(home: Home, partition: Partition) -> Verdict:
        """Columns that must have a value have one in every row."""
        required = [field.name for field in table(name).columns if not field.nullable]
        frame = home.lake.scan(name, version=None, **partition)
        nulls = frame.select(pl.col(required).null_count()).collect().row(0, named=True) if required else {}
        missing = {column: n for column, n in nulls.items() if n}
        return not missing, {"columns_checked": len(required), "nulls": missing}

    return columns_are_filled


def _nothing_is_lost(name: str, upstream: str | None, of_upstream: PartitionOf | None = None) -> Test:
    def nothing_is_lost(home: Home, partition: Partition) -> Verdict:
        """Read = kept + dropped or rejected, each with its reason (in `ops.decisions`, `ops.rejects`): nothing vanishes."""
        counters = _counters(home, name, partition)
        above = of_upstream(partition["snapshot"]) if of_upstream else partition
        read = counters.get("records", 0) if upstream is None else _rows(home, upstream, above)
        kept = _rows(home, name, partition)
        gone = sum(n for counter, n in counters.items() if counter.startswith(("dropped:", "rejects:")))
        return read == kept + gone, {"read": read, "kept": kept, "dropped_or_rejected": gone}

    return nothing_is_lost


def _a_part_is_kept(name: str) -> Test:
    def a_part_is_kept(home: Home, partition: Partition) -> Verdict:
        """The recipe keeps some documents and drops some: else its language is not there, a signal is missing, or a threshold never holds."""
        counters = _counters(home, name, partition)
        read, kept = counters.get("records", 0), _rows(home, name, partition)
        figures = {"read": read, "kept": kept}
        return (kept > 0 or read == 0) and (kept < read or read < ENOUGH), figures

    return a_part_is_kept


def _rules_see_values(name: str) -> Test:
    def rules_see_values(home: Home, partition: Partition) -> Verdict:
        """Every rule over a model's score finds one in some document: else the model is missing, and the rule has judged nothing."""
        counters = _counters(home, name, partition)
        left, blind = counters.get("records", 0), []
        for step in home.recipe(name.partition(".")[2]).steps:
            scored = _rules_over_scores(step)
            unknown = {rule: n for rule, n in _of_step(counters, "unknown", step.name).items() if n >= left > 0}
            blind += [f"{step.name}: {rule}" for rule in unknown if rule in scored]
            left -= sum(_of_step(counters, "dropped", step.name).values())
        return not blind, {"rules_without_values": ", ".join(blind)}

    return rules_see_values


def _rules_over_scores(step: Step) -> set[str]:
    """Rules of a step that ask about what a model measures; to others no value says that there is nothing to measure."""
    if not isinstance(step, FilterStep):
        return set()
    known = signals()
    rules = rules_of(step, Environment())
    return {r.name for r in rules if r.signal.endswith("perplexity") or (r.signal in known and known[r.signal].models)}


def _of_step(counters: dict[str, int], kind: str, step: str) -> dict[str, int]:
    """Counts of a step, by rule."""
    start = f"{kind}:{step}:"
    return {name.removeprefix(start): n for name, n in counters.items() if name.startswith(start)}


def _few_broken_records(name: str) -> Test:
    def few_broken_records(home: Home, partition: Partition) -> Verdict:
        """Few records are broken (truncated, undecodable, timed out): `ops.rejects` names each one, with file, offset and reason."""
        counters = _counters(home, name, partition)
        broken, seen = counters.get("broken", 0), counters.get("records", 0)
        share = broken / seen if seen else 0.0
        reasons = {k.partition(":")[2]: n for k, n in counters.items() if k.startswith("rejects:")}
        figures = {"broken_records": broken, "records": seen, **_share(share, BROKEN_SHARE)}
        return share <= BROKEN_SHARE, {**figures, "rejects_by_reason": _listed(reasons)}

    return few_broken_records


def _size_is_usual(name: str) -> Test:
    def size_is_usual(home: Home, partition: Partition) -> Verdict:
        """The snapshot is not much larger or smaller than the median of the others; with fewer than three others nothing is said."""
        states = home.lake.states(name)
        mine = _rows(home, name, partition)
        same = [
            s for s in states if s.partition != partition and s.partition.get("variant") == partition.get("variant")
        ]
        if len(same) < 3:
            return True, {"rows": mine, "other_snapshots": len(same)}
        usual = median(state.rows for state in same)
        figures = {"rows": mine, "median_of_others": usual, "allowed_factor": str(USUAL), "other_snapshots": len(same)}
        return usual <= mine * USUAL and mine <= usual * USUAL, figures

    return size_is_usual


def _languages_are_sure(name: str) -> Test:
    def languages_are_sure(home: Home, partition: Partition) -> Verdict:
        """For most documents the language is known, with a score above the threshold that CCNet keeps documents at."""
        unsure = pl.col("language").is_null() | (pl.col("language_score").fill_null(0) < UNSURE_SCORE)
        frame = home.lake.scan(name, version=None, **partition)
        documents, n = frame.select(pl.len(), unsure.sum().alias("unsure")).collect().row(0)
        share = n / documents if documents else 0.0
        figures = {"documents": documents, "unsure": n, "threshold": str(UNSURE_SCORE)}
        return share <= UNSURE_SHARE, {**figures, **_share(share, UNSURE_SHARE)}

    return languages_are_sure


def _languages_have_models(name: str) -> Test:
    def languages_have_models(home: Home, partition: Partition) -> Verdict:
        """Documents in the languages whose perplexity is wanted have one; without a model their bucket is `all`."""
        wanted = pl.col("language").is_in(home.settings.scored_languages)
        frame = home.lake.scan(name, version=None, **partition).filter(wanted & (pl.col("bucket") == "all"))
        without = dict(frame.group_by("language").len().sort("language").collect().iter_rows())
        return not without, {"documents_without_perplexity": sum(without.values()), "by_language": _listed(without)}

    return languages_have_models


def _buckets_are_spread(name: str) -> Test:
    def buckets_are_spread(home: Home, partition: Partition) -> Verdict:
        """No language has nearly all its documents in one of head, middle, tail; else the model's cut-offs were made for other texts."""
        frame = home.lake.scan(name, version=None, **partition).filter(pl.col("bucket") != "all")
        counts = frame.group_by("language", "bucket").len().sort("language", "bucket").collect()
        spread: dict[str, dict[str, int]] = {}
        for language, bucket, n in counts.iter_rows():
            spread.setdefault(language, {})[bucket] = n
        lopsided = [
            language
            for language, buckets in spread.items()
            if (total := sum(buckets.values())) >= ENOUGH and max(buckets.values()) > ONE_BUCKET_SHARE * total
        ]
        figures = {language: _listed(buckets) for language, buckets in spread.items()}
        return not lopsided, {**figures, "lopsided": ", ".join(lopsided), "allowed": f"{ONE_BUCKET_SHARE:.0%}"}

    return buckets_are_spread


def _model_was_made(name: str) -> Test:
    def model_was_made(home: Home, partition: Partition) -> Verdict:
        """There is a model; else the reason says why not. What it would measure is then unknown: without a language model the bucket is `all`."""
        rows = home.lake.scan(name, version=None, **partition).select("digest", "reason").collect()
        made = rows.filter(pl.col("digest").is_not_null()).height > 0
        return made, {} if made else {"reason": rows["reason"].item() if rows.height else "there is no row"}

    return model_was_made


def _rows(home: Home, name: str, partition: Partition) -> int:
    return int(home.lake.scan(name, version=None, **partition).select(pl.len()).collect().item())


def _counters(home: Home, name: str, partition: Partition) -> dict[str, int]:
    state = home.lake.state(name, partition)
    return state.counters if state else {}


def _share(share: float, allowed: float) -> dict[str, Any]:
    """The share as a number, which the UI plots, and its limit as a text."""
    return {"share": round(share, 4), "allowed": f"{allowed:.1%}"}


def _listed(counts: dict[str, int]) -> str:
    """`truncated 2, not_html 1`, the largest first."""
    return ", ".join(f"{name} {n:,}" for name, n in sorted(counts.items(), key=lambda item: -item[1]))
