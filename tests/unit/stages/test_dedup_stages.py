"""Dedups of snapshots in a lake: who stays in which recipe, what later snapshots read of earlier ones, and what makes which partition stale."""

import hashlib
import random
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import yaml
from fsspec.implementations.local import LocalFileSystem

from corpus_platform.engine.processes import Processes
from corpus_platform.engine.settings import EngineSettings
from corpus_platform.errors import SettingsError
from corpus_platform.home import Home
from corpus_platform.signals.document import share_of
from corpus_platform.stages import dedup
from corpus_platform.stages.dedup import DEDUP_EDGES, DEDUP_INDEX, DEDUP_KEYS, OF_METHOD
from corpus_platform.stages.verdicts import DUPLICATES

S1, S2, S3 = "CC-MAIN-2025-05", "CC-MAIN-2025-08", "CC-MAIN-2025-13"
EXACT = {"exact": {"scope": "snapshots"}}
MINHASH = {"minhash": {"preset": "redpajama_v2_0.7"}}
UNITS = {"line_dedup": {"scope": "corpus"}}
BLOOM = {"bloom": {"key": "text", "scope": "corpus", "items": 1000}}
CHINESE = "这座图书馆不大，却藏着许多手抄的地方志，管理员记得每一本书放在哪里，也记得每一位常来借书的邻居。"
ENGLISH = "The harbour of the town wakes before the sun does, and the first boats leave while the lamps are still lit. "


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


@pytest.fixture
def house(tmp_path):
    """Makes homes, each in a folder of its own."""

    def made(recipes, *, name="home", **settings):
        return House(tmp_path / name, recipes, **settings)

    return made


def test_a_cluster_whose_earliest_member_fails_a_filter_keeps_exactly_one_other_in_that_recipe(house):
    long = {"length": {"min": len(text_of(1)) - 20}}
    home = house({"all_lengths": [MINHASH], "long_ones": [long, MINHASH]})
    short = text_of(1, 70)
    home.put(S1, [[short, text_of(2)], [text_of(1), near(1)]])
    home.put(S2, [[near(1), text_of(3), short]])

    home.run(S1, S2)

    first, whole, edited = id_of(S1, 0, 0), id_of(S1, 1, 0), id_of(S1, 1, 1)
    assert home.kept("all_lengths", S1) == [first, id_of(S1, 0, 1)]
    assert set(home.dropped("all_lengths", S1)) == {whole, edited}
    assert home.kept("long_ones", S1) == [id_of(S1, 0, 1), whole]
    assert {d: row["rule"] for d, row in home.dropped("long_ones", S1).items()} == {first: "too_short", edited: "copy"}
    assert home.kept("all_lengths", S2) == home.kept("long_ones", S2) == [id_of(S2, 0, 1)]


def test_a_cluster_all_of_whose_earlier_members_fail_a_filter_keeps_one_of_the_next_snapshot(house):
    home = house({"long_ones": [{"length": {"min": len(text_of(1)) - 20}}, MINHASH]})
    home.put(S1, [[text_of(1, 70), text_of(1, 71)]])
    home.put(S2, [[text_of(1), near(1)]])

    home.run(S1, S2)

    assert home.kept("long_ones", S1) == []
    assert home.kept("long_ones", S2) == [id_of(S2, 0, 0)]


def test_the_ledger_says_of_a_copy_which_document_stands_for_it_and_how_alike_they_are(house):
    home = house({"own": [MINHASH]})
    home.put(S1, [[text_of(1), text_of(1)]])
    home.put(S2, [[near(1)]])

    home.run(S1, S2)

    first = id_of(S1, 0, 0)
    [exact], [close] = home.dropped("own", S1).values(), home.dropped("own", S2).values()
    assert (exact["step"], exact["rule"], exact["value"], exact["seen"]) == ("minhash", "copy", 1.0, first)
    assert (close["step"], close["rule"], close["seen"]) == ("minhash", "copy", first)
    assert 0.7 < close["value"] < 1
    assert (close["threshold"], close["recipe"]) == (0.7, "own")


