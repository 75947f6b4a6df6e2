"""Checks that Dagster must know: the suite of a table, under the names that people know, blocking for broken data and warning for the rest.

One step runs the suite of an asset's table, and those of its side tables, in one pass each; each check gathers the expectations that are about one
thing. A suite that can't be evaluated is no verdict: the step fails with the reason, and its checks show as not executed.
`partitions_def` of a check is a preview in Dagster; it is used here only, so that leaving it is one edit.

Not here: what is expected (corpus_platform/quality/).
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import dagster as dg

from corpus_platform.errors import CorpusError
from corpus_platform.home import Home
from corpus_platform.quality.expectation import Check
from corpus_platform.quality.page import number, write_results
from corpus_platform.quality.run import Outcome, Result, run_suite, suites_of
from corpus_platform.quality.suite import suite_of
from corpus_platform.stages.stage import Partition
from resources.home import HomeResource

PartitionOf = Callable[[str], Partition]
_LISTED = 6
"""Expectations that are listed with their figures; of more, only those that are not met."""


def checks_of(asset: dg.AssetsDefinition, name: str, partition_of: PartitionOf) -> list[dg.AssetChecksDefinition]:
    """The checks of an asset: what the suite of its table asks."""
    suite = suite_of(name)

    def check(context: dg.AssetCheckExecutionContext, home: HomeResource) -> Iterator[dg.AssetCheckResult]:
        asked = {key.name for key in context.selected_asset_check_keys}
        opened = home.open()
        results = {key: _results(opened, name, partition_of(key), asked) for key in context.partition_keys}
        page = write_results(opened, context.run.run_id, [one for found in results.values() for one in found])
        for one in suite.checks:
            if one.name in asked:
                yield _verdict(asset.key, one, results, None if page is None else str(page))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)
        specs = [
            dg.AssetCheckSpec(
                one.name,
                asset=asset.key,
                description=one.about,
                blocking=one.blocks,
                partitions_def=asset.partitions_def,
            )
            for one in suite.checks
        ]
    made = dg.multi_asset_check(
        name=f"{asset.key.to_python_identifier()}__quality",
        description=f"The suite of `{name}`, in one pass over the partition's files.",
        specs=specs,
        can_subset=True,
    )
    return [made(check)]


def _results(home: Home, name: str, partition: Partition, checks: set[str]) -> list[Result]:
    """Results of the table and of its side tables. What can't be evaluated fails the step, with the reason and without a traceback."""
    try:
        return [run_suite(home, table, where, checks) for table, where in suites_of(home, name, partition)]
    except CorpusError as error:
        raise dg.Failure(str(error), metadata={"error": type(error).__name__}) from error


def _verdict(key: dg.AssetKey, check: Check, results: dict[str, list[Result]], page: str | None) -> dg.AssetCheckResult:
    """One check over the partitions of a run, which is one as a rule."""
    outcomes = {partition: _of(check, found) for partition, found in results.items()}
    failed = [partition for partition, mine in outcomes.items() if any(one.is_broken for _, one in mine)]
    mine = outcomes[failed[0]] if failed else next(iter(outcomes.values()))
    metadata = _metadata(mine)
    if len(outcomes) > 1:
        metadata["failed_partitions"] = failed
    if page is not None:
        metadata["page"] = dg.MetadataValue.path(page)
    severity = dg.AssetCheckSeverity.ERROR if check.blocks else dg.AssetCheckSeverity.WARN
    return dg.AssetCheckResult(
        passed=not failed, asset_key=key, check_name=check.name, severity=severity, metadata=metadata
    )


def _of(check: Check, results: Sequence[Result]) -> list[tuple[str, Outcome]]:
    """(table, outcome) of one check, the broken ones first."""
    found = [(result.table, outcome) for result in results for outcome in result.of(check.name)]
    return sorted(found, key=lambda one: not one[1].is_broken)


def _metadata(outcomes: Sequence[tuple[str, Outcome]]) -> dict[str, Any]:
    """Figures, which the UI plots over partitions; then the expectations as a table, and the rows that break them."""
    broken = [(table, outcome) for table, outcome in outcomes if outcome.is_broken]
    figures: dict[str, Any] = {"expectations": len(outcomes), "broken": len(broken)}
    for _, outcome in reversed(outcomes):
        figures |= outcome.more
        if outcome.id and outcome.observed is not None:
            figures[outcome.id] = outcome.observed
    if broken:
        figures["what"] = ", ".join(f"{table}: {outcome.figure}" for table, outcome in broken[:_LISTED])
    listed = outcomes if len(outcomes) <= _LISTED else broken
    if listed:
        figures["suite"] = dg.MetadataValue.md(_suite(listed))
    for table, outcome in broken:
        if outcome.rows:
            figures["failing_rows"] = dg.MetadataValue.md(f"{_code(f'{table}: {outcome.figure}')}\n\n{_rows(outcome)}")
            break
    return figures


def _suite(outcomes: Sequence[tuple[str, Outcome]]) -> str:
    lines = ["| | figure | found | allowed |", "|---|---|---:|---|"]
    for table, one in outcomes:
        allowed = f"{one.allowed} ({number(one.other)})" if one.other is not None else one.allowed
        figure = f"{table}: {one.figure}"
        lines.append(f"| {one.state} | {_code(figure)} | {number(one.observed)} | {_code(one.why or allowed)} |")
    return "\n".join(lines)


def _rows(outcome: Outcome) -> str:
    names = list(outcome.rows[0])
    lines = ["| " + " | ".join(map(_code, names)) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(_code(row.get(name, "")) for name in names) + " |" for row in outcome.rows]
    return "\n".join(lines)


def _code(text: str) -> str:
    """The text as inline code: in what was crawled no link, picture or table of Markdown must come to life."""
    harmless = text.replace("|", "¦").replace("`", "'")
    return f"`{harmless}`" if harmless else ""
