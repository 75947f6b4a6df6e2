"""Dedups of whole documents over two snapshots of real pages, held against what is known of these pages, and against the signatures themselves.

The pages' makers say which ones are copies of which, exact or near (TRUTH.jsonl), and which were alike already (NATURAL_DUPS.jsonl, not exhaustive). A pair
of one cluster that is in neither and whose texts have a 5-word Jaccard similarity below a half is a false merge. Clusters are chains, so copies of copies are pairs too.
"""

import sys
from collections import defaultdict
from itertools import combinations

import numpy as np
import orjson
import polars as pl
import pytest
import yaml

from corpus_platform.dedup.minhash import MinHashKeys
from corpus_platform.engine.serial import Serial
from corpus_platform.home import Home
from corpus_platform.recipes.population import Method
from corpus_platform.recipes.recipe import of_preset
from corpus_platform.recipes.steps.dedup import MinHash, SimHash
from corpus_platform.recipes.steps.dedup_cards import CARDS
from corpus_platform.stages.dedup import OF_METHOD, DedupDocuments
from corpus_platform.stages.dedup_index import DedupIndex
from corpus_platform.stages.duplicates import Duplicates
from corpus_platform.stages.run import run_stage
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.normalise import norm_rp

pytestmark = pytest.mark.samples

SNAPSHOTS = ("CC-MAIN-2024-10", "CC-MAIN-2024-18")
EXACT = ("exact", "exact/redpajama_1t_cc", "exact/redpajama_1t_github")
NEAR = tuple(f"{kind}/{card}" for kind in ("minhash", "simhash") for card in CARDS[kind])
REDPAJAMA = tuple(f"redpajama_v2_{similarity}" for similarity in ("0.7", "0.8", "0.9", "1.0"))
STRICT = ("fineweb", *REDPAJAMA, "slimpajama")
"""Presets that merge no two pages of another text."""
FRAMED = {
    "https://www.sfgate.com/news/article/7-key-questions-heading-into-Wednesday-s-14848176.php",
    "https://www.sfgate.com/news/crime/article/The-Latest-Man-stabbed-to-death-on-San-Francisco-14848218.php",
}
"""Two articles of one newspaper, 0.45 alike for its menus: FineWeb's own signatures agree in a band, which such a pair does once in 43 times."""


def both_ways(names, *, reference):
    """Parameters (card, reference): every card sane, and as its reference is; the latter of cards other than `reference` are among the long tests."""
    ways = [(name, way) for name in names for way in (False, True)]
    return [
        pytest.param(
            name,
            way,
            id=f"{name}-{'reference' if way else 'sane'}",
            marks=pytest.mark.e2e if way and name not in reference else (),
        )
        for name, way in ways
    ]


class Components:
    """Sets that are joined pair by pair."""

    def __init__(self):
        self.parent = {}

    def root(self, one):
        while self.parent.setdefault(one, one) != one:
            one = self.parent[one]
        return one

    def join(self, one, other):
        self.parent[self.root(one)] = self.root(other)

    def groups(self):
        """The sets of two or more."""
        found = defaultdict(set)
        for one in self.parent:
            found[self.root(one)].add(one)
        return {frozenset(group) for group in found.values() if len(group) > 1}

    def pairs(self):
        return {pair for group in self.groups() for pair in combinations(sorted(group), 2)}


@pytest.fixture(scope="module")
def home(samples, tmp_path_factory):
    """A home with the pages of both snapshots, and dedups of all texts."""
    folder = tmp_path_factory.mktemp("home")
    settings = {
        "source": {"location": str(samples / "web")},
        "variants": ["wet"],
        "engine": {"kind": "serial"},
        "recipes": {"enabled": []},
        "dedup": {"presets": [*EXACT, "url_dedup", *NEAR]},
    }
    (folder / "corpus.yaml").write_text(yaml.safe_dump(settings))
    home = Home.open(folder)
    for snapshot in SNAPSHOTS:
        home.run("web.pages", {"variant": "wet", "snapshot": snapshot})
    return home


@pytest.fixture(scope="module")
def pages(home):
    """The pages in the order of snapshots and places."""
    columns = ("doc_id", "snapshot", "url", "file_index", "position", "text")
    return home.lake.scan("web.pages").select(columns).sort("snapshot", "file_index", "position").collect()


@pytest.fixture(scope="module")
def known(pages, samples):
    """Pairs of pages (by id) of which it is known that they are copies, by kind."""
    identity = {
        (url, snapshot): doc_id for doc_id, snapshot, url in pages.select("doc_id", "snapshot", "url").iter_rows()
    }
    found = defaultdict(list)

    def put(kind, one, other):
        pair = [identity.get((page["url"], page["snapshot"])) for page in (one, other)]
        # Three pages have no text, and no WET record.
        if None not in pair:
            found[kind].append(tuple(sorted(map(str, pair))))

    for row in map(orjson.loads, (samples / "web" / "TRUTH.jsonl").read_bytes().splitlines()):
        if row["role"] == "exact-dup-of":
            within = row["snapshot"] == row["of"]["snapshot"]
            put("exact within" if within else "exact across", row, row["of"])
        elif row["role"] == "near-dup-of":
            put("near", row, row["of"])
    for row in map(orjson.loads, (samples / "web" / "NATURAL_DUPS.jsonl").read_bytes().splitlines()):
        put("natural", row["a"], row["b"])
    return found


