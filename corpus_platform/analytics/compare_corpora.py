"""Corpora against each other: an n-gram model of each, trained on equally many tokens, and how well it foretells texts of all of them.

- *Split.* A text is held out, or may be trained on, by the hash of itself. So a text that two corpora share is on one side in both: no held-out
  text is a copy of a training text of any corpus. Of held-out texts each is asked once; copies that a corpus trains on stay in, as a training run
  would see them.
- *Training.* Texts by the lowest hash until `tokens` are together, the last one cut. One SentencePiece model for all, from equally much text of each
  corpus; what it has no piece for becomes its UTF-8 bytes. Every model knows all pieces and bytes, so that every text has a probability under each.
- *Figures.* Bits per byte, and perplexity per byte and per word, over the texts of a corpus, source and language together; the interval is the
  2.5th and 97.5th percentile over resampled texts, and models are told apart by their difference on the same ones.

Promise: the same texts and settings give the same figures, in any order of texts and files; more tokens only add texts.

Not here: settings and results (comparison.py), where texts come from (corpus_texts.py), the page (compare_page.py).
"""

from __future__ import annotations

import hashlib
import heapq
import math
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from corpus_platform.analytics.comparison import Cell, CompareSettings, Comparison, CorpusFacts, Text
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.models import ngram, sentence_piece
from corpus_platform.models.language_id import LanguageId
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.words import cjk_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import kenlm

_UNKNOWN = ""
_MOST_CHARACTERS = 20_000
"""Of a held-out text no more is asked."""
_CHARACTERS_PER_TOKEN = 8
"""More than any text has on average with such pieces: so much is kept of a corpus to find its tokens in."""
_LOG2_10 = math.log2(10)


def compare(
    corpora: Mapping[str, Iterable[Text]],
    settings: CompareSettings | None = None,
    *,
    progress: Callable[[str], None] = lambda _step: None,
) -> Comparison:
    """Trains a model for each of two or more corpora and asks each about held-out texts of all of them.

    Memory is bounded by the tokens that are asked for. Raises SettingsError for fewer than two corpora, SourceError where one has too few tokens
    or no text that is held out.
    """
    settings = settings or CompareSettings()
    if len(corpora) < 2:
        raise SettingsError(f"a comparison needs two corpora or more; {', '.join(corpora) or 'none'} was named")
    samples = []
    for name, texts in corpora.items():
        progress(f"read {name}")
        samples.append(_Sample.of(name, texts, settings))
    with tempfile.TemporaryDirectory(prefix="compare-") as scratch:
        progress("pieces")
        pieces = _Pieces.train(samples, settings, Path(scratch))
        training = [_training(sample, pieces, settings) for sample in samples]
        tokens = _equal(samples, training, settings)
        held = [(sample, _scored(sample, pieces)) for sample in samples]
        cells: list[tuple[Cell, np.ndarray]] = []
        for sample, documents in zip(samples, training, strict=True):
            progress(f"model of {sample.name}")
            lines = _first_tokens(documents, tokens)
            model = _model(lines, pieces, settings, Path(scratch))
            cells += [cell for other, asked in held for cell in _cells(sample.name, model, other.name, asked, settings)]
    facts = [
        CorpusFacts(sample.name, sample.documents, sum(1 for _ in _first_tokens(documents, tokens)), tokens, len(asked))
        for sample, documents, (_, asked) in zip(samples, training, held, strict=True)
    ]
    return Comparison(tuple(facts), _with_best(cells), tokens, len(pieces.known), settings)


# Reading: which texts are trained on, which are asked


@dataclass
class _Sample:
    """The texts of a corpus that are needed, by hash."""

    name: str
    documents: int
    training: list[str]
    """By rising hash, as many as may be needed; copies behind each other."""
    held_out: list[Text]
    """By rising hash, each text once, with its language."""

    @classmethod
    def of(cls, name: str, texts: Iterable[Text], settings: CompareSettings) -> _Sample:
        training = _Lowest((settings.tokens or settings.most_tokens) * _CHARACTERS_PER_TOKEN)
        held: defaultdict[tuple[str | None, str | None], dict[int, Text]] = defaultdict(dict)
        documents = 0
        for one in texts:
            line = " ".join(one.text.replace("\0", " ").split())
            if not line:
                continue
            documents += 1
            key, draw = _hashes(line)
            if draw >= settings.held_out:
                training.add(key, line)
                continue
            of_kind = held[one.source, one.language]
            of_kind[key] = Text(line[:_MOST_CHARACTERS], one.source, one.language)
            if len(of_kind) > 2 * settings.most_held_out:
                held[one.source, one.language] = _lowest(of_kind, settings.most_held_out)
        found = {key: one for of_kind in held.values() for key, one in _lowest(of_kind, settings.most_held_out).items()}
        if not found:
            raise SourceError(
                f"{name}: none of its {documents:,} documents is held out: give more text, or a larger --held-out"
            )
        return cls(
            name, documents, training.values(), _most(_with_language([found[key] for key in sorted(found)]), settings)
        )


