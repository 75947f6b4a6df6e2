"""KenLM's own estimator, the program `lmplz`, for machines that have it.

Promise: it is given the text that our estimator would read (reserved words skipped or refused alike, the last line ended), so that both models agree.

Not here: our estimator (pipeline.py), the choice between them (models/ngram.py).
"""

from __future__ import annotations

import contextlib
import gzip
import re
import shutil
import subprocess
import threading
from typing import IO, TYPE_CHECKING

from corpus_platform.errors import ModelError
from corpus_platform.models.ngram_estimation.pipeline import Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from corpus_platform.models.ngram_estimation.discounts import Discounts

_STATISTICS = re.compile(r"^(\d+) (\d+)(?:/\d+)? D1=(\S+) D2=(\S+) D3\+=(\S+)$", re.MULTILINE)
_TOKENS = re.compile(r"^Unigram tokens (\d+) types (\d+)$", re.MULTILINE)
_FALLBACK = re.compile(r"^Substituting fallback discounts for order (\d+):", re.MULTILINE)


def run_lmplz(
    program: str,
    blocks: Iterable[bytes],
    arpa: Path,
    *,
    order: int,
    memory: int,
    folder: Path,
    fallback: Discounts | None,
    prune: Sequence[int],
) -> Found:
    """Pipes the text through `lmplz` and puts its model in place. Raises `ModelError` with the program's last lines if it fails."""
    made = folder / "model.arpa"
    command = [program, "-o", str(order), "-S", f"{memory}b", "-T", f"{folder}/", "--arpa", str(made)]
    if fallback is not None:
        command += ["--discount_fallback", *(f"{value:g}" for value in fallback)]
    if any(prune):
        command += ["--prune", *(str(threshold) for threshold in prune)]
    status, said, sentences = _pipe(command, blocks)
    if status != 0:
        raise ModelError(
            f"{program} failed (status {status}): {said.strip()[-600:]!r}; mend the text or use program='own'"
        )
    arpa.parent.mkdir(parents=True, exist_ok=True)
    _put_in_place(made, arpa)
    return _read_statistics(said, sentences)


def _pipe(command: list[str], blocks: Iterable[bytes]) -> tuple[int, str, int]:
    """Runs the program on the text; returns its status, what it said, and the number of lines that it was given."""
    said: list[bytes] = []
    lines = 0
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        listener = threading.Thread(target=lambda: said.append(process.stderr.read()), daemon=True)  # type: ignore[union-attr]
        listener.start()
        text: IO[bytes] = process.stdin  # type: ignore[assignment]
        try:
            with contextlib.suppress(BrokenPipeError), text:
                for block in blocks:
                    lines += block.count(b"\n")
                    text.write(block)
        except BaseException:
            process.kill()
            raise
        status = process.wait()
        listener.join()
    return status, b"".join(said).decode(errors="replace"), lines


def _put_in_place(made: Path, arpa: Path) -> None:
    partial = arpa.with_name(arpa.name + ".partial")
    if arpa.suffix == ".gz":
        with made.open("rb") as plain, gzip.open(partial, "wb", compresslevel=6) as packed:
            shutil.copyfileobj(plain, packed, 1 << 20)
    else:
        shutil.move(made, partial)
    partial.replace(arpa)


def _read_statistics(said: str, sentences: int) -> Found:
    rows = sorted(
        (int(order), int(count), tuple(map(float, amounts))) for order, count, *amounts in _STATISTICS.findall(said)
    )
    tokens, types = next(iter(_TOKENS.findall(said)), (0, 0))
    return Found(
        counts=tuple(count for _, count, _ in rows),
        discounts=tuple((amounts[0], amounts[1], amounts[2]) for _, _, amounts in rows),
        fallback_orders=tuple(int(number) + 1 for number in _FALLBACK.findall(said)),
        sentences=sentences,
        tokens=int(tokens),
        types=int(types),
    )
