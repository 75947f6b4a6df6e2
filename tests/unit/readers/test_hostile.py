"""Archives and XML that mean harm, or are only broken: each is a problem with a reason, and what came before it is kept."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import pytest
from lxml import etree

from corpus_platform.errors import SourceError
from corpus_platform.readers.archives import ArchiveError, Limits, Member, Problem, contents, members, plain
from corpus_platform.readers.safe_xml import UnsafeXml, XmlLimits, events, local_name, tree

SMALL = Limits(ratio=50, ratio_from=1 << 16, members=20, member_bytes=1 << 20, held_bytes=1 << 20, path_characters=60)


def packed_tar(entries, mode="w:gz", **options):
    """A tar of (name or TarInfo, bytes)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, **options) as archive:
        for name, data in entries:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def packed_zip(entries, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return buffer.getvalue()


class Pipe(io.RawIOBase):
    """Bytes that can't be sought in and come in small pieces, as from a network."""

    def __init__(self, data, piece=700):
        self.data, self.piece, self.at = data, piece, 0

    def readable(self):
        return True

    def read(self, size=-1):
        size = min(self.piece, size if size >= 0 else self.piece)
        self.at += size
        return self.data[self.at - size : self.at]


def read_all(data, name="a.bin", limits=SMALL, stream=Pipe):
    """{path: bytes} and the problems as (reason, path), in order."""
    files, problems = {}, []
    for found in contents(stream(data), name, lambda path: True, limits=limits):
        if isinstance(found, Problem):
            problems.append((found.reason, found.path))
        else:
            files[found[0].path] = found[1]
    return files, problems


FILES = [("a/main.tex", b"one" * 700), ("b.txt", b""), ("c\u00e9.txt", "é".encode() * 1000)]
WHOLE = dict(FILES)


@pytest.mark.parametrize("stream", [Pipe, io.BytesIO])
@pytest.mark.parametrize(
    "data",
    [
        packed_tar(FILES, "w"),
        packed_tar(FILES),
        packed_tar(FILES, "w:bz2"),
        packed_tar(FILES, "w:xz"),
        packed_tar(FILES, format=tarfile.GNU_FORMAT),
        packed_zip(FILES),
        packed_zip(FILES, zipfile.ZIP_STORED),
        packed_zip(FILES, zipfile.ZIP_BZIP2),
    ],
    ids=["tar", "gzip", "bzip2", "xz", "gnu", "deflated", "stored", "zip-bzip2"],
)
def test_every_kind_of_archive_gives_its_files_in_order(data, stream):
    files, problems = read_all(data, stream=stream)

    assert files == WHOLE
    assert list(files) == list(WHOLE)
    assert problems == []


@pytest.mark.parametrize("format_", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_a_name_beyond_the_headers_field_is_read(format_):
    name = "f" * 70 + "/" + "ü" * 90 + ".tex"

    files, problems = read_all(packed_tar([(name, b"x")], format=format_), limits=Limits())

    assert files == {name: b"x"}
    assert problems == []


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_one_compressed_file_is_a_member_named_after_the_archive(pack):
    files, problems = read_all(pack(b"\\documentclass{article}"), name="math/9901001.gz")

    assert files == {"9901001": b"\\documentclass{article}"}
    assert problems == []


def test_compressed_streams_in_a_row_are_one_file_and_padding_is_none():
    files, problems = read_all(gzip.compress(b"one ") + gzip.compress(b"two") + bytes(4000), name="x.gz")

    assert files == {"x": b"one two"}
    assert problems == []


def test_archives_in_an_archive_are_opened_by_name_and_an_epub_is_not():
    inner = packed_tar([("ms.tex", b"text")])
    epub = packed_zip([("mimetype", b"application/epub+zip")])
    outer = packed_tar(
        [
            ("1911/1911.02782.gz", inner),
            ("1911/2.gz", gzip.compress(b"one")),
            ("book.epub", epub),
            ("z.zip", packed_zip([("q", b"w")])),
        ],
        "w",
    )

    found = list(members(Pipe(outer), "arXiv_src_1911_001.tar", limits=SMALL))

    assert [(member.path, member.within) for member in found if isinstance(member, Member)] == [
        ("1911/1911.02782.gz/ms.tex", "1911/1911.02782.gz"),
        ("1911/2.gz/2", "1911/2.gz"),
        ("book.epub", ""),
        ("z.zip/q", "z.zip"),
    ]


def test_a_folder_of_archives_deeper_than_the_limit_is_a_problem_and_the_rest_is_read():
    deep = packed_tar([("x.tex", b"x")])
    for _ in range(4):
        deep = packed_tar([("in.tar.gz", deep), ("beside.tex", b"y")])

    files, problems = read_all(deep)

    assert problems == [("nested_too_deep", "in.tar.gz/in.tar.gz/in.tar.gz")]
    assert sorted(files) == ["beside.tex", "in.tar.gz/beside.tex", "in.tar.gz/in.tar.gz/beside.tex"]


@pytest.mark.parametrize("path", ["../up", "a/../../up", "/etc/passwd", "C:\\boot.ini", "..\\up", "a/..", "y" * 61])
@pytest.mark.parametrize("pack", [packed_tar, packed_zip])
def test_a_path_that_leaves_the_archive_is_a_problem_and_the_next_file_is_read(path, pack):
    files, problems = read_all(pack([(path, b"evil"), ("good", b"fine")]))

    assert files == {"good": b"fine"}
    assert [reason for reason, _ in problems] == ["path_escapes"]


def test_links_devices_and_files_with_holes_are_problems_and_not_followed():
    entries = []
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE):
        info = tarfile.TarInfo("x")
        info.type, info.linkname = kind, "/etc/passwd"
        entries.append((info, b""))

    files, problems = read_all(packed_tar([*entries, ("good", b"fine")]))

    assert files == {"good": b"fine"}
    assert [reason for reason, _ in problems] == ["link", "link", "special_file", "special_file", "special_file"]


def test_a_symbolic_link_and_an_encrypted_member_of_a_zip_are_problems():
    link = zipfile.ZipInfo("link")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    data = bytearray(packed_zip([(link, b"/etc/passwd"), ("secret", b"s"), ("good", b"fine")]))
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(b"secret"))
    data[at + 8] |= 1

    files, problems = read_all(bytes(data))

    assert files == {"good": b"fine"}
    assert problems == [("link", "link"), ("encrypted", "secret")]


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(bytes(1 << 22)),
        bz2.compress(bytes(1 << 22)),
        lzma.compress(bytes(1 << 22)),
        packed_tar([("zeros", bytes(1 << 20)), ("after", b"x")]),
        packed_zip([("zeros", bytes(1 << 20)), ("after", b"x")]),
        packed_zip([("zeros", bytes(1 << 20)), ("after", b"x")], zipfile.ZIP_BZIP2),
        packed_tar([("in.gz", gzip.compress(bytes(1 << 22))), ("after", b"x")], "w:xz"),
        gzip.compress(gzip.compress(bytes(1 << 22))),
    ],
    ids=["gzip", "bzip2", "xz", "tar", "zip", "zip-bzip2", "nested", "twice"],
)
def test_a_bomb_is_told_once_and_ends_the_archive(data):
    files, problems = read_all(data, name="bomb.gz.gz", limits=Limits(ratio=50, ratio_from=1 << 16))

    assert files == {}
    assert [reason for reason, _ in problems] == ["archive_bomb"]


