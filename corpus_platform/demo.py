"""The demo: settings for the made sample or for a folder of real documents, and the tables that it ends with.

Not here: the sample itself (sample/), running (definitions.py), printing (cli.py).
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from corpus_platform.errors import SettingsError
from corpus_platform.home import SETTINGS_FILE
from corpus_platform.settings import CorpusSettings, read_settings, write_settings
from corpus_platform.source_tables import key_of
from corpus_platform.stages.asset_names import EVERY_TEXT, asset_of
from corpus_platform.stages.mix_tables import MIX_DOCUMENTS
from corpus_platform.stages.sft_filtered import FILTERED
from corpus_platform.stages.sft_messages import PREFERENCES
from corpus_platform.stages.sft_mix import SFT_MIXES, SftMixes
from corpus_platform.stages.texts import AFTER_DEDUP, BASES, base_of, cleaned_table, read_table
from corpus_platform.stages.verdicts import DUPLICATES, variant_and_method

if TYPE_CHECKING:
    from pathlib import Path

    from corpus_platform.analytics.mixing import Given
    from corpus_platform.home import Home

HEADER = "# Written by `corpus demo`. Make a home of your own with `--home`, and its corpus.yaml is yours.\n"
SAMPLE = "sample"
RECIPES = {"ccnet": AFTER_DEDUP, "redpajama_v2": AFTER_DEDUP, "chinesewebtext": AFTER_DEDUP, "fineweb": ""}
"""Recipes of the demo, with what they start from: the demo's own text, or the same after paragraph dedup."""
PRESETS = ({"exact": {"scope": "snapshots"}}, "minhash/redpajama_v2_0.8")
"""Dedups of all pages of the demo, over both snapshots."""
READERS: dict[str, dict[str, dict[str, Any]]] = {
    "books": {"gutenberg": {"format": "gutenberg"}, "ebooks": {"format": "epub"}},
    "academic": {"arxiv": {"format": "latex"}},
    "code": {"repositories": {"format": "repository"}},
    "social": {"questions": {"format": "stackexchange", "options": {"comments": True}}},
    "parallel": {"sentences": {"format": "pairs_tsv"}},
    "domain": {"records": {"format": "records_table", "options": {"set": "textbooks"}}},
}
"""Who reads the sample's other sources, by source and collection."""
SEVERAL = "several_sources"
"""The demo's own recipe, over several sources (sample/recipes/)."""
MIX = RELEASE = "demo"
DATA_SETS: dict[str, dict[str, Any]] = {
    "assistant": {
        "kind": "instruct",
        "construction": "generated",
        "origin": "model",
        "licence": "CC0-1.0",
        "commercial": "yes",
    },
    "chats": {"kind": "turns", "map": {"others": "meta"}, "construction": "users", "origin": "mixed"},
    "clinic": {
        "kind": "instruct",
        "map": {"columns": {"prompt": ["title", "ask"], "answer": "answer"}, "labels": {"department": "department"}},
        "construction": "users",
        "origin": "human",
        "language": "zh",
    },
    "sums": {
        "kind": "verifiable",
        "map": {
            "columns": {
                "question": "problem",
                "gold": "answer",
                "samples": "generations",
                "verdicts": "correctness",
            }
        },
        "options": {"wrong": "label"},
        "task_type": "maths",
        "construction": "expanded",
        "origin": "model",
    },
    "finds": {"kind": "ie_schema", "construction": "rewritten", "origin": "human"},
    "preferred": {
        "kind": "compare",
        "options": {"dialogues": "chosen"},
        "construction": "human",
        "origin": "human",
    },
    "sums_paths": {"construct": "rft", "from": ["sums"]},
    "finds_batches": {"construct": "iepile", "from": ["finds"]},
}
"""The sample's data sets of dialogues, and two that are made of them."""
PRIORITY = ("sums_paths", "finds_batches")
"""What is made of others stays where those have the same."""
TEST_SET = "sums_test"
DIALOGUE_MIX = "demo_dialogues"
"""The demo's own mix of dialogues (sample/mixes/)."""
FORMATS = ("messages", "llama_factory")


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
        from corpus_platform.sample import copy_mixes, copy_recipes, make_sample  # noqa: PLC0415  (its texts are read only here)

        report = make_sample(home / SAMPLE)
        copy_recipes(home / "recipes")
        copy_mixes(home / "mixes" / "sft")
        training = {"min_characters": 50_000, "vocabulary": 8_000}
        sources = {
            source: {name: {"location": f"{SAMPLE}/sources/{source}/{name}", **how} for name, how in readers.items()}
            for source, readers in READERS.items()
        }
        common["recipes"]["test_sets"] = {TEST_SET: f"{SAMPLE}/dialogues/evaluation/{TEST_SET}.jsonl"}
        return {
            **common,
            # Its shards take a second each: starting workers would cost more than they do.
            "engine": {"kind": "serial"},
            "source": {"location": SAMPLE},
            "encyclopedia": {"location": f"{SAMPLE}/encyclopedia"},
            "sources": sources,
            "sft": {"sets": _data_sets(), "priority": list(PRIORITY)},
            "language_model": {"training": training, **_cutoffs(variant, report.snapshots[0].name)},
            "tokenizers": {"models": {"default": {"vocabulary": 8_000, "characters": 1_000_000}}},
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


def _data_sets() -> dict[str, Any]:
    return {
        name: how if "construct" in how else {"location": f"{SAMPLE}/dialogues/{name}", **how}
        for name, how in DATA_SETS.items()
    }


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


@dataclass(frozen=True)
class SourceSummary:
    """What became of one source other than the web, over all its partitions."""

    source: str
    documents: int
    rejects: dict[str, int]
    cleaned: int
    kept: int
    """Documents in the source's own corpus."""
    shared: int
    """Documents in the corpus over several sources."""


@dataclass(frozen=True)
class DataSetSummary:
    """What became of one data set, from its records to what its recipe keeps."""

    name: str
    made_by: str
    """How it came to be: the kind of its records, or the way that builds it."""
    records: int
    """Records that were read; of a set that is built, the rows that it is built of."""
    rejects: dict[str, int]
    dialogues: int
    kept: int
    dropped: dict[str, int]
    """Dialogues that the recipe drops, by rule."""


@dataclass(frozen=True)
class DialogueMixSummary:
    """The demo's mix of dialogues, and where its files for trainers are."""

    rows: int
    tokens: int
    """Tokens that are learnt."""
    sets: int
    folder: Path
    files: int
    is_new: bool


@dataclass(frozen=True)
class MixSummary:
    """The demo's mix, and where its release is."""

    parts: list[Given]
    folder: Path
    files: int
    is_new: bool


def assets(home: Home) -> list[str]:
    """What the demo makes: corpora, dedups of all pages, the history of addresses, sketches, filtered dialogues and preferences."""
    tables = ("web.url_history", "web.sketches")
    web = [asset_of(name, variant) for name in tables for variant in home.variants]
    dialogues = [asset_of(name) for name in (FILTERED, PREFERENCES)] if home.settings.sft.sets else []
    corpora = [f"corpora/{name}" for name in home.enabled]
    return [*corpora, *web, *(asset_of(DUPLICATES, of) for of in home.compared), *dialogues]


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
        corpora=[_corpus(home, name, snapshot) for name in home.enabled if name in RECIPES],
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


def source_summaries(home: Home) -> list[SourceSummary]:
    """The figures of the sources that the settings name, from the commits of their tables."""
    return [_source(home, source) for source in home.settings.sources.used]


def _source(home: Home, source: str) -> SourceSummary:
    rejects: dict[str, int] = {}
    totals = [0, 0, 0, 0]
    for partition in home.lake.partitions(read_table(source)):
        corpus = {"variant": f"{source}.cleaned", "snapshot": key_of(source, partition)}
        read = home.lake.state(read_table(source), partition)
        for name, n in read.counters.items() if read else ():
            if name.startswith("rejects:"):
                rejects[name.removeprefix("rejects:")] = rejects.get(name.removeprefix("rejects:"), 0) + n
        published = (home.lake.state(f"corpora.{recipe}", corpus) for recipe in (source, SEVERAL))
        states = (read, home.lake.state(cleaned_table(source), partition), *published)
        totals = [total + (state.rows if state else 0) for total, state in zip(totals, states, strict=True)]
    documents, cleaned, kept, shared = totals
    return SourceSummary(source, documents, rejects, cleaned, kept, shared)


def mix_and_release(home: Home) -> MixSummary:
    """Makes the demo's mix and releases it, into `release/` of the home. A release that is there stays as it is."""
    from corpus_platform.analytics import mix_release, mixing  # noqa: PLC0415  (imports DuckDB)
    from corpus_platform.lake import releases  # noqa: PLC0415

    mixing.make(home, MIX)
    folder = home.path / "release"
    is_new = RELEASE not in releases.names(home.lake.storage)
    if is_new:
        mix_release.make(home, RELEASE, MIX, mix_release.Export(folder))
    state = home.lake.state(MIX_DOCUMENTS, {"mix": MIX})
    assert state is not None
    files = len(releases.read(home.lake.storage, RELEASE)[mix_release.MIX]["files"])
    return MixSummary(mixing.given(state, home.mixing.mix(MIX)), folder, files, is_new)


def data_set_summaries(home: Home) -> list[DataSetSummary]:
    """The figures of the data sets that the settings name, from the commits of their tables."""
    return [_data_set(home, name) for name in home.settings.sft.sets]


def _data_set(home: Home, name: str) -> DataSetSummary:
    sft = home.dialogues.sft
    states = [home.lake.state(table, {"set": name}) for table in (sft.table_of(name), FILTERED)]
    read, filtered = (dict(state.counters) if state else {} for state in states)
    one = sft.one(name)
    return DataSetSummary(
        name=name,
        made_by=one.built_by or one.reading().kind,
        records=read.get("rows", read.get("parents", 0)),
        rejects=_counted(read, "rejects:"),
        dialogues=read.get("kept", 0),
        kept=filtered.get("kept", 0),
        dropped=_counted(filtered, "dropped:"),
    )


def _counted(counters: dict[str, int], head: str) -> dict[str, int]:
    """Counters by the last word of their names."""
    return {name.rpartition(":")[2]: n for name, n in counters.items() if name.startswith(head)}


def mix_of_dialogues(home: Home) -> DialogueMixSummary:
    """Draws the demo's mix of dialogues and writes it for trainers, into `dialogues/` of the home. An export of this mix stays as it is."""
    from corpus_platform.analytics import sft_release  # noqa: PLC0415  (imports DuckDB)

    home.run(SFT_MIXES, {"mix": DIALOGUE_MIX})
    state = home.lake.state(SFT_MIXES, {"mix": DIALOGUE_MIX})
    assert state is not None
    stage = home.stage(SFT_MIXES)
    assert isinstance(stage, SftMixes)
    folder = home.path / "dialogues"
    manifest = sft_release.manifest_of(folder)
    is_new = manifest is None or manifest["fingerprint"] != state.fingerprint
    if is_new:
        shutil.rmtree(folder, ignore_errors=True)
        manifest = sft_release.export(home.lake, stage, DIALOGUE_MIX, sft_release.Export(folder, FORMATS))
    assert manifest is not None
    drawn = home.lake.scan(SFT_MIXES, version=None, mix=DIALOGUE_MIX).select("set", "trained").collect()
    tokens, sets = int(drawn["trained"].sum()), drawn["set"].n_unique()
    return DialogueMixSummary(drawn.height, tokens, sets, folder, len(manifest["files"]), is_new)
