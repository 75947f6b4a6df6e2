"""The order of drawing: exact shares, growth that only adds, epochs, caps."""

from itertools import combinations
from random import Random

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.mixes.allocate import allocate
from corpus_platform.mixes.sft.draw import draw, place_keys
from corpus_platform.mixes.sft.report import ShareRow, share_rows, unmet

from .conftest import candidates, mix

ABC = ("a", "b", "c")


def counted(drawn, column="part"):
    """Tokens by value."""
    return dict(drawn.frame.group_by(column).agg(pl.col("trained").sum()).sort(column).iter_rows())


def keys(drawn):
    """Which rows were drawn, and how often each had come before."""
    return set(drawn.frame.select("doc_id", "epoch").iter_rows())


@given(
    sizes=st.lists(st.integers(1, 40), min_size=2, max_size=5),
    weights=st.lists(st.integers(1, 97), min_size=5, max_size=5),
    rows=st.integers(1, 150),
)
@settings(deadline=None, max_examples=40)
def test_rows_by_weight_are_those_of_websters_method(sizes, weights, rows):
    names = [f"p{i}" for i in range(len(sizes))]
    frame = candidates(sum(sizes), part=[name for name, n in zip(names, sizes, strict=True) for _ in range(n)])
    asked = mix(rows=rows, max_epochs=1, parts=[{"name": n, "weight": w} for n, w in zip(names, weights, strict=False)])

    found = counted(draw(asked, frame))

    exact = allocate(rows, weights[: len(sizes)], sizes)
    quotients = [{(n + 0.5) / w for n in range(size)} for w, size in zip(weights, sizes, strict=False)]
    if not any(a & b for a, b in combinations(quotients, 2)):  # of equal ones a hash decides
        assert [found.get(name, 0) for name in names] == exact
    assert sum(found.values()) == sum(exact)
    assert all(abs(found.get(name, 0) - n) <= 1 for name, n in zip(names, exact, strict=True))


@pytest.mark.parametrize("seed", range(12))
def test_a_larger_budget_only_adds_rows(seed):
    chance = Random(seed)
    n = chance.randint(5, 40)
    columns = {name: chance.choices(ABC, k=n) for name in ("part", "language", "task_type")}
    frame = candidates(n, trained=chance.choices([1, 2, 17, 50], k=n), **columns)
    values = {
        "parts": [{"name": "a", "weight": 2}, {"name": "b", "weight": 1}, {"name": "c", "tokens": 20}],
        "shares": {"language": {"a": 0.5, "otherwise": 0.5}},
        "caps": {"task_type": {"a": 0.4}},
        "max_epochs": 2.5,
    }
    small, large = sorted(chance.randint(20, 900) for _ in range(2))

    fewer, more = draw(mix(budget=small, **values), frame), draw(mix(budget=large, **values), frame)

    assert more.frame.head(fewer.frame.height).select("doc_id", "epoch").equals(fewer.frame.select("doc_id", "epoch"))
    assert keys(fewer) <= keys(more)


def test_the_order_of_candidates_is_without_effect():
    frame = candidates(300, part=lambda i: ABC[i % 3], trained=lambda i: i % 17 + 1)
    asked = mix(budget=700, parts=[{"name": name, "weight": i + 1} for i, name in enumerate(ABC)])

    first, again = draw(asked, frame), draw(asked, frame.sample(fraction=1, shuffle=True, seed=3))

    assert first.frame["doc_id"].to_list() == again.frame["doc_id"].to_list()


def test_another_seed_draws_other_rows():
    frame = candidates(200)
    parts = [{"name": "a"}]

    one, other = (draw(mix(budget=50, seed=seed, parts=parts), frame) for seed in (0, 1))

    assert keys(one) != keys(other)


