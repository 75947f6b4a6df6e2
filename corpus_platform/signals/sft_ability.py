"""What a dialogue asks for: the ability that its data set names, or the one that a model of words tells.

The model is the shipped one, or that of the settings (`signals.ability_model`), which `corpus sft ability train` makes of labelled data sets of one's own.

Not here: the model (sft/ability.py), which labels name an ability (sft/ability_labels.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.sft.ability import ABILITIES, model_at
from corpus_platform.sft.ability_labels import abilities
from corpus_platform.signals.dialogues import messages
from corpus_platform.signals.registry import Family, Signal, register

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.signals.subject import Subject


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """Ability and score."""
    del wanted
    columns = [subject.column(name).alias(name) for name in ("labels", "task_type")]
    frame = pl.DataFrame([messages(subject).alias("messages"), *columns])
    found = abilities(frame, model_at(subject.environment.settings.ability_model))
    return {"sft_ability": found["ability"], "sft_ability_score": found["score"]}


register(
    Family(
        name="sft_ability",
        version="1",
        signals=(
            Signal(
                "sft_ability",
                "What the first request asks for, by the labels of the data set or its task type, else by a model of words and pairs of words",
                "ours, after BAAI/Infinity-Instruct and OFA-Sys/InsTag",
                dtype=pl.String,
                range=", ".join(ABILITIES),
                languages="en, zh",
            ),
            Signal(
                "sft_ability_score",
                "How sure the model is of the ability, null where the data set says it: of those with 0.6 and more some 0.9 are right in English",
                "ours",
                languages="en, zh",
            ),
        ),
        compute=compute,
        reads=("messages", "labels", "task_type"),
        of="dialogues",
    )
)
