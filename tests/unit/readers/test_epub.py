"""EPUB books: order, headings, metadata, what is left out, and archives that mean harm."""

import io
import struct
import zipfile
from datetime import UTC, datetime

import pytest

from corpus_platform.readers.reader import SourceDocument, Unit, reader_of

CONTAINER = (
    '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">'
    '<rootfiles><rootfile full-path="OPS/package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
METADATA = (
    '<dc:identifier id="id">urn:isbn:9780000000002</dc:identifier><dc:title>The Cat</dc:title><dc:creator id="a">A. N. Author</dc:creator>'
    "<dc:language>en-GB</dc:language><dc:date>1899-05</dc:date><dc:subject>Cats -- Fiction</dc:subject>"
)
PROSE = "The miller had three sons, and when he died he left them his mill, his ass and his cat, which could speak."


def page(body: str, head: str = "", attributes: str = "") -> str:
    return (
        f'<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" {attributes}><head><title>t</title>{head}</head>'
        f"<body>{body}</body></html>"
    )


def epub(
    pages: dict[str, str], *, metadata=METADATA, spine=None, manifest="", more=None, spine_attributes="", guide=""
) -> bytes:
    items = "".join(f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>' for name in pages)
    order = "".join(f'<itemref idref="{name}"/>' for name in spine or pages)
    package = (
        f'<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/" version="3.0" unique-identifier="id">'
        f"<metadata>{metadata}</metadata><manifest>{items}{manifest}</manifest><spine {spine_attributes}>{order}</spine>{guide}</package>"
    )
    files = {"META-INF/container.xml": CONTAINER, "OPS/package.opf": package}
    files |= {f"OPS/{name}.xhtml": text for name, text in pages.items()}
    return zipped({"mimetype": "application/epub+zip", **files, **(more or {})})


def zipped(files: dict[str, str | bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return held.getvalue()


def read(tmp_path, data: bytes, **options):
    path = tmp_path / "book.epub"
    path.write_bytes(data)
    return list(reader_of("epub", options).read(Unit.of_path(path)))


def book(tmp_path, pages, **given) -> SourceDocument:
    options = given.pop("options", {})
    [found] = read(tmp_path, epub(pages, **given), **options)
    assert isinstance(found, SourceDocument), found
    return found


def test_metadata_become_columns(tmp_path):
    found = book(tmp_path, {"c1": page(f"<p>{PROSE}</p>")})

    assert found.identity == "epub:urn:isbn:9780000000002"
    assert (found.title, found.author, found.language, found.category) == ("The Cat", "A. N. Author", "en", "I")
    assert found.date == datetime(1899, 5, 1, tzinfo=UTC)
    assert found.meta == {"subject": "Cats -- Fiction", "epub_version": "3.0"}


def test_roles_tell_authors_from_translators_and_a_link_names_the_licence(tmp_path):
    more = (
        '<dc:creator id="t">B. Other</dc:creator><meta refines="#t" property="role">trl</meta>'
        '<link rel="cc:license" href="https://creativecommons.org/licenses/by/4.0/"/>'
    )

    found = book(tmp_path, {"c1": page(f"<p>{PROSE}</p>")}, metadata=METADATA + more)

    assert (found.author, found.meta["translator"]) == ("A. N. Author", "B. Other")
    assert found.licence == "https://creativecommons.org/licenses/by/4.0/"


def test_documents_come_in_the_order_of_the_spine(tmp_path):
    pages = {"b": page("<h1>Two</h1><p>second</p>"), "a": page("<h1>One</h1><p>first</p>")}

    found = book(tmp_path, pages, spine=("a", "b"))

    assert found.text == "One\n\nfirst\n\nTwo\n\nsecond"
    assert [(s.level, s.title, s.start) for s in found.sections] == [(1, "One", 0), (1, "Two", 12)]


NAV = page(
    '<nav epub:type="toc"><h1>Contents</h1><ol><li><a href="c1.xhtml">One</a><ol><li><a href="c1.xhtml#deep">Deep</a></li></ol></li>'
    '<li><a href="c2.xhtml">Two</a></li></ol></nav><nav epub:type="landmarks"><ol><li><a epub:type="copyright-page" href="c3.xhtml">C</a></li></ol></nav>'
)


def test_contents_give_sections_with_levels_and_are_no_text(tmp_path):
    pages = {
        "c1": page(f'<p>{PROSE}</p><div id="deep"><p>deep text</p></div>'),
        "c2": page("<p>second</p>"),
        "c3": page(f"<p>{PROSE}</p>"),
    }
    manifest = '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'

    found = book(tmp_path, pages, spine=("nav", "c1", "c2", "c3"), manifest=manifest, more={"OPS/nav.xhtml": NAV})

    assert found.text == f"{PROSE}\n\ndeep text\n\nsecond"
    assert [(s.level, s.title) for s in found.sections] == [(1, "One"), (2, "Deep"), (1, "Two")]
    assert found.text[found.sections[1].start :].startswith("deep text")


def test_an_ncx_of_version_2_gives_sections(tmp_path):
    ncx = (
        '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>One</text></navLabel><content src="c1.xhtml"/>'
        '<navPoint><navLabel><text>Inner</text></navLabel><content src="c1.xhtml#x"/></navPoint></navPoint></navMap></ncx>'
    )
    manifest = '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'

    found = book(
        tmp_path,
        {"c1": page('<p>first</p><p id="x">inner</p>')},
        manifest=manifest,
        spine_attributes='toc="ncx"',
        more={"OPS/toc.ncx": ncx},
    )

    assert [(s.level, s.title, found.text[s.start :]) for s in found.sections] == [
        (1, "One", "first\n\ninner"),
        (2, "Inner", "inner"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        '<section epub:type="cover"><p>The Cat, a novel by A. N. Author</p></section>',
        '<section epub:type="copyright-page"><p>some words here</p></section>',
        "<h1>The Cat</h1><p>by A. N. Author</p>",
        "<p>Copyright © 2001 by A. N. Author. All rights reserved. ISBN 978-0-00-000000-2. No part of this book may be copied.</p>",
        "<p>版权所有 翻印必究</p><p>ISBN 978-7-0000-0000-1</p><p>图书在版编目（CIP）数据</p>",
        "<p>Also by A. N. Author</p><p>The Dog</p><p>The Mouse</p>",
        "<p>Sign up for our newsletter at example.org and follow us</p>",
        '<ol><li><a href="c1.xhtml">The first chapter</a></li><li><a href="c1.xhtml#x">The second one</a></li></ol>',
        '<p><img src="cover.jpg" alt="Cover"/></p>',
    ],
)
def test_what_is_not_of_the_book_is_left_out(tmp_path, body):
    assert book(tmp_path, {"x": page(body), "c1": page(f"<p>{PROSE}</p>")}).text == PROSE


def test_a_guide_of_version_2_names_what_is_left_out(tmp_path):
    guide = '<guide><reference type="title-page" href="x.xhtml"/></guide>'

    assert book(tmp_path, {"x": page(f"<p>no {PROSE}</p>"), "c1": page(f"<p>{PROSE}</p>")}, guide=guide).text == PROSE


def test_a_short_dedication_and_an_epigraph_on_a_title_page_stay(tmp_path):
    title = '<section epub:type="titlepage"><h1>The Cat</h1><p epub:type="dedication">For Ezra</p></section>'

    assert book(
        tmp_path, {"x": page(title), "y": page("<p>To my mother.</p>"), "c1": page(f"<p>{PROSE}</p>")}
    ).text == (f"For Ezra\n\nTo my mother.\n\n{PROSE}")


def test_ruby_readings_go_and_direction_and_vertical_writing_are_kept(tmp_path):
    body = "<p><ruby>山路<rp>(</rp><rt>やまみち</rt><rp>)</rp></ruby>を登りながら、<ruby>智<rt>ち</rt></ruby>に働けば角が立つ。</p>"
    css = {"OPS/v.css": "body { -epub-writing-mode: vertical-rl }"}

    found = book(tmp_path, {"c1": page(body)}, spine_attributes='page-progression-direction="rtl"', more=css)

    assert found.text == "山路を登りながら、智に働けば角が立つ。"
    assert (found.meta["direction"], found.meta["writing_mode"]) == ("rtl", "vertical-rl")


def test_verse_lists_tables_and_code_stay_readable(tmp_path):
    body = (
        "<h2>Verse</h2><div class='poem'><div>April is the cruellest month,</div><div>breeding<span class='lnum'>2</span></div></div><p>a<br/>b</p>"
        "<ul><li>one</li><li>two</li></ul><ol start='3'><li>three</li></ol>"
        "<table><tr><th>Name</th><th>Year</th></tr><tr><td>Ann</td><td>1899</td></tr></table><pre>if x:\n    y()</pre>"
        "<dl><dt>cat</dt><dd>an animal</dd></dl><p>H<sub>2</sub>O  and\n  more</p>"
    )

    assert book(tmp_path, {"c1": page(body)}).text == (
        "Verse\n\nApril is the cruellest month,\nbreeding\n\na\nb\n\n- one\n- two\n\n3. three\n\nName | Year\nAnn | 1899\n\nif x:\n    y()\n\n"
        "cat\nan animal\n\nH2O and more"
    )


def test_footnotes_are_marked_or_go(tmp_path):
    body = (
        '<p>The cat<a epub:type="noteref" href="#n1">1</a> spoke<sup><a href="#n2">2</a></sup>, see <a href="#x">Chapter 2</a>.</p>'
        '<aside epub:type="footnote" id="n1"><p>A real cat. <a href="#r1">↩</a></p></aside>'
    )

    kept, dropped = (
        book(tmp_path, {"c1": page(body)}),
        book(tmp_path, {"c1": page(body)}, options={"footnotes": "drop"}),
    )

    assert kept.text == "The cat[1] spoke[2], see Chapter 2.\n\nA real cat."
    assert dropped.text == "The cat spoke, see Chapter 2."


def test_formulas_are_latex(tmp_path):
    math = '<math xmlns="http://www.w3.org/1998/Math/MathML"{}><mfrac><mi>a</mi><mn>2</mn></mfrac></math>'
    alternative = ' alttext="a/2"'

    found = book(tmp_path, {"c1": page(f"<p>Half is {math.format('')} or {math.format(alternative)}.</p>")})

    assert found.text == r"Half is $\frac{a}{2}$ or $a/2$."


def test_a_page_number_a_script_and_a_fallback_are_no_text(tmp_path):
    body = '<p>one <span epub:type="pagebreak" id="p2">2</span>two</p><script>alert(1)</script><canvas>no canvas</canvas><p hidden="hidden">h</p>'

    assert book(tmp_path, {"c1": page(body)}).text == "one two"


@pytest.mark.parametrize(
    "note",
    [
        "<aside epub:type='annotation'><p>Transcriber's Note: original reads 'warrier'</p></aside>",
        "<div class='tn'><h2>Transcriber’s Notes</h2><p>Page 7: dan</p></div>",
        "<section id='pg-header'><h2>The Project Gutenberg eBook of The Cat</h2><p>This eBook is for the use of anyone</p></section>",
        "<pre>End of the Project Gutenberg EBook of The Cat\n\n*** END OF THIS PROJECT GUTENBERG EBOOK ***\nlicence</pre>",
    ],
)
def test_notes_of_those_who_made_the_electronic_text_go(tmp_path, note):
    assert book(tmp_path, {"c1": page(f"<p>{PROSE}</p>{note}")}).text == PROSE


def test_entities_of_html_and_broken_markup_are_read(tmp_path):
    entity = f"<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.1//EN' 'http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd'>{page('<p>caf&eacute;&nbsp;noir</p>')}"

    assert (
        book(tmp_path, {"c1": entity, "c2": "<html><body><p>unclosed <b>bold</p><p>next</body>"}).text
        == "café\xa0noir\n\nunclosed bold\n\nnext"
    )


def test_a_missing_document_is_counted(tmp_path):
    found = book(
        tmp_path,
        {"c1": page(f"<p>{PROSE}</p>")},
        spine=("c1", "lost"),
        manifest='<item id="lost" href="l.xhtml" media-type="text/html"/>',
    )

    assert (found.text, found.meta["missing_documents"]) == (PROSE, 1)


ENCRYPTED = (
    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><EncryptedData xmlns="http://www.w3.org/2001/04/xmlenc#">'
    '<EncryptionMethod Algorithm="{method}"/><CipherData><CipherReference URI="{uri}"/></CipherData></EncryptedData></encryption>'
)


def test_encrypted_documents_are_a_reject_and_disfigured_fonts_are_not(tmp_path):
    pages = {"c1": page(f"<p>{PROSE}</p>")}
    drm = ENCRYPTED.format(method="http://www.w3.org/2001/04/xmlenc#aes128-cbc", uri="OPS/c1.xhtml")
    font = ENCRYPTED.format(method="http://www.idpf.org/2008/embedding", uri="OPS/f.otf")

    [refused] = read(tmp_path, epub(pages, more={"META-INF/encryption.xml": drm}))
    [taken] = read(tmp_path, epub(pages, more={"META-INF/encryption.xml": font}))

    assert refused.reason == "encrypted"
    assert taken.text == PROSE


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty_file"),
        (b"not a zip at all, but long enough to be looked at", "broken_archive"),
        (zipped({"a.txt": "x"}), "not_epub"),
        (zipped({"META-INF/container.xml": "<container><rootfile/></container>"}), "not_epub"),
        (zipped({"META-INF/container.xml": CONTAINER, "OPS/package.opf": "<package>"}), "broken_xml"),
        (zipped({"META-INF/container.xml": CONTAINER, "OPS/package.opf": "<package><spine/></package>"}), "no_spine"),
        (epub({"c1": page("<p> </p>")}), "no_text"),
        (epub({"c1": page(f"<p>{PROSE}</p>")})[:-200], "broken_archive"),
    ],
)
def test_what_is_no_book_is_a_reject(tmp_path, data, reason):
    [found] = read(tmp_path, data)

    assert found.reason == reason


@pytest.mark.parametrize(("depth", "reason"), [(200, None), (5_000, "xml_bomb")])
def test_elements_deep_in_each_other_are_read_or_refused(tmp_path, depth, reason):
    [found] = read(tmp_path, epub({"c1": page("<div class='x'>" * depth + PROSE + "</div>" * depth)}))

    assert getattr(found, "reason", None) == reason


def test_an_entity_bomb_is_a_reject(tmp_path):
    bomb = '<?xml version="1.0"?><!DOCTYPE html [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + page("<p>&b;</p>")

    [found] = read(tmp_path, epub({"c1": bomb}))

    assert found.reason == "xml_bomb"


def test_an_external_dtd_and_an_external_entity_are_not_fetched(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("SECRET")
    outside = f'<!DOCTYPE html SYSTEM "file://{secret}">' + page(f"<p>{PROSE}</p>")
    entity = f'<!DOCTYPE html [<!ENTITY x SYSTEM "file://{secret}">]>' + page("<p>&x;</p>")

    [taken], [refused] = read(tmp_path, epub({"c1": outside})), read(tmp_path, epub({"c1": entity}))

    assert taken.text == PROSE
    assert refused.reason == "xml_bomb"


def test_members_that_climb_out_are_told_and_nothing_is_written(tmp_path):
    data = epub({"c1": page(f"<p>{PROSE}</p>")}, more={"../evil.xhtml": "x", "/etc/evil.html": "x"})

    found = read(tmp_path, data)

    assert found[0].text == PROSE
    assert [one.reason for one in found[1:]] == ["path_escapes", "path_escapes"]
    assert {path.name for path in tmp_path.parent.rglob("*evil*")} == set()


def test_a_reference_that_climbs_out_of_the_archive_reads_nothing(tmp_path):
    (tmp_path / "secret.xhtml").write_text(page("<p>SECRET</p>"))
    manifest = '<item id="s" href="../../secret.xhtml" media-type="application/xhtml+xml"/>'

    found = book(tmp_path, {"c1": page(f"<p>{PROSE}</p>")}, spine=("s", "c1"), manifest=manifest)

    assert found.text == PROSE


def test_a_bomb_is_a_reject(tmp_path):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("META-INF/container.xml", CONTAINER)
        for name in "abc":
            archive.writestr(f"OPS/{name}.xhtml", b" " * (40 << 20))

    [found] = read(tmp_path, held.getvalue())

    assert found.reason == "archive_bomb"


def test_a_directory_that_lies_about_sizes_ends_the_member(tmp_path):
    data = bytearray(epub({"c1": page(f"<p>{PROSE * 50}</p>")}))
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<L", 10)

    found = read(tmp_path, bytes(data))

    assert [one.reason for one in found] in (["no_text"], ["member_too_large"], ["no_text", "member_too_large"])
