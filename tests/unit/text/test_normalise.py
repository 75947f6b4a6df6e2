import pytest
from hypothesis import example, given, settings
from slow import slow_norm_cc
from texts import WHITE_SPACE, texts

from corpus_platform.text import unicode
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.lines import strip
from corpus_platform.text.normalise import norm_cc


def decoded(spans):
    return [spans.bytes(i).decode() for i in range(len(spans))]


@settings(deadline=None, max_examples=400)
@given(texts())
@example("ΑΣ\nΑΣ Α\nΑΣ.\u0345\nΣ\n.Σ\nΑ\u0345Σ\u00adΑ\nΣΑΣ")
@example("İΣ\nΣİ")
@example("\u3000 \x85Ⱥ\u2028\x1c")
@example("")
def test_a_line_is_normalised_as_its_slow_twin_does_it(text):
    lines = TextBatch.of([text, text]).lines

    normalised = norm_cc(lines)

    assert decoded(normalised) == 2 * [slow_norm_cc(line) for line in text.split("\n")]


def test_every_character_is_normalised_as_its_slow_twin_does_it():
    every = [chr(c) for c in range(unicode.CODE_POINTS) if not 0xD800 <= c < 0xE000 and c != ord("\n")]
    around = "\n".join(f"A{c}Σ{c}b" for c in every)

    normalised = norm_cc(TextBatch.of([around]).lines)

    expected = "\n".join(map(slow_norm_cc, around.split("\n"))).encode()
    assert len(normalised) == len(every)
    assert normalised.data.tobytes() == expected.replace(b"\n", b"")


@settings(deadline=None)
@given(texts())
def test_lines_are_stripped_as_python_strips_them(text):
    lines = TextBatch.of([text]).lines

    assert decoded(strip(lines)) == [line.strip() for line in text.split("\n")]


def test_lower_case_may_be_taken_before_or_after_the_strip():
    facts = unicode.code_points()

    assert all(facts[ord(c)] & unicode.WHITE for c in WHITE_SPACE)
    assert not any(facts[ord(c)] & (unicode.CASED | unicode.IGNORABLE) for c in WHITE_SPACE)


@pytest.mark.parametrize(
    ("line", "normalised"),
    [
        ("  Hello, World 2023!  ", "hello, world 0000!"),
        ("今天，2023年。", "今天0000年"),
        ("Été — nº 5", "été  nº 0"),
        ("１２", "00"),
        ("a\u00a0\x00b", "a\u00a0b"),
        ("", ""),
    ],
)
def test_norm_cc_deletes_wide_punctuation_and_keeps_accents_and_ascii(line, normalised):
    assert decoded(norm_cc(TextBatch.of([line]).lines)) == [normalised]
