"""What the tests of dedups in a lake share: homes whose pages are written by hand, with recipes of their own."""

import hashlib
import random
from pathlib import Path

import polars as pl
import yaml

from corpus_platform.home import Home
from corpus_platform.stages.dedup import DEDUP_EDGES, DEDUP_KEYS, OF_METHOD

S1, S2, S3 = "CC-MAIN-2025-05", "CC-MAIN-2025-08", "CC-MAIN-2025-13"
EXACT = {"exact": {"scope": "snapshots"}}
MINHASH = {"minhash": {"preset": "redpajama_v2_0.7"}}
UNITS = {"line_dedup": {"scope": "corpus"}}
BLOOM = {"bloom": {"key": "text", "scope": "corpus", "items": 1000}}


def text_of(seed, words=80):
    """A text of its own for each seed."""
    drawn = random.Random(seed)
    return " ".join("".join(drawn.choices("abcdefghijklmnop", k=drawn.randrange(3, 9))) for _ in range(words))


def near(seed, words=80):
    """The text of the seed with another last word."""
    return text_of(seed, words).rpartition(" ")[0] + f" end{words}"


def pages_of(snapshot, shard, texts):
    """Rows of web.pages; a text may come with its address."""
    pairs = [text if isinstance(text, tuple) else (text, None) for text in texts]
    n = len(pairs)
    return pl.DataFrame(
        {
            "doc_id": [id_of(snapshot, shard, i) for i in range(n)],
            "source": "common_crawl",
            "shard": pl.Series([shard] * n, dtype=pl.Int32),
            "file": f"part-{shard:05d}.warc.wet.gz",
            "file_index": pl.Series([shard] * n, dtype=pl.Int32),
            "position": [i * 100 for i in range(n)],
            "url": [url or f"https://{snapshot.lower()}.example/{shard}/{i}" for i, (_, url) in enumerate(pairs)],
            "digest": [hashlib.sha1(text.encode()).hexdigest() for text, _ in pairs],
            "text": [text for text, _ in pairs],
        }
    )


def id_of(snapshot, shard, i):
    return f"{int(snapshot[-2:]):08x}{shard:08x}{i:016x}"


class House:
    """A home whose pages are written by hand, with recipes of its own."""

    def __init__(self, folder, recipes, **settings):
        self.folder = Path(folder)
        (self.folder / "recipes").mkdir(parents=True)
        for name, steps in recipes.items():
            recipe = {
                "name": name,
                "title": name,
                "reference": "none",
                "variant": "wet",
                "about": "a test",
                "steps": steps,
            }
            (self.folder / "recipes" / f"{name}.yaml").write_text(yaml.safe_dump(recipe))
        values = {
            "variants": ["wet"],
            "engine": {"kind": "serial"},
            "recipes": {"enabled": []},
            "signals": {"families": ["sizes"]},
        }
        (self.folder / "corpus.yaml").write_text(yaml.safe_dump(values | settings))
        self.home = Home.open(self.folder)
        self.lake = self.home.lake
        self.recipes = tuple(recipes)

    def put(self, snapshot, texts):
        """Commits pages; a list of texts for each shard."""
        partition = {"variant": "wet", "snapshot": snapshot}
        fence = self.lake.fence("web.pages", partition)
        files = []
        for shard, own in enumerate(texts):
            writer = self.lake.writer("web.pages", partition, shard, "0123456789")
            writer.write(pages_of(snapshot, shard, own))
            files += writer.close().get("web.pages", ())
        self.lake.commit("web.pages", partition, files, fence, run="0123456789", metadata={"fingerprint": str(texts)})

    def tables(self, snapshot, recipes=()):
        """What is made of a snapshot's pages, upstream first."""
        batches = self.home.batches([f"corpora/{name}" for name in recipes or self.recipes], [snapshot])
        above = [*(part for batch in batches for part in batch.tables)]
        return [(name, partition) for name, partition in above if name != "web.pages"]

    def run(self, *snapshots, recipes=()):
        """Makes all that is stale of some snapshots, one after the other."""
        return [self.home.run(*part) for snapshot in snapshots for part in self.tables(snapshot, recipes)]

    def states(self, snapshot):
        """Where each partition of a snapshot stands."""
        return {self.named(*part): self.home.status_of(*part).state for part in self.tables(snapshot)}

    @staticmethod
    def named(name, partition):
        return f"{name}/{partition['method']}" if "method" in partition else name

    def kept(self, recipe, snapshot):
        """Ids in the corpus."""
        return self.rows(f"corpora.{recipe}", variant="wet", snapshot=snapshot)["doc_id"].to_list()

    def dropped(self, recipe, snapshot):
        """Decisions by id."""
        rows = self.rows("ops.decisions", stage=f"corpora.{recipe}", partition=f"wet,{snapshot}")
        return {row["doc_id"]: row for row in rows.iter_rows(named=True)}

    def rows(self, name, **where):
        return self.lake.scan(name, **where).collect()

    def all(self, snapshot=None):
        """Every table of dedups and corpora, of all snapshots or one, as readers see it."""
        where = {} if snapshot is None else {"snapshot": snapshot}
        found = {name: self.rows(name, **where) for name in (*OF_METHOD, *(f"corpora.{name}" for name in self.recipes))}
        stages = {
            DEDUP_KEYS: OF_METHOD,
            DEDUP_EDGES: OF_METHOD,
            "ops.decisions": [f"corpora.{name}" for name in self.recipes],
        }
        for name, of in stages.items():
            parts = [part for part in self.lake.partitions(name) if part["stage"] in of]
            wanted = [part for part in parts if part["partition"].endswith(snapshot or "")]
            found[name] = pl.concat([self.rows(name, **part) for part in wanted])
        return {name: ordered(frame) for name, frame in found.items()}


def ordered(frame):
    """Rows of several partitions in one order; those of one partition stay as they are."""
    by = [name for name in ("method", "stage", "partition", "variant", "snapshot") if name in frame.columns]
    return frame.select(sorted(frame.columns)).sort(by, maintain_order=True)


def same(one, other):
    """Names of tables that differ."""
    assert one.keys() == other.keys()
    return [name for name in one if not one[name].equals(other[name])]
