"""A partition against the one before it, and the size of all: rows, shares of languages, what is dropped by which rule, copies, perplexity.

The *partition before* is that of the last earlier snapshot (or dump) by name that differs in nothing else. Differences are in shares of documents,
from all rows: a *shift* is the share of documents that would have to have another language for both to be alike (half the sum of the differences).
With fewer than `ENOUGH` documents in one of the two, shares say little and nothing is judged.

Not here: what blocks. Drift is for people to look at: a crawl may have changed, or a setting.
"""

from __future__ import annotations

from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any

from corpus_platform.quality.counted import ENOUGH
from corpus_platform.quality.expectation import Expectation, Found, NotAsked
from corpus_platform.quality.figures import Reading
from corpus_platform.quality.footers import Footers
from corpus_platform.quality.values import quoted
from corpus_platform.stages.verdicts import DUPLICATES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.lake import TableSpec
    from corpus_platform.lake.log import PartitionState
    from corpus_platform.quality.facts import Facts

CHECK = "is_like_before"
USUAL = 3
"""How often larger or smaller than the one before, or than the median of the others, a partition may be."""
SHIFT = 0.1
"""Share of documents that may have another language, bucket or status than before."""
RATE = 0.1
"""How far the share that a rule drops, or the share of copies, may be from the one before."""
QUANTILES = (0.1, 0.5, 0.9)
SPREAD = 1.5
"""Factor that quantiles of perplexity may be apart."""
_IN_TIME = ("snapshot", "dump")
_PERPLEXITY = "quantiles of perplexity"


def expectations(spec: TableSpec, shares: tuple[str, ...], *, is_alike: bool) -> list[Expectation]:
    """What a table's partitions are held to; nothing where they do not follow each other in time. `is_alike`: whether their sizes should be."""
    if spec.side or not _in_time(spec):
        return []
    names = set(spec.schema.names)
    sizes = [
        _of("size against the others", _against_others, USUAL, "Factor to their median, of three at least"),
        _of("rows against before", _rows, USUAL, "Factor to the rows of the partition before"),
    ]
    found = sizes if is_alike else []
    found += [
        _of(f"shift of {name}", partial(_shift, name), SHIFT, "Share of rows that would have to have another value")
        for name in shares
        if name in names
    ]
    if spec.name == DUPLICATES:
        found.append(_of("change of the share of copies", _copies, RATE, "Of the documents that were compared"))
    else:
        found.append(_of("largest change of a rule", _rules, RATE, "In the share of records that it drops or rejects"))
    if "perplexity" in names:
        found.append(_of("perplexity against before", _perplexity, SPREAD, "Largest factor of its deciles and median"))
    return found


def profile(spec: TableSpec, shares: tuple[str, ...]) -> dict[str, str]:
    """Aggregates over the rows that the comparison needs, of this partition and of the one before."""
    if spec.side or not _in_time(spec):
        return {}
    names = set(spec.schema.names)
    asked = {_share_name(name): f"histogram(coalesce({quoted(name)}, 'unknown'))" for name in shares if name in names}
    if "perplexity" in names:
        asked[_PERPLEXITY] = f"approx_quantile(perplexity, {list(QUANTILES)})"
    return asked


def _of(figure: str, find: Any, most: float, notes: str) -> Expectation:
    return Expectation(figure, CHECK, notes, find=find, most=most, id=figure.replace(" ", "_"))


def _in_time(spec: TableSpec) -> str:
    return next((name for name in _IN_TIME if name in spec.partition_by), "")


def _share_name(column: str) -> str:
    return f"rows by {column}"


def before(facts: Facts) -> PartitionState | None:
    """The partition before: the last earlier one that differs in nothing but its snapshot or dump."""
    time = _in_time(facts.spec)
    here = facts.partition
    alike = [
        state
        for state in facts.home.lake.states(facts.spec.name)
        if state.partition[time] < here[time]
        and all(state.partition[name] == here[name] for name in here if name != time)
    ]
    return max(alike, key=lambda state: state.partition[time], default=None)


def _against_others(facts: Facts) -> Found | NotAsked:
    time = _in_time(facts.spec)
    here = facts.partition
    same = [
        state.rows
        for state in facts.home.lake.states(facts.spec.name)
        if state.partition[time] != here[time]
        and all(state.partition[name] == here[name] for name in here if name != time)
    ]
    if len(same) < 3:
        return NotAsked(f"there are {len(same)} others, and it takes three")
    usual = median(same)
    more = {"rows": facts.rows, "median_of_others": usual, "allowed_factor": str(USUAL), "others": len(same)}
    return Found(_factor(facts.rows, usual), None, ({"what": "rows", "before": usual, "now": facts.rows},), more)


