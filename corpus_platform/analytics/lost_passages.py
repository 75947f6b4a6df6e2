"""Which passages of a document a dedup of lines, sentences, windows or paragraphs takes out: the recipe is run again over the one document.

Units are numbered in the text as the recipe's earlier steps leave it, so these steps are what it takes to show them.

Not here: how units are found (dedup/units.py, substrings.py), clusters (duplicates.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from corpus_platform.analytics.explain import documents, verdicts_of
from corpus_platform.errors import ModelError
from corpus_platform.recipes.explain import explain
from corpus_platform.stages.corpus import Corpus

if TYPE_CHECKING:
    from corpus_platform.home import Home
    from corpus_platform.recipes.explain import Passage
    from corpus_platform.recipes.population import Method
    from corpus_platform.stages.stage import Partition


def lost_passages(home: Home, method: Method, partition: Partition, doc_id: str) -> tuple[tuple[Passage, ...], str]:
    """Passages that a document of a partition of `web.duplicates` loses, in the text before the step; and in a line what else there is to say of it."""
    settings, test_sets = home.settings.signals.below(home.path), home.settings.recipes.below(home.path).test_sets
    steps = method.recipe.steps[: method.index + 1]
    recipe = method.recipe.model_copy(update={"steps": steps})
    of_texts = {name: partition[name] for name in ("variant", "snapshot")}
    frame, environment = documents(home.lake, Corpus(settings, recipe=recipe, test_sets=test_sets), of_texts, [doc_id])
    if frame.is_empty():
        return (), f"the text {partition['variant']} no longer has it"
    verdicts = verdicts_of(home.lake, (*method.before, method), of_texts, [doc_id])
    try:
        [found] = explain(recipe, frame, environment, verdicts)
    except ModelError as error:
        return (), str(error)
    outcome = found.outcomes[-1]
    if outcome.result == "not reached":
        return (), "the recipe as it is now drops it before this step"
    return outcome.passages, f"the whole document goes: {outcome.rule}" if outcome.result == "dropped" else ""
