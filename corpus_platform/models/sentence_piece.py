"""SentencePiece: train a unigram model from normalised text, and cut text into its pieces.

Promise: the same text and settings give the same bytes: one thread by default (sums of floats depend on their order), a fixed seed, and no
path of a file in the model.

Not here: the normalisation before it (normalise.py).
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus_platform.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PIECE_OF_LINE = 1000
"""Longest line, in characters, that the trainer sees; it skips lines above 4192 bytes, so that longer ones are cut."""

_RICH_SCRIPTS = frozenset({"zh", "ja", "ko", "yue", "wuu", "lzh", "nan", "gan", "hak"})


def character_coverage(language: str) -> float:
    """Share of the text's characters that get a piece of their own.

    SentencePiece's advice: 0.9995 for scripts with thousands of characters, 1 for alphabets. Encyclopedias quote every other script, so that
    alphabets have 0.9999: with 1 those characters would fill the vocabulary.
    """
    return 0.9995 if language in _RICH_SCRIPTS else 0.9999


def train(
    lines: str | Path | Iterable[str],
    model_path: str | Path,
    *,
    language: str,
    vocabulary: int = 65_536,
    threads: int = 1,
) -> int:
    """Trains a unigram model from lines of text (or a file of them) and writes it. The number of pieces it has.

    `vocabulary` is an upper bound: small texts have fewer pieces that occur twice. No byte fallback: what has no piece is unknown.
    Raises ModelError when the text is too small, or has more characters than the vocabulary has pieces.
    """
    import sentencepiece  # noqa: PLC0415  (heavy)

    model = io.BytesIO()
    sentencepiece.set_random_generator_seed(0)
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=_short_lines(lines),
            model_writer=model,
            model_type="unigram",
            vocab_size=vocabulary,
            hard_vocab_limit=False,
            character_coverage=character_coverage(language),
            byte_fallback=False,
            num_threads=threads,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise ModelError(
            f"no SentencePiece model for `{language}`: {error}; give more text, or mend the size of the vocabulary"
        ) from error
    path = Path(model_path)
    path.write_bytes(model.getvalue())
    return SentencePiece(path).size


class SentencePiece:
    """A model in memory."""

    def __init__(self, path: str | Path) -> None:
        """Reads a model. Raises ModelError when there is none, or it is broken."""
        import sentencepiece  # noqa: PLC0415  (heavy)

        self.path = Path(path)
        if not self.path.is_file():
            raise ModelError(f"{self.path}: no SentencePiece model there; train the language model again")
        try:
            self._processor: Any = sentencepiece.SentencePieceProcessor(model_file=str(self.path))
        except RuntimeError as error:
            raise ModelError(
                f"{self.path}: no SentencePiece model ({error}); train the language model again"
            ) from error

    @property
    def size(self) -> int:
        """Pieces, the three control symbols included."""
        return self._processor.vocab_size()

    def pieces(self) -> list[str]:
        """Every piece but the control symbols, by id."""
        model = self._processor
        control = (model.is_control, model.is_unknown, model.is_unused)
        return [model.id_to_piece(i) for i in range(self.size) if not any(is_kind(i) for is_kind in control)]

    def encode(self, texts: Sequence[str], threads: int = 1) -> list[str]:
        """Each text's pieces joined by a space, as the n-gram model takes them; empty for an empty text."""
        return [" ".join(pieces) for pieces in self._processor.encode(list(texts), out_type=str, num_threads=threads)]


def _short_lines(lines: str | Path | Iterable[str]) -> Iterator[str]:
    if isinstance(lines, (str, Path)):
        with Path(lines).open(encoding="utf-8", newline="\n") as file:
            yield from _short_lines(line.rstrip("\n") for line in file)
        return
    for line in lines:
        at = 0
        while len(line) - at > PIECE_OF_LINE:
            end = line.rfind(" ", at + 1, at + PIECE_OF_LINE)
            end = end if end > 0 else at + PIECE_OF_LINE
            yield line[at:end]
            at = end
        yield line[at:]
