"""What OpenWebMath and Pile-CC ask of a page."""

import numpy as np
import polars as pl
import pytest

from corpus_platform.errors import ModelError
from corpus_platform.recipes.steps.openwebmath import MathLines, MathScore
from corpus_platform.recipes.steps.pile import ParetoQuality
from corpus_platform.signals.annotate import annotate
from corpus_platform.signals.environment import Environment, SignalSettings
from corpus_platform.signals.pile import pareto
from corpus_platform.signals.subject import Subject


class Constant:
    def __init__(self, value):
        self.value, self.seen = value, []

    def score(self, texts):
        self.seen += list(texts)
        return np.full(len(texts), self.value)


def signals_of(text, *names, url=None, environment=None):
    frame = pl.DataFrame({"text": [text], "url": [url], "language": ["en"]}, schema_overrides={"url": pl.String})
    return annotate(frame, names, environment).row(0)


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("", 0),
        ("no formula", 0),
        ("$x$ and $$y$$", 2),
        (r"it costs \$5 or \$6", 0),
        (r"$\PageIndex{1}$ and $x$", 1),
        ("$x$\n$y", 1),
    ],
)
def test_formulas_are_what_stands_between_dollar_signs(text, formulas):
    assert signals_of(text, "owm_formulas") == (formulas,)


def test_the_reference_counts_escaped_dollar_signs_too():
    environment = Environment(SignalSettings(compat="reference"))

    assert signals_of(r"it costs \$5 or \$6", "owm_formulas", environment=environment) == (1,)


def test_the_twelve_accented_letters_count_in_either_case():
    assert signals_of("Éé ñ", "owm_accented_fraction") == (0.5,)


def test_the_score_is_of_the_text_without_its_formulas():
    model = Constant(0.4)
    names = ("owm_math_score", "owm_score_with_formulas", "owm_score_without_formulas")

    assert signals_of("a $x$ b", *names, environment=Environment(models={"math": model})) == (0.4, 0.4, None)
    assert signals_of("a b", *names, environment=Environment(models={"math": model})) == (0.4, None, 0.4)
    assert signals_of("a b", *names) == (None, None, None)
    assert model.seen == ["a   b", "a b"]


@pytest.mark.parametrize("step", [MathScore, ParetoQuality])
def test_a_step_without_its_model_says_so_unless_it_is_optional(step):
    with pytest.raises(ModelError):
        step().rules(Environment())
    assert step(optional=True).rules(Environment())


def test_a_trace_names_what_was_taken_out_and_where():
    text = "Intro line one.\nSign up | Log in\n今天\n## Empty"

    edited = MathLines().edit(Subject.of(pl.DataFrame({"text": [text]})), trace=True)

    assert edited.text.to_list() == ["Intro line one."]
    assert [(text[s:e], rule) for _, s, e, rule in edited.spans.rows()] == [
        ("Sign up | Log in", "boilerplate"),
        ("今天", "boilerplate"),
        ("## Empty", "boilerplate"),
    ]
    assert edited.removed == {"lines:boilerplate": 3}


def test_a_pareto_draw_is_fixed_by_the_identity_and_distributed_as_it_should_be():
    identities = pl.Series([str(i) for i in range(20_000)])

    draws = pareto(identities)

    assert (draws == pareto(identities)).all()
    assert draws.min() >= 0
    # The median of a Lomax distribution with alpha 3 is 2^(1/3) - 1.
    assert abs(np.median(draws) - 0.2599) < 0.01
    assert abs((draws > 1).mean() - 0.125) < 0.01