def test_units_that_earlier_documents_have_are_cut_out_of_texts(house):
    home = house({"own": [UNITS]})
    home.put(S1, [["one\nshared\ntwo", "three\nshared"]])
    home.put(S2, [["four\nshared\nfive", "one\nshared", "six"]])

    home.run(S1, S2)

    def texts(snapshot):
        rows = home.rows("corpora.own", variant="wet", snapshot=snapshot)
        return rows.select("text", "edited").rows()

    assert texts(S1) == [("one\nshared\ntwo", False), ("three", True)]
    assert texts(S2) == [("four\nfive", True), ("six", False)]
    assert {d: row["rule"] for d, row in home.dropped("own", S2).items()} == {id_of(S2, 0, 1): "nothing_left"}


def test_a_dedup_compares_the_texts_as_an_earlier_one_has_left_them(house):
    home = house({"own": [UNITS, EXACT]})
    home.put(S1, [["menu one\nthe same page", "menu two", "menu two\nthe same page\nanother end"]])
    home.put(S2, [["menu one\nanother end", "another end\nnew words", "menu two\nnew words"]])

    home.run(S1, S2)

    # The third page of the first snapshot is left with its end, and so is the new one with its words.
    assert home.rows("corpora.own", snapshot=S1)["text"].to_list() == [
        "menu one\nthe same page",
        "menu two",
        "another end",
    ]
    assert home.rows("corpora.own", snapshot=S2)["text"].to_list() == ["new words"]
    assert {row["step"] for row in home.dropped("own", S2).values()} == {"line_dedup"}


def test_scope_language_compares_documents_of_a_language_and_scope_corpus_all(house):
    url = "https://town.example/"
    steps = {scope: [{"url_dedup": {"scope": scope}}] for scope in ("language", "corpus")}
    home = house(steps, signals={"families": ["language"]})
    home.put(S1, [[(ENGLISH * 3, url), (CHINESE * 3, url)]])
    home.put(S2, [[(CHINESE * 4, url), (ENGLISH * 4, None)]])

    home.run(S1, S2)

    assert home.kept("language", S1) == [id_of(S1, 0, 0), id_of(S1, 0, 1)]
    assert home.kept("corpus", S1) == [id_of(S1, 0, 0)]
    assert home.kept("language", S2) == home.kept("corpus", S2) == [id_of(S2, 0, 1)]
    [row] = home.dropped("language", S2).values()
    assert row["seen"] == id_of(S1, 0, 1)


@pytest.mark.parametrize(("files", "groups"), [(1, [[0], [1], [2]]), (2, [[0, 1], [2]]), (9, [[0, 1, 2]])])
def test_scope_group_compares_documents_of_a_group_of_files(house, files, groups):
    home = house({"own": [{"exact": {"scope": "group"}}]}, dedup={"group_files": files})
    home.put(S1, [[text_of(1), text_of(1)], [text_of(1)], [text_of(1)]])
    home.put(S2, [[text_of(1)]])

    home.run(S1, S2)

    assert home.kept("own", S1) == [id_of(S1, group[0], 0) for group in groups]
    assert home.kept("own", S2) == [id_of(S2, 0, 0)]


def test_a_filter_goes_on_from_snapshot_to_snapshot(house):
    home = house({"own": [BLOOM], "alone": [{"bloom": BLOOM["bloom"] | {"scope": "snapshot"}}]})
    home.put(S1, [[text_of(1), text_of(2)], [text_of(1)]])
    home.put(S2, [[text_of(3), text_of(2)]])
    home.put(S3, [[text_of(3), text_of(1), text_of(4)]])

    home.run(S1, S2, S3)

    assert home.kept("own", S1) == home.kept("alone", S1) == [id_of(S1, 0, 0), id_of(S1, 0, 1)]
    assert home.kept("own", S2) == [id_of(S2, 0, 0)]
    assert home.kept("own", S3) == [id_of(S3, 0, 2)]
    assert {row["rule"] for row in home.dropped("own", S3).values()} == {"seen"}
    assert len(home.kept("alone", S3)) == 3


