"""The demo: settings for the made sample or for a folder of real documents, and the table that it ends with.

Not here: the sample itself (sample/), running (definitions.py), printing (cli.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.errors import SettingsError
from corpus_platform.home import SETTINGS_FILE
from corpus_platform.settings import CorpusSettings, read_settings, write_settings
from corpus_platform.stages.asset_names import EVERY_TEXT, asset_of
from corpus_platform.stages.texts import AFTER_DEDUP, BASES, base_of
from corpus_platform.stages.verdicts import DUPLICATES, variant_and_method

if TYPE_CHECKING:
    from pathlib import Path

    from corpus_platform.home import Home

HEADER = "# Written by `corpus demo`. Make a home of your own with `--home`, and its corpus.yaml is yours.\n"
SAMPLE = "sample"
RECIPES = {"ccnet": AFTER_DEDUP, "redpajama_v2": AFTER_DEDUP, "chinesewebtext": AFTER_DEDUP, "fineweb": ""}
"""Recipes of the demo, with what they start from: the demo's own text, or the same after paragraph dedup."""
PRESETS = ({"exact": {"scope": "snapshots"}}, "minhash/redpajama_v2_0.8")
"""Dedups of all pages of the demo, over both snapshots."""


def prepare(home: Path, *, source: Path | None, variant: str) -> CorpusSettings:
    """Makes the sample if there is no other input, and writes the home's settings.

    Raises SettingsError where the home has settings of its own, the folder has no crawl in it, or there is no such variant.
    """
    if variant not in BASES:
        raise SettingsError(f"there is no variant `{variant}`; there are {', '.join(BASES)}")
    place = home / SETTINGS_FILE
    if place.exists() and not place.read_text(encoding="utf-8").startswith(HEADER):
        raise SettingsError(f"{place} is not the demo's: choose another home, e.g. `corpus --home demo demo`")
    write_settings(place, CorpusSettings.model_validate(_settings(home, source, variant)), header=HEADER)
    return read_settings(place)


def _settings(home: Path, source: Path | None, variant: str) -> dict[str, Any]:
    texts = {name: variant + after for name, after in RECIPES.items()}
    common: dict[str, Any] = {"variants": [variant], "pages": {"shard_files": 1}, "reject_budget": 0.1}
    common["recipes"] = {"enabled": list(texts), "variants": texts}
    common["dedup"] = {"presets": list(PRESETS), "variants": [variant]}
    if source is None:
        from corpus_platform.sample import make_sample  # noqa: PLC0415  (its texts are read only here)

        report = make_sample(home / SAMPLE)
        training = {"min_characters": 50_000, "vocabulary": 8_000}
        return {
            **common,
            # Its shards take a second each: starting workers would cost more than they do.
            "engine": {"kind": "serial"},
            "source": {"location": SAMPLE},
            "encyclopedia": {"location": f"{SAMPLE}/encyclopedia"},
            "language_model": {"training": training, **_cutoffs(variant, report.snapshots[0].name)},
        }
    source = source.expanduser().resolve()
    crawl = source / "web" if (source / "web" / "crawl-data").is_dir() else source
    if not (crawl / "crawl-data").is_dir():
        raise SettingsError(f"{source}: no `crawl-data` or `web/crawl-data` there, as Common Crawl lays it out")
    archives = {"genuine": str(crawl / "genuine")} if (crawl / "genuine").is_dir() and variant != "wet" else {}
    first = min(path.name for path in (crawl / "crawl-data").iterdir())
    settings = {**common, "language_model": _cutoffs(variant, first)}
    settings["source"] = {"location": str(crawl), "archives": archives}
    if (source / "encyclopedia").is_dir():
        settings["encyclopedia"] = {"location": str(source / "encyclopedia")}
    return settings


def _cutoffs(variant: str, snapshot: str) -> dict[str, Any]:
    """A few hundred articles make a model to which every page of the web is strange: its buckets come from the pages themselves."""
    return {"cutoffs_of": {"variant": variant, "snapshot": snapshot}}


@dataclass(frozen=True)
class SnapshotSummary:
    """What became of one snapshot, from its records to the corpus."""

    snapshot: str
    records: int
    rejects: dict[str, int]
    pages: int
    lines: int
    lines_removed: int
    documents: int
    languages: list[tuple[str, int]]
    buckets: dict[str, int]
    corpus_rows: int
    corpus_bytes: int
    """Size of the corpus's files, compressed."""
    corpora: list[tuple[str, int, int]]
    """Of each recipe: its name, documents that it judged, documents that it kept."""
    copies: list[tuple[str, int, int]]
    """Of each dedup of all pages: its name, documents that it compared, those that go."""


def assets(home: Home) -> list[str]:
    """What the demo makes: corpora, dedups of all pages, the history of addresses, sketches."""
    tables = ("web.url_history", "web.sketches")
    web = [asset_of(name, variant) for name in tables for variant in home.variants]
    return [f"corpora/{name}" for name in home.enabled] + web + [asset_of(DUPLICATES, of) for of in home.compared]


def summary(home: Home, snapshot: str) -> SnapshotSummary:
    """The figures of a snapshot, from the commits of its tables."""
    variant = home.variant_of("ccnet")
    partition = {"variant": variant, "snapshot": snapshot}
    texts = {**partition, "variant": base_of(variant)}
    read = {"web.pages": texts, "web.documents": texts, "corpora.ccnet": partition}
    states = {name: home.lake.state(name, where) for name, where in read.items()}
    pages, documents, corpus = (state.counters if state else {} for state in states.values())
    ccnet = states["corpora.ccnet"]
    counted = home.lake.scan("corpora.ccnet", version=None, **partition).group_by("language").len("n").collect()
    return SnapshotSummary(
        snapshot=snapshot,
        records=pages.get("records", 0),
        rejects={name.removeprefix("rejects:"): n for name, n in pages.items() if name.startswith("rejects:")},
        pages=pages.get("kept", 0),
        lines=documents.get("lines", 0),
        lines_removed=sum(n for name, n in documents.items() if name.startswith("lines_removed:")),
        documents=documents.get("kept", 0),
        languages=[(str(code), int(n)) for code, n in counted.sort(pl.col("n"), descending=True).iter_rows()],
        buckets={name.removeprefix("bucket:"): n for name, n in corpus.items() if name.startswith("bucket:")},
        corpus_rows=ccnet.rows if ccnet else 0,
        corpus_bytes=ccnet.bytes if ccnet else 0,
        corpora=[_corpus(home, name, snapshot) for name in home.enabled],
        copies=[
            _copies(home, of, snapshot) for of in home.compared if variant_and_method(of)[1].startswith(EVERY_TEXT)
        ],
    )


def _copies(home: Home, of: str, snapshot: str) -> tuple[str, int, int]:
    variant, method = variant_and_method(of)
    partition = {"method": method, "variant": variant, "snapshot": snapshot}
    state = home.lake.state(DUPLICATES, partition)
    counters = state.counters if state else {}
    return method, counters.get("records", 0), counters.get("dropped:copy", 0)


def _corpus(home: Home, recipe: str, snapshot: str) -> tuple[str, int, int]:
    state = home.lake.state(f"corpora.{recipe}", {"variant": home.variant_of(recipe), "snapshot": snapshot})
    return (recipe, state.counters.get("records", 0), state.rows) if state else (recipe, 0, 0)
