"""Readers of papers: e-prints and dumps of them, JATS and PubMed, S2ORC, tables and XML of papers and patents."""

import gzip
import io
import tarfile

import orjson
import pytest

from corpus_platform.readers.jats import Jats
from corpus_platform.readers.latex import Latex
from corpus_platform.readers.latex_project import arxiv_id, month_of
from corpus_platform.readers.papers import Papers
from corpus_platform.readers.reader import SourceDocument, Unit
from corpus_platform.readers.s2orc import S2orc

PAPER = r"""\documentclass{aastex62}
\input{macros}
\begin{document}
\title{On stars}\author{Ann Lee}
\section{Begin} A \star\ \input{more}
\end{document}"""
FILES = {
    "ms.tex": PAPER,
    "macros.tex": r"\newcommand{\star}{star of type $\mathrm{G}$}",
    "more.tex": "and more of it. " * 20,
}


def tar(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            content = data if isinstance(data, bytes) else data.encode()
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def read(reader, path):
    """Documents, and rejects as (reason, whether it is damage)."""
    found = list(reader.read(Unit.of_path(path)))
    assert [item.position for item in found] == list(range(len(found)))
    return [item for item in found if isinstance(item, SourceDocument)], [
        (item.reason, item.broken) for item in found if not isinstance(item, SourceDocument)
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("1911.02782.gz", ("1911.02782", "2019-11", None)),
        ("1911/1911.02782v2.tar.gz", ("1911.02782", "2019-11", 2)),
        ("0704.0001.gz", ("0704.0001", "2007-04", None)),
        ("hep-th9901001.gz", ("hep-th/9901001", "1999-01", None)),
        ("math/0309136v1.gz", ("math/0309136", "2003-09", 1)),
        ("math.GT0309136", ("math.GT/0309136", "2003-09", None)),
        ("1913.02782.gz", None),
        ("book1234567.gz", None),
        ("paper.tar.gz", None),
    ],
)
def test_ids_and_months_come_from_names(name, expected):
    found = arxiv_id(name)

    assert (found and (found.id, found.month, found.version)) == expected


def test_the_month_of_a_dump_is_in_its_name():
    assert month_of("src/arXiv_src_1911_001.tar") == "2019-11"
    assert Latex().part_of("arXiv_src_9203_001.tar") == "1992-03"


def test_an_eprint_is_one_paper_with_its_inputs_and_macros(tmp_path):
    path = tmp_path / "1911.02782v3.gz"
    path.write_bytes(gzip.compress(tar(FILES)))

    (document,), rejects = read(Latex(), path)

    assert rejects == []
    assert document.text.startswith("# On stars\n\n## Begin\n\nA star of type $\\mathrm{G}$ and more of it.")
    assert (document.identity, document.url) == ("arxiv:1911.02782v3", "https://arxiv.org/abs/1911.02782")
    assert (document.title, document.author, document.category) == ("On stars", "Ann Lee", "astro-ph")
    assert document.meta["main"] == "ms.tex"
    assert document.meta["peer_reviewed"] is False


def test_a_dump_gives_its_eprints_and_names_those_without_latex(tmp_path):
    alone = PAPER.replace(r"\input{macros}", "").replace(r"\star\ \input{more}", "lonely word. " * 30)
    path = tmp_path / "arXiv_src_1911_001.tar"
    path.write_bytes(
        tar(
            {
                "1911/1911.00001.gz": gzip.compress(tar(FILES)),
                "1911/1911.00002.gz": gzip.compress(alone.encode("latin-1")),
                "1911/1911.00003.pdf": b"%PDF-1.4",
                "1911/1911.00004.gz": gzip.compress(b"%PDF-1.5 only"),
                "1911/1911.00005.gz": gzip.compress(tar(FILES))[:60],
                "../1911.00006.gz": gzip.compress(tar(FILES)),
            }
        )
    )

    documents, rejects = read(Latex(), path)

    assert [document.identity for document in documents] == ["arxiv:1911.00001", "arxiv:1911.00002"]
    assert sorted(rejects) == [
        ("broken_archive", True),
        ("no_latex", False),
        ("no_latex", False),
        ("path_escapes", True),
    ]