def test_shares_of_parts_languages_labels_and_lengths_hold_at_once():
    rng = np.random.default_rng(5)
    n = 6_000
    frame = candidates(
        n,
        part=rng.choice(ABC, n).tolist(),
        language=rng.choice(["en", "zh"], n, p=[0.9, 0.1]).tolist(),
        label=rng.choice(["maths", "chat", "code"], n, p=[0.7, 0.2, 0.1]).tolist(),
        trained=rng.integers(1, 200, n).tolist(),
    )
    asked = mix(
        budget=60_000,
        parts=[{"name": "a", "share": 0.5}, {"name": "b", "weight": 3}, {"name": "c", "weight": 1}],
        shares={"language": {"en": 0.5, "zh": 0.5}},
        label_balance={"by": "ability"},
        lengths={"edges": [100], "shares": [0.4, 0.6]},
    )

    drawn = draw(asked, frame)

    given_ = {(row.dimension, row.value): row.given / 60_000 for row in share_rows(asked, drawn)}
    wanted = {("part", "a"): 0.5, ("part", "b"): 0.375, ("part", "c"): 0.125, ("language", "zh"): 0.5}
    wanted |= {("label", "maths"): 1 / 3, ("label", "code"): 1 / 3, ("length", "<100"): 0.4}
    assert all(abs(given_[key] - share) < 0.005 for key, share in wanted.items())
    assert not unmet(share_rows(asked, drawn))


def test_a_scarce_label_comes_up_to_the_cap_of_epochs_and_what_it_lacks_is_told():
    frame = candidates(100, label=lambda i: "rare" if i < 5 else "common")
    asked = mix(rows=80, max_epochs=3, parts=[{"name": "a"}], label_balance={"by": "ability"})

    drawn = draw(asked, frame)

    rare = drawn.frame.filter(pl.col("label") == "rare")
    assert rare.group_by("doc_id").len()["len"].to_list() == [3] * 5
    assert drawn.frame.height == 80
    [short] = unmet(share_rows(asked, drawn))
    assert (short.value, short.wanted, short.given, short.missing, short.epochs) == ("rare", 40, 15, 25, 3.0)


def test_no_row_comes_more_often_than_its_part_allows():
    frame = candidates(40, part=lambda i: "ab"[i % 2])
    asked = mix(
        rows=1_000, max_epochs=4, parts=[{"name": "a", "weight": 1}, {"name": "b", "weight": 1, "max_epochs": 1.5}]
    )

    drawn = draw(asked, frame)

    times = dict(drawn.frame.group_by("part").agg(pl.col("epoch").max() + 1).iter_rows())
    assert counted(drawn) == {"a": 80, "b": 30}
    assert times == {"a": 4, "b": 2}


def test_all_rows_of_an_epoch_come_before_the_next_in_another_order():
    frame = candidates(50)

    drawn = draw(mix(rows=100, parts=[{"name": "a"}]), frame)

    first, second = drawn.frame["doc_id"].to_list()[:50], drawn.frame["doc_id"].to_list()[50:]
    assert set(first) == set(second) == set(frame["doc_id"])
    assert first != second


def test_a_value_at_its_cap_waits_and_the_rest_goes_on():
    frame = candidates(1_000, task_type=lambda i: "safety" if i % 2 else "chat")
    asked = mix(rows=400, max_epochs=1, safety_cap=0.05, parts=[{"name": "a"}])

    drawn = draw(asked, frame)

    for n in (40, 100, 400):
        head = drawn.frame.head(n)
        assert head.filter(pl.col("task_type") == "safety").height <= 0.05 * n + 1
    assert counted(drawn, "task_type") == {"chat": 380, "safety": 20}


def test_sets_of_a_part_with_a_temperature_share_by_the_root_of_their_sizes():
    frame = candidates(1_000, set=lambda i: "large" if i >= 100 else "small")
    asked = mix(rows=200, max_epochs=1, parts=[{"name": "a", "temperature": 2}])

    drawn = draw(asked, frame)

    assert counted(drawn) == {"a/large": 150, "a/small": 50}


