"""Whatever a record holds, a kind gives outcomes and no error."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus_platform.sft.form import Dialogue, Preference, Problem, SetFacts, row_of
from corpus_platform.sft.kinds.kind import MODULES, REASONS, ColumnMap, Record, kind_of

WORDS = st.sampled_from(
    [
        "",
        " ",
        "a",
        "B",
        "(C)",
        "None",
        "问",
        "true",
        "#### 5",
        "<think>x",
        "{}",
        "user",
        "gpt",
        "Action: x\nAction Input: {}",
    ]
)
KEYS = st.sampled_from(
    ["role", "from", "content", "value", "text", "replies", "input", "output", "Human", "MOSS", "Commands", "turn_1", "user utterance",
     "system response", "dst", "label", "score", "solution", "is_correct", "entity", "entity_type", "summary", "message_id", "parent_id"]
)  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers(-2, 5) | st.floats(allow_nan=False, width=16) | WORDS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=8
)


@pytest.mark.parametrize("name", MODULES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_record_gives_outcomes_whatever_it_holds(name, data):
    kind = kind_of(name)
    columns = ColumnMap(columns={field: field for field in kind.fields})
    chosen = data.draw(st.lists(st.sampled_from(sorted(kind.fields)), max_size=6, unique=True))
    record = data.draw(st.fixed_dictionaries(dict.fromkeys(chosen, VALUES)) | VALUES)

    outcomes = list(kind.read(Record(record, columns)))

    assert outcomes
    for outcome in outcomes:
        if isinstance(outcome, Problem):
            assert outcome.reason in {*REASONS, *kind.reasons}
        elif isinstance(outcome, Preference):
            assert outcome.answers
        else:
            assert isinstance(outcome, Dialogue)
            assert outcome.messages
            row_of(outcome, SetFacts("s", "s"), file="f", position=0, ordinal=0)
