"""N-gram language models: estimate one, read one, score text with it.

A model is interpolated modified Kneser-Ney as KenLM's `lmplz` estimates it, in an ARPA file that the `kenlm` module reads. The estimator is ours
(`ngram_estimation/`); where `lmplz` is on PATH it does the work. Text is one sentence (or document) a line, words separated by spaces.
Promise: both programs give the same n-grams, and probabilities within 1e-4 (log10); ours gives the same bytes for the same text and settings.

Not here: cutting text into words or pieces (text/), perplexity of documents and buckets (recipes/).
"""

from __future__ import annotations

import contextlib
import gzip
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from corpus_platform.errors import ModelError, SettingsError
from corpus_platform.models.ngram_estimation.discounts import fallback_of
from corpus_platform.models.ngram_estimation.lmplz import run_lmplz
from corpus_platform.models.ngram_estimation.pipeline import estimate_arpa
from corpus_platform.models.ngram_estimation.text import byte_blocks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import kenlm

    from corpus_platform.models.ngram_estimation.discounts import Discounts

GIBIBYTE = 1 << 30
LEAST_MEMORY = 1 << 20
LONGEST_ORDER = 16
"""Words of an n-gram. The `kenlm` module reads models of order 2 to 6."""


@dataclass(frozen=True)
class Estimate:
    """A model that was estimated, and the numbers that it came from."""

    path: Path
    order: int
    counts: tuple[int, ...]
    """N-grams in the file, for orders 1..N."""
    discounts: tuple[Discounts, ...]
    """What was taken off adjusted counts of 1, 2 and 3 or more, for orders 1..N."""
    fallback_orders: tuple[int, ...]
    """Orders whose discounts are the fallback: the text was too small for the formula."""
    sentences: int
    tokens: int
    """Words of the text, without sentence ends."""
    types: int
    """Different words, with `<unk>`, `<s>` and `</s>`."""
    program: Literal["own", "lmplz"]
    seconds: float


def estimate(
    sentences: str | Path | Iterable[str] | Iterable[Path],
    arpa_path: str | Path,
    *,
    order: int = 5,
    memory: int = GIBIBYTE,
    temporary: str | Path | None = None,
    fallback_discounts: bool | Sequence[float] = True,
    prune: Sequence[int] | None = None,
    program: Literal["auto", "own", "lmplz"] = "auto",
    skip_reserved: bool = False,
) -> Estimate:
    """Estimates a language model and writes its ARPA file (compressed if the path ends in `.gz`).

    `sentences`: sentences, or the path or paths of files of them (a lone string is a path; `.gz` and `.bz2` are read). An empty line is an empty sentence.
    `memory`: bytes for sorting; the vocabulary and about 300 MB come on top. `temporary`: folder for temporary files, by default the system's.
    `fallback_discounts`: True (0.5, 1, 1.5), three numbers, or False, for text that is too small for the formula.
    `prune`: as for `lmplz --prune`: n-grams that occur that often or less are left out; one threshold for each order, the last for all further ones.
    `program`: ours, `lmplz`, or `lmplz` if it is on PATH. `skip_reserved`: takes `<s>`, `</s>`, `<unk>` in the text for spaces instead of refusing them.

    Raises `SettingsError`, `SourceError` (a file that cannot be read), and `ModelError` (no text, a reserved word, no discounts without a fallback).
    Source: Heafield et al. 2013, "Scalable Modified Kneser-Ney Language Model Estimation"; github.com/kpu/kenlm.
    """
    started = time.monotonic()
    thresholds = _thresholds(prune, order)
    fallback = fallback_of(fallback_discounts)
    if memory < LEAST_MEMORY:
        raise SettingsError(f"memory {memory}: give at least {LEAST_MEMORY} bytes")
    other = _lmplz(program)
    arpa = Path(arpa_path)
    blocks = byte_blocks(sentences, skip_reserved=skip_reserved)
    with tempfile.TemporaryDirectory(prefix="ngram-", dir=temporary) as name:
        folder = Path(name)
        if other:
            found = run_lmplz(
                other, blocks, arpa, order=order, memory=memory, folder=folder, fallback=fallback, prune=thresholds
            )
        else:
            found = estimate_arpa(
                blocks, arpa, order=order, memory=memory, folder=folder, fallback=fallback, prune=thresholds
            )
    return Estimate(
        path=arpa,
        order=order,
        counts=found.counts,
        discounts=found.discounts,
        fallback_orders=found.fallback_orders,
        sentences=found.sentences,
        tokens=found.tokens,
        types=found.types,
        program="lmplz" if other else "own",
        seconds=time.monotonic() - started,
    )


def load(path: str | Path) -> kenlm.Model:
    """The model in an ARPA file (plain or `.gz`) or a KenLM binary file, of order 2 to 6.

    A binary file is mapped and shared between processes; an ARPA file is read and built anew in each. A `.gz` is unpacked to a temporary file first.
    Raises `ModelError` if there is no such file or it is no model.
    """
    import kenlm  # noqa: PLC0415  (a compiled module that most commands do not need)

    path = Path(path)
    if not path.is_file():
        raise ModelError(f"{path}: no language model there; estimate one, or give the place of an ARPA or KenLM file")
    settings = kenlm.Config()
    settings.show_progress = False
    settings.arpa_complain = kenlm.ARPALoadComplain.NONE
    with _unpacked(path) as plain:
        try:
            return kenlm.Model(str(plain), settings)
        except OSError as error:
            raise ModelError(f"{path}: kenlm cannot read it as a model ({error}); estimate it again") from error


def lm_score(model: kenlm.Model, text: str) -> float:
    """log10 of the probability of the text as one sentence, its beginning and end included. The `kenlm` module would stop at a NUL."""
    return model.score(text.replace("\0", " "), bos=True, eos=True)


@contextlib.contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    if path.suffix != ".gz":
        yield path
        return
    with tempfile.NamedTemporaryFile(suffix=".arpa") as plain:
        with gzip.open(path, "rb") as packed:
            shutil.copyfileobj(packed, plain, 1 << 20)
        plain.flush()
        yield Path(plain.name)


def _lmplz(program: str) -> str | None:
    """Path of `lmplz` if it is to be used."""
    if program not in {"auto", "own", "lmplz"}:
        raise SettingsError(f"program {program!r}: choose auto, own or lmplz")
    found = None if program == "own" else shutil.which("lmplz")
    if program == "lmplz" and not found:
        raise ModelError("lmplz is not on PATH: install KenLM's programs, or choose program='own'")
    return found


def _thresholds(prune: Sequence[int] | None, order: int) -> tuple[int, ...]:
    """One threshold for each order."""
    if not 1 <= order <= LONGEST_ORDER:
        raise SettingsError(f"order {order}: choose 1 to {LONGEST_ORDER} (5 is usual, kenlm reads 2 to 6)")
    given = tuple(prune or (0,))
    if len(given) > order or min(given) < 0 or list(given) != sorted(given):
        raise SettingsError(
            f"prune {list(given)}: give at most {order} thresholds, none negative, each at least the one before it"
        )
    return given + (given[-1],) * (order - len(given))
