"""SentencePiece models: trained the same each time, however long the lines."""

import pytest

from corpus_platform.errors import ModelError
from corpus_platform.models.normalise import normalise
from corpus_platform.models.sentence_piece import SentencePiece, character_coverage, train


def lines_of(articles):
    return [normalise(article) for article in articles]


def test_a_text_is_cut_into_pieces_that_join_to_it_again(articles, tmp_path):
    size = train(lines_of(articles), tmp_path / "spm.model", language="en", vocabulary=150)

    model = SentencePiece(tmp_path / "spm.model")

    (pieces, empty) = model.encode(["the baker sells rye flour.", ""])
    assert model.size == size <= 150
    assert pieces.replace(" ", "").replace("▁", " ").strip() == "the baker sells rye flour."
    assert empty == ""


def test_the_same_text_gives_the_same_bytes_from_lines_and_from_a_file(articles, tmp_path):
    lines = lines_of(articles)
    (tmp_path / "text.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")

    train(lines, tmp_path / "a.model", language="en", vocabulary=150)
    train(tmp_path / "text.txt", tmp_path / "b.model", language="en", vocabulary=150)

    assert (tmp_path / "a.model").read_bytes() == (tmp_path / "b.model").read_bytes()
    assert str(tmp_path).encode() not in (tmp_path / "b.model").read_bytes()


def test_a_small_text_has_fewer_pieces_than_the_vocabulary_allows(articles, tmp_path):
    assert train(lines_of(articles), tmp_path / "m", language="en", vocabulary=65_536) < 2_000


def test_lines_longer_than_the_trainer_takes_are_cut_and_not_skipped(articles, tmp_path):
    one_line = " ".join(lines_of(articles))
    assert len(one_line.encode()) > 10_000

    train([one_line, "汉" * 5_000], tmp_path / "m", language="en", vocabulary=150)

    pieces = SentencePiece(tmp_path / "m").encode(["baker", "汉"])
    assert pieces[0].count(" ") < 4


def test_training_is_quiet(articles, tmp_path, capfd):
    train(lines_of(articles), tmp_path / "m", language="en", vocabulary=150)

    assert capfd.readouterr() == ("", "")


def test_a_vocabulary_below_the_alphabet_is_an_error_that_says_so(articles, tmp_path):
    with pytest.raises(ModelError, match=r"no SentencePiece model for `en`: .*; give more text, or mend the size"):
        train(lines_of(articles), tmp_path / "m", language="en", vocabulary=10)


def test_a_missing_and_a_broken_model_are_errors_that_name_the_file(tmp_path):
    (tmp_path / "junk.model").write_bytes(b"junk")

    with pytest.raises(ModelError, match=r"absent.model: no SentencePiece model there"):
        SentencePiece(tmp_path / "absent.model")
    with pytest.raises(ModelError, match=r"junk.model: no SentencePiece model"):
        SentencePiece(tmp_path / "junk.model")


def test_scripts_with_thousands_of_characters_leave_the_rare_ones_out():
    assert character_coverage("zh") < character_coverage("en") < 1
