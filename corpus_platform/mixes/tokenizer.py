"""What a token is: a tokenizer by name, taken from a file (Hugging Face's `tokenizer.json`, a SentencePiece model) or trained from our own texts.

The trained one is SentencePiece, `unigram` or `bpe`: text is taken as it is, digits are cut one by one, and what has no piece is spelled in bytes, so
that nothing is unknown and tokens give the text back. The same texts and settings give the same bytes.

Not here: where texts to train from come from and where models are kept (stages/tokenizers.py).
"""

from __future__ import annotations

import hashlib
import io
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import orjson

from corpus_platform.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Kind = Literal["unigram", "bpe"]
INFO, SENTENCE_PIECE, HUGGING_FACE = "info.json", "tokenizer.model", "tokenizer.json"
_LONGEST_LINE = 1000
"""Characters of a line that the trainer sees; it leaves out lines of more than 4192 bytes."""
_LEAST_VOCABULARY = 300
"""Bytes and control symbols alone are 259 pieces."""
_COVERAGE = 0.9995
_ENDS = ("<|endoftext|>", "</s>", "<|end_of_text|>", "<eos>", "[SEP]", "<|im_end|>")
"""Names that published tokenizers have for the end of a document."""


@dataclass(frozen=True)
class TokenizerInfo:
    """What is known of a tokenizer."""

    name: str
    kind: str
    """unigram, bpe: trained here; sentencepiece, huggingface: taken."""
    vocabulary: int
    digest: str
    """BLAKE2b-128 of the model's file."""
    end: int | None
    """Token that ends a document; None where it has none."""
    end_name: str | None
    texts: int = 0
    characters: int = 0
    origin: str = "trained"


def train(
    texts: Iterable[str], folder: Path, *, name: str, vocabulary: int, kind: Kind = "unigram", threads: int = 1
) -> TokenizerInfo:
    """Trains a tokenizer and writes it into a folder. `vocabulary` is an upper bound: small texts have fewer pieces.

    Raises ModelError for a vocabulary below 300, or too little text.
    """
    import sentencepiece  # noqa: PLC0415  (heavy)

    if vocabulary < _LEAST_VOCABULARY:
        raise ModelError(f"tokenizer `{name}`: a vocabulary has {_LEAST_VOCABULARY} pieces or more, not {vocabulary}")
    counted = _Counted()
    model = io.BytesIO()
    sentencepiece.set_random_generator_seed(0)
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=counted.lines(texts),
            model_writer=model,
            model_type=kind,
            vocab_size=vocabulary,
            hard_vocab_limit=False,
            character_coverage=_COVERAGE,
            byte_fallback=True,
            split_digits=True,
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            allow_whitespace_only_pieces=True,
            num_threads=threads,
            minloglevel=2,
        )
    except RuntimeError as error:
        why = "it has no text to be trained from" if not counted.texts else str(error)
        raise ModelError(f"tokenizer `{name}`: {why}; give more text, or a smaller `vocabulary`") from error
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SENTENCE_PIECE).write_bytes(model.getvalue())
    return _described(folder, name, kind, texts=counted.texts, characters=counted.characters)


def take(file: Path, folder: Path, *, name: str, origin: str) -> TokenizerInfo:
    """Copies a published tokenizer into a folder. Raises ModelError for a file that is none."""
    folder.mkdir(parents=True, exist_ok=True)
    is_json = file.read_bytes()[:1] == b"{"
    shutil.copyfile(file, folder / (HUGGING_FACE if is_json else SENTENCE_PIECE))
    return _described(folder, name, "huggingface" if is_json else "sentencepiece", origin=origin)


