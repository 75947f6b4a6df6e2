"""Texts in two languages: pairs of every format, their layout, and what is no pair."""

import gzip

import pytest

from corpus_platform.readers.moses import Moses
from corpus_platform.readers.pairs_tsv import PairsTsv
from corpus_platform.readers.pairs_zh import PairsZh
from corpus_platform.readers.parallel import languages_in, side
from corpus_platform.readers.reader import SourceDocument, Unit
from corpus_platform.readers.tmx import Tmx
from corpus_platform.readers.wmt_xml import WmtXml
from corpus_platform.sources.location import InputLocation


@pytest.fixture
def read(tmp_path):
    """Writes a file and gives its documents and its rejects as (position, reason)."""

    def of(reader, name, data):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return parted(reader.read(Unit.of_path(path)))

    return of


def parted(items):
    items = list(items)
    documents = [item for item in items if isinstance(item, SourceDocument)]
    return documents, [(item.position, item.reason) for item in items if not isinstance(item, SourceDocument)]


def tmx(*units, header='srclang="en"', doctype=""):
    return f'<?xml version="1.0"?>{doctype}<tmx version="1.4"><header {header}/><body>{"".join(units)}</body></tmx>'


def unit(**segments):
    return (
        "<tu>"
        + "".join(f'<tuv xml:lang="{k.replace("_", "-")}"><seg>{v}</seg></tuv>' for k, v in segments.items())
        + "</tu>"
    )


def test_a_pair_is_two_lines_with_its_languages_beside_it(read):
    (document,), rejects = read(Tmx(), "a.tmx", tmx(unit(en_US="Hello,\n  world.", zh_CN="你好，世界。")))

    assert rejects == []
    assert document.text == "Hello, world.\n你好，世界。"
    assert (document.category, document.language) == ("en-zh", None)
    assert document.meta == {
        "source_language": "en",
        "target_language": "zh",
        "pairs": 1,
        "source_text": "Hello, world.",
        "target_text": "你好，世界。",
    }


def test_marks_inside_of_a_segment_go_and_highlighted_words_stay(read):
    segment = 'The <bpt i="1">&lt;b></bpt>big <hi>black</hi><ept i="1">&lt;/b></ept> cat<ph>{\\x <sub>y</sub>}</ph><it pos="end">z</it>.'

    (document,), _ = read(Tmx(), "a.tmx", tmx(unit(en=segment, fr="Le &lt;i&gt;gros&lt;/i&gt; chat.")))

    assert document.text == "The big black cat.\nLe gros chat."


def test_a_unit_of_several_languages_gives_a_pair_for_each(read):
    units = tmx(unit(de="Brot", en="bread", fr="pain"), unit(de="Salz", fr="sel"), unit(en="x"))

    documents, rejects = read(Tmx(), "a.tmx", units)
    chosen, none = read(Tmx(source_language="en", target_languages=("fr",)), "b.tmx", units)

    assert [(d.text, d.category) for d in documents] == [
        ("bread\nBrot", "en-de"),
        ("bread\npain", "en-fr"),
        ("Salz\nsel", "de-fr"),
    ]
    assert [d.position for d in documents] == [0, 1, 2]
    assert rejects == [(3, "no_pair")]
    assert [d.text for d in chosen] == ["bread\npain"]
    assert none == [(1, "no_pair"), (2, "no_pair")]


def test_an_external_dtd_is_tolerated_and_entities_are_a_bomb(read):
    good, rejects = read(
        Tmx(), "a.tmx", tmx(unit(en="a", fr="b"), doctype='<!DOCTYPE tmx SYSTEM "http://127.0.0.1:9/tmx14.dtd">')
    )
    _, bomb = read(Tmx(), "b.tmx", tmx(unit(en="&x;", fr="b"), doctype='<!DOCTYPE tmx [<!ENTITY x "xxxx">]>'))
    before, broken = read(Tmx(), "c.tmx", tmx(unit(en="a", fr="b"), unit(en="c", fr="d"))[:-40])

    assert (len(good), rejects) == (1, [])
    assert bomb == [(0, "xml_bomb")]
    assert ([d.text for d in before], broken) == (["a\nb"], [(1, "broken_xml")])


def test_pairs_without_a_side_and_copies_are_rejected_and_are_no_damage(tmp_path):
    path = tmp_path / "en-fr.tsv"
    path.write_text("a\t\nb\tb\nc\td\n")

    items = list(PairsTsv().read(Unit.of_path(path)))
    kept = list(PairsTsv(keep_copies=True).read(Unit.of_path(path)))

    assert [(i.reason, i.broken) for i in items[:2]] == [("empty_side", False), ("copied", False)]
    assert [i.text for i in items[2:]] == ["c\nd"]
    assert [i.text for i in kept[1:]] == ["b\nb", "c\nd"]


def test_a_run_of_pairs_is_one_document_with_empty_lines_between(read):
    documents, _ = read(PairsTsv(pairs_per_document=2), "en-fr.tsv", "a\tb\nc\td\ne\tf\n")

    assert [d.text for d in documents] == ["a\nb\n\nc\nd", "e\nf"]
    assert [(d.position, d.meta["pairs"]) for d in documents] == [(0, 2), (2, 1)]
    assert len({d.identity for d in documents}) == 2


