"""Dedups of snapshots in a lake: who stays in which recipe, why others go, and which documents are compared."""

import pytest
from dedup_house import BLOOM, EXACT, MINHASH, S1, S2, S3, UNITS, House, id_of, near, text_of

from corpus_platform.errors import SettingsError
from corpus_platform.signals.document import share_of
from corpus_platform.stages.verdicts import DUPLICATES

CHINESE = "这座图书馆不大，却藏着许多手抄的地方志，管理员记得每一本书放在哪里，也记得每一位常来借书的邻居。"
ENGLISH = "The harbour of the town wakes before the sun does, and the first boats leave while the lamps are still lit. "


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
