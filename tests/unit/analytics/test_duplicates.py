"""Looking at duplicates: clusters over snapshots, what differs between copies, new texts against stored signatures, and tables of a snapshot."""

import json
import random
from collections import Counter

import numpy as np
import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from corpus_platform.analytics.duplicate_counts import counted
from corpus_platform.analytics.duplicates import duplicates
from corpus_platform.analytics.near_texts import SIGNATURE, indexes, near, signature_of
from corpus_platform.analytics.texts import true_similarities
from corpus_platform.analytics.word_diff import word_diff
from corpus_platform.cli import app
from corpus_platform.dedup.keys import PLACE_BITS
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.home import Home
from corpus_platform.stages.dedup import DEDUP_EDGES, DEDUP_INDEX

S1, S2, S3 = "CC-MAIN-2025-05", "CC-MAIN-2025-08", "CC-MAIN-2025-13"
SNAPSHOTS = (S1, S2, S3)
LINE = "Subscribe to our letter and tell a friend."
CHINESE = "每年秋天，小镇的山坡上长满了金黄的稻子，远远望去好像一片安静的海，风吹过的时候，整座山谷都在轻轻地摇晃。"
RECIPES = {
    "near": [{"minhash": {"preset": "redpajama_v2_0.7"}}],
    "lines": [{"mask_digits": {"min_digits": 1, "replacement": "#"}}, {"line_dedup": {"scope": "corpus"}}],
    "soft": [{"soft_dedup": {"scope": "corpus", "keep_one_in": 1}}],
    "late": [{"signal": {"label": "size", "signal": "text_characters", "min": 30, "rule": "short"}}, {"exact": {}}],
}
PNG = b"\x89PNG\r\n\x1a\n"


def words_of(seed, n=100):
    """Words that no other seed has."""
    drawn = random.Random(seed)
    return ["".join(drawn.choices("abcdefghijklmnop", k=8)) for _ in range(n)]


def chain(seed):
    """Three texts of which the first and the last are like the second, and less like each other."""
    words, other = words_of(seed), words_of(seed + 1000)
    return " ".join(words), " ".join([*other[:10], *words[10:]]), " ".join([*other[:10], *words[10:90], *other[90:]])


def texts():
    """Of each snapshot: what a page is called, and its text."""
    a, b, c = chain(7)
    first = {"a": a, "c": c, "alone": " ".join(words_of(1)), "short": "Back soon.", "page": f"About 17 towns.\n{LINE}"}
    second = {
        "b": b,
        "zh": CHINESE,
        "zh2": CHINESE.replace("金黄", "碧绿"),
        "page": f"About {' '.join(words_of(2))}\n{LINE}\nEnd.",
    }
    third = {"d": b, "a": a, "e": b + " more", "noise\x1b[31m": b + " \x1b[31mred"}
    return dict(zip(SNAPSHOTS, (first, second, third), strict=True))


def url_of(name):
    return f"https://{name[:5].rstrip(chr(27))}.example/"


def rows_of(snapshot, named):
    return pl.DataFrame(
        {
            "doc_id": [f"{snapshot[-2:]}{i:030x}" for i in range(len(named))],
            "source": "common_crawl",
            "shard": pl.Series([0] * len(named), dtype=pl.Int32),
            "file": "part-00000.warc.wet.gz",
            "file_index": pl.Series([0] * len(named), dtype=pl.Int32),
            "position": [i * 100 for i in range(len(named))],
            "url": [url_of(name) for name in named],
            "domain": [url_of(name).split("/")[2] for name in named],
            "text": list(named.values()),
        }
    )


def make_home(folder, snapshots, recipes=RECIPES, **values):
    """A home with pages written by hand, and every dedup made."""
    (folder / "recipes").mkdir(parents=True)
    for name, steps in recipes.items():
        about = {"title": name, "reference": "nobody's", "about": "For tests.", "variant": "wet"}
        (folder / "recipes" / f"{name}.yaml").write_text(yaml.safe_dump({"name": name, "steps": steps, **about}))
    given = {"variants": ["wet"], "engine": {"kind": "serial"}, "recipes": {"enabled": []}}
    (folder / "corpus.yaml").write_text(
        yaml.safe_dump(given | {"signals": {"families": ["sizes", "signatures"]}} | values)
    )
    home = Home.open(folder)
    for snapshot, named in snapshots.items():
        partition = {"variant": "wet", "snapshot": snapshot}
        fence = home.lake.fence("web.pages", partition)
        writer = home.lake.writer("web.pages", partition, 0, "0123456789")
        writer.write(rows_of(snapshot, named))
        files = writer.close()["web.pages"]
        home.lake.commit("web.pages", partition, files, fence, run="0123456789", metadata={"fingerprint": snapshot})
        home.run("web.signals", partition)
        for batch in home.batches([f"corpora/{name}" for name in recipes], [snapshot]):
            for name, where in batch.tables:
                if name.startswith(("web.dedup", "web.duplicates")):
                    home.run(name, where)
    return Home.open(folder)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return make_home(tmp_path_factory.mktemp("dups") / "home", texts())