def test_a_folder_gives_a_paper_and_its_supplement_and_no_letters(tmp_path):
    folder = tmp_path / "project"
    (folder / "sub").mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    (folder / "supplement.tex").write_text(r"\documentclass{article}\begin{document}" + "Further words. " * 30)
    (folder / "letter.tex").write_text(r"\documentclass{letter}\begin{document}Dear editor\end{document}")
    (folder / "sub" / "old.txt").write_text("no")

    documents, rejects = read(Latex(), folder)

    assert [document.identity for document in documents] == ["project", "project#supplement.tex"]
    assert rejects == [("no_paper", False)]
    assert len(read(Latex(documents="main"), folder)[0]) == 1


def test_the_readme_of_an_eprint_names_the_main_file_and_latin1_is_told(tmp_path):
    other = "\\documentclass{article}\\usepackage[latin1]{inputenc}\\begin{document}" + "Größe naïve. " * 30
    path = tmp_path / "1911.00009.gz"
    path.write_bytes(
        gzip.compress(tar({**FILES, "z.tex": other.encode("latin-1"), "00README.XXX": "z.tex toplevelfile\n"}))
    )

    documents, _ = read(Latex(), path)

    assert documents[0].meta["main"] == "z.tex"
    assert documents[0].meta["encoding"] == "iso-8859-1"
    assert "Größe naïve." in documents[0].text


def test_the_reference_gives_redpajamas_text_or_says_why_not(tmp_path):
    good, no_section = tmp_path / "1911.00001.gz", tmp_path / "1911.00002.gz"
    good.write_bytes(gzip.compress(PAPER.encode()))
    no_section.write_bytes(gzip.compress(PAPER.replace("section", "emph").encode()))
    latin = tmp_path / "1911.00003.gz"
    latin.write_bytes(gzip.compress(PAPER.replace("more", "größer").encode("latin-1")))

    assert (
        read(Latex(compat="reference"), good)[0][0].text == "\\section{Begin} A \\star\\ \\input{more}\n\\end{document}"
    )
    assert read(Latex(compat="reference"), no_section)[1] == [("no_section", False)]
    assert read(Latex(compat="reference"), latin)[1] == [("no_utf8", False)]


ARTICLE = """<?xml version="1.0"?>
<!DOCTYPE article PUBLIC "-//NLM//DTD JATS//EN" "JATS-archivearticle1.dtd">
<article article-type="{kind}" xml:lang="en" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:mml="http://www.w3.org/1998/Math/MathML"><front>
<journal-meta><journal-title>{journal}</journal-title></journal-meta><article-meta>
<article-id pub-id-type="pmc">123</article-id><article-id pub-id-type="doi">10.1/X</article-id>
<article-categories><subj-group subj-group-type="heading"><subject>Research Article</subject></subj-group>
<subj-group><subject>Ecology/Birds</subject></subj-group></article-categories>
<title-group><article-title>Crows of <italic>C. corone</italic> count<xref ref-type="fn">*</xref></article-title></title-group>
<contrib-group><contrib contrib-type="author"><name><surname>Lee</surname><given-names>Ann B</given-names></name></contrib></contrib-group>
<pub-date pub-type="collection"><year>2018</year></pub-date><pub-date pub-type="epub"><day>8</day><month>12</month><year>2018</year></pub-date>
<permissions><license xlink:href="http://creativecommons.org/licenses/by/4.0/"><license-p>Free</license-p></license></permissions>
<abstract><sec><title>Aims</title><p>We count.</p></sec></abstract></article-meta></front>
<body><sec><title>Methods</title><p>Crows <italic>fly </italic>far [<xref ref-type="bibr">1</xref>,<xref ref-type="bibr">2</xref>], see
 [<xref ref-type="bibr">3</xref>] (<xref ref-type="bibr">Lee, 2010</xref>), CO<sub>2</sub>, 10<sup>6</sup> m<sup>-2</sup>.<sup><xref ref-type="bibr">4</xref></sup></p>
<p>So<disp-formula><label>(1)</label><mml:math><mml:mfrac><mml:mi>a</mml:mi><mml:mi>b</mml:mi></mml:mfrac></mml:math></disp-formula>holds, <inline-formula><tex-math>
\\documentclass{{minimal}}\\begin{{document}}$$x^2$$\\end{{document}}</tex-math></inline-formula>.</p>
<sec><title>Deep</title><p>Text<fn><p>note</p></fn> here.</p><table-wrap><label>Table 1.</label><caption><p>Sizes</p></caption>
<table><thead><tr><th>a</th><th colspan="2">b &amp; c</th></tr></thead><tbody><tr><td>1</td><td>5%</td><td>3</td></tr></tbody></table></table-wrap>
<fig><label>Fig. 2</label><caption><title>A bird</title><p>It flies</p></caption><graphic/></fig>
<list list-type="order"><list-item><p>one</p></list-item><list-item><p>two</p></list-item></list></sec></sec>
<sec><title>Funding</title><p>Money.</p></sec></body>
<back><ack><p>Thanks.</p></ack><app-group><app><title>Appendix</title><p>More.</p></app></app-group><ref-list><ref><mixed-citation>R</mixed-citation></ref></ref-list></back></article>"""

