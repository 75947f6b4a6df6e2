"""Great Expectations as the judge: a suite over a frame of one row, whose columns are the figures of a partition.

The figures are exact and few, so a frame of one row holds them; a promise is then one real expectation on one column, with its notes, its severity
and the table's columns in its meta. Every expectation is a column aggregate, which costs some milliseconds; a whole suite is one validation.
An expectation that could not be evaluated is neither met nor broken: it raises a `SuiteError` with Great Expectations' own reason.

Great Expectations is imported at the first suite of a process (some 3 s); it makes no files, shows no progress and tells nobody.

Not here: what is expected (suite.py), figures (figures.py, counted.py, drift.py).
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from corpus_platform.quality.figures import SuiteError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from great_expectations import ExpectationSuite
    from great_expectations.expectations.expectation import Expectation as GxExpectation

    from corpus_platform.quality.expectation import Expectation

_LOCK = threading.Lock()
"""The context of Great Expectations is one of the process."""


@dataclass(frozen=True)
class Judged:
    """What became of one expectation."""

    success: bool
    observed: Any


def gx_suite(name: str, notes: str, expectations: Sequence[Expectation]) -> ExpectationSuite:
    """The expectations as Great Expectations' own suite."""
    import great_expectations as gx  # noqa: PLC0415  (takes seconds, so only where a suite is run)

    return gx.ExpectationSuite(name=name, expectations=list(map(_expectation, expectations)), notes=notes)


def judge(
    name: str, notes: str, expectations: Sequence[Expectation], figures: Mapping[str, float]
) -> dict[str, Judged]:
    """Which expectations the figures meet, by the figure that each is about. Raises SuiteError where one can't be evaluated."""
    if not expectations:
        return {}
    unknown = [e.figure for e in expectations if figures.get(e.figure) is None]
    if unknown:
        raise SuiteError(f"the suite of {name} could not be evaluated: there is no figure `{unknown[0]}`")
    with _LOCK:
        validated = _batch(figures).validate(gx_suite(name, notes, expectations), result_format="BASIC")
    if len(validated.results) != len(expectations):
        raise SuiteError(
            f"the suite of {name} could not be evaluated: {len(expectations)} expectations were asked, "
            f"and {len(validated.results)} answered"
        )
    judged: dict[str, Judged] = {}
    for result in validated.results:
        asked = result.expectation_config.meta["figure"]
        if reason := next(_raised(result.exception_info), None):
            raise SuiteError(f"the suite of {name} could not be evaluated: expectation `{asked}`: {reason}")
        judged[asked] = Judged(bool(result.success), result.result.get("observed_value", figures[asked]))
    return judged


def _expectation(asked: Expectation) -> GxExpectation:
    from great_expectations.expectations.core.expect_column_max_to_be_between import (  # noqa: PLC0415
        ExpectColumnMaxToBeBetween,
    )
    from great_expectations.expectations.core.expect_column_pair_values_to_be_equal import (  # noqa: PLC0415
        ExpectColumnPairValuesToBeEqual,
    )

    said = {
        "notes": asked.notes,
        "meta": {"figure": asked.figure, "check": asked.check, "columns": list(asked.columns)},
        "severity": "critical" if asked.blocks else "warning",
    }
    if asked.equals:
        return ExpectColumnPairValuesToBeEqual(column_A=asked.figure, column_B=asked.equals, **said)
    return ExpectColumnMaxToBeBetween(column=asked.figure, min_value=asked.least, max_value=asked.most, **said)


def _batch(figures: Mapping[str, float]) -> Any:
    import pandas as pd  # noqa: PLC0415

    frame = pd.DataFrame({name: [value] for name, value in figures.items()})
    return _frames().get_batch({"dataframe": frame})


@cache
def _frames() -> Any:
    """Where frames of this process are validated."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx  # noqa: PLC0415
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415

    context = gx.get_context(mode="ephemeral")
    context.variables.analytics_enabled = False
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    source = context.data_sources.add_pandas("figures")
    return source.add_dataframe_asset("partition").add_batch_definition_whole_dataframe("whole")


def _raised(info: Mapping[str, Any] | None) -> Iterator[str]:
    """Reasons of what was raised; Great Expectations gives one, or one for each metric."""
    if not info:
        return
    if "raised_exception" in info:
        if info["raised_exception"]:
            yield str(info.get("exception_message") or "it does not say why").strip()
        return
    for one in info.values():
        yield from _raised(one)