def corpus(home, *words):
    result = CliRunner().invoke(app, ["--home", str(home.path), *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def asked(home, name, method="near.minhash", snapshot=None):
    [told] = duplicates(home, url_of(name), method, snapshot)
    return told


def names_of(home, told):
    """What the members are called, with their snapshots."""
    known = {url_of(name): name for named in texts().values() for name in named}
    return [(known[member.url], member.snapshot) for member in told.cluster.members]


# Clusters


def test_a_document_that_was_alone_is_in_the_cluster_that_later_snapshots_made_of_it(home):
    before, after = asked(home, "c", snapshot=S1), asked(home, "c")

    assert (before.verdict, before.cluster) == ("no copy", None)
    assert (after.verdict, after.as_of, after.snapshot) == ("stays", S3, S1)
    assert (after.cluster.first_snapshot, after.cluster.canonical) == (S1, asked(home, "a", snapshot=S1).doc_id)


def test_clusters_that_a_later_document_joins_are_one_from_then_on(home):
    second, third = asked(home, "a", snapshot=S2), asked(home, "b")

    assert names_of(home, second) == [("a", S1), ("c", S1), ("b", S2)]
    assert names_of(home, third)[:4] == [("a", S1), ("c", S1), ("b", S2), ("d", S3)]
    assert [(member.kept, member.similarity is None) for member in third.cluster.members[:3]] == [
        (True, True),
        (True, True),
        (False, False),
    ]
    assert third.cluster.size == len(third.cluster.members) == 7


def test_the_newest_document_of_an_address_is_asked_about(home):
    assert asked(home, "a").snapshot == S3
    assert asked(home, "a").verdict == "goes"
    assert asked(home, "a", snapshot=S2).snapshot == S1


def test_true_similarity_is_that_of_shingles_of_words(home):
    told = asked(home, "b")
    words = texts()[S2]["b"].split()
    shingles = {tuple(words[i : i + 5]) for i in range(len(words) - 4)}

    for member in told.cluster.members:
        own = next(t for t in texts()[member.snapshot].values() if t == member.text).replace("\x1b[31m", "31m").split()
        theirs = {tuple(own[i : i + 5]) for i in range(len(own) - 4)}

        assert member.jaccard == pytest.approx(len(shingles & theirs) / len(shingles | theirs))


def test_short_texts_are_alike_when_they_are_equal_and_chinese_goes_by_characters():
    assert true_similarities("Back soon.", ["back  soon!", "Gone.", ""]) == [1.0, None, None]
    assert true_similarities("一二三四五六", ["一二三四五六", "二三四五六", "七"]) == [1.0, 0.5, 0.0]


def test_only_some_members_are_shown_the_asked_one_and_the_one_that_stays_among_them(home, monkeypatch):
    monkeypatch.setattr("corpus_platform.analytics.duplicates.SHOWN", 2)

    told = asked(home, "e")
    printed = corpus(home, "dups", url_of("e"), "--method", "near.minhash")

    assert names_of(home, told) == [("a", S1), ("e", S3)]
    assert told.cluster.size == 7
    assert "+5 more" in printed


def components_of(home, method):
    """Documents (doc_id, snapshot) of each component of all edges that were stored."""
    ids = {}
    for row in home.lake.scan("web.pages").select("doc_id", "snapshot", "file_index", "position").collect().iter_rows():
        ids[row[1], (row[2] << PLACE_BITS) | row[3]] = (row[0], row[1])
    parent = {document: document for document in ids.values()}

    def root(document):
        while parent[document] != document:
            document = parent[document]
        return document

    for snapshot in SNAPSHOTS:
        edges = home.lake.scan(DEDUP_EDGES, stage=DEDUP_INDEX, partition=f"{method},wet,{snapshot}").collect()
        for place, other_snapshot, other in edges.select("place", "other_snapshot", "other").iter_rows():
            parent[root(ids[snapshot, place])] = root(ids[other_snapshot or snapshot, other])
    found = {}
    for document in parent:
        found.setdefault(root(document), set()).add(document)
    return {document: found[root(document)] for document in parent}


def test_members_are_the_components_of_all_edges_whatever_has_been_merged(tmp_path):
    drawn = random.Random(3)
    chains = [chain(seed) for seed in (7, 8, 9, 10)]
    every = [text for one in chains for text in one]
    sets = ([text for one in chains for text in (one[0], one[2])], drawn.sample(every, 5), [one[1] for one in chains])
    many = {
        snapshot: {f"{snapshot[-2:]}{i:02d}": text for i, text in enumerate(own)}
        for snapshot, own in zip(SNAPSHOTS, sets, strict=True)
    }
    house = make_home(tmp_path / "home", many, {"near": RECIPES["near"]})
    expected = components_of(house, "near.minhash")

    merged = house.lake.scan("web.duplicates").filter(pl.col("merged").list.len() > 0).collect().height
    for (doc_id, _), members in expected.items():
        [told] = duplicates(house, doc_id)

        found = told.cluster.members if told.cluster else ()
        assert {(member.doc_id, member.snapshot) for member in found} == (members if len(members) > 1 else set())
        assert told.cluster is None or told.cluster.size == len(members)
    assert merged > 0


# Other kinds


def test_lines_that_a_page_loses_are_shown_in_the_text_as_the_steps_before_left_it(home):
    told = asked(home, "page", "lines.line_dedup")

    assert told.verdict == "loses passages"
    assert told.units == 1
    [passage] = told.passages
    assert passage.text.strip() == LINE
    assert told.text[passage.start : passage.end] == passage.text


def test_a_weight_is_told_with_commonness(home):
    told = asked(home, "zh", "soft.soft_dedup")

    assert told.verdict == "weighed"
    assert 0 < told.weight <= 1
    assert told.similarity is not None


def test_a_page_that_an_earlier_step_drops_was_not_compared_and_one_without_a_copy_was(home):
    short, alone = asked(home, "short", "late.exact"), asked(home, "alone", "late.exact")

    assert (short.verdict, alone.verdict) == ("not compared", "no copy")
    assert f"corpus explain {short.doc_id} --recipe late" in short.reason
    assert S1 in alone.reason


def test_a_snapshot_that_was_not_made_is_said_with_what_to_type(tmp_path):
    house = make_home(tmp_path / "home", {S1: texts()[S1]}, {"near": RECIPES["near"]})
    writer = house.lake.writer("web.pages", where := {"variant": "wet", "snapshot": S2}, 0, "0123456789")
    fence = house.lake.fence("web.pages", where)
    writer.write(rows_of(S2, texts()[S2]))
    house.lake.commit(
        "web.pages", where, writer.close()["web.pages"], fence, run="0123456789", metadata={"fingerprint": "2"}
    )

    told = asked(house, "b")

    assert (told.verdict, told.as_of) == ("not made", S1)
    assert f"corpus run dedup/wet/near.minhash --snapshot {S2}" in told.reason


def test_a_page_or_dedup_that_there_is_not_is_answered_with_the_nearest(home, tmp_path):
    with pytest.raises(SourceError, match=r"of its host there are https://alone\.example/"):
        duplicates(home, "https://alone.example/other")
    with pytest.raises(SourceError, match=f"no snapshot up to {S1}"):
        duplicates(home, url_of("b"), snapshot=S1)
    with pytest.raises(SettingsError, match=r"nearest is `near\.minhash`"):
        duplicates(home, url_of("b"), "near.minhas")
    with pytest.raises(SourceError, match=r"none of the enabled recipes has one.*dedup\.presets"):
        duplicates(make_home(tmp_path / "none", {}, {}), url_of("b"))
    with pytest.raises(SourceError, match=r"corpus run dedup/wet/near\.minhash --snapshot NAME"):
        duplicates(make_home(tmp_path / "unmade", {}), url_of("b"), "near.minhash")


# The command


def test_a_cluster_is_printed_with_what_differs_word_by_word(home):
    printed = corpus(home, "dups", url_of("c"), "--method", "near.minhash")

    assert "near.minhash (wet): stays" in printed
    assert "7 documents, the first of CC-MAIN-2025-05" in printed
    assert "5-word shingles" in printed
    assert "[-" in printed
    assert "{+" in printed
    assert "words the same" in printed


def test_control_characters_of_a_page_do_not_reach_the_terminal(home):
    printed = corpus(home, "dups", url_of("noise\x1b[31m"), "--method", "near.minhash")

    assert "\x1b" not in printed
    assert "\N{REPLACEMENT CHARACTER}" in printed


def test_a_page_is_compared_with_another_that_is_named(home):
    [row] = map(
        json.loads,
        corpus(
            home, "dups", url_of("zh"), "--with", url_of("zh2"), "--method", "late.exact", "--format", "json"
        ).splitlines(),
    )

    kinds = {
        piece["kind"]: piece["text"] for piece in row["diff"]["pieces"] if piece["kind"] in {"deleted", "inserted"}
    }
    assert kinds == {"deleted": "金黄", "inserted": "碧绿"}
    assert row["diff"]["jaccard"] < 1
    assert row["verdict"] == "no copy"
    with pytest.raises(SourceError, match="no snapshot of this lake"):
        corpus(home, "dups", url_of("zh"), "--with", "nowhere")


def test_a_page_without_a_copy_is_said_to_have_none_and_who_compared_it(home):
    printed = corpus(home, "dups", url_of("alone"), "--method", "near.minhash")

    assert "No duplicate is known of it: compared by near.minhash." in printed


def test_json_has_a_line_for_each_dedup_without_texts(home):
    rows = [json.loads(line) for line in corpus(home, "dups", url_of("b"), "--format", "json").splitlines()]

    assert [row["method"] for row in rows] == ["late.exact", "lines.line_dedup", "near.minhash", "soft.soft_dedup"]
    assert all("text" not in row for row in rows)
    assert rows[2]["cluster"]["size"] == 7
    assert rows[2]["diff"]["with"] == rows[2]["cluster"]["canonical"]


@pytest.mark.parametrize("words", [[], ["page", "--largest"], ["--text", "a.txt", "--largest"]])
def test_one_thing_is_asked_at_a_time(home, words):
    with pytest.raises(SettingsError, match="takes one of"):
        corpus(home, "dups", *words)


# Words that differ


TOKENS = st.lists(st.sampled_from(["one", "two", "three", "，", "小", "镇", "🙂", "\x00", "!", "e\u0301"]), max_size=40)


@given(TOKENS, TOKENS, st.sampled_from([" ", "\n", "\r\n"]))
@settings(deadline=None)
def test_pieces_give_both_texts_back(first, second, between):
    a, b = between.join(first), between.join(second)

    found = word_diff(a, b, context=None)

    for side, text in (("inserted", a), ("deleted", b)):
        left = "".join(piece.text for piece in found.pieces if piece.kind != side)
        assert "".join(left.split()) == "".join(text.split())
    assert found.is_equal == (a.split() == b.split())


def test_long_runs_that_are_the_same_are_folded_and_white_space_makes_no_difference():
    same = " ".join(words_of(5))

    assert word_diff(f"{same} old", f"{same.replace(' ', '  ')} new", context=3).pieces[0].text == "97 words the same"
    assert word_diff(same, same.replace(" ", "\n")).is_equal
    assert [piece.kind for piece in word_diff(f"a {same}", f"b {same}", context=2).pieces] == [
        "deleted",
        "inserted",
        "same",
        "folded",
    ]


def test_long_texts_are_compared_up_to_a_bound():
    found = word_diff(" ".join(words_of(1, 300)), " ".join(words_of(2, 300)), most=100)

    assert found.cut
    assert sum(len(piece.text.split()) for piece in found.pieces) == 200


# Texts


def test_hits_are_those_of_a_comparison_of_all_signatures(home):
    text = texts()[S2]["b"]
    own = np.array(signature_of(home, text, "sane").hashvalues)
    stored = home.lake.scan("web.signals", variant="wet").select("doc_id", "snapshot", SIGNATURE).collect().drop_nulls()
    [index] = [one["lsh"] for one in indexes(home.lake, {"variant": "wet", "snapshot": S1}, 0.5)]

    expected = {}
    for doc_id, snapshot, [band] in stored.iter_rows():
        values = np.frombuffer(band, ">u4")
        equal = values == own
        if equal.mean() >= 0.5 and any(equal[i * index.r : (i + 1) * index.r].all() for i in range(index.b)):
            expected[doc_id, snapshot] = equal.mean()
    found = near(home, text, 0.5)

    assert {(hit.doc_id, hit.snapshot): hit.estimate for hit in found} == pytest.approx(expected)
    assert {hit.snapshot for hit in found} == set(SNAPSHOTS)
    assert [hit.estimate for hit in found] == sorted((hit.estimate for hit in found), reverse=True)
    assert (found[0].estimate, found[0].jaccard, found[0].url) == (1.0, 1.0, url_of("b"))


def test_an_index_is_the_same_however_many_signatures_it_holds_at_a_time(home):
    where = {"variant": "wet", "snapshot": S3}

    small = [doc_id for one in indexes(home.lake, where, 0.8, rows=1) for doc_id in one["signatures"]]
    [large] = indexes(home.lake, where, 0.8)

    assert small == list(large["signatures"])
    assert len(small) == 4


def test_a_text_is_measured_as_the_partition_was(tmp_path):
    signals = {"families": ["signatures"], "compat": "reference"}
    house = make_home(tmp_path / "home", {S1: texts()[S1]}, {}, signals=signals)

    found = near(house, texts()[S1]["a"])

    assert [(hit.url, hit.estimate) for hit in found] == [(url_of("a"), 1.0)]


def test_pages_that_a_file_is_like_are_printed(home, tmp_path):
    (tmp_path / "new.txt").write_text(texts()[S1]["alone"] + " and a new end", encoding="utf-8")

    printed = corpus(home, "dups", "--text", str(tmp_path / "new.txt"), "--threshold", "0.6")
    [row] = map(
        json.loads,
        corpus(
            home, "dups", "--text", str(tmp_path / "new.txt"), "--threshold", "0.6", "--format", "json"
        ).splitlines(),
    )

    assert url_of("alone") in printed
    assert row["snapshot"] == S1
    assert 0.9 < row["jaccard"] < 1


def test_a_text_that_can_t_be_compared_says_why(home, tmp_path):
    (tmp_path / "short.txt").write_text("Back soon.")
    unsigned = make_home(tmp_path / "home", {S1: texts()[S1]}, {}, signals={"families": ["sizes"]})

    with pytest.raises(SettingsError, match="fewer than 13 words"):
        corpus(home, "dups", "--text", str(tmp_path / "short.txt"))
    with pytest.raises(
        SourceError, match=r"no MinHash signatures of wet: .*more: \[signatures\].*corpus run web/wet/signals"
    ):
        near(unsigned, texts()[S1]["a"])
    with pytest.raises(SourceError, match=r"none\.txt"):
        corpus(home, "dups", "--text", str(tmp_path / "none.txt"))
    with pytest.raises(SettingsError, match="--threshold"):
        near(home, texts()[S1]["a"], 1.5)


# Tables of a snapshot


def test_clusters_and_domains_are_counted_as_the_table_has_them(home):
    found = counted(home.lake, {"method": "near.minhash", "variant": "wet", "snapshot": S3})
    rows = home.lake.scan("web.duplicates", method="near.minhash", snapshot=S3).collect()

    assert (found.kind, found.documents, found.copies, found.clusters, found.earlier) == ("documents", 4, 4, 1, 1)
    assert found.sizes == (("2", 0), ("3-4", 0), ("5-8", 1))
    [largest] = found.largest
    assert (largest.size, largest.here, largest.first_snapshot, largest.url) == (7, 4, S1, url_of("a"))
    assert {(one.domain, one.copies) for one in found.domains} == set(Counter(rows["domain"]).items())


def test_units_and_weights_have_their_own_tables(home):
    lines = counted(home.lake, {"method": "lines.line_dedup", "variant": "wet", "snapshot": S2})
    soft = counted(home.lake, {"method": "soft.soft_dedup", "variant": "wet", "snapshot": S2})

    assert (lines.kind, lines.copies, lines.units) == ("units", 1, 1)
    assert [(one.domain, one.documents, one.units) for one in lines.domains] == [("page.example", 1, 1)]
    assert soft.kind == "weights"
    assert sum(n for _, n in soft.sizes) == soft.documents == 4


def test_the_largest_clusters_are_printed_and_drawn(home, tmp_path):
    picture = tmp_path / "pictures" / "near.png"

    printed = corpus(home, "dups", "--largest", "--method", "near.minhash", "--picture", str(picture))
    rows = [
        json.loads(line)
        for line in corpus(home, "dups", "--largest", "--snapshot", S2, "--format", "json").splitlines()
    ]

    assert (
        "4 of 4 documents (100.0%) go as copies; 1 clusters, 1 of them with documents of earlier snapshots" in printed
    )
    assert url_of("a") in printed
    assert picture.read_bytes().startswith(PNG)
    assert [(row["method"], row["kind"]) for row in rows] == [
        ("late.exact", "documents"),
        ("lines.line_dedup", "units"),
        ("near.minhash", "documents"),
        ("soft.soft_dedup", "weights"),
    ]
    with pytest.raises(SourceError, match=f"no dedup was made of CC-MAIN-2030-01; there is: {S1}"):
        corpus(home, "dups", "--largest", "--snapshot", "CC-MAIN-2030-01")