class Tokenizer:
    """A tokenizer in memory."""

    def __init__(self, folder: Path | str) -> None:
        """Opens the folder that `train` or `take` has written. Raises ModelError where there is none."""
        folder = Path(folder)
        try:
            self.info = TokenizerInfo(**orjson.loads((folder / INFO).read_bytes()))
        except FileNotFoundError:
            raise ModelError(f"{folder}: no tokenizer there; make it again: corpus tokenizer train") from None
        self._encoder = _encoder(folder)

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokens of each text, without marks of beginning or end."""
        return self._encoder.encode(list(texts))

    def count(self, texts: Sequence[str]) -> np.ndarray:
        """Number of tokens of each text, int64."""
        return np.fromiter(map(len, self.encode(texts)), np.int64, len(texts))

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens."""
        return self._encoder.decode(list(tokens))


class _Pieces:
    """A SentencePiece model."""

    def __init__(self, file: Path) -> None:
        import sentencepiece  # noqa: PLC0415  (heavy)

        try:
            self._model: Any = sentencepiece.SentencePieceProcessor(model_file=str(file))
        except RuntimeError as error:
            raise ModelError(f"{file}: no SentencePiece model ({error})") from error
        self.size: int = self._model.vocab_size()

    def encode(self, texts: list[str]) -> list[list[int]]:
        return self._model.encode(texts, out_type=int, num_threads=1)

    def decode(self, tokens: list[int]) -> str:
        return self._model.decode(tokens)

    def end(self) -> tuple[int | None, str | None]:
        number = self._model.eos_id()
        return (number, self._model.id_to_piece(number)) if number >= 0 else (None, None)


class _Json:
    """A tokenizer of Hugging Face's library."""

    def __init__(self, file: Path) -> None:
        try:
            from tokenizers import Tokenizer as Model  # noqa: PLC0415  (optional, heavy)
        except ImportError:
            raise ModelError(
                f'{file} needs the package `tokenizers`: pip install "corpus-platform[tokenizers]"'
            ) from None
        try:
            self._model: Any = Model.from_file(str(file))
        except Exception as error:  # (the library raises a bare Exception)
            raise ModelError(f"{file}: no tokenizer of Hugging Face's library ({error})") from error
        self.size: int = self._model.get_vocab_size(with_added_tokens=True)

    def encode(self, texts: list[str]) -> list[list[int]]:
        return [one.ids for one in self._model.encode_batch_fast(texts, add_special_tokens=False)]

    def decode(self, tokens: list[int]) -> str:
        return self._model.decode(tokens, skip_special_tokens=False)

    def end(self) -> tuple[int | None, str | None]:
        for name in _ENDS:
            if (number := self._model.token_to_id(name)) is not None:
                return number, name
        return None, None


class _Counted:
    """Lines for the trainer, and how much text they were."""

    def __init__(self) -> None:
        self.texts = self.characters = 0

    def lines(self, texts: Iterable[str]) -> Iterator[str]:
        for text in texts:
            self.texts += 1
            self.characters += len(text)
            for line in text.split("\n"):
                # The trainer takes no NUL, and a word is nothing to it beyond a line.
                clean = line.replace("\0", "")
                for start in range(0, len(clean), _LONGEST_LINE):
                    yield clean[start : start + _LONGEST_LINE]


def _encoder(folder: Path) -> _Pieces | _Json:
    if (folder / HUGGING_FACE).is_file():
        return _Json(folder / HUGGING_FACE)
    return _Pieces(folder / SENTENCE_PIECE)


def _described(folder: Path, name: str, kind: str, **more: Any) -> TokenizerInfo:
    """Opens what was written, which tells a file that is no tokenizer, and notes what it is."""
    encoder = _encoder(folder)
    file = folder / (HUGGING_FACE if isinstance(encoder, _Json) else SENTENCE_PIECE)
    digest = hashlib.blake2b(file.read_bytes(), digest_size=16).hexdigest()
    number, end = encoder.end()
    info = TokenizerInfo(name, kind, encoder.size, digest, number, end, **more)
    (folder / INFO).write_bytes(orjson.dumps(asdict(info), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
    return info
