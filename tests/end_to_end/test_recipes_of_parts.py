"""Every recipe over several sources, made of real documents of all of them: each part that is there is judged, compared with the others, and accounted for."""

from collections import Counter

import pytest

from corpus_platform.home import Home
from corpus_platform.recipes.recipe import recipes
from corpus_platform.settings import CorpusSettings, write_settings
from corpus_platform.stages.texts import source_of

pytestmark = [pytest.mark.e2e, pytest.mark.samples, pytest.mark.timeout(1500)]

NAMES = [name for name, recipe in recipes().items() if recipe.parts]
SNAPSHOT = "CC-MAIN-2024-10"


@pytest.fixture(scope="module")
def home(samples, tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    code = folder / "code" / "tools"
    code.mkdir(parents=True)
    (code / "LICENSE").write_text(MIT, encoding="utf-8")
    for i in range(3):
        lines = [f"def area_{i}_{n}(width, height):\n    return width * height + {n}\n" for n in range(12)]
        (code / f"shapes_{i}.py").write_text("\n".join(lines), encoding="utf-8")
    settings = {
        "source": {"location": str(samples / "web")},
        "pages": {"first_files": 1},
        "encyclopedia": {"location": str(samples / "encyclopedia")},
        "sources": {
            "books": {"gutenberg": {"location": str(samples / "books" / "gutenberg"), "format": "gutenberg"}},
            "academic": {"arxiv": {"location": str(samples / "academic" / "latex"), "format": "latex"}},
            "code": {"github": {"location": "code", "format": "repository"}},
            "social": {
                "stackexchange": {"location": str(samples / "social" / "stackexchange"), "format": "stackexchange"}
            },
            "parallel": {"wmt": {"location": str(samples / "parallel" / "wmt22"), "format": "pairs_tsv"}},
        },
        "language_model": {"languages": []},
        "classifiers": {"models": {}},
        "recipes": {"enabled": NAMES},
        "engine": {"kind": "serial"},
        "reject_budget": 0.5,
    }
    write_settings(folder / "corpus.yaml", CorpusSettings.model_validate(settings))
    made = Home.open(folder)
    assets = [f"corpora/{name}" for name in NAMES]
    for batch in made.batches(assets, [SNAPSHOT]):
        # Of dumps, those of two languages will do: each is made in the same way.
        if batch.source == "encyclopedia" and not batch.key.startswith(("en-", "zh-")):
            continue
        for name, partition in batch.tables:
            made.run(name, partition)
    return made


@pytest.mark.parametrize("name", NAMES)
def test_each_part_that_is_there_is_judged_and_every_document_accounted_for(home, name):
    recipe, rows, seen = home.recipe(name), Counter(), Counter()

    for state in home.lake.states(f"corpora.{name}"):
        where = state.partition
        part = recipe.part_of(where["variant"], where["snapshot"])
        gone = sum(n for counter, n in state.counters.items() if counter.startswith("dropped:"))
        assert part is not None
        assert state.rows + gone == state.counters.get("records", 0), where
        rows[part.part] += state.rows
        seen[part.part] += state.counters.get("records", 0)

    sources = {source_of(part.variant) or "web" for part in recipe.parts if part.variant and seen[part.part]}
    assert len(sources) >= 2, (name, seen)
    assert sum(rows.values()), (name, seen)
    for state in home.lake.states(f"corpora.{name}"):
        found = home.lake.scan(f"corpora.{name}", **state.partition).select("part").unique().collect()["part"].to_list()
        assert found in ([], [recipe.part_of(state.partition["variant"], state.partition["snapshot"]).part])


def test_no_two_documents_of_a_recipe_that_drops_copies_across_sources_have_one_text(home):
    rows = home.lake.scan("corpora.redpajama_1t").select("text", "part").collect()

    assert rows["text"].n_unique() == rows.height
    assert rows["part"].n_unique() >= 3


MIT = """MIT License

Copyright (c) 2024 The authors

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to
deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or
sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN
THE SOFTWARE.
"""
