"""How stored signals are distributed over the newest snapshot, beside the thresholds that recipes set on them: those that drop most documents.

DuckDB reads the columns of some signals twice: once for quantiles, which say where bins begin and end, once for the bins.

Not here: values of single documents (measured.py), drops themselves (samples.py).
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from corpus_platform.analytics.measured import numeric_rules
from corpus_platform.analytics.report.facts import SignalFacts
from corpus_platform.signals.registry import signals
from corpus_platform.stages.signals import SIGNALS, stored_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from corpus_platform.analytics.report.facts import CorpusFacts
    from corpus_platform.home import Home
    from corpus_platform.recipes.step import Rule

BINS = 40
_SHOWN = 12
_MARKS = 8
_TAIL = 0.995
_LONG = 12
"""How often larger the largest drawn value is than the median, in a long tail."""
MODELS = "models.language_model"

Thresholds = dict[tuple[float, str], list[str]]


def signals_of(
    home: Home, session: duckdb.DuckDBPyConnection, corpora: Sequence[CorpusFacts]
) -> tuple[SignalFacts, ...]:
    """The signals whose rules drop most documents of the newest snapshot, of which values are stored."""
    newest = max((one.snapshot for one in corpora), default="")
    drops: Counter[tuple[str, str]] = Counter()
    thresholds: dict[tuple[str, str], Thresholds] = {}
    for one in corpora:
        if one.snapshot != newest:
            continue
        gone = {(step.step, rule): n for step in one.steps for rule, n in step.rules.items()}
        for step, rule in numeric_rules(home.recipe(one.recipe)):
            if rule.lines is None:
                of = (one.variant, rule.signal)
                drops[of] += gone.get((step, rule.name), 0)
                thresholds.setdefault(of, {}).setdefault(_threshold(rule), []).append(one.recipe)
    found = []
    for (variant, name), n in drops.most_common():
        if len(found) == _SHOWN or n == 0:
            break
        if name in _numbers_of(home, variant, newest):
            row = _signal(session, name, variant, newest, thresholds[variant, name], n)
            found += [row] if row else []
    return tuple(found)


def _threshold(rule: Rule) -> tuple[float, str]:
    return float(rule.threshold), rule.drop_when  # type: ignore[arg-type]


def _numbers_of(home: Home, variant: str, snapshot: str) -> set[str]:
    """Stored signals of documents that are numbers."""
    stored, _ = stored_in(home.lake, {"variant": variant, "snapshot": snapshot})
    known = signals()
    return {
        name for name in stored if name in known and known[name].level == "document" and known[name].dtype.is_numeric()
    }


def _signal(
    session: duckdb.DuckDBPyConnection, name: str, variant: str, snapshot: str, thresholds: Thresholds, drops: int
) -> SignalFacts | None:
    where = "variant = $variant AND snapshot = $snapshot"
    source = f'(SELECT "{name}"::DOUBLE AS v FROM {SIGNALS} WHERE {where}) WHERE isfinite(v)'
    partition = {"variant": variant, "snapshot": snapshot}
    [(documents, least, quantiles)] = session.execute(
        f"SELECT count(v), min(v), approx_quantile(v, [0.1, 0.5, 0.9, {_TAIL}]) FROM {source}", partition
    ).fetchall()
    if not documents:
        return None
    tenth, median, ninth, tail = map(float, quantiles)
    low, high = float(least), max(tail, ninth)
    # A threshold far beyond the values would leave them a sliver.
    near = [value for value, _ in thresholds if low - (high - low) <= value <= high + (high - low)]
    low, high = min([low, *near]), max([high, *near])
    high = high if high > low else low + 1
    is_log = low >= 0 and high > _LONG * max(median, 1.0)
    start, stop = (math.log1p(low), math.log1p(high)) if is_log else (low, high)
    value = "ln(1 + v)" if is_log else "v"
    rows = session.execute(
        f"SELECT least(floor(({value} - {start!r}) / {stop - start!r} * {BINS})::BIGINT, {BINS - 1}) AS bin, count(*) "
        f"FROM {source} AND {value} <= {stop!r} GROUP BY bin",
        partition,
    ).fetchall()
    counts = dict(rows)
    marks = tuple((at, sign, ", ".join(dict.fromkeys(recipes))) for (at, sign), recipes in sorted(thresholds.items()))
    return SignalFacts(
        name,
        signals()[name].definition,
        variant,
        snapshot,
        documents,
        low,
        high,
        is_log,
        tuple(counts.get(i, 0) for i in range(BINS)),
        (tenth, median, ninth),
        marks[:_MARKS],
        drops,
    )


def cutoffs_of(home: Home) -> dict[str, tuple[float, float]]:
    """By language: perplexity up to which a document is head, and middle."""
    if not home.lake.partitions(MODELS):
        return {}
    rows = home.lake.scan(MODELS).select("language", "cutoff_head", "cutoff_middle").drop_nulls().collect()
    return {language: (head, middle) for language, head, middle in rows.iter_rows()}
