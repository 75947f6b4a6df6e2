"""A lake with made-up pages and books, and what brings a mix of them up to date without a home."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest
import yaml

from corpus_platform.documents import document_id
from corpus_platform.engine.serial import Serial
from corpus_platform.home import Home
from corpus_platform.lake import Lake
from corpus_platform.mixes.mix import read_mix
from corpus_platform.stages.mix import MixDocuments, MixSettings
from corpus_platform.stages.mix_sources import origins
from corpus_platform.stages.mix_tables import MIX_DOCUMENTS
from corpus_platform.stages.run import run_stage
from corpus_platform.stages.token_counts import TokenCounts, counts_partition
from corpus_platform.stages.tokenizers import TokenizerRecipe, Tokenizers, TokenizerSettings

WORDS = {
    "en": [
        "river",
        "stone",
        "market",
        "winter",
        "letter",
        "garden",
        "bridge",
        "evening",
        "soldier",
        "captain",
        "harbour",
        "morning",
        "silver",
        "window",
        "forest",
    ],
    "zh": [
        "河流",
        "石头",
        "市场",
        "冬天",
        "信件",
        "花园",
        "桥梁",
        "傍晚",
        "士兵",
        "船长",
        "港口",
        "早晨",
        "银子",
        "窗户",
        "森林",
    ],
}
WEB = {"variant": "wet.ccnet", "snapshot": "CC-MAIN-2025-05"}


def text_of(number: int, language: str, words: int) -> str:
    """Words of a document, other ones for each number."""
    known, mark = WORDS[language], "" if language == "zh" else " "
    chosen = [known[(number * 7 + i * (number % 5 + 1) + i * i) % len(known)] for i in range(words)]
    return mark.join(chosen) + f"{mark}{number}."


@dataclass
class House:
    """A lake, and the stages that mixes are made by."""

    lake: Lake
    folder: Path
    test_sets: dict[str, str] = field(default_factory=dict)
    mixes: dict = field(default_factory=dict)
    tokenizers: TokenizerSettings = TokenizerSettings(
        models={"default": TokenizerRecipe(vocabulary=400, tables=("corpora.ccnet",))}
    )

    def put(self, name, partition, frames):
        """Commits frames as the files of a partition."""
        fence, files = self.lake.fence(name, partition), []
        for shard, frame in enumerate(frames):
            with self.lake.writer(name, partition, shard, "0123456789") as writer:
                writer.write(frame)
                files += writer.close()[name]
        return self.lake.commit(
            name, partition, files, fence, run="0123456789", metadata={"fingerprint": str(partition)}
        )

    def books(self, documents=30):
        """Books with categories, authors of both kinds and licences of several classes."""
        licences = ("CC0-1.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", None, "https://creativecommons.org/licenses/by/4.0/")
        rows = [
            {
                "doc_id": document_id("test", f"book {n}"),
                "source": "gutenberg",
                "shard": 0,
                "file": f"books/{n}.txt",
                "file_index": n,
                "position": 0,
                "title": f"Book {n}",
                "text": text_of(n + 500, "en", 60),
                "language": "en",
                "language_score": 0.9,
                "licence": licences[n % 5],
                "category": ("I", "K", "O")[n % 3],
                "origin": ("human", "mixed")[n % 7 == 0],
                "edited": False,
            }
            for n in range(documents)
        ]
        frame = pl.DataFrame(rows).cast({"shard": pl.Int32, "file_index": pl.Int32, "language_score": pl.Float32})
        self.put("books.cleaned", {"collection": "pg"}, [frame])

    def web(self, documents=60, files=2, partition=WEB, first=0):
        """Pages of CCNet's corpus in English and Chinese, of six hosts and three buckets."""
        frames = [
            pl.DataFrame([self._page(n, shard) for n in range(first + shard, first + documents, files)]).cast(
                {"file_index": pl.Int32, "length": pl.Int32, "nlines": pl.Int32, "perplexity": pl.Float32}
            )
            for shard in range(files)
        ]
        self.put("corpora.ccnet", partition, frames)

    def _page(self, number, shard):
        language = "zh" if number % 3 == 0 else "en"
        text = text_of(number, language, 20 + number % 30)
        host = f"host{number % 6}.example"
        return {
            "doc_id": document_id("test", f"page {number}"),
            "file_index": shard,
            "position": number,
            "url": f"https://{host}/{number}",
            "source_domain": host,
            "raw_content": text,
            "length": len(text),
            "nlines": 1,
            "language": language,
            "perplexity": 100.0 + 13 * (number % 17),
            "title": f"Page {number}",
            "cc_segment": f"crawl-data/{number % 4}.wet.gz",
            "bucket": ("head", "middle", "tail")[number % 3 if number % 2 else 2],
        }

    def mix(self, name="small", **values):
        """A mix by its YAML, known under its name."""
        values = {"name": name, "title": "A mix", "about": "For a test.", **values}
        path = self.folder / "mixes" / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
        self.mixes[name] = read_mix(path)
        return self.mixes[name]

    def stage(self):
        """The stage of mixes."""
        return MixDocuments(MixSettings(memory_mb=200), mixes=self.mixes, test_sets=self.test_sets)

    def make(self, name="small"):
        """Tokenizer, counts, documents; the rows that were drawn."""
        mix = self.mixes[name]
        self.count(mix.tokenizer, mix.tables)
        self.report = run_stage(self.stage(), self.lake, Serial(), {"mix": name})
        return self.lake.scan(MIX_DOCUMENTS, mix=name).collect()

    def count(self, tokenizer, tables):
        """The tokenizer, and the tokens of tables."""
        run_stage(Tokenizers(self.tokenizers), self.lake, Serial(), {"tokenizer": tokenizer})
        for table in tables:
            for origin in origins(self.lake, table):
                run_stage(TokenCounts(), self.lake, Serial(), counts_partition(tokenizer, origin))

    @property
    def counters(self):
        """Counters of the last run."""
        return self.report.counters

    def home(self):
        """The home around the lake."""
        settings = {
            "engine": {"kind": "serial"},
            "tokenizers": self.tokenizers.model_dump(mode="json", exclude_defaults=True),
            "mixes": {"memory_mb": 200},
            "recipes": {"test_sets": self.test_sets},
        }
        (self.folder / "corpus.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        return Home.open(self.folder)


@pytest.fixture(scope="session")
def counted(tmp_path_factory):
    """A lake with sixty pages, its tokenizer trained and its tokens counted."""
    folder = tmp_path_factory.mktemp("counted")
    made = House(Lake(folder / "lake"), folder)
    made.web()
    made.count("default", ("corpora.ccnet",))
    return made


@pytest.fixture
def house(counted, tmp_path):
    """A copy of a lake with sixty pages whose tokens are counted, for one test."""
    shutil.copytree(counted.folder, tmp_path, dirs_exist_ok=True)
    return House(Lake(tmp_path / "lake"), tmp_path)
