import pytest
from hypothesis import example, given, settings
from slow import slow_norm_cc, slow_norm_dt, slow_norm_rp, slow_norm_slim
from texts import EVERY_CHARACTER, WHITE_SPACE, batches_of_pages, texts

from corpus_platform.text import unicode
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.lines import strip
from corpus_platform.text.normalise import lower, norm_cc, norm_dt, norm_rp, norm_slim


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
    every = [c for c in EVERY_CHARACTER if c != "\n"]
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


NORMAL_FORMS = [(norm_rp, slow_norm_rp), (norm_slim, slow_norm_slim), (norm_dt, slow_norm_dt), (lower, str.lower)]


@pytest.mark.parametrize(("normalise", "slow"), NORMAL_FORMS, ids=lambda function: function.__name__)
@settings(deadline=None, max_examples=250)
@given(texts=batches_of_pages())
@example([])
@example(["", " ", "!", "\u0301", "a\n\n", "\r\n", "x"])
@example(["ΑΣ.Α ΑΣ. ΑΣ\u0345Α Σ", "İΣ ΣİI\u0307", "1.2.3 １２,５ 1.٣ ٣٫١ 1. .1 1..2 1１.１1"])
@example(
    ["e\u0315\u0300\u0327 é\u0327 \u0315\u0300", "한글 각\u11a8", "\U0001d15e\u0327 \U0001d165\u0300\u034f\u302a\u302e"]
)
@example(["\u0301 a \u0301 b \u0301", " \u0301", "!\u0301!", "ẛ̣ Ǖ Å Ω \u2000 ;\u037e"])
def test_normal_forms_are_those_of_their_slow_twins(normalise, slow, texts):
    assert normalise(TextBatch.of(texts)).documents.strings().to_pylist() == list(map(slow, texts))


@pytest.mark.parametrize(("normalise", "slow"), NORMAL_FORMS, ids=lambda function: function.__name__)
def test_every_character_has_the_normal_form_of_its_slow_twin(normalise, slow):
    texts = [f"A{c}Σ{c}b {c}\u0315{c}\u0300\u0327{c}1{c}2" for c in EVERY_CHARACTER]

    normal = normalise(TextBatch.of(texts)).documents.strings().to_pylist()

    assert [text for text, form in zip(texts, normal, strict=True) if form != slow(text)] == []


@pytest.mark.parametrize(("normalise", "slow"), NORMAL_FORMS, ids=lambda function: function.__name__)
@pytest.mark.parametrize(
    "piece",
    ["It's A  test, of_64 \t\n bytes. ", "Don't—é! ", "   \x1c\x00 A\x7f\r\n,", "!" * 65 + "B", "Z" * 130 + " "],
    ids=ascii,
)
def test_ascii_is_normalised_alike_wherever_its_blocks_begin(normalise, slow, piece):
    texts = ["x" * k + piece * 12 for k in range(66)]

    assert normalise(TextBatch.of(texts)).documents.strings().to_pylist() == list(map(slow, texts))


@pytest.mark.parametrize(("normalise", "slow"), NORMAL_FORMS, ids=lambda function: function.__name__)
@pytest.mark.parametrize("piece", ["Ab, c", "中文。", "ΐ", "한", "a\u0327\u0315\u0300"], ids=ascii)
def test_a_line_of_a_megabyte_is_normalised(normalise, slow, piece):
    text = piece * (1_000_000 // len(piece.encode()))

    normal = normalise(TextBatch.of(["é", text]))

    assert normal.documents.bytes(1).decode() == slow(text)


def test_a_megabyte_of_marks_out_of_order_takes_no_longer_than_one_in_order():
    text = "a" + "\u0315\u0300" * 250_000

    normal = norm_rp(TextBatch.of([text]))

    assert normal.documents.bytes(0).decode() == "a" + "\u0300" * 250_000 + "\u0315" * 250_000