def test_a_cap_of_rows_counts_before_temperatures_are_taken():
    frame = candidates(1_000, set=lambda i: "large" if i >= 100 else "small")
    asked = mix(rows=100, max_epochs=1, parts=[{"name": "a", "temperature": 1, "cap": 100}])

    drawn = draw(asked, frame)

    assert counted(drawn) == {"a/large": 50, "a/small": 50}


def test_without_a_budget_a_part_gives_its_epochs_or_its_fixed_amount():
    frame = candidates(90, part=lambda i: ABC[i % 3])
    asked = mix(parts=[{"name": "a"}, {"name": "b", "epochs": 1.5}, {"name": "c", "count": 7}])

    drawn = draw(asked, frame)

    assert counted(drawn) == {"a": 30, "b": 45, "c": 7}


def test_parts_of_fixed_size_come_first_and_shares_divide_what_they_leave():
    frame = candidates(3_000, part=lambda i: ABC[i % 3], trained=2)
    asked = mix(
        budget=1_000,
        max_epochs=1,
        parts=[{"name": "a", "count": 100}, {"name": "b", "share": 0.25}, {"name": "c", "share": 0.75}],
    )

    drawn = draw(asked, frame)

    assert counted(drawn) == {"a": 200, "b": 200, "c": 600}
    assert set(drawn.frame.head(100)["part"]) == {"a"}


def test_a_part_without_rows_is_told_and_the_others_take_its_share():
    asked = mix(rows=10, parts=[{"name": "a", "share": 0.5}, {"name": "b", "share": 0.5}])

    drawn = draw(asked, candidates(100))

    rows = share_rows(asked, drawn)
    assert [(row.value, row.wanted, row.given) for row in rows] == [("a", 5, 10), ("b", 5, 0)]
    assert [row.value for row in unmet(rows)] == ["b"]


def test_rows_of_a_value_without_a_share_are_left_out_and_counted():
    frame = candidates(30, language=lambda i: "en" if i < 20 else "fr")

    drawn = draw(mix(rows=100, max_epochs=1, parts=[{"name": "a"}], shares={"language": {"en": 1.0}}), frame)

    assert drawn.frame.height == 20
    assert drawn.no_share == {"language": 10}


def test_nothing_is_drawn_of_nothing():
    drawn = draw(mix(rows=5, parts=[{"name": "a", "share": 1.0}], shares={"language": {"en": 1.0}}), candidates(0))

    assert drawn.frame.height == 0
    assert [row.missing for row in share_rows(mix(rows=5, parts=[{"name": "a", "share": 1.0}]), drawn)] == [5, 5]


def test_an_export_is_shuffled_by_keys_that_the_budget_has_no_say_in():
    frame = candidates(500)
    small, large = (draw(mix(rows=n, parts=[{"name": "a"}]), frame).frame for n in (100, 300))

    first, more = small.with_columns(place_keys(small, 0)), large.with_columns(place_keys(large, 0))

    assert more.head(100)["place_key"].to_list() == first["place_key"].to_list()
    assert first.sort("place_key")["rank"].to_list() != sorted(first["rank"].to_list())


def test_counters_give_the_rows_back():
    rows = [ShareRow("part", "a/b:c", 5, 4, 3, 2, 1, 9), ShareRow("label", "数学", 1, 0, 0, 0, 0)]

    again = ShareRow.of_counters({name: n for row in rows for name, n in row.counters().items()} | {"kept": 3})

    assert again == rows


@pytest.mark.parametrize("unit", ["rows", "budget"])
def test_what_is_drawn_meets_the_budget_with_its_last_row(unit):
    frame = candidates(200, trained=7)

    drawn = draw(mix(**{unit: 100}, max_epochs=1, parts=[{"name": "a"}]), frame)

    assert drawn.frame.height == (100 if unit == "rows" else 15)