TEXT = r"""# Crows of C. corone count

## Abstract

Aims: We count.

## Methods

Crows fly far, see [3] (Lee, 2010), CO₂, 10⁶ m⁻².

So
$$\frac{a}{b}$$
holds, $x^2$.

### Deep

Text here.

Table 1: Sizes.

\begin{tabular}{lll}
a & \multicolumn{2}{c}{b \& c} \\
\hline
1 & 5\% & 3 \\
\end{tabular}

Fig. 2: A bird. It flies.

1. one
2. two

## Appendix

More."""


def test_jats_becomes_sections_formulas_tables_and_captions_without_references_and_thanks(tmp_path):
    path = tmp_path / "a.nxml"
    path.write_text(ARTICLE.format(kind="research-article", journal="Behavioral Ecology"))

    (document,), rejects = read(Jats(), path)

    assert rejects == []
    assert document.text == TEXT
    assert (document.identity, document.licence, document.category, document.author) == (
        "pmc:PMC123",
        "CC-BY-4.0",
        "Ecology",
        "Ann B Lee",
    )
    assert str(document.date).startswith("2018-12-08")
    assert document.meta["peer_reviewed"] is True
    assert [document.text[section.start :].partition("\n")[0].strip("# ") for section in document.sections] == [
        section.title for section in document.sections
    ]


@pytest.mark.parametrize(
    ("kind", "journal", "expected"),
    [
        ("research-article", "Nature", True),
        ("preprint", "Any", False),
        ("research-article", "bioRxiv", False),
        ("editorial", "Nature", None),
    ],
)
def test_whether_an_article_is_reviewed_is_told_by_type_and_journal(kind, journal, expected, tmp_path):
    path = tmp_path / "a.nxml"
    path.write_text(ARTICLE.format(kind=kind, journal=journal))

    (document,), _ = read(Jats(), path)

    assert document.meta["peer_reviewed"] is expected


def test_articles_of_an_archive_are_read_and_broken_ones_told(tmp_path):
    article = ARTICLE.format(kind="research-article", journal="X")
    path = tmp_path / "oa.tar.gz"
    path.write_bytes(
        gzip.compress(
            tar(
                {
                    "a/1.nxml": article,
                    "a/2.nxml": article[:900],
                    "a/3.txt": "no",
                    "a/4.xml": "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>",
                }
            )
        )
    )

    documents, rejects = read(Jats(), path)

    assert len(documents) == 1
    assert rejects == [("broken_xml", True), ("xml_bomb", True)]


def test_s2orc_of_any_year_is_a_paper_with_sections(tmp_path):
    body = [
        {"text": "We follow [1] in this. It works well [2, 3]. EQUATION holds.", "section": "Method", "sec_num": "2",
         "cite_spans": [{"start": 10, "end": 13}, {"start": 37, "end": 43}], "eq_spans": [{"latex": "a=b"}]},
        {"text": "Deeper words (Lee, 2010) here.", "section": "Part", "sec_num": "2.1", "cite_spans": [{"start": 13, "end": 24}]},
        {"text": "Thanks to all.", "section": "Acknowledgements"},
    ]  # fmt: skip
    parse = {
        "abstract": [{"text": "We do things. " * 20}],
        "body_text": body,
        "ref_entries": {"FIGREF0": {"text": "A plot of it all"}, "TABREF0": {"text": "x"}},
    }
    facts = {
        "title": "On things",
        "authors": [{"first": "Ann", "middle": ["B"], "last": "Lee"}],
        "year": "2011-11",
        "arxiv_id": "1911.02782",
    }
    rows = [
        {"paper_id": "10002293", "metadata": facts, "grobid_parse": parse},
        {"paper_id": "10002294", **facts, "pdf_parse": parse},
        {"paper_id": "10002295", "metadata": facts, **parse},
        {"paper_id": "10002296", "metadata": {"title": "Nothing"}, "body_text": []},
    ]
    path = tmp_path / "papers.jsonl.gz"
    path.write_bytes(gzip.compress(b"\n".join([*map(orjson.dumps, rows), b"{broken"])))

    documents, rejects = read(S2orc(), path)

    assert [document.identity for document in documents] == ["s2orc:10002293", "s2orc:10002294", "s2orc:10002295"]
    assert {document.text.partition("## Method")[2] for document in documents} == {
        "\n\nWe follow [1] in this. It works well. $$a=b$$ holds.\n\n### Part\n\nDeeper words (Lee, 2010) here.\n\nFigure: A plot of it all"
    }
    assert documents[0].author == "Ann B Lee"
    assert documents[0].meta["peer_reviewed"] is False
    assert rejects == [("no_text", False), ("bad_json", True)]