class _Lowest:
    """The texts of the lowest hashes, of at most so many characters and one text more."""

    def __init__(self, characters: int) -> None:
        self._most, self._characters = characters, 0
        self._heap: list[tuple[int, int, str]] = []
        self._added = 0

    def add(self, key: int, text: str) -> None:
        self._added += 1
        heapq.heappush(self._heap, (-key, self._added, text))
        self._characters += len(text)
        while self._characters - len(self._heap[0][2]) >= self._most:
            self._characters -= len(heapq.heappop(self._heap)[2])

    def values(self) -> list[str]:
        """By rising hash."""
        return [text for _, _, text in sorted(self._heap, key=lambda item: -item[0])]


def _lowest(texts: dict[int, Text], most: int) -> dict[int, Text]:
    return {key: texts[key] for key in sorted(texts)[:most]}


def _hashes(text: str) -> tuple[int, float]:
    """Where a text stands in the order of all, and a number 0..1 that says whether it is held out."""
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
    return int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:], "big") / 2**64


def _with_language(texts: list[Text]) -> list[Text]:
    """The texts with the language that they are in, where their corpus does not say."""
    missing = [i for i, text in enumerate(texts) if text.language is None]
    if missing:
        codes, _ = LanguageId.open().predict([texts[i].text for i in missing])
        for i, code in zip(missing, codes, strict=True):
            texts[i] = Text(texts[i].text, texts[i].source, code or _UNKNOWN)
    return texts


def _most(texts: list[Text], settings: CompareSettings) -> list[Text]:
    """The first texts of each source and language."""
    seen: defaultdict[tuple[str | None, str | None], int] = defaultdict(int)
    kept = []
    for text in texts:
        seen[text.source, text.language] += 1
        if seen[text.source, text.language] <= settings.most_held_out:
            kept.append(text)
    return kept


# Pieces and models


