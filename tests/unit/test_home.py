"""A home's partitions, in the order in which they are made."""

from collections import Counter

from corpus_platform.home import Home

SETTINGS = """
source: {location: crawl}
variants: [wet, resiliparse]
language_model: {location: models, languages: [en, zh], cutoffs_of: {variant: wet, snapshot: CC-MAIN-2024-10}}
"""


def test_each_partition_is_named_once_and_the_pages_of_the_cutoffs_before_the_models(tmp_path):
    (tmp_path / "corpus.yaml").write_text(SETTINGS)

    found = [(name, *partition.values()) for name, partition in Home.open(tmp_path).partitions(["CC-MAIN-2024-10"])]

    assert found[:3] == [
        ("web.pages", "wet", "CC-MAIN-2024-10"),
        ("models.language_model", "en"),
        ("models.language_model", "zh"),
    ]
    assert max(Counter(found).values()) == 1
    assert len(found) == 3 + 7 + 1
