"""Documents with signals in RedPajama-V2's own JSON: every signal a list of `[start, end, score]`.

A document's own signals have one entry over the whole text, a line signal one for each line, with offsets in characters. Scores have 8 decimals at most.
Source: RedPajama-Data 6d2cee9, app/src/core/worker.py and core/schema/rp.py.

Not here: how signals are computed (annotate.py), where files are written.
"""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from corpus_platform.errors import SettingsError
from corpus_platform.signals.registry import signals
from corpus_platform.signals.rpv2_lines import BULLET, ENDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from corpus_platform.signals.registry import Signal

_DECIMALS = 8
_WHOLE = frozenset({"rps_doc_word_count", "rps_lines_num_words", "rps_doc_ut1_blacklist"})
"""Signals whose scores RedPajama-V2 writes as whole numbers; every other score is a float."""


def published(names: Iterable[str]) -> list[str]:
    """Those of some columns that are signals of RedPajama-V2's files, in the order of the registry."""
    own = set(names)
    return [name for name in signals() if name in own and name.startswith(("ccnet_", "rps_"))]


def json_lines(frame: pl.DataFrame, *, file: str, snapshot: str, first_row: int = 0) -> Iterator[bytes]:
    """A line of JSON for each document, in the order of the frame.

    `frame` has `text` (or `characters`: its length), the signals (`line_ends` where there are line signals), and `url`, `domain`, `language`,
    `cc_segment` where they are known. `file` names the input as RedPajama-V2 does, e.g. `2023-06/0000/en_head.json.gz`; with the row it is the `id`.
    Raises SettingsError where line signals come without `line_ends`.
    """
    names = published(frame.columns)
    known = [signals()[name] for name in names]
    if any(signal.level == "line" for signal in known) and ENDS not in frame.columns:
        raise SettingsError(f"line signals are written with the offsets of their lines: add the signal `{ENDS}`")
    for row, document in enumerate(_with_length(frame).iter_rows(named=True), first_row):
        identity = f"{file}/{row}"
        record = {
            "id": identity,
            "id_int": int.from_bytes(hashlib.sha1(identity.encode(), usedforsecurity=False).digest()[:8], "little"),
            "metadata": {
                "cc_segment": document.get("cc_segment"),
                "cc_net_source": file,
                "url": document.get("url"),
                "source_domain": document.get("domain"),
                "language": document.get("language"),
                "snapshot_id": snapshot,
            },
            "quality_signals": {signal.name: entries(signal, document) for signal in known},
        }
        yield orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def entries(signal: Signal, document: dict[str, Any]) -> list[list[Any]]:
    """The entries of one signal. A document without lines has none, but for the bullet signal, whose one entry has no score."""
    length, value = document["characters"], document[signal.name]
    if signal.level == "document":
        return [[0, length, _score(signal.name, value)]]
    ends = document[ENDS] or []
    if not ends and signal.name == BULLET:
        return [[0, length, None]]
    lines = zip(pairwise([0, *ends]), value or [], strict=True)
    return [[start, end, _score(signal.name, one)] for (start, end), one in lines]


def _with_length(frame: pl.DataFrame) -> pl.DataFrame:
    if "characters" in frame.columns:
        return frame
    return frame.with_columns(pl.col("text").str.len_chars().alias("characters")).drop("text")


def _score(name: str, value: float | None) -> float | int | None:
    if value is None:
        return None
    return int(value) if name in _WHOLE else round(float(value), _DECIMALS)
