"""Copies among dialogues: equal ones, equal prompts, beginnings of others, near copies, and requests that are much alike.

    index = index_of(frame, options)                                # a row a dialogue: keys, bands, shingles
    verdicts = verdicts_of(Index.of(index), options, earlier=())    # duplicates_search.py: whether it stays, why it goes, in whose place

The rules, in their order; a row that one drops is no reason for another:

- `exact_dialogue`: all messages are equal in the normal form (NFC, lower case, single spaces, no punctuation at the end). System prompts do not count.
- `prompt`: all that the user says is equal, and the set's policy is to keep one: the longest answer, the best score, or the first.
- `first_exchange`, where it is asked for: the first question and its answer are equal; the longest dialogue stays (ShareGPT's clean-up in FastChat).
- `prefix`: another dialogue begins with this one, word for word (paths of a tree; rows that repeat the history of the row before).
- `near`: the true Jaccard similarity of shingles is at least the threshold. A shingle is 5 tokens, a token a Chinese character or a word. Candidates share
  a band of their MinHash signatures; dialogues of some tasks (maths) must have equal numbers in their prompts.
- `short`: dialogues of fewer than 5 shingles are held against each other letter by letter (indel ratio).
- `similar`, where it is asked for: of prompts that are alike at most so many rows stay.

Each row that goes is at least as alike as the threshold to the row that stays for it, not to one in between. Rows of earlier sets stay whatever comes.
Promise: verdicts depend on the rows and their order alone. Memory is some 600 bytes a row, and the shingles of candidates.
Sources: datasketch (MinHash), Open-Platypus (longest answer), open-thoughts (ratio of 0.95), FastChat (first exchange).

Not here: the search (duplicates_search.py), its loops (duplicates_kernels.py), which rows take part (recipes/steps/sft_dedup.py, stages/sft_duplicates.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from corpus_platform.dedup.grams import grams, units
from corpus_platform.dedup.lsh import probability_of_match
from corpus_platform.dedup.minhash import MinHashKeys, band_keys
from corpus_platform.sft.duplicates_kernels import chained, distinct
from corpus_platform.sft.flat import flatten, texts
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.hashing import hash_spans
from corpus_platform.text.minhash import high_half, least_values

if TYPE_CHECKING:
    from collections.abc import Iterable

SamePrompt = Literal["keep_all", "longest", "best", "priority"]

_SEED = 42
_FOUND = 0.99
"""Probability with which a pair at the threshold is found."""
_LETTERS = MinHashKeys(form="raw", unit="character", n=3, permutations=120, bands=20, rows=6)
"""Candidates among short dialogues: at a ratio of 0.95 they share so many runs of three letters that nearly all are found."""


class Copies(BaseModel):
    """What is a copy, and which row stays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    same_prompt: SamePrompt = Field(
        default="keep_all",
        description="What stays of rows with one prompt and different answers: all, the longest, that of the best score, the first",
    )
    best_by: str = Field(default="score", description="Label that is the score, for `best`")
    first_exchange: bool = Field(
        default=False, description="Whether dialogues with one first question and answer are copies; the longest stays"
    )
    prefixes: bool = Field(default=True, description="Whether a dialogue that another begins with goes")
    near: float | None = Field(
        default=0.8, gt=0, le=1, description="Least Jaccard similarity of near copies; null: none are looked for"
    )
    near_but: tuple[str, ...] = Field(
        default=("rewritten",),
        description="Constructions whose near copies stay: rows of one template are alike, whatever is filled in",
    )
    permutations: int = Field(default=128, ge=16, le=512, description="Values of a signature")
    shingle: int = Field(default=5, ge=1, description="Tokens of a shingle")
    short: float = Field(default=0.95, gt=0, le=1, description="Least ratio of short dialogues, letter by letter")
    numbers_of: tuple[str, ...] = Field(
        default=("maths",), description="Task types whose near copies have equal numbers in their prompts"
    )
    most_similar: int | None = Field(
        default=None, ge=1, description="Rows that stay of one group of similar prompts; all by default"
    )
    similar: float = Field(default=0.7, gt=0, le=1, description="Least Jaccard similarity of similar prompts")

    @property
    def banding(self) -> tuple[int, int]:
        """Bands and rows: the most rows with which a pair at the threshold is found, for candidates are looked at again."""
        return _banding(self.near or 0.8, self.permutations)

    def is_comparable(self, other: Copies) -> bool:
        """Whether what is not equal word for word can be held against rows whose index was made with other options: bands and shingles must be alike."""
        mine, theirs = (
            (o.banding, o.permutations, o.shingle, o.similar, o.most_similar is None) for o in (self, other)
        )
        return mine == theirs


