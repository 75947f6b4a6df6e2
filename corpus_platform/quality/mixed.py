"""What must balance in a mix, and what people are warned of: from the counters of its commit.

Not here: which table has which (declared.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpus_platform.mixes.shift import MUCH, shift
from corpus_platform.quality.counted import ENOUGH, Balance, Caution
from corpus_platform.quality.expectation import Found, NotAsked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.quality.facts import Facts

_TOKENS = "tokens"
_NO_PLAN = NotAsked("the commit counts no parts")
_PLAN, _DRAWN, _GIVEN = "plan:", ":drawn", ":given"


def _planned(facts: Facts, ending: str) -> dict[str, int]:
    """A figure of the plan by stretch and part."""
    found = facts.counters(_PLAN)
    return {name.removesuffix(ending): n for name, n in found.items() if name.endswith(ending)}


def _tokens(facts: Facts) -> Found | NotAsked:
    drawn = _planned(facts, _DRAWN)
    if not drawn:
        return _NO_PLAN
    rows = tuple({"part": name, "tokens": n} for name, n in sorted(drawn.items()))
    return Found(facts.figures[_TOKENS] or 0, sum(drawn.values()), rows)


def _short(facts: Facts) -> Found | NotAsked:
    given, drawn = _planned(facts, _GIVEN), _planned(facts, _DRAWN)
    if not given:
        return _NO_PLAN
    rows = tuple(
        {"part": name, "given": n, "drawn": drawn.get(name, 0)} for name, n in given.items() if drawn.get(name, 0) < n
    )
    return Found(len(rows), 0, rows)


def _shift(facts: Facts) -> Found | NotAsked:
    before, after = _by_dimension(facts.counters("before:")), _by_dimension(facts.counters("after:"))
    compared = {
        name: shift(before[name], after[name])
        for name in before
        if name in after and min(sum(before[name].values()), sum(after[name].values())) >= ENOUGH
    }
    if not compared:
        return NotAsked(
            f"nothing it was drawn from says languages or categories of {ENOUGH} documents before and after cleaning"
        )
    rows = tuple(
        {
            "table": name.partition(":")[0],
            "of": name.partition(":")[2],
            "index": round(one.psi, 4),
            "most": f"{one.value} {one.difference:+.1%}",
        }
        for name, one in sorted(compared.items(), key=lambda item: -item[1].psi)
    )
    return Found(max(one.psi for one in compared.values()), None, rows, {"most_shifted": rows[0]["most"]})


def _by_dimension(counters: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """{`table:language`: {value: documents}} of counters `table:language:value`; a value may hold a colon."""
    found: dict[str, dict[str, int]] = {}
    for name, n in counters.items():
        table, dimension, value = name.split(":", 2)
        found.setdefault(f"{table}:{dimension}", {})[value] = n
    return found


TOKENS_ARE_COUNTED = Balance(
    "tokens of the rows",
    "tokens drawn",
    "What the rows hold, and what the run counted by part",
    _tokens,
    {_TOKENS: "sum(tokens)"},
)
PARTS_ARE_FILLED = Balance(
    "parts that drew less than the plan gives them",
    "none",
    "Every part draws its tokens, its last document whole",
    _short,
)
SHARES_ARE_KEPT = Caution(
    "shift of shares by cleaning",
    "shares_are_kept",
    f"Population stability index of languages and categories, documents read against documents kept; above {MUCH} they differ",
    _shift,
    most=MUCH,
    id="shift",
)
