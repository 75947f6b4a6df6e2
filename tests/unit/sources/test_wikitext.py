"""Wikitext to plain text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_platform.sources.wikitext import MAX_DEPTH, is_redirect, plain_page, wikitext_to_text

CASES = {
    "bold and italic": ("'''''A''''' ''b'' '''c''' it's", "A b c it's"),
    "link": ("[[Bread]] and [[Rye bread|rye]]s", "Bread and ryes"),
    "link with empty label": ("[[Rye (grain)|]]", "Rye"),
    "visible category link": ("See [[:Category:Bread]]", "See Category:Bread"),
    "file with nested link": ("A[[File:Loaf.jpg|thumb|A [[loaf]] of [[bread|it]]]] loaf", "A loaf"),
    "file of an unknown namespace": ("[[Fitxer:Pa.JPG|thumb|Pa]] Pa", "Pa"),
    "category": ("Bread\n[[Category:Food|*]]\n[[Kategorie:Brot]]\n[[分类:食品]]", "Bread"),
    "other languages": ("Bread\n[[de:Brot]]\n[[zh-min-nan:Pháng]]", "Bread"),
    "sister project": ("[[wikt:bread]] [[wikt:loaf|loaf]]", "wikt:bread loaf"),
    "link over lines": ("[[a\nb]] c", "a b c"),
    "lines of one paragraph": (
        "A sentence that\nis [[long]]\n\nB\n''c''.\n* d\ne\n f\n== G ==\nh\n{{x}}\ni",
        "A sentence that is long\nB c.\nd\ne\nf\nG\nh\ni",
    ),
    "lines of one paragraph without spaces": (
        "柏林是\n德國的首都，\n也是 Berlin\n市",
        "柏林是德國的首都，也是 Berlin 市",
    ),
    "verse": ("A\n<poem>b\nc</poem>\nd\n<pre>e\nf</pre>", "A\nb\nc\nd\ne\nf"),
    "external link": ("[http://a.example/b?c=d a label] [https://a.example] (//a.example)", "a label (//a.example)"),
    "template": ("A {{infobox|a=1|b={{nested|{{deep}}}}}} b", "A b"),
    "template over lines": ("{{Infobox\n| name = [[X]]\n| text = {{a|b}}\n}}\nText", "Text"),
    "template parameter": ("{{{1|x}}} left", "left"),
    "dressed-up text": ("{{lang|fr|[[Pain|pain]]}}, {{nowrap|5 kg}}, {{lang-de|Brot}}", "pain, 5 kg, Brot"),
    "measure": ("{{convert|5|km|mi|abbr=on}} away", "5 km away"),
    "chinese link template": ("{{link-en|黑麦|Rye}}是{{tsl|en|grain|谷物}}", "黑麦是谷物"),
    "reference": ('A<ref name="x">B {{cite|a}}</ref> c<ref name=y /> d.', "A c d."),
    "reference that is not closed": ("A<ref>b c", "Ab c"),
    "brackets left empty": ("Rye ( ; {{IPA|x}}, ) is（，{{lang|x}}）grain", "Rye isgrain"),
    "comment": ("A<!-- x {{ [[ -->b<!-- open", "Ab"),
    "nowiki": ("<nowiki>[[x]] ''y'' {{z}}</nowiki> <nowiki/>'", "[[x]] ''y'' {{z}} '"),
    "formula": (
        "so <math display=block>\\frac{a}{{b}} |x|_{|y|}\n''z''</math>, <ce>H2O</ce><math /> holds",
        "so $\\frac{a}{ {b} } |x|_{ |y| } ''z''$, $H2O$ holds",
    ),
    "letters of formulas": ("the {{mvar|x}} of {{math|''a'' + 1}}", "the x of a + 1"),
    "gallery": ("A\n<gallery>\nFile:x.jpg|b\n</gallery>\nC", "A\nC"),
    "tags": (
        "a<br/>b <b class='x'>c</b><sup>2</sup> <span style=\"x\">d</span> 1 < 2 <unknown>",
        "a\nb c2 d 1 < 2 <unknown>",
    ),
    "table": ('A\n{| class="x"\n|-\n! h\n| c || d\n{|\n| n\n|}\n|}\nB', "A\nB"),
    "table that is not closed": ("A\n{| class=x\n|-\n| c\nB", "A\nB"),
    "headings": ("A\n== B ==\nc\n=== D ===\ne", "A\nB\nc\nD\ne"),
    "headings with nothing below": ("A\n== B ==\n=== C ===\n== D ==\nd\n== E ==\n{{reflist}}", "A\nD\nd"),
    "lists": ("* a\n** b\n# c\n: d\n; e : f\n*\n----\nx", "a\nb\nc\nd\ne : f\nx"),
    "magic words": ("__NOTOC__A __INDEX__ {{DEFAULTSORT:x}} __БЕЗ_ОГЛ__ __init__", "A __init__"),
    "separators with nothing between": (
        "Rye ({{IPA|x}}; {{IPA|y}}; born 1900, {{x}}), a, {{x}}, {{y}}, b ({{x}}、、谷物、{{y}}） {a,,b} ;) 甲、{{x}}、乙",
        "Rye (born 1900), a, b (谷物） {a,,b} ;) 甲、乙",
    ),
    "line of a mark alone": ("A\n== B ==\n{{x}}.\n", "A"),
    "categories in any language": ("A\n[[Kateqoriya:X]] [[Categorìa:X]] [[Санат:X]] [[Roinn-seòrsa:X]]", "A"),
    "entities": ("a&nbsp;b &lt;ref&gt; &amp;amp; &#x4e2d;&#25991; &#99999999999999;", "a b <ref> &amp; 中文"),
    "spaces and lines": (" a\t\t b \r\n\r\n\n c\u3000d \x00", "a b\nc d"),
    "language variants": (
        "-{zh-hans:软件; zh-hant:軟體}-和-{A|zh-cn:硬盘;zh-tw:硬碟;}--{H|zh-cn:x}--{原文}-",
        "软件和硬盘原文",
    ),
    "lost brackets": ("a ]] b }} c {{ d [[ e", "a b c d e"),
    "line of a broken template": ("{{Infobox\n| a = 1\nText", "Text"),
    "empty": ("", ""),
}


@pytest.mark.parametrize(("wikitext", "text"), CASES.values(), ids=CASES.keys())
def test_markup_goes_and_words_stay(wikitext, text):
    assert wikitext_to_text(wikitext) == text


def test_formulas_go_on_demand():
    assert plain_page("so <math>x</math> holds", formulas="drop").text == "so holds"


@pytest.mark.parametrize(
    ("wikitext", "expected"),
    [
        ("#REDIRECT [[Bread]]", True),
        ("\n#redirect:[[Bread#Rye|x]] {{R}}", True),
        ("#重定向 [[面包]]", True),
        ("#Weiterleitung[[Brot]]", True),
        ("# [[Bread]]", False),
        ("# first [[Bread]]", False),
        ("Bread #REDIRECT [[x]]", False),
    ],
)
def test_redirects_are_told_in_any_language(wikitext, expected):
    assert is_redirect(wikitext) is expected


def test_brackets_deeper_than_the_limit_are_left_without_harm():
    deep = MAX_DEPTH * 3

    assert wikitext_to_text("a {{x|" * deep + "}}" * deep + " b") == "a b"


MARKUP = st.lists(
    st.sampled_from(
        [
            *(
                "{{",
                "}}",
                "{{{",
                "}}}",
                "[[",
                "]]",
                "[http://a ",
                "]",
                "{|",
                "|}",
                "|",
                "||",
                "\n",
                "\n\n",
                "''",
                "'''",
                "=",
                "\n==",
                "*",
            ),
            *(
                "<ref>",
                "</ref>",
                "<ref ",
                "/>",
                "<!--",
                "-->",
                "<nowiki>",
                "</nowiki>",
                "<b>",
                "<br>",
                "-{",
                "}-",
                "&#",
                "&lt;",
                ";",
                ":",
            ),
            *("File:", "lang", "zh-cn:", "word", "中文", " ", "\t", "\x00", "\ud800", "😀", "__TOC__", "#REDIRECT"),
        ]
    ),
    max_size=60,
).map("".join)


@settings(deadline=None)
@given(MARKUP)
def test_any_markup_gives_lines_without_blanks_at_their_ends_and_none_empty(wikitext):
    text = wikitext_to_text(wikitext)

    assert all(line and line == line.strip() for line in text.split("\n")) or text == ""
    assert "  " not in text


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "unit",
    [
        *(
            "[[",
            "{{",
            "{{{",
            "<b>",
            "<ref ",
            "<ref>",
            "<ref></ref>",
            "<!--",
            "''",
            "{|\n",
            "[http://a ",
            "{{[[<b>",
            "{{a|",
            "{{a|[[b|",
        ),
        *(
            "-{",
            "-{a|",
            "&#1",
            "(",
            "( ",
            "=a=\n",
            "__A",
            '<div a="{{',
            "{{lang|fr|",
            "[[a|",
            "* ",
            " \n",
            "<nowiki>",
            "{|\n| a || ",
        ),
        *(",", ", ", " ;", "、", "(,", ",)", "__A_", "[[Category:a]]", "{|\n|-\n| a=b | c || d\n|}\n"),
    ],
)
def test_hostile_markup_is_done_in_time_that_grows_with_its_length(unit):
    plain_page(unit * 60_000, tables="rows")


@pytest.mark.timeout(60)
def test_deep_and_long_markup_is_done_in_time_that_grows_with_its_length():
    n = 50_000

    wikitext_to_text("[[a|" * n + "x" * n + "]]" * n)
    wikitext_to_text("{{lang|fr|" * n + "x" * n + "}}" * n)
    wikitext_to_text("<ref>" * n + "</math>" * n)
    wikitext_to_text("[http://" + "a" * 4 * n)
    wikitext_to_text("&#" + "1" * n + ";")
    assert is_redirect("#" + " " * n) is False