def test_a_filter_goes_on_over_a_snapshot_that_has_no_document(house):
    home = house({"own": [BLOOM]})
    home.put(S1, [[text_of(1)]])
    home.put(S2, [[]])
    home.put(S3, [[text_of(1), text_of(2)]])

    home.run(S1, S2, S3)

    assert home.kept("own", S3) == [id_of(S3, 0, 1)]


def test_documents_of_common_words_weigh_less_and_none_is_dropped(house):
    home = house({"own": [{"soft_dedup": {"keep_one_in": 1, "scope": "snapshots"}}]})
    home.put(S1, [[text_of(1)] * 6 + [text_of(2)] * 2 + [text_of(seed) for seed in range(3, 12)]])
    home.put(S2, [[text_of(1), text_of(99)]])

    home.run(S1, S2)

    first = home.rows("corpora.own", snapshot=S1)
    weight = first["weight"].to_list()
    assert first.height == 17
    assert home.dropped("own", S1) == {}
    assert max(weight[:6]) < min(weight[8:])
    common, rare = home.rows("corpora.own", snapshot=S2)["weight"]
    assert common < rare


def test_documents_that_are_held_out_go_with_their_copies(house):
    share = 0.4
    home = house({"own": [{"exact": {"scope": "corpus", "holdout": share}}]})
    home.put(S1, [[text_of(i % 10) for i in range(30)]])
    home.put(S2, [[text_of(i) for i in range(5)]])

    home.run(S1, S2)

    drawn = [id_of(S1, 0, i) for i in range(30) if share_of(id_of(S1, 0, i)) < share]
    found = {d: row["rule"] for d, row in home.dropped("own", S1).items()}
    assert [d for d, rule in found.items() if rule == "held_out"] == drawn
    held = {int(d[16:], 16) % 10 for d in drawn}
    copies = [id_of(S1, 0, i) for i in range(30) if i % 10 in held and id_of(S1, 0, i) not in drawn]
    assert [d for d, rule in found.items() if rule == "equal_to_held_out"] == copies
    assert home.kept("own", S1) == [id_of(S1, 0, i) for i in range(30) if i % 10 not in held]
    later = {d: row["rule"] for d, row in home.dropped("own", S2).items()}
    for i in range(5):
        own = id_of(S2, 0, i)
        expected = "held_out" if share_of(own) < share else "equal_to_held_out" if i in held else None
        assert later.get(own) == expected


def test_a_dedup_that_there_is_not_is_refused_with_those_that_there_are(house):
    home = house({"own": [EXACT]}).home

    with pytest.raises(SettingsError, match=r"there is no dedup `own.minhash`; there are own.exact"):
        home.run(DUPLICATES, {"method": "own.minhash", "variant": "wet", "snapshot": S1})
    with pytest.raises(
        SettingsError, match=r"there is no asset `dedup/wet/own.minhash`; there are .*dedup/wet/own.exact"
    ):
        home.batches(["dedup/wet/own.minhash"], [S1])


EVERY = {
    "documents": [MINHASH],
    "weights": [{"soft_dedup": {"keep_one_in": 1, "scope": "snapshots"}}],
    "units": [UNITS],
    "filters": [BLOOM],
    "chained": [{"url_dedup": {}}, UNITS, EXACT],
}
"""Recipes of every way of matching."""
SEEING_EARLIER = {
    "chained.exact",
    "chained.line_dedup",
    "documents.minhash",
    "filters.bloom",
    "units.line_dedup",
    "weights.soft_dedup",
}
"""Their dedups that compare with earlier snapshots."""


def pages(seed):
    """Two shards with copies of the same and of other seeds."""
    seeds = [seed, seed + 1, seed, 0, 1]
    return [
        [text_of(s) + f"\nline {s % 3}" for s in seeds],
        [near(s) + f"\nline {s % 4}" for s in seeds],
        [text_of(seed + 1)],
    ]


