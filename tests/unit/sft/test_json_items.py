"""Values inside of a JSON file, one after another."""

import io

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.readers.unpacking import Problem
from corpus_platform.sft import json_items as module
from corpus_platform.sft.json_items import items, value_of

LEAVES = st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text(st.characters(codec="utf-8"), max_size=8)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)

FEW = settings(max_examples=40, deadline=None)


class Slow(io.BytesIO):
    """Gives a few bytes at a time, whatever is asked for."""

    def __init__(self, data, step):
        super().__init__(data)
        self.step = step

    def read(self, size=-1, /):
        return super().read(min(size, self.step) if size >= 0 else self.step)


def found(data, level, *, step=7, limit=1 << 20):
    return [
        (item.key, item.raw.reason if isinstance(item.raw, Problem) else value_of(item.raw))
        for item in items(Slow(data, step), level, limit=limit)
    ]


@FEW
@given(st.lists(VALUES, max_size=5), st.integers(1, 40), st.booleans())
def test_the_elements_of_a_list_are_those_that_a_whole_reader_gives(values, step, indented):
    data = orjson.dumps(values, option=orjson.OPT_INDENT_2 if indented else 0)

    assert found(data, 1, step=step) == [(None, value) for value in values]


@FEW
@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), st.integers(1, 40))
def test_the_entries_of_an_object_have_their_keys(values, step):
    assert found(orjson.dumps(values), 1, step=step) == list(values.items())


@FEW
@given(st.dictionaries(st.text(max_size=5), st.lists(VALUES, max_size=4), max_size=3), st.integers(1, 40))
def test_elements_of_lists_in_an_object_have_the_key_of_their_list(values, step):
    assert found(orjson.dumps(values), 2, step=step) == [(key, one) for key, own in values.items() for one in own]


def test_of_an_object_only_the_lists_are_gone_into():
    data = b'{"version": "1, [2]", "facts": {"a": [1, 2]}, "data": [{"x": [3]}, {"y": "]"}], "n": 4}'

    assert found(data, 2) == [("data", {"x": [3]}), ("data", {"y": "]"})]


def test_values_over_several_lines_may_follow_each_other():
    data = b'{\n "a": 1\n}\n{\n "b": [\n2]\n}\n[]'

    assert found(data, 0) == [(None, {"a": 1}), (None, {"b": [2]}), (None, [])]


def test_an_element_that_is_no_json_is_a_problem_of_its_own_and_the_next_is_read():
    data = rb'[{"a": "\x41"}, {"b": "say "hi" to"}, {"c": 1}]'

    assert [value for _, value in found(data, 1)][2] == {"c": 1}
    assert [value.reason for _, value in found(data, 1)[:2]] == ["bad_json", "bad_json"]


def test_an_element_that_is_too_long_is_told_and_the_next_is_read(monkeypatch):
    monkeypatch.setattr(module, "_PIECE", 16)
    data = orjson.dumps(["x" * 500, {"a": "y" * 10}, ["z" * 900], 4])

    assert found(data, 1, limit=100) == [
        (None, "line_too_long"),
        (None, {"a": "y" * 10}),
        (None, "line_too_long"),
        (None, 4),
    ]


@pytest.mark.parametrize("data", [b'[{"a": 1}, {"b": ', b'[{"a": 1}, {"b": "c', b'[{"a": 1}, {"b": [1, 2'])
def test_a_list_that_is_cut_off_gives_what_is_whole_and_a_problem(data):
    assert found(data, 1) == [(None, {"a": 1}), (None, "bad_json")]


def test_numbers_that_python_writes_and_json_does_not_have_are_null():
    assert value_of(b'{"a": NaN, "b": [-Infinity, 1.5], "c": "NaN"}') == {"a": None, "b": [None, 1.5], "c": "NaN"}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [(rb'"\ud83d"', "not_unicode"), (b'{"a": NaN, "b": }', "bad_json"), (rb'{"a": NaN, "b": "\udc00"}', "not_unicode")],
)
def test_what_is_no_json_or_no_unicode_says_which(raw, reason):
    assert value_of(raw).reason == reason
