"""Arithmetic of solutions: values, equations, equal answers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.sft.construct.edit_distance import edit_distance
from corpus_platform.sft.construct.maths import answer_of_solution, equations, holds, same_answer, value_of

numbers = st.integers(0, 99).map(str)
arithmetic = st.recursive(
    numbers,
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map("".join) | inner.map(lambda one: f"({one})"),
    max_leaves=8,
)


@given(arithmetic)
def test_a_value_is_what_python_makes_of_the_same_characters(text):
    assert value_of(text) == pytest.approx(eval(text))


@pytest.mark.parametrize(
    ("equation", "true"),
    [
        ("48/2=24", True),
        ("0.2*50=10", True),
        ("50%*20=10", True),
        ("$1,000+$1=$1,001", True),
        ("3×4÷2=6", True),
        ("-(2-5)=3", True),
        ("2(3+4)=14", True),
        ("1=1=1", True),
        ("10/3=3.333", True),
        ("10/3=3.33", False),
        ("1+1=3", False),
        ("1/0=1", False),
        ("2**3=8", False),
        ("__import__('os')=1", False),
        ("(" * 200 + "1=1", False),
        ("5", False),
        ("", False),
    ],
)
def test_an_equation_holds_or_not(equation, true):
    assert holds(equation) is true


def test_equations_are_those_of_the_calculator_else_those_in_the_text():
    assert equations("so 48/2 = <<48/2=24>>24 and 1+1=3") == ["48/2=24"]
    assert equations("一共 3 × 4 = 12 个，再加 12+5=17 个") == ["3*4=12", "12+5=17"]
    assert equations("He has $16.50 * 3 = $49.5 left") == ["16.50*3=49.5"]
    assert equations("nothing is reckoned") == []


@pytest.mark.parametrize(
    ("solution", "answer"),
    [
        ("so it is 72\n#### 1,080", "1080"),
        ("A: $18.00", "18"),
        (r"so $x=\boxed{\frac{1}{2}}$", r"\frac{1}{2}"),
        ("The answer is: 5.", "5"),
        ("所以答案是12。", "12"),
        ("nobody knows", None),
    ],
)
def test_a_solution_says_its_answer(solution, answer):
    assert answer_of_solution(solution) == answer


def test_answers_are_equal_as_numbers_or_as_texts():
    assert same_answer("$1,080", "1080.0")
    assert same_answer("20%", "20")
    assert same_answer("Red  Fox", "red fox")
    assert not same_answer("18", "19")
    assert not same_answer("red", "1")


def slow_distance(a, b):
    if not a or not b:
        return len(a) + len(b)
    return min(slow_distance(a[1:], b) + 1, slow_distance(a, b[1:]) + 1, slow_distance(a[1:], b[1:]) + (a[0] != b[0]))


@settings(deadline=None)
@given(st.text(alphabet="ab中😀", max_size=5), st.text(alphabet="ab中😀", max_size=5))
def test_edit_distance_agrees_with_its_slow_twin(one, other):
    assert edit_distance(one, other) == slow_distance(one, other)