@pytest.mark.parametrize(
    ("name", "data", "options"),
    [
        ("news.en-zh.csv", 'en,zh\n"a, b",甲\n', {"source_column": "en", "target_column": "zh"}),
        ("x.jsonl", '{"translation": {"en": "a, b", "zh": "甲"}}\n', {"source_column": "translation.en", "target_column": "translation.zh"}),
        ("x.tsv", "0.9\ta, b\t甲\n0.1\tc\t乙\n", {"source_column": 1, "target_column": 2, "score_column": 0, "min_score": 0.5, "source_language": "en", "target_language": "zh"}),
    ],
)  # fmt: skip
def test_columns_are_named_or_numbered(read, name, data, options):
    documents, _ = read(PairsTsv(**options), name, data)

    assert [(d.text, d.category) for d in documents] == [("a, b\n甲", "en-zh")]


def test_a_table_that_says_no_languages_or_lacks_the_columns_is_rejected(read):
    assert read(PairsTsv(), "x.tsv", "a\tb\n") == ([], [(0, "no_languages")])
    assert read(PairsTsv(source_column="q", target_column="r"), "en-fr.csv", "a,b\n1,2\n") == ([], [(0, "no_columns")])


def moses(tmp_path, **files):
    for name, data in files.items():
        path = tmp_path / name.replace("_", ".")
        path.write_bytes(gzip.compress(data.encode()) if path.suffix == ".gz" else data.encode())
    location = InputLocation(str(tmp_path))
    return location, list(location.files())


def test_two_files_of_a_stem_are_a_unit_whose_name_says_both_languages(tmp_path):
    location, files = moses(tmp_path, news_en_gz="a\nb\n", news_zh="甲\n乙\n", readme_md="x", lone_en="x\n")

    (found,) = Moses().units(location, files)
    documents, rejects = parted(Moses().read(found))

    assert (found.name, Moses().part_of(found.name)) == ("news.en-zh", "en-zh")
    assert [d.text for d in documents] == ["a\n甲", "b\n乙"]
    assert rejects == []


def test_three_languages_give_a_unit_for_each_wanted_pair(tmp_path):
    location, files = moses(tmp_path, n_de="a\n", n_en="b\n", n_fr="c\n")

    names = [u.name for u in Moses().units(location, files)]
    from_french = [u.name for u in Moses(source_language="fr", target_language="de").units(location, files)]

    assert names == ["n.de-en", "n.de-fr", "n.en-fr"]
    assert from_french == ["n.fr-de"]


def test_files_of_unequal_length_are_rejected_whole(tmp_path):
    location, files = moses(tmp_path, n_en="a\nb\n", n_fr="c\n")
    (found,) = Moses().units(location, files)

    assert parted(Moses().read(found)) == ([], [(0, "unequal_lengths")])
    assert parted(Moses().read(Unit.of_path(tmp_path / "n.en"))) == ([], [(0, "no_other_side")])


WMT = """<dataset id="t"><doc origlang="en" id="d1"><src lang="en"><p><seg id="1">a</seg><seg id="2">b</seg></p></src>
<ref lang="ha" translator="A"><p><seg id="1">x</seg><seg id="2">y</seg></p></ref>
<ref lang="ha" translator="B"><p><seg id="2">z</seg></p></ref>
<hyp lang="ha" system="S"><p><seg id="1">w</seg></p></hyp></doc><doc id="d2"><src lang="en"><p><seg id="1">c</seg></p></src></doc></dataset>"""


def test_segments_of_a_test_set_are_paired_by_number_with_each_reference(read):
    documents, rejects = read(WmtXml(), "t.xml", WMT)
    one, _ = read(WmtXml(translators=("B",)), "t.xml", WMT)
    systems, _ = read(WmtXml(systems=True, origin="mixed"), "t.xml", WMT)

    assert [(d.text, d.meta["translator"], d.title) for d in documents] == [
        ("a\nx", "A", "d1"),
        ("b\ny", "A", "d1"),
        ("b\nz", "B", "d1"),
    ]
    assert rejects == [(3, "no_pair")]
    assert [d.text for d in one] == ["b\nz"]
    assert (systems[-1].text, systems[-1].meta["kind"], systems[-1].origin) == ("a\nw", "system", "mixed")


def test_classical_lines_are_paired_with_the_modern_ones_below_them(read):
    text = "古文：学而时习之。\n现代文：学了又时常温习。\n\n原文: 乐乎？\n古文：朋来。\n译文：朋友来了。\n今译：多余。\n无标记\n"

    documents, rejects = read(PairsZh(), "论语_学而.txt", text)
    alternating, _ = read(PairsZh(alternating=True), "b.txt", "学。\n学习。\n")

    assert [d.text for d in documents] == ["学而时习之。\n学了又时常温习。", "朋来。\n朋友来了。"]
    assert (documents[0].category, documents[0].language, documents[0].title) == ("lzh-zh", "zh", "论语_学而")
    assert rejects == [(3, "lonely_line"), (6, "lonely_line"), (7, "no_mark")]
    assert [d.text for d in alternating] == ["学。\n学习。"]


@pytest.mark.parametrize(
    ("name", "languages"),
    [
        ("wmt22/en-zh.tsv", ("en", "zh")),
        ("new.en-zh.gz", ("en", "zh")),
        ("zh_CN-en_US.tmx", ("zh", "en")),
        ("de-fr/corpus.tsv", ("de", "fr")),
        ("en-US_sr.tmx", ("en", "sr")),
        ("my-big.data", None),
        ("corpus.tsv", None),
    ],
)
def test_the_pair_of_languages_is_read_from_a_name(name, languages):
    assert languages_in(name) == languages


def test_white_space_of_a_side_is_one_space():
    assert side(" a\t\n b\u3000c\ufeff ") == "a b c"
    assert side(None) == ""