@pytest.fixture(scope="module")
def words5(pages):
    """The distinct runs of five words of each page; of a shorter one its words."""
    return {doc_id: runs(text.split(), 5) for doc_id, text in pages.select("doc_id", "text").iter_rows()}


def runs(words, n):
    return {tuple(words[i : i + n]) for i in range(max(len(words) - n + 1, 1))}


def jaccard(one, other):
    return len(one & other) / len(one | other)


@pytest.fixture(scope="module")
def clusters(home):
    """The clusters that a preset finds in both snapshots, each made once."""
    made = {}

    def of(preset, *, reference=False, scope="snapshots"):
        if (key := (preset, reference, scope)) not in made:
            made[key] = clusters_of(home, preset, reference, scope)
        return made[key]

    return of


def clusters_of(home, preset, reference, scope):
    recipe = of_preset(f"{scope}_{'reference' if reference else 'sane'}", preset)
    update = {"scope": scope, "survivor": "first"}
    recipe = recipe.model_copy(
        update={"compat": "reference" if reference else "sane", "steps": (recipe.steps[0].model_copy(update=update),)}
    )
    method = Method(recipe, 0)
    for snapshot in SNAPSHOTS:
        for make in (DedupDocuments, DedupIndex, Duplicates):
            partition = {"method": method.name, "variant": "wet", "snapshot": snapshot}
            run_stage(make(home.settings.dedup, methods={method.name: (method,)}), home.lake, Serial(), partition)
    return components_of(home, method.name)


def components_of(home, method):
    """Clusters from the rows of both snapshots: each has the name of its first document, and one that was merged is told."""
    rows = home.lake.scan("web.duplicates", method=method).select("doc_id", "cluster", "merged").collect()
    found = Components()
    for doc_id, cluster, merged in rows.iter_rows():
        for other in (doc_id, *merged):
            found.join(other, cluster)
    return found


@pytest.mark.parametrize("preset", EXACT)
def test_every_exact_copy_is_found_across_and_within_snapshots_and_no_other_page(clusters, known, pages, preset):
    same = defaultdict(set)
    for doc_id, text in pages.select("doc_id", "text").iter_rows():
        same[text].add(doc_id)

    found = clusters(preset)

    assert found.groups() == {frozenset(group) for group in same.values() if len(group) > 1}
    assert (len(known["exact across"]), len(known["exact within"])) == (184, 22)
    assert {*known["exact across"], *known["exact within"]} <= found.pairs()


def test_pages_of_one_address_are_one_cluster(clusters, pages):
    same = defaultdict(set)
    for doc_id, url in pages.select("doc_id", "url").iter_rows():
        same[url].add(doc_id)

    assert clusters("url_dedup").groups() == {frozenset(group) for group in same.values() if len(group) > 1}


@pytest.mark.parametrize(
    ("similarity", "bands", "rows"), [("0.7", 14, 9), ("0.8", 9, 13), ("0.9", 5, 25), ("1.0", 1, 128)]
)
def test_pairs_of_redpajamas_own_signatures_that_agree_in_a_band_are_what_is_found(
    clusters, pages, rpv2_rows, similarity, bands, rows
):
    identity = {
        (url, snapshot): doc_id for doc_id, snapshot, url in pages.select("doc_id", "snapshot", "url").iter_rows()
    }
    signed = {identity[row["url"], row["snapshot"]]: row["minhash128_be_u32_hex"] for row in rpv2_rows}

    expected = Components()
    for i in range(bands):
        holder = {}
        for doc_id, values in signed.items():
            if values is not None:
                expected.join(doc_id, holder.setdefault(values[8 * rows * i : 8 * rows * (i + 1)], doc_id))

    assert clusters(f"minhash/redpajama_v2_{similarity}", reference=True).groups() == expected.groups()


@pytest.mark.parametrize(
    ("card", "reference"),
    both_ways([card for card in CARDS["minhash"] if card != "refinedweb"], reference={"fineweb", *REDPAJAMA}),
)
def test_pairs_that_agree_in_a_band_are_what_is_found(clusters, pages, card, reference):
    step = MinHash(preset=card)
    family, (bands, rows) = step.family(reference=reference), step.banding
    assert isinstance(family, MinHashKeys)
    values, has_one = family.signatures(TextBatch.of(pages["text"]))

    expected = Components()
    for i in range(bands):
        holder = {}
        for doc_id, band in zip(
            pages["doc_id"].filter(pl.Series(has_one)), values[has_one, rows * i : rows * (i + 1)], strict=True
        ):
            expected.join(doc_id, holder.setdefault(band.tobytes(), doc_id))

    assert clusters(f"minhash/{card}", reference=reference).groups() == expected.groups()


