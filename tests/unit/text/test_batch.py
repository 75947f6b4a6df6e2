import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow import slow_universal_lines
from texts import batches_of_texts

from corpus_platform.errors import SchemaError
from corpus_platform.text.batch import TextBatch, join_spans, strings_of


def decoded(spans):
    return [spans.bytes(i).decode() for i in range(len(spans))]


@settings(deadline=None)
@given(batches_of_texts())
def test_lines_and_lengths_of_a_batch_are_those_of_python(texts):
    batch = TextBatch.of(texts)

    assert decoded(batch.documents) == texts
    assert decoded(batch.lines) == [line for text in texts for line in text.split("\n")]
    assert np.diff(batch.document_line).tolist() == [text.count("\n") + 1 for text in texts]
    assert batch.characters.tolist() == [len(text) for text in texts]


@settings(deadline=None)
@given(batches_of_texts())
def test_universal_lines_are_those_of_text_mode(texts):
    lines, document_line = TextBatch.of(texts).universal_lines()

    expected = [slow_universal_lines(text) for text in texts]
    assert decoded(lines) == [line for some in expected for line in some]
    assert np.diff(document_line).tolist() == [len(some) for some in expected]


@settings(deadline=None)
@given(st.data(), batches_of_texts())
def test_kept_lines_are_joined_as_python_joins_them(data, texts):
    batch = TextBatch.of(texts)
    keep = data.draw(st.lists(st.booleans(), min_size=len(batch.lines), max_size=len(batch.lines)))

    joined = join_spans(
        batch.data, batch.lines.start, batch.lines.end, batch.document_line, np.array(keep, dtype=np.bool_)
    )

    flags = iter(keep)
    assert strings_of(*joined).to_pylist() == [
        "\n".join(line for line in text.split("\n") if next(flags)) for text in texts
    ]


@pytest.mark.parametrize(
    "texts",
    [
        pa.array(["é", "b\nc"]),
        pa.array(["x", "é", "b\nc", "y"], pa.large_string()).slice(1, 2),
        pa.chunked_array([["é"], ["b\nc"]]),
        pa.chunked_array([["é", "b\nc"]], pa.large_string()),
        pl.Series(["é", "b\nc"]),
        pl.Series(["x", "é", "b\nc"]).slice(1),
        pl.concat([pl.Series(["é"]), pl.Series(["b\nc"])], rechunk=False),
        ["é", "b\nc"],
    ],
    ids=["string", "slice", "chunked", "one chunk", "polars", "polars slice", "polars chunks", "list"],
)
def test_a_batch_takes_texts_in_any_arrow_form(texts):
    batch = TextBatch.of(texts)

    assert decoded(batch.documents) == ["é", "b\nc"]
    assert batch.document_start.tolist() == [0, 2, 5]


@pytest.mark.parametrize(
    "nothing", [[], pl.Series([], dtype=pl.String), pa.chunked_array([], pa.large_string())], ids=type
)
def test_a_batch_may_be_empty(nothing):
    batch = TextBatch.of(nothing)

    assert len(batch) == len(batch.lines) == 0
    assert batch.document_line.tolist() == [0]


def test_a_null_text_is_refused_with_its_row():
    with pytest.raises(SchemaError, match="text 1 of a batch of 2 is null"):
        TextBatch.of(pl.Series(["a", None]))
