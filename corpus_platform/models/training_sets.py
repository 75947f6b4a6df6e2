"""Rows to train classifiers on: texts with labels, balanced, split into those to learn from and those held back.

Which rows are taken and which are held back depends on the hash of their text alone: neither order nor shards change it, and equal texts are
on one side. A text that comes with two labels is left out.

Not here: reading tables and files (stages/classifiers.py), the texts that are shipped (templates.py).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SLACK = 4
"""A stratum keeps so many times what is wanted before it is cut to the lowest hashes again."""


class RowSettings(BaseModel):
    """How many rows are taken, and how many of them are held back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    per_class: int = Field(default=75_000, ge=1, description="Most texts of a class (RedPajama-V2's)")
    balance: bool = Field(default=True, description="As many texts of every class as the smallest has")
    min_rows: int = Field(default=50, ge=2, description="With fewer texts of a class no model is made")
    held_back: float = Field(default=0.1, ge=0, lt=1, description="Share of the texts that is held back")


@dataclass(frozen=True)
class TrainingSet:
    """Texts with labels, in an order that depends on the texts alone. `reason` says why they are too few."""

    labels: tuple[str, ...]
    train_texts: list[str]
    train_labels: list[str]
    held_texts: list[str]
    held_labels: list[str]
    data: str
    """Identity of all rows: 32 hex digits."""
    facts: dict[str, Any] = field(default_factory=dict)
    reason: str | None = None


class LowestHashes:
    """At most `size` texts out of a stream: those with the lowest hashes. Memory is bounded by a few times as many."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._rows: dict[int, str] = {}

    def add(self, text: str) -> None:
        """Takes a text into account; equal ones count once."""
        self._rows[text_hash(text)] = text
        if len(self._rows) > _SLACK * self.size + 64:
            self._rows = dict(self.rows())

    def rows(self) -> list[tuple[int, str]]:
        """(hash, text), by hash."""
        return sorted(self._rows.items())[: self.size]


def text_hash(text: str) -> int:
    """64 bits of BLAKE2b of a text."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little")


def training_set(
    texts: Mapping[str, Iterable[str]],
    settings: RowSettings | None = None,
    *,
    held: Mapping[str, Iterable[str]] | None = None,
) -> TrainingSet:
    """The rows of each label. `held`: texts held back besides, or, where they are given, instead of a share of the others."""
    settings = settings or RowSettings()
    labels = tuple(texts)
    taken = {label: _lowest(rows, settings.per_class) for label, rows in texts.items()}
    shared = {
        h for label in labels for h in taken[label] if any(h in taken[other] for other in labels if other != label)
    }
    taken = {label: {h: t for h, t in rows.items() if h not in shared} for label, rows in taken.items()}
    if settings.balance and labels:
        least = min(len(rows) for rows in taken.values())
        taken = {label: dict(list(rows.items())[:least]) for label, rows in taken.items()}
    apart = {label: _lowest(rows, settings.per_class) for label, rows in (held or {}).items()}
    chosen = sorted((h, label, text) for label, rows in taken.items() for h, text in rows.items())
    outside = {h for rows in apart.values() for h in rows}
    limit = 0.0 if held else settings.held_back
    train = [row for row in chosen if not _held_back(row[0], limit) and row[0] not in outside]
    judged = [row for row in chosen if _held_back(row[0], limit)]
    judged += sorted((h, label, text) for label, rows in apart.items() for h, text in rows.items())
    digest = hashlib.blake2b(repr([(h, label) for h, label, _ in train + judged]).encode(), digest_size=16)
    return TrainingSet(
        labels=labels,
        train_texts=[text for _, _, text in train],
        train_labels=[label for _, label, _ in train],
        held_texts=[text for _, _, text in judged],
        held_labels=[label for _, label, _ in judged],
        data=digest.hexdigest(),
        reason=_too_few(labels, [label for _, label, _ in train], settings.min_rows),
    )


def _lowest(texts: Iterable[str], size: int) -> dict[int, str]:
    kept = LowestHashes(size)
    for text in texts:
        if text.strip():
            kept.add(text)
    return dict(kept.rows())


def _held_back(value: int, share: float) -> bool:
    """Whether a text is held back: a second hash of its hash, for the first chose which texts are taken."""
    again = hashlib.blake2b(value.to_bytes(8, "little"), digest_size=4, person=b"held-back").digest()
    return int.from_bytes(again, "little") < share * 2**32


def _too_few(labels: tuple[str, ...], rows: list[str], least: int) -> str | None:
    counts = {label: rows.count(label) for label in labels}
    short = [f"`{label}` has {count:,}" for label, count in counts.items() if count < least]
    if len(labels) >= 2 and not short:
        return None
    if len(labels) < 2:
        return f"a classifier needs two classes, and there is {', '.join(labels) or 'none'}"
    return f"a class needs {least:,} texts to learn from, and {', '.join(short)}"