def test_too_many_members_are_a_bomb():
    files, problems = read_all(packed_tar([(f"f{i}", b"") for i in range(30)]))

    assert len(files) == SMALL.members
    assert [reason for reason, _ in problems] == ["archive_bomb"]


def test_all_that_is_unpacked_counts_through_every_layer():
    files, problems = read_all(
        packed_tar([("one", b"a" * 9000), ("two", b"b" * 9000)]), limits=Limits(total_bytes=12_000)
    )

    assert list(files) in (["one"], [])
    assert [reason for reason, _ in problems] == ["archive_bomb"]


def test_a_member_larger_than_the_limit_is_passed_over():
    big = bytes(range(256)) * 8000

    for pack in (packed_tar, packed_zip):
        files, problems = read_all(pack([("big", big), ("good", b"fine")]), limits=Limits(member_bytes=1 << 20))

        assert files == {"good": b"fine"}
        assert problems == [("member_too_large", "big")]


def test_a_zip_whose_directory_tells_a_smaller_size_is_found_out():
    data = bytearray(packed_zip([("liar", b"a" * 60_000), ("good", b"fine")]))
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = (5).to_bytes(4, "little")

    files, problems = read_all(bytes(data))

    assert files == {"good": b"fine"}
    assert problems == [("member_too_large", "liar")]