def _rows(facts: Facts) -> Found | NotAsked:
    earlier = before(facts)
    if earlier is None:
        return _NONE
    if max(earlier.rows, facts.rows) < ENOUGH:
        return _few(earlier)
    return Found(_factor(facts.rows, earlier.rows), None, (_row("rows", earlier.rows, facts.rows),))


def _shift(column: str, facts: Facts) -> Found | NotAsked:
    earlier = before(facts)
    if earlier is None:
        return _NONE
    if min(earlier.rows, facts.rows) < ENOUGH:
        return _few(earlier)
    then = _shares(_earlier_profile(facts, earlier)[_share_name(column)])
    now = _shares(facts.figures[_share_name(column)])
    apart = _apart(then, now)
    return Found(round(sum(abs(d) for d in apart.values()) / 2, 6), None, _changes(then, now, apart))


def _rules(facts: Facts) -> Found | NotAsked:
    earlier = before(facts)
    if earlier is None:
        return _NONE
    read = earlier.counters.get("records", 0), facts.counter("records")
    if min(read) < ENOUGH:
        return _few(earlier)
    then = {name: n / read[0] for name, n in earlier.counters.items() if name.startswith(("dropped:", "rejects:"))}
    now = {f"dropped:{name}": n / read[1] for name, n in facts.counters("dropped:").items()}
    now |= {f"rejects:{name}": n / read[1] for name, n in facts.counters("rejects:").items()}
    apart = _apart(then, now)
    return Found(round(max((abs(d) for d in apart.values()), default=0.0), 6), None, _changes(then, now, apart))


def _copies(facts: Facts) -> Found | NotAsked:
    earlier = before(facts)
    if earlier is None:
        return _NONE
    read = earlier.counters.get("records", 0), facts.counter("records")
    if min(read) < ENOUGH:
        return _few(earlier)
    then, now = earlier.counters.get("dropped:copy", 0) / read[0], facts.counter("dropped:copy") / read[1]
    return Found(round(abs(now - then), 6), None, (_row("copies", round(then, 4), round(now, 4)),))


def _perplexity(facts: Facts) -> Found | NotAsked:
    earlier = before(facts)
    if earlier is None:
        return _NONE
    if min(earlier.rows, facts.rows) < ENOUGH:
        return _few(earlier)
    then, now = _earlier_profile(facts, earlier)[_PERPLEXITY], facts.figures[_PERPLEXITY]
    if not then or not now:
        return NotAsked("one of the two has no perplexity")
    rows = tuple(
        _row(f"{share:.0%} are below", round(a, 1), round(b, 1))
        for share, a, b in zip(QUANTILES, then, now, strict=True)
    )
    return Found(max(_factor(a, b) for a, b in zip(then, now, strict=True)), None, rows)


_NONE = NotAsked("there is no partition before this one")


def _few(earlier: PartitionState) -> NotAsked:
    return NotAsked(
        f"here or in {','.join(earlier.partition.values())} are fewer than {ENOUGH}: shares would say little"
    )


def _earlier_profile(facts: Facts, earlier: PartitionState) -> dict[str, Any]:
    """The same aggregates of the partition before, read once. Columns that it has with other types are as if they were missing."""
    if "before" not in facts.figures:
        lake, files = facts.home.lake, facts.home.lake.files(facts.spec.name, earlier.partition)
        with Reading(lake, facts.spec, earlier.partition, files) as reading:
            reading.use(Footers.of(lake, facts.spec, files).present)
            facts.figures["before"] = reading.aggregates(facts.profile)
    return facts.figures["before"]


def _factor(a: float, b: float) -> float:
    """How often the larger one is the smaller one, 1 or more; of nothing, something is any number of times."""
    small, large = sorted((float(a), float(b)))
    return 1.0 if small == large else round(large / max(small, 1e-9), 4)


def _shares(counts: Mapping[str, int] | None) -> dict[str, float]:
    total = sum((counts or {}).values())
    return {name: n / total for name, n in (counts or {}).items()}


def _apart(then: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    return {name: now.get(name, 0.0) - then.get(name, 0.0) for name in sorted({*then, *now})}


def _changes(
    then: Mapping[str, float], now: Mapping[str, float], apart: Mapping[str, float]
) -> tuple[dict[str, Any], ...]:
    """The largest changes first."""
    order = sorted(apart, key=lambda name: (-round(abs(apart[name]), 9), name))
    return tuple(_row(name, round(then.get(name, 0.0), 4), round(now.get(name, 0.0), 4)) for name in order)


def _row(what: str, then: float, now: float) -> dict[str, Any]:
    return {"what": what, "before": then, "now": now}