@pytest.fixture(scope="module")
def in_order(tmp_path_factory):
    """Three snapshots, one after the other."""
    home = House(tmp_path_factory.mktemp("in-order") / "home", EVERY)
    for snapshot, seed in ((S1, 0), (S2, 1), (S3, 2)):
        home.put(snapshot, pages(seed))
        home.run(snapshot)
    return home


def test_small_ranges_make_what_one_range_makes(in_order, house):
    home = house(EVERY, dedup={"keys_per_range": 40, "memory_mb": 64})
    for snapshot, seed in ((S1, 0), (S2, 1), (S3, 2)):
        home.put(snapshot, pages(seed))

    reports = home.run(S1, S2, S3)

    ranges = {r.shards for r in reports if r.stage == DEDUP_INDEX and r.partition["method"] == "documents.minhash"}
    assert min(ranges) > 2
    found, expected = home.all(), in_order.all()
    # A pair that shares keys of several ranges is a row for each.
    both = ("place", "other_snapshot", "other", "ordinal", "stage", "partition")
    for tables in (found, expected):
        edges = tables[DEDUP_EDGES].group_by(both).agg(pl.col("keys").sum(), pl.col("apart").min())
        tables[DEDUP_EDGES] = edges.sort(both)
    assert same(found, expected) == []


def test_processes_make_what_one_process_makes(house):
    one, two = (house({"own": [UNITS, MINHASH]}, name=kind) for kind in ("serial", "process"))
    two.home = replace(
        two.home,
        settings=two.home.settings.model_copy(
            update={"engine": EngineSettings.model_validate({"kind": "process", "workers": 2})}
        ),
    )
    assert isinstance(two.home.engine, Processes)
    for home in (one, two):
        for snapshot, seed in ((S1, 0), (S2, 1)):
            home.put(snapshot, pages(seed))
            home.run(snapshot)

    assert same(two.all(), one.all()) == []


def test_a_later_snapshot_changes_no_earlier_partition(house):
    home = house(EVERY)
    for snapshot, seed in ((S1, 0), (S2, 1)):
        home.put(snapshot, pages(seed))
    home.run(S1, S2)
    parts = [part for snapshot in (S1, S2) for part in home.tables(snapshot)]
    before = {str(part): (home.lake.state(*part), home.lake.files(*part)) for part in parts}

    home.put(S3, pages(2))
    home.run(S3)

    assert {str(part): (home.lake.state(*part), home.lake.files(*part)) for part in parts} == before
    assert {state for s in (S1, S2, S3) for state in home.states(s).values()} == {"current"}


def test_a_new_snapshot_opens_no_text_signal_or_key_of_an_earlier_one(in_order, house, monkeypatch):
    home = house(EVERY)
    home.put(S1, pages(0))
    home.run(S1)
    home.put(S2, pages(1))
    place = Path(home.lake.location)
    gone = [path for path in place.rglob("*.parquet") if S1 in str(path) and kind_of(place, path) not in READ_AGAIN]
    assert {"web/pages", "web/dedup_keys", "web/dedup_edges"} <= {kind_of(place, path) for path in gone}
    for path in gone:
        path.unlink()
    opened = opened_in(monkeypatch)

    home.run(S2)

    monkeypatch.undo()
    earlier = [Path(path) for path in opened if S1 in path and path.endswith(".parquet")]
    assert {kind_of(place, path) for path in earlier} == READ_AGAIN
    assert same(home.all(S2), in_order.all(S2)) == []


READ_AGAIN = {"web/dedup_index", "web/dedup_documents", "web/duplicates"}
"""Tables of earlier snapshots that a new one reads: keys, ids, clusters."""


def kind_of(place, path):
    """Layer and table of a file of a lake."""
    return "/".join(path.relative_to(place).parts[:2])


def opened_in(monkeypatch):
    """Paths of the files that are opened from now on, by the lake's filesystem or by DuckDB."""
    opened, plain, read = [], LocalFileSystem._open, dedup._read

    def opening(self, path, *args, **kwargs):
        opened.append(str(path))
        return plain(self, path, *args, **kwargs)

    def reading(files, *args):
        opened.extend(str(file.uri) for file in files)
        return read(files, *args)

    monkeypatch.setattr(LocalFileSystem, "_open", opening)
    monkeypatch.setattr(dedup, "_read", reading)
    return opened


