"""Which sets a part takes, and which rows a gate lets through."""

import polars as pl
import pytest

from corpus_platform.mixes.sft.mix import Gate, Part
from corpus_platform.mixes.sft.sets import SetInfo, chooses, gated, refusal

ALPACA = SetInfo("my_alpaca", "alpaca", "generated", ("en",), ("other",), "CC-BY-NC-4.0", "no")
DOLLY = SetInfo("dolly", "dolly_15k", "human", ("en",), ("qa", "writing"), "CC-BY-SA-3.0", "yes")
OWN = SetInfo("clinic", licence="CC0-1.0")
UNKNOWN = SetInfo("zhihu", "zhihu_kol", "users", ("zh",), ("qa",), None, "unknown")


@pytest.mark.parametrize(
    ("part", "taken"),
    [
        ({}, {"my_alpaca", "dolly", "clinic", "zhihu"}),
        ({"from": "alpaca"}, {"my_alpaca"}),
        ({"from": ["dol*", "clinic"]}, {"dolly", "clinic"}),
        ({"sets": {"construction": ["human", "users"]}}, {"dolly", "zhihu"}),
        ({"sets": {"language": "!zh"}}, {"my_alpaca", "dolly", "clinic"}),
        ({"sets": {"task_type": "qa", "language": "en"}}, {"dolly"}),
        ({"sets": {"like": "alpaca"}}, {"my_alpaca"}),
    ],
)
def test_a_part_takes_sets_by_name_and_by_what_they_are(part, taken):
    made = Part.model_validate({"name": "a", **part})

    assert {one.name for one in (ALPACA, DOLLY, OWN, UNKNOWN) if chooses(made, one)} == taken


@pytest.mark.parametrize(
    ("gate", "info", "licence", "why"),
    [
        ({}, ALPACA, None, None),
        ({"commercial": "yes"}, ALPACA, None, "not_commercial"),
        ({"commercial": "yes"}, DOLLY, None, None),
        ({"commercial": "yes"}, DOLLY, "CC-BY-NC-4.0", "not_commercial"),
        ({"commercial": "yes"}, OWN, None, None),
        ({"commercial": "yes"}, SetInfo("bare"), None, "unknown_terms"),
        ({"commercial": "yes"}, UNKNOWN, "MIT", "unknown_terms"),
        ({"allowed": ["permissive"]}, OWN, None, None),
        ({"allowed": ["permissive"]}, DOLLY, None, "licence"),
        ({"allowed": ["permissive", "CC-BY-SA-3.0"]}, DOLLY, None, None),
        ({"allowed": ["permissive"]}, SetInfo("bare"), None, "licence"),
        ({"allowed": ["none"]}, SetInfo("bare"), None, None),
    ],
)
def test_a_gate_lets_through_what_licences_are_seen_to_allow(gate, info, licence, why):
    assert refusal(Gate.model_validate(gate), info, licence) == why


def test_rows_are_gated_one_by_one_and_refusals_counted():
    frame = pl.DataFrame({"licence": ["MIT", None, "CC-BY-NC-4.0", "CC-BY-NC-4.0"], "n": [1, 2, 3, 4]})

    kept, refused = gated(frame, Gate(commercial="yes"), DOLLY)

    assert kept["n"].to_list() == [1, 2]
    assert refused == {"not_commercial": 2}