INDEX_SCHEMA = {
    "doc_id": pl.String,
    "content_id": pl.String,
    "dialogue": pl.UInt64,
    "prompt": pl.UInt64,
    "first_exchange": pl.UInt64,
    "prefixes": pl.List(pl.UInt64),
    "answer_characters": pl.Int64,
    "turns": pl.Int32,
    "score": pl.Float64,
    "numbers": pl.UInt64,
    "short": pl.Boolean,
    "bands": pl.List(pl.UInt64),
    "shingles": pl.List(pl.UInt32),
    "prompt_bands": pl.List(pl.UInt64),
    "prompt_shingles": pl.List(pl.UInt32),
}
"""What is known of a dialogue for comparing it: keys of what is said, of all user turns, of the first exchange (null without a user or an answer), and of
each beginning that ends with an answer; characters of the answers; messages; score by a label; hash of the numbers in the prompt (for some tasks); whether it
is short; keys of its bands; its distinct shingles, ascending, or the code points of a short one; both of the prompt, where similar prompts are thinned."""


def index_of(frame: pl.DataFrame, options: Copies) -> pl.DataFrame:
    """What n dialogues are compared by (`INDEX_SCHEMA`): `doc_id`, `messages`, and where there are any `content_id`, `labels`, `task_type`, `construction`."""
    n = frame.height
    flat = flatten(frame["messages"])
    keys = _keys(flat, n)
    said = TextBatch.of(texts(flat, pl.Series([None] * n, dtype=pl.String)))
    prompt_text = _prompts(flat, n)
    bands, shingles, short = _compared(said, options)
    filled_in = _column(frame, "construction").is_in(list(options.near_but)).fill_null(value=False)
    thinned = options.most_similar is not None
    prompts = (
        _signed(TextBatch.of(prompt_text), options, _banding(options.similar, options.permutations))
        if thinned
        else None
    )
    none = {name: pl.Series([None] * n, dtype=INDEX_SCHEMA[name]) for name in ("prompt_bands", "prompt_shingles")}
    made = pl.DataFrame(
        {
            "doc_id": frame["doc_id"],
            "content_id": _column(frame, "content_id"),
            **keys,
            "score": _scores(_column(frame, "labels"), options.best_by),
            "numbers": _numbers(prompt_text, _column(frame, "task_type"), options.numbers_of),
            "short": short,
            "bands": bands.set(filled_in, None),
            "shingles": shingles.set(filled_in, None),
            "prompt_bands": none["prompt_bands"] if prompts is None else prompts[0],
            "prompt_shingles": none["prompt_shingles"] if prompts is None else prompts[1],
        }
    )
    return made.select(*INDEX_SCHEMA).cast(INDEX_SCHEMA)  # type: ignore[arg-type]


