"""A model of abilities made of a home's own data sets: of dialogues whose set says what they ask for.

Not here: the model (sft/ability.py), which labels name an ability (sft/ability_labels.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpus_platform.errors import ModelError
from corpus_platform.models.training_sets import LowestHashes, RowSettings, training_set
from corpus_platform.sft.ability import ABILITIES, AbilityModel, train, written
from corpus_platform.sft.ability_labels import first_requests, told
from corpus_platform.stages.read import batches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corpus_platform.home import Home

_READ = ["messages", "labels", "task_type"]
_ROWS = 5_000


def trained(
    home: Home, names: Sequence[str], *, per_class: int, min_rows: int, also_shipped: bool = True
) -> AbilityModel:
    """A model of the first requests of some data sets (all of the home by default), judged on a tenth of them.

    Abilities with too few requests are left out. Raises ModelError where fewer than two are left.
    """
    sft = home.dialogues.sft
    found = {ability: LowestHashes(per_class) for ability in ABILITIES}
    for name in names or sft.ranked:
        for file in home.lake.files(sft.table_of(name), {"set": name}):
            for frame in batches(home.lake, file, columns=_READ, rows=_ROWS):
                said = told(frame["labels"], frame["task_type"])
                for ability, request in zip(said, first_requests(frame["messages"]), strict=True):
                    if ability and request:
                        found[ability].add(request)
    texts = {ability: [text for _, text in kept.rows()] for ability, kept in found.items()}
    enough = {ability: rows for ability, rows in texts.items() if len(rows) >= min_rows}
    if len(enough) < 2:
        counts = ", ".join(f"{ability} {len(rows):,}" for ability, rows in texts.items() if rows) or "none"
        raise ModelError(f"two abilities need {min_rows:,} requests each whose data set says so; there are: {counts}")
    if also_shipped:
        own = written()
        enough = {ability: [*enough.get(ability, []), *own[ability]] for ability in ABILITIES}
    return train(training_set(enough, RowSettings(balance=False, per_class=per_class, min_rows=2, held_back=0.1)))