def stale(house, *snapshots):
    """Partitions that are not current, by snapshot."""
    return {s: sorted(name for name, state in house.states(s).items() if state != "current") for s in snapshots}


def test_an_older_snapshot_that_arrives_late_makes_later_ones_stale_and_then_all_is_as_if_it_came_first(
    in_order, house
):
    home = house(EVERY | {"alone": [{"minhash": {"preset": "fineweb"}}]})
    for snapshot, seed in ((S2, 1), (S3, 2)):
        home.put(snapshot, pages(seed))
        home.run(snapshot)
    assert stale(home, S2, S3) == {S2: [], S3: []}

    home.put(S1, pages(0))
    home.run(S1)

    later = stale(home, S2, S3)
    assert {f"{name}/{method}" for method in SEEING_EARLIER for name in (DEDUP_INDEX,)} <= {*later[S2]} & {*later[S3]}
    assert {f"{DUPLICATES}/documents.minhash", f"{DUPLICATES}/chained.exact"} <= {*later[S2]} & {*later[S3]}
    assert not [name for names in later.values() for name in names if name.rpartition("/")[2] not in SEEING_EARLIER]

    home.run(S2, S3)

    assert stale(home, S1, S2, S3) == {S1: [], S2: [], S3: []}
    home.recipes = tuple(EVERY)
    found = {name: without(frame, "alone") for name, frame in home.all().items()}
    assert same(found, in_order.all()) == []


def without(frame, recipe):
    """Rows that are not of a recipe's own dedups."""
    for name in ("method", "partition"):
        if name in frame.columns:
            frame = frame.filter(~pl.col(name).str.starts_with(f"{recipe}."))
    return frame


def test_another_text_of_an_old_snapshot_makes_the_later_ones_stale_and_no_earlier_one(house):
    home = house(EVERY | {"alone": [{"minhash": {"preset": "fineweb"}}]})
    for snapshot, seed in ((S1, 0), (S2, 1), (S3, 2)):
        home.put(snapshot, pages(seed))
    home.run(S1, S2, S3)

    home.put(S2, pages(7))
    home.run(S2)

    assert stale(home, S1, S2) == {S1: [], S2: []}
    assert {name.partition("/")[2] for name in stale(home, S3)[S3]} == SEEING_EARLIER
    home.run(S3)
    once = house(EVERY | {"alone": [{"minhash": {"preset": "fineweb"}}]}, name="once")
    for snapshot, seed in ((S1, 0), (S2, 7), (S3, 2)):
        once.put(snapshot, pages(seed))
    once.run(S1, S2, S3)
    assert same(home.all(), once.all()) == []


@pytest.mark.parametrize("gone", [S1, S2])
def test_a_snapshot_that_is_taken_away_leaves_the_later_ones_as_if_it_had_never_been(house, gone):
    home = house(EVERY)
    for snapshot, seed in ((S1, 0), (S2, 1), (S3, 2)):
        home.put(snapshot, pages(seed))
    home.run(S1, S2, S3)

    home.put(gone, [])
    reports = home.run(S1, S2, S3)

    once = house(EVERY, name="once")
    for snapshot, seed in ((S1, 0), (S2, 1), (S3, 2)):
        if snapshot != gone:
            once.put(snapshot, pages(seed))
            once.run(snapshot)
    assert {r.partition["snapshot"] for r in reports if r.changed} == {s for s in (S1, S2, S3) if s >= gone}
    assert {state for s in (S1, S2, S3) for state in home.states(s).values()} == {"current"}
    assert same(home.all(), once.all()) == []


def test_a_snapshot_that_nothing_changes_in_is_no_work_and_no_later_one_is_stale(house):
    home = house(EVERY)
    for snapshot, seed in ((S1, 0), (S2, 1)):
        home.put(snapshot, pages(seed))
    home.run(S1, S2)

    again = home.run(S1, S2)

    assert {(report.ran, report.changed) for report in again} == {(0, False)}