@dataclass(frozen=True)
class _Pieces:
    """The tokeniser of all corpora: SentencePiece, and bytes where it has no piece."""

    model: sentence_piece.SentencePiece
    known: frozenset[str]

    @classmethod
    def train(cls, samples: Sequence[_Sample], settings: CompareSettings, folder: Path) -> _Pieces:
        room = min(sum(map(len, sample.training)) for sample in samples)
        lines = [line for sample in samples for line in _first_characters(sample.training, min(room, 2_000_000))]
        alphabet = len(set().union(*lines)) if lines else 0
        vocabulary = min(settings.vocabulary, max(2 * alphabet, 64, sum(map(len, lines)) // 100))
        path = folder / "pieces.model"
        sentence_piece.train(lines, path, language="mul", vocabulary=max(vocabulary, alphabet + 64))
        model = sentence_piece.SentencePiece(path)
        return cls(model, frozenset(model.pieces()))

    def encode(self, texts: Sequence[str]) -> list[list[str]]:
        """The tokens of each text."""
        return [
            [token for piece in line.split(" ") for token in self._known(piece)] for line in self.model.encode(texts)
        ]

    def _known(self, piece: str) -> Iterable[str]:
        return (piece,) if piece in self.known else (_byte(value) for value in piece.encode("utf-8", "replace"))

    def alphabet(self) -> list[str]:
        """Every token that can occur."""
        return [*sorted(self.known), *map(_byte, range(256))]


def _byte(value: int) -> str:
    return f"<0x{value:02X}>"


def _first_characters(texts: Sequence[str], most: int) -> Iterator[str]:
    left = most
    for text in texts:
        if left <= 0:
            return
        yield text[:left]
        left -= len(text)


def _training(sample: _Sample, pieces: _Pieces, settings: CompareSettings) -> list[list[str]]:
    """The tokens of the training texts, in order, until there are enough."""
    most = settings.tokens or settings.most_tokens
    found: list[list[str]] = []
    tokens = 0
    for start in range(0, len(sample.training), 64):
        if tokens >= most:
            break
        made = pieces.encode(sample.training[start : start + 64])
        found += made
        tokens += sum(map(len, made))
    return found


def _equal(samples: Sequence[_Sample], training: Sequence[list[list[str]]], settings: CompareSettings) -> int:
    """How many tokens each model sees."""
    has = {sample.name: sum(map(len, documents)) for sample, documents in zip(samples, training, strict=True)}
    least = min(has, key=lambda name: has[name])
    wanted = settings.tokens or min(settings.most_tokens, has[least])
    if has[least] < max(wanted, 1_000):
        raise SourceError(
            f"{least}: has {has[least]:,} tokens to train on, and {max(wanted, 1_000):,} are needed: give more text, or fewer --tokens"
        )
    return wanted


def _first_tokens(documents: Sequence[list[str]], tokens: int) -> Iterator[list[str]]:
    left = tokens
    for document in documents:
        if left <= 0:
            return
        yield document[:left]
        left -= len(document)


def _model(lines: Iterable[list[str]], pieces: _Pieces, settings: CompareSettings, folder: Path) -> kenlm.Model:
    """A model of the lines, with every token on a line of its own besides, so that none is unknown to it."""
    text = [*(" ".join(line) for line in lines), *pieces.alphabet()]
    path = folder / "model.arpa"
    ngram.estimate(
        text, path, order=settings.order, program="own", memory=64 << 20, temporary=folder, skip_reserved=True
    )
    return ngram.load(path)


# Figures


@dataclass(frozen=True)
class _Asked:
    """A held-out text, ready to be scored."""

    source: str | None
    language: str | None
    line: str
    bytes: int
    words: int


@dataclass
class _Sums:
    bits: list[float] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)
    words: list[int] = field(default_factory=list)


def _scored(sample: _Sample, pieces: _Pieces) -> list[_Asked]:
    texts = [one.text for one in sample.held_out]
    words = cjk_words(TextBatch.of(texts)).count.tolist()
    return [
        _Asked(one.source, one.language, " ".join(tokens), len(one.text.encode("utf-8", "replace")), n)
        for one, tokens, n in zip(sample.held_out, pieces.encode(texts), words, strict=True)
    ]


def _cells(
    model_name: str, model: kenlm.Model, corpus: str, asked: Sequence[_Asked], settings: CompareSettings
) -> Iterator[tuple[Cell, np.ndarray]]:
    """The figures over all held-out texts of a corpus, and over each source and language with enough of them; with those of resampled texts."""
    sums: defaultdict[tuple[str | None, str | None], _Sums] = defaultdict(_Sums)
    for one in asked:
        bits = -ngram.lm_score(model, one.line) * _LOG2_10
        for kind in ((None, None), (one.source or _UNKNOWN, one.language or _UNKNOWN)):
            found = sums[kind]
            found.bits.append(bits)
            found.bytes.append(one.bytes)
            found.words.append(one.words)
    for kind in sorted(sums, key=lambda kind: (kind[0] is not None, str(kind[0]), str(kind[1]))):
        found = sums[kind]
        if kind == (None, None) or len(found.bits) >= settings.min_documents:
            drawn = _resampled(found, settings.resamples)
            low, high = np.percentile(drawn, [2.5, 97.5]).tolist()
            size = len(found.bits), sum(found.bytes), sum(found.words)
            yield Cell(model_name, corpus, *kind, *size, sum(found.bits) / sum(found.bytes), low, high), drawn


def _resampled(sums: _Sums, resamples: int) -> np.ndarray:
    """Bits per byte of texts that are drawn anew, float64[resamples]; they are drawn alike for every model."""
    n = len(sums.bits)
    drawn = np.random.default_rng(n).multinomial(n, np.full(n, 1 / n), size=resamples)
    return (drawn @ np.array(sums.bits)) / (drawn @ np.array(sums.bytes, np.float64))


def _with_best(cells: Sequence[tuple[Cell, np.ndarray]]) -> tuple[Cell, ...]:
    """The figures, with those marked that are as good as the best of their column."""
    lowest: dict[tuple[str, str | None, str | None], tuple[Cell, np.ndarray]] = {}
    for cell, drawn in cells:
        of = (cell.corpus, cell.source, cell.language)
        if of not in lowest or cell.bits_per_byte < lowest[of][0].bits_per_byte:
            lowest[of] = cell, drawn
    return tuple(
        replace(cell, is_best=bool(np.percentile(drawn - lowest[cell.corpus, cell.source, cell.language][1], 2.5) <= 0))
        for cell, drawn in cells
    )
