"""Tokenizers: trained from our own texts, or taken from a file; the same texts give the same bytes, and tokens give the text back."""

import pytest

from corpus_platform.errors import ModelError
from corpus_platform.mixes.tokenizer import SENTENCE_PIECE, Tokenizer, take, train

ENGLISH = [
    "river",
    "stone",
    "market",
    "winter",
    "letter",
    "garden",
    "bridge",
    "evening",
    "soldier",
    "captain",
    "harbour",
]
CHINESE = ["河流", "石头", "市场", "冬天", "信件", "花园", "桥梁", "傍晚", "士兵", "船长", "港口"]
TEXTS = [
    mark.join(known[(n * 7 + i * (n % 5 + 1)) % len(known)] for i in range(40))
    for n in range(60)
    for known, mark in ((ENGLISH, " "), (CHINESE, ""))
]


def test_a_trained_tokenizer_loses_nothing_and_is_the_same_each_time(tmp_path):
    for name in ("a", "b"):
        train(TEXTS, tmp_path / name, name="own", vocabulary=400)

    tokenizer = Tokenizer(tmp_path / "a")

    assert (tmp_path / "a" / SENTENCE_PIECE).read_bytes() == (tmp_path / "b" / SENTENCE_PIECE).read_bytes()
    for text in ("River  stone,\n\tand 2025 更多的 石头 🙂\n", " leading", "trailing ", ""):
        assert tokenizer.decode(tokenizer.encode([text])[0]) == text
    assert tokenizer.count(["", "river"]).tolist()[0] == 0
    assert tokenizer.info.end is not None


def test_too_little_text_or_too_small_a_vocabulary_is_told(tmp_path):
    with pytest.raises(ModelError, match="no text to be trained from"):
        train([], tmp_path / "a", name="own", vocabulary=400)
    with pytest.raises(ModelError, match="300 pieces or more"):
        train(TEXTS, tmp_path / "b", name="own", vocabulary=10)


def test_a_published_sentencepiece_model_is_taken_as_it_is(tmp_path):
    train(TEXTS, tmp_path / "a", name="own", vocabulary=400, kind="bpe")

    info = take(tmp_path / "a" / SENTENCE_PIECE, tmp_path / "b", name="theirs", origin="/models/x.model")

    assert info.kind == "sentencepiece"
    assert info.digest == Tokenizer(tmp_path / "a").info.digest
    assert Tokenizer(tmp_path / "b").encode(["river stone"]) == Tokenizer(tmp_path / "a").encode(["river stone"])


def test_a_tokenizer_of_hugging_face_s_form_is_taken_as_it_is(tmp_path):
    tokenizers = pytest.importorskip("tokenizers")
    model = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token=None))
    model.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    model.decoder = tokenizers.decoders.ByteLevel()
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet, show_progress=False
    )
    model.train_from_iterator(TEXTS, trainer)
    model.save(str(tmp_path / "tokenizer.json"))

    info = take(tmp_path / "tokenizer.json", tmp_path / "b", name="theirs", origin="x")

    tokenizer = Tokenizer(tmp_path / "b")
    assert (info.kind, info.end_name) == ("huggingface", "<|endoftext|>")
    assert tokenizer.encode(["river 石头"])[0] == model.encode("river 石头").ids
    assert tokenizer.decode(tokenizer.encode(["river 石头\n"])[0]) == "river 石头\n"


def test_a_file_that_is_no_tokenizer_is_told(tmp_path):
    (tmp_path / "x.json").write_text("{}")
    (tmp_path / "x.model").write_bytes(b"nothing")

    with pytest.raises(ModelError, match="no tokenizer of Hugging Face"):
        take(tmp_path / "x.json", tmp_path / "a", name="x", origin="x")
    with pytest.raises(ModelError, match="no SentencePiece model"):
        take(tmp_path / "x.model", tmp_path / "b", name="x", origin="x")
    with pytest.raises(ModelError, match="corpus tokenizer train"):
        Tokenizer(tmp_path / "none")