def test_a_pax_header_of_gigabytes_is_not_read():
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 1 << 33
    data = packed_tar([("first", b"1")], "w").rstrip(b"\0")
    data += bytes(-len(data) % 512) + header.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20)

    files, problems = read_all(data)

    assert files == {"first": b"1"}
    assert [reason for reason, _ in problems] == ["broken_archive"]


def test_an_archive_that_is_cut_off_gives_what_came_before():
    entries = [(f"f{i}", bytes((i * j) % 251 for j in range(5000))) for i in range(10)]
    for data in (packed_tar(entries, "w"), packed_tar(entries)):
        files, problems = read_all(data[: len(data) // 2])

        assert 0 < len(files) < 10
        assert all(files[name] == data for name, data in entries if name in files)
        assert [reason for reason, _ in problems] == ["broken_archive"]


def test_damage_of_an_inner_archive_leaves_the_outer_one_readable():
    inner = packed_tar([("ms.tex", bytes(range(256)) * 40)])
    outer = packed_tar(
        [("bad.tar.gz", inner[: len(inner) // 2]), ("cut.gz", gzip.compress(b"x" * 500)[:12]), ("good", b"fine")], "w"
    )

    files, problems = read_all(outer)

    assert files == {"good": b"fine"}
    assert [reason for reason, _ in problems] == ["broken_archive", "broken_archive"]


@pytest.mark.parametrize(
    "data", [b"", b"plain text", b"%PDF-1.4 " * 100, b"PK\x03\x04 no zip", b"\x1f\x8bnot gzip", b"\xfd7zXZ\x00no"]
)
def test_what_is_no_archive_is_a_problem(data):
    files, problems = read_all(data)

    assert files == {}
    assert problems == [("broken_archive", "a.bin")]


def test_a_failing_store_is_an_error_and_never_damage():
    class Failing(Pipe):
        def read(self, size=-1):
            if self.at > 1000:
                raise OSError("connection reset")
            return super().read(size)

    with pytest.raises(SourceError, match="connection reset"):
        read_all(packed_tar([("a", bytes(range(256)) * 100)], "w"), stream=Failing)


def test_a_single_file_is_unpacked_within_its_limits():
    assert plain(Pipe(gzip.compress(b"lines\n" * 9)), "x.jsonl.gz").read() == b"lines\n" * 9
    assert plain(Pipe(b"as it is"), "x.jsonl").read() == b"as it is"
    with pytest.raises(ArchiveError, match="archive_bomb"):
        plain(Pipe(gzip.compress(bytes(1 << 22))), "x.gz", limits=SMALL).read()


def test_a_member_is_read_once():
    member = next(members(Pipe(packed_tar(FILES)), "x.tar.gz"))
    assert isinstance(member, Member)
    member.read()

    with pytest.raises(ValueError, match="once"):
        member.read()


LAUGHS = (
    b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">%s]><x t="&k;"><row>&k;</row></x>"""
    % b"".join(b'<!ENTITY %c "%s">' % (c, b"&%c;" % (c - 1) * 10) for c in range(ord("c"), ord("l")))
)


def rows(data, tags=("row",), limits=None):
    """(attributes and text of each element, problems)."""
    found, problems = [], []
    for item in events(Pipe(data), tags=tags, limits=limits):
        if isinstance(item, Problem):
            problems.append(item.reason)
        else:
            found.append((dict(item.attrib), "".join(item.itertext())))
    return found, problems


@pytest.mark.parametrize(
    "data",
    [
        LAUGHS,
        LAUGHS.decode().replace('version="1.0"', 'version="1.0" encoding="utf-16"').encode("utf-16"),
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x><row>&e;</row></x>',
        b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]><x><row/></x>',
        b'<!-- <b> --><?p <c> ?><!DOCTYPE x SYSTEM "<d>" [<!ENTITY e "quadratic">]><x>&e;&e;</x>',
        b"<!DOCTYPE x [" + b" " * 200_000 + b'<!ENTITY e "late">]><x><row>&e;</row></x>',
    ],
    ids=["laughs", "utf-16", "file", "parameter", "disguised", "late"],
)
def test_declared_entities_end_a_document_before_its_first_element(data):
    assert rows(data) == ([], ["xml_bomb"])
    with pytest.raises(UnsafeXml) as caught:
        tree(data)
    assert caught.value.reason == "xml_bomb"


def test_an_external_document_type_is_tolerated_not_fetched_and_html_entities_are_characters():
    data = b'<?xml version="1.0"?><!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x><row>caf&eacute;&nbsp;&amp;&unknown;</row></x>'

    found, problems = rows(data)

    assert found == [({}, "caf\u00e9\u00a0&&unknown;")]
    assert problems == []
    assert local_name(tree(data)[0]) == "row"


def test_elements_come_by_local_name_in_order_each_with_all_in_it():
    data = b'<d xmlns="urn:x"><row a="1">one<row a="in"/></row><other><row a="2"/></other></d>'

    assert rows(data) == ([({"a": "1"}, "one"), ({"a": "2"}, "")], [])


def test_what_came_before_a_break_is_given():
    found, problems = rows(b'<d><row a="1"/><row a="2"/><row a=')

    assert [attributes["a"] for attributes, _ in found] == ["1", "2"]
    assert problems == ["broken_xml"]


@pytest.mark.parametrize(
    "data",
    [
        b"<d><row>" + b"x" * 300_000 + b"</row></d>",
        b'<d><row a="' + b"x" * 300_000 + b'"/></d>',
        b"<d><!--" + b"x" * 300_000 + b"--></d>",
        b"<d>" + b"<a>" * 300,
        b"<d><row>" + b"<a/>" * 3000 + b"</row></d>",
    ],
    ids=["text", "attribute", "comment", "deep", "wide"],
)
def test_a_node_or_element_beyond_the_limits_ends_the_document(data):
    assert rows(data, limits=XmlLimits(node_bytes=200_000, element_nodes=2000)) == ([], ["xml_bomb"])


@pytest.mark.parametrize(
    ("declared", "real"),
    [
        ("utf-8", "utf-8"),
        ("utf-8", "cp1252"),
        ("iso-8859-1", "utf-8"),
        ("iso-8859-1", "iso-8859-1"),
        ("no-such-thing", "utf-8"),
        ("rot13", "utf-8"),
        ("utf-16", "utf-8"),
        ("utf-16", "utf-16"),
        ("gb18030", "gb18030"),
    ],
)
def test_an_encoding_that_is_declared_wrongly_is_found(declared, real):
    text = "中文" if real == "gb18030" else "naïve café"
    data = f'<?xml version="1.0" encoding="{declared}"?><d><row>{text}</row></d>'.encode(real)

    assert rows(data) == ([({}, text)], [])


def test_characters_that_xml_forbids_become_spaces():
    assert rows(b"<d><row>a\x0b\x00b</row></d>") == ([({}, "a  b")], [])


@pytest.mark.parametrize("data", [b"", b"   ", b"no xml", b"<a><b></a>", b"\xff\xfe"])
def test_a_tree_of_no_xml_says_so(data):
    with pytest.raises(UnsafeXml) as caught:
        tree(data)

    assert caught.value.reason == "broken_xml"


def test_a_tree_is_the_whole_document():
    root = tree(b"<a>1<b x='2'>3</b>4</a>")

    assert etree.tostring(root) == b'<a>1<b x="2">3</b>4</a>'