@pytest.mark.parametrize(
    ("card", "reference"),
    both_ways([card for card in CARDS["simhash"] if card != "mnbvc"], reference={"roots_oscar"}),
)
def test_pairs_whose_simhashes_differ_in_few_bits_are_what_is_found(clusters, pages, card, reference):
    step = SimHash(preset=card)
    values, has_one = step.family(reference=reference).values(TextBatch.of(pages["text"]))
    ids, values = pages["doc_id"].filter(pl.Series(has_one)), values[has_one]

    expected = Components()
    for i in range(values.size):
        for j in np.flatnonzero(np.bitwise_count(values[:i] ^ values[i]) <= step.distance):
            expected.join(ids[i], ids[int(j)])

    assert clusters(f"simhash/{card}", reference=reference).groups() == expected.groups()


@pytest.mark.parametrize("reference", [False, True], ids=["sane", "reference"])
def test_fineweb_finds_nineteen_of_twenty_near_copies(clusters, known, reference):
    found = clusters("minhash/fineweb", reference=reference).pairs()

    assert len(known["near"]) == 39
    assert recall(known["near"], found) >= 0.95
    assert recall(known["exact across"] + known["exact within"], found) == 1


@pytest.mark.parametrize("reference", [False, True], ids=["sane", "reference"])
@pytest.mark.parametrize(("card", "bands", "rows"), [("redpajama_v2_0.7", 14, 9), ("redpajama_v2_0.8", 9, 13)])
def test_redpajama_finds_as_many_near_copies_as_its_bands_promise(clusters, known, pages, card, bands, rows, reference):
    normal = dict(zip(pages["doc_id"], norm_rp(TextBatch.of(pages["text"])).texts, strict=True))
    similar = [jaccard(*(runs(normal[one].split(), 13) for one in pair)) for pair in known["near"]]

    found = recall(known["near"], clusters(f"minhash/{card}", reference=reference).pairs())

    expected = float(np.mean([1 - (1 - s**rows) ** bands for s in similar]))
    assert found == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(("card", "reference"), both_ways(STRICT, reference={"fineweb", "redpajama_v2_0.7"}))
def test_no_two_pages_of_another_text_are_merged(clusters, known, pages, words5, card, reference):
    url = dict(pages.select("doc_id", "url").iter_rows())

    found = false_merges(clusters(f"minhash/{card}", reference=reference).pairs(), known, words5)

    assert [{url[one] for one in pair} for pair in found] == ([FRAMED] if reference and card == "fineweb" else [])


def recall(pairs, found):
    return len(set(pairs) & found) / len(set(pairs))


def false_merges(found, known, words5):
    """Pairs of one cluster that nobody says are copies, and whose texts are less than half alike."""
    told = Components()
    for one, other in {*known["exact across"], *known["exact within"], *known["near"], *known["natural"]}:
        told.join(one, other)
    doubtful = found - told.pairs()
    return [pair for pair in sorted(doubtful) if jaccard(*(words5[one] for one in pair)) < 0.5]


def test_scope_snapshot_finds_the_copies_within_each_and_none_across(clusters, known, pages):
    snapshot = dict(pages.select("doc_id", "snapshot").iter_rows())

    found = clusters("minhash/fineweb", scope="snapshot").pairs()

    assert set(known["exact within"]) <= found
    assert {(snapshot[one], snapshot[other]) for one, other in found} == {(name, name) for name in SNAPSHOTS}


def test_presets_of_the_settings_are_dedups_of_all_texts_of_a_variant(home, clusters):
    for snapshot in SNAPSHOTS:
        for name in OF_METHOD:
            home.run(name, {"method": "web.minhash-redpajama_v2_0.7", "variant": "wet", "snapshot": snapshot})

    found = components_of(home, "web.minhash-redpajama_v2_0.7")

    assert found.groups() == clusters("minhash/redpajama_v2_0.7").groups()


@pytest.mark.e2e
def test_figures_of_every_preset(clusters, known, words5, capsys):
    """Prints the table: recall of pairs by kind, pairs in clusters, false merges. A page without a shingle is no copy of any, so that the shortest are missed."""
    ways = [(preset, reference) for preset in (*EXACT, *NEAR) for reference in (False, True)]
    # Reference values change nothing where texts are compared, and RefinedWeb's 9,000 are not published.
    ways = [way for way in ways if not way[1] or way[0] not in (*EXACT, "minhash/refinedweb")]
    lines = []
    for preset, reference in ways:
        found = clusters(preset, reference=reference).pairs()
        shares = [recall(known[kind], found) for kind in ("exact across", "exact within", "near", "natural")]
        figures = f"{' '.join(f'{s:8.3f}' for s in shares)} {len(found):7} {len(false_merges(found, known, words5)):6}"
        lines.append(f"{preset:28} {'reference' if reference else 'sane':9} {figures}")
        assert min(shares[:2]) > 0.98

    with capsys.disabled():
        head = f"{'preset':28} {'compat':9} {'across':>8} {'within':>8} {'near':>8} {'natural':>8} {'pairs':>7} {'false':>6}"
        sys.stdout.write("\n" + "\n".join([head, *lines]) + "\n")