def _banding(threshold: float, permutations: int) -> tuple[int, int]:
    rows = max(
        (r for r in range(1, permutations + 1) if probability_of_match(threshold, permutations // r, r) >= _FOUND),
        default=1,
    )
    return permutations // rows, rows


def _normal(content: pl.Expr) -> pl.Expr:
    spaced = content.str.normalize("NFC").str.to_lowercase().str.replace_all(r"\s+", " ")
    return spaced.str.replace(r"[\s\p{P}]+$", "").str.strip_chars()


def _keys(flat: pl.DataFrame, n: int) -> dict[str, pl.Series]:
    """Keys by what is said, and how long the answers are."""
    whole = pl.concat_str("reasoning", "content", "calls", separator="\n", ignore_nulls=True)
    said = flat.select("row", "turn", "role", said=_normal(whole), characters=pl.col("content").str.len_chars())
    told = hash_spans(TextBatch.of(pl.select(said["role"] + pl.lit("\x1f") + said["said"]).to_series()).documents)
    start = _starts(said["row"], n)
    upto = chained(told, start)
    is_user, is_answer = (said["role"] == "user").to_numpy(), (said["role"] == "assistant").to_numpy()
    row = said["row"].to_numpy()
    last = start[1:] - 1
    has = start[1:] > start[:-1]
    dialogue = np.where(has, upto[np.maximum(last, 0)] if upto.size else 0, 0)
    inner = np.flatnonzero(is_answer & (np.arange(row.size) < last[row] if row.size else False))
    users = np.flatnonzero(is_user)
    prompt_start = _starts(pl.Series(row[users]), n)
    prompt_upto = chained(told[users], prompt_start)
    asked = np.diff(prompt_start) > 0
    first = np.full(n, -1, np.int64)
    answers = np.flatnonzero(is_answer)
    first[row[answers][::-1]] = answers[::-1]
    answered = (first >= 0) & asked
    return {
        "dialogue": pl.Series(dialogue, dtype=pl.UInt64),
        "prompt": _nullable(prompt_upto[np.maximum(prompt_start[1:] - 1, 0)] if prompt_upto.size else np.zeros(n, np.uint64), asked),
        "first_exchange": _nullable(upto[np.maximum(first, 0)] if upto.size else np.zeros(n, np.uint64), answered),
        "prefixes": _lists(upto[inner], _starts(pl.Series(row[inner]), n)),
        "answer_characters": pl.Series(np.bincount(row[answers], said["characters"].fill_null(0).to_numpy()[answers], n).astype(np.int64)),
        "turns": pl.Series(np.diff(start), dtype=pl.Int32),
    }  # fmt: skip


def _compared(said: TextBatch, options: Copies) -> tuple[pl.Series, pl.Series, np.ndarray]:
    """Bands and shingles of dialogues; of short ones bands of letters, and the letters."""
    bands, shingles = _signed(said, options, options.banding)
    # Tokens of a document that has so few shingles that a signature tells nothing.
    few = units(said, "word", "words").count < 2 * options.shingle - 1
    if not few.any():
        return bands, shingles, few
    rows = np.flatnonzero(few)
    texts_of = pl.select(_normal(pl.lit(said.texts.gather(rows)))).to_series()
    keys = _LETTERS.keys(TextBatch.of(texts_of), pl.DataFrame())
    letters = [np.frombuffer(text.encode("utf-32-le"), np.uint32) for text in texts_of]
    places = pl.Series(rows)
    own = pl.DataFrame(
        {
            "row": places,
            "bands": _lists(keys.key, keys.offset),
            "letters": pl.Series([a.tolist() for a in letters], dtype=pl.List(pl.UInt32)),
        }
    )
    whole = pl.DataFrame({"row": np.arange(len(said)), "b": bands, "s": shingles, "few": few}).join(
        own, on="row", how="left", maintain_order="left"
    )
    chosen = whole.select(
        b=pl.when("few").then("bands").otherwise("b"), s=pl.when("few").then("letters").otherwise("s")
    )
    return chosen["b"], chosen["s"], few


def _signed(batch: TextBatch, options: Copies, banding: tuple[int, int]) -> tuple[pl.Series, pl.Series]:
    """Keys of bands and distinct shingles of texts; none of one without a shingle."""
    found = units(batch, "word", "words")
    hashes, offset = grams(found.hash, found.offset, options.shingle, options.shingle)
    values, ends = distinct(high_half(hashes), offset)
    signatures = least_values(values, ends, options.permutations, _SEED, "affine_32")
    keys = band_keys(signatures, *banding)
    has = np.diff(ends) > 0
    return _lists(keys[has].ravel(), np.concatenate([[0], np.cumsum(has * banding[0])])), _lists(values, ends)


def _prompts(flat: pl.DataFrame, n: int) -> pl.Series:
    asked = (
        flat.filter(pl.col("role") == "user").group_by("row", maintain_order=True).agg(pl.col("content").str.join("\n"))
    )
    rows = pl.DataFrame({"row": pl.Series(range(n), dtype=pl.UInt32)})
    return rows.join(asked, on="row", how="left", maintain_order="left")["content"].fill_null("")


def _numbers(prompts: pl.Series, task: pl.Series, tasks: Iterable[str]) -> pl.Series:
    """A hash of all numbers of each prompt, in their order; null for other tasks."""
    asked = prompts.str.replace_all(",", "").str.extract_all(r"\d+(?:\.\d+)?").list.join(" ")
    hashes = hash_spans(TextBatch.of(asked).documents)
    return _nullable(hashes | np.uint64(1), task.is_in(list(tasks)).fill_null(value=False).to_numpy())


def _scores(labels: pl.Series, name: str) -> pl.Series:
    found = pl.select(pl.lit(labels).str.json_path_match(f"$.{name}").cast(pl.Float64, strict=False)).to_series()
    return found.alias("score")


def _column(frame: pl.DataFrame, name: str) -> pl.Series:
    return frame[name].cast(pl.String) if name in frame.columns else pl.Series(name, [None] * frame.height, pl.String)


def _nullable(values: np.ndarray, there: np.ndarray) -> pl.Series:
    return pl.Series(values.astype(np.uint64)).set(pl.Series(~there), None)


def _starts(row: pl.Series, n: int) -> np.ndarray:
    counts = np.bincount(row.to_numpy().astype(np.int64), minlength=n) if len(row) else np.zeros(n, np.int64)
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]).astype(np.int64)


def _lists(values: np.ndarray, offset: np.ndarray) -> pl.Series:
    made = pa.LargeListArray.from_arrays(pa.array(offset.astype(np.int64)), pa.array(values))
    return pl.Series(pl.from_arrow(made))


def flat_lists(lists: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Values and offsets of a column of lists; null is an empty one."""
    size = lists.list.len().fill_null(0).to_numpy().astype(np.int64)
    values = lists.filter(lists.list.len().fill_null(0) > 0).explode().to_numpy()
    return values, np.concatenate([np.zeros(1, np.int64), np.cumsum(size)])
