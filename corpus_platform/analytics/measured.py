"""Stored values of one signal over the documents of a snapshot, and what a rule makes of them.

Not here: computing signals (signals/, stages/signals.py), what is drawn or asked of the values (corpora.py, review.py).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import polars as pl

from corpus_platform.errors import ModelError, SettingsError, SourceError
from corpus_platform.lake import table
from corpus_platform.recipes.apply import frozen_for
from corpus_platform.recipes.judge import Judged, judge
from corpus_platform.recipes.plan import rules_of
from corpus_platform.recipes.step import FilterStep, LineSummary
from corpus_platform.signals.annotate import annotate
from corpus_platform.signals.document import share_of
from corpus_platform.signals.environment import Environment
from corpus_platform.signals.registry import families_of, signals
from corpus_platform.stages.asset_names import asset_of
from corpus_platform.stages.classifiers import shelf_of
from corpus_platform.stages.signals import LANGUAGE, SIGNALS, stored_in
from corpus_platform.stages.texts import is_after_dedup, text_partition, text_table
from corpus_platform.yaml_file import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corpus_platform.home import Home
    from corpus_platform.recipes.recipe import Recipe
    from corpus_platform.recipes.step import Rule
    from corpus_platform.stages.stage import Partition

SUMMARIES: tuple[str, ...] = get_args(LineSummary)
AT_ONCE = 5000
"""Documents of which a signal that is not stored is measured, some seconds' worth."""
PLACE = ("doc_id", "url", "domain", "language")


def measured(home: Home, name: str, variant: str, snapshot: str) -> pl.DataFrame:
    """`doc_id`, `url`, `domain`, `language` and the values of a signal, or of a column of the texts, for every document.

    A signal that is not stored is measured, over `AT_ONCE` documents at most. Raises SettingsError for a name that is neither, SourceError where
    the texts are not made.
    """
    lake, partition = home.lake, {"variant": variant, "snapshot": snapshot}
    of_texts = [n for n in table(text_table(variant)).schema.names if n not in {"text", "variant", "snapshot"}]
    if name not in signals() and name not in of_texts:
        near = nearest(name, [*signals(), *of_texts])
        raise SettingsError(f"there is no signal `{name}`{near}; all of them: corpus signals list")
    _check_made(home, text_table(variant), partition)
    texts = lake.scan(text_table(variant), **text_partition(partition))  # type: ignore[arg-type]
    stored, _ = stored_in(lake, partition)
    if name not in (*stored, *of_texts):
        return _measured_now(home, name, partition, texts)
    # The language that a page states of itself is a hint, which no recipe judges by.
    hints = () if is_after_dedup(variant) else LANGUAGE
    own = [n for n in ("language", name) if n in of_texts and n not in stored and n not in hints]
    rows = texts.select(*dict.fromkeys(["doc_id", "url", "domain", *own]))
    if more := [n for n in dict.fromkeys(["language", name]) if n in stored]:
        values = lake.scan(SIGNALS, **partition).select("doc_id", *more)  # type: ignore[arg-type]
        rows = rows.join(values, on="doc_id", how="left", maintain_order="left")
    found = rows.collect()
    return found if "language" in found.columns else found.with_columns(language=pl.lit(None, pl.String))


def is_stored(home: Home, name: str, variant: str, snapshot: str) -> bool:
    """Whether the values of a signal need not be measured when they are asked for."""
    stored, _ = stored_in(home.lake, {"variant": variant, "snapshot": snapshot})
    return name in (*stored, *table(text_table(variant)).schema.names)


def _measured_now(home: Home, name: str, partition: Partition, texts: pl.LazyFrame) -> pl.DataFrame:
    """The values of a signal that is not stored, of as many documents as can be waited for: the same ones each time."""
    variant, snapshot = partition["variant"], partition["snapshot"]
    ids = texts.select("doc_id").collect()["doc_id"]
    order = pl.Series([share_of(doc_id) for doc_id in ids.to_list()], dtype=pl.Float64)
    chosen = ids.gather(order.arg_sort().head(AT_ONCE)).to_list()
    hints = () if is_after_dedup(variant) else LANGUAGE
    frame = texts.filter(pl.col("doc_id").is_in(chosen)).collect().drop("variant", "snapshot", *hints, strict=False)
    settings = home.settings.signals.below(home.path)
    try:
        values = annotate(frame, ["language", name], Environment(settings, shelf_of(home.lake)))
    except ModelError as error:
        [family] = families_of([name])
        raise SettingsError(
            f"`{name}` is not stored for {variant}, {snapshot}, and can't be measured now: {error}. Or set `signals: {{more: [{family}]}}` in the "
            f"home's corpus.yaml, then corpus run {asset_of(SIGNALS, variant)} --snapshot {snapshot}"
        ) from None
    return frame.select("doc_id", "url", "domain").with_columns(values["language"], values[name])


def numbers(frame: pl.DataFrame, name: str, lines: str | None = None) -> pl.DataFrame:
    """The documents whose signal has a value, as `value` float64; of a line signal the mean of its lines, or another summary.

    Raises SettingsError where it is no number.
    """
    kind = frame.schema[name]
    column = pl.col(name)
    if isinstance(kind, pl.List):
        kind = kind.inner
        column = getattr(column.list, lines or "mean")()
    if not (kind.is_numeric() or kind == pl.Boolean):
        raise SettingsError(f"`{name}` is no number: it has no distribution and no threshold")
    value = column.cast(pl.Float64).fill_nan(None).alias("value")
    return frame.select(*PLACE, value).drop_nulls("value")


def numeric_rules(recipe: Recipe) -> Iterator[tuple[str, Rule]]:
    """(step, rule) of each rule over numbers, with the thresholds that are frozen for some languages and hosts."""
    environment = Environment()
    for step in recipe.every_step:
        for rule in rules_of(step, environment) if isinstance(step, FilterStep) else ():
            if not isinstance(rule.threshold, str | tuple):
                yield step.name, replace(rule, instead=frozen_for(recipe, step, rule))


def judged(rule: Rule, values: pl.DataFrame) -> Judged:
    """What a rule makes of documents with `value`, as a recipe would."""
    return judge(replace(rule, lines=None), values["value"], values["language"], values["domain"])


def _check_made(home: Home, name: str, partition: Partition) -> None:
    """Raises SourceError, with what to type, where a partition of signals or texts is not made."""
    where = partition if name == SIGNALS else text_partition(partition)
    if home.lake.state(name, where) is None:
        made = ", ".join(sorted({p["variant"] for p in home.lake.partitions(name)})) or "none"
        raise SourceError(
            f"{name}: there is none of {where['variant']}, {where['snapshot']} yet (there is: {made}): "
            f"corpus run {asset_of(name, where['variant'])} --snapshot {where['snapshot']}"
        )