def test_chinese_papers_in_json_lines_and_xml_are_the_same(tmp_path):
    body = "本文研究大规模语料的清洗方法。" * 10
    row = {"编号": "7", "题名": "语料清洗研究", "作者": "李明；王芳", "摘要": "提出一种方法。" * 20, "正文": body, "关键词": "语料；清洗", "学科": "计算机科学", "发表时间": "2021年3月5日", "期刊": "学报"}  # fmt: skip
    lines, xml = tmp_path / "papers.jsonl", tmp_path / "papers.xml"
    lines.write_bytes(orjson.dumps(row))
    xml.write_text(
        "<?xml version='1.0' encoding='gb18030'?><论文集><论文>"
        + "".join(f"<{k}>{v}</{k}>" for k, v in row.items())
        + "</论文></论文集>",
        "gb18030",
    )

    (one,), _ = read(Papers(fields={"计算机": "cs"}), lines)
    (other,), _ = read(Papers(fields={"计算机": "cs"}), xml)

    assert one.text == other.text == f"# 语料清洗研究\n\n## 摘要\n\n{'提出一种方法。' * 20}\n\n{body}"
    assert (one.identity, one.author, one.category, one.language) == ("paper:7", "李明; 王芳", "cs", "zh")
    assert (one.date.year, one.date.month, one.meta["keywords"], one.meta["journal"]) == (
        2021,
        3,
        ["语料", "清洗"],
        "学报",
    )
    assert (other.author, other.category, other.meta) == (one.author, one.category, one.meta)


def test_patents_have_claims_and_sections_and_a_class_by_field(tmp_path):
    row = {
        "publication_number": "US1", "title": "A wheel", "abstract": "A wheel that turns. " * 8, "ipc": "B60B 1/00", "inventors": ["A B"],
        "description": [{"title": "Background", "text": "Wheels are old."}, {"title": "References", "text": "x"}], "claims": ["1. A wheel.", "2. The wheel of 1."],
    }  # fmt: skip
    path = tmp_path / "patents.jsonl"
    path.write_bytes(orjson.dumps(row) + b"\n" + orjson.dumps({"title": "Empty"}))

    (document,), rejects = read(Papers(kind="patent", fields={"B": "operations", "B60": "vehicles"}), path)

    assert document.text.endswith("## Background\n\nWheels are old.\n\n## Claims\n\n1. A wheel.\n\n2. The wheel of 1.")
    assert (document.identity, document.category, document.meta["class"]) == ("patent:US1", "vehicles", "B60B 1/00")
    assert rejects == [("no_text", False)]


def test_lines_of_chinese_are_joined_without_a_space_and_chinese_authors_are_named(tmp_path):
    paper = r"""\documentclass{article}\title{测试}\author{基尔 \and 王小明、李四}\begin{document}\maketitle
\section{引言}
这是第一行
第二行，然后 English words
more words 结束。""" + "补充的文字内容。" * 60 + r"\end{document}"  # fmt: skip
    (tmp_path / "paper").mkdir()
    (tmp_path / "paper" / "main.tex").write_text(paper, encoding="utf-8")

    [found] = Latex().read(Unit.of_path(tmp_path / "paper"))

    assert found.author == "基尔; 王小明; 李四"
    assert "这是第一行第二行，然后 English words more words 结束。" in found.text


def test_a_folder_without_latex_is_told_of(tmp_path):
    (tmp_path / "paper").mkdir()
    (tmp_path / "paper" / "a.pdf").write_bytes(b"%PDF-1.4")

    [found] = Latex().read(Unit.of_path(tmp_path / "paper"))

    assert (found.reason, found.broken) == ("no_latex", False)
