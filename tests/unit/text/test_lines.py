import pytest
from hypothesis import example, given, settings
from slow import slow_kept_lines
from texts import EVERY_CHARACTER, batches_of_pages

from corpus_platform.text.batch import TextBatch
from corpus_platform.text.lines import (
    code_point_offsets,
    kept_lines,
    lstrip,
    python_lines,
    rstrip,
    span_characters,
    strip,
)


@pytest.mark.parametrize(("cut", "slow"), [(kept_lines, slow_kept_lines), (python_lines, str.splitlines)])
@settings(deadline=None, max_examples=200)
@given(texts=batches_of_pages())
@example([])
@example(["", "\n", "\n\n", "a", "a\n", "\na", "a\r\nb\rc", "\r", "\r\n", "\n\r"])
@example(["a\u2028", "\u2029b\x85", "é\x0b\x0c\x1c\x1d\x1e\x1f", "\xa0\u20ac\u2027"])
def test_lines_are_those_of_python(cut, slow, texts):
    lines, document_line = cut(TextBatch.of(texts))

    expected = [slow(text) for text in texts]
    assert lines.strings().to_pylist() == [line for some in expected for line in some]
    assert document_line.tolist() == [sum(map(len, expected[:d])) for d in range(len(texts) + 1)]


def test_every_line_break_of_python_is_known():
    text = "".join(f"a{c}b" for c in EVERY_CHARACTER)

    lines, _ = python_lines(TextBatch.of([text]))

    assert lines.strings().to_pylist() == text.splitlines()


@settings(deadline=None, max_examples=200)
@given(batches_of_pages())
def test_lines_are_stripped_and_measured_as_python_does_it(texts):
    lines, _ = kept_lines(TextBatch.of(texts))

    expected = lines.strings().to_pylist()
    assert strip(lines).strings().to_pylist() == [line.strip() for line in expected]
    assert lstrip(lines).strings().to_pylist() == [line.lstrip() for line in expected]
    assert rstrip(lines).strings().to_pylist() == [line.rstrip() for line in expected]
    assert span_characters(lines).tolist() == list(map(len, expected))


@settings(deadline=None)
@given(batches_of_pages())
def test_offsets_in_characters_cut_the_same_lines(texts):
    batch = TextBatch.of(texts)
    lines, document_line = python_lines(batch)

    start, end = code_point_offsets(batch, lines, document_line)

    for d, text in enumerate(texts):
        own = slice(document_line[d], document_line[d + 1])
        assert [text[a:b] for a, b in zip(start[own], end[own], strict=True)] == text.splitlines()


def test_a_line_of_a_megabyte_is_one_line():
    batch = TextBatch.of(["a" * 1_000_000])

    assert [len(cut(batch)[0]) for cut in (kept_lines, python_lines)] == [1, 1]
