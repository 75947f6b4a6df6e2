"""Time and memory of language model estimation on synthesised text, ours and (if it is on PATH) KenLM's `lmplz`.

Each size runs in a process of its own, so that its peak memory is its own. Text: words and phrases with Zipf's frequencies, a vocabulary of 65,000 pieces.
Run: python benchmarks/ngram.py [--megabytes 5 10 20 40] [--order 5] [--memory 1024]
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from corpus_platform.models.ngram import estimate, load

PIECES = 65_000
PHRASES = 300_000


def pieces(rng: np.random.Generator) -> list[str]:
    """Different made-up pieces as a subword model has them: most begin a word, frequent ones are short."""
    letters = np.array(list("etaoinshrdlucmfwypvbgkjqxz"))
    found: dict[str, None] = {}
    while len(found) < PIECES:
        length = int(rng.integers(1, 4 + len(found) * 7 // PIECES))
        word = "".join(letters[np.minimum(rng.geometric(0.12, length) - 1, 25)])
        found[("▁" if rng.random() < 0.7 else "") + word] = None
    return list(found)


def zipf(rng: np.random.Generator, kinds: int, size: int, exponent: float) -> np.ndarray:
    """Ranks 0..kinds-1 with frequencies rank ** -exponent: int64 of shape (size,)."""
    weights = np.cumsum(np.arange(1, kinds + 1) ** -exponent)
    return np.searchsorted(weights, rng.random(size) * weights[-1])


def write_text(path: Path, megabytes: int) -> None:
    """Sentences of about 25 pieces, half of them free, half in phrases that come again and again."""
    rng = np.random.default_rng(5)
    names = np.array(pieces(rng), dtype=object)
    lengths = rng.integers(2, 7, PHRASES)
    phrase_words = np.split(zipf(rng, PIECES, int(lengths.sum()), 1.0), np.cumsum(lengths)[:-1])
    phrases = [" ".join(names[words]) for words in phrase_words]
    size = 0
    with path.open("w", encoding="utf-8") as file:
        while size < megabytes * 1_000_000:
            free = names[zipf(rng, PIECES, 40_000, 1.0)]
            common = zipf(rng, PHRASES, 10_000, 0.9)
            ends = rng.random(10_000) < 0.16
            parts = [f"{phrases[p]} {' '.join(free[4 * i : 4 * i + 4])}" for i, p in enumerate(common)]
            size += file.write("".join(part + ("\n" if end else " ") for part, end in zip(parts, ends, strict=True)))
            size += sum(part.count("▁") for part in parts) * 2


def measure(text: Path, order: int, memory: int, program: str) -> dict[str, object]:
    """Estimates one model, loads it, and says what that took."""
    with tempfile.TemporaryDirectory() as folder:
        arpa = Path(folder) / "model.arpa"
        done = estimate(text, arpa, order=order, memory=memory << 20, program=program)  # type: ignore[arg-type]
        who = resource.RUSAGE_CHILDREN if program == "lmplz" else resource.RUSAGE_SELF
        used = resource.getrusage(who)
        started = time.monotonic()
        load(arpa)
        return {
            "program": program,
            "text_mb": text.stat().st_size / 1e6,
            "tokens": done.tokens,
            "types": done.types,
            "ngrams": sum(done.counts),
            "seconds": done.seconds,
            "cpu_seconds": used.ru_utime + used.ru_stime,
            "peak_mb": used.ru_maxrss / 1024,
            "arpa_mb": arpa.stat().st_size / 1e6,
            "load_seconds": time.monotonic() - started,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, nargs="+", default=[5, 10, 20, 40])
    parser.add_argument("--order", type=int, default=5)
    parser.add_argument("--memory", type=int, default=1024, help="mebibytes for sorting")
    parser.add_argument("--measure", nargs=2, metavar=("TEXT", "PROGRAM"), help="one measurement, as JSON")
    options = parser.parse_args()
    if options.measure:
        text, program = options.measure
        print(json.dumps(measure(Path(text), options.order, options.memory, program)))
        return
    programs = ["own", "lmplz"] if shutil.which("lmplz") else ["own"]
    print("program text MB    tokens  types    n-grams seconds   s/MB  cpu s peak MB ARPA MB load s")
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "text.txt"
        text.write_text("a b c\n" * 100)
        command = [
            sys.executable,
            __file__,
            "--order",
            str(options.order),
            "--memory",
            str(options.memory),
            "--measure",
        ]
        subprocess.run([*command, str(text), "own"], check=True, capture_output=True)
        for megabytes in options.megabytes:
            write_text(text, megabytes)
            for program in programs:
                run = subprocess.run([*command, str(text), program], check=True, stdout=subprocess.PIPE)
                row = json.loads(run.stdout)
                print(
                    f"{row['program']:7} {row['text_mb']:7.1f} {row['tokens']:9,} {row['types']:6,} {row['ngrams']:10,} {row['seconds']:7.1f} "
                    f"{row['seconds'] / row['text_mb']:6.2f} {row['cpu_seconds']:6.1f} {row['peak_mb']:7.0f} {row['arpa_mb']:7.0f} {row['load_seconds']:6.1f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
