"""Bombs of gigabytes, and lines and nodes of a hundred megabytes, read in a process of their own: told with a reason, in bounded memory, nothing written."""

import bz2
import gzip
import io
import json
import subprocess
import sys
import tarfile
import zipfile
import zlib

import pytest

pytestmark = pytest.mark.e2e

MOST_MB = 400
"""Peak of a whole process: Python with lxml and Arrow takes 150 MB of it before it reads anything."""

READ = """
import json, re, sys
from pathlib import Path
from corpus_platform.readers.reader import Unit, reader_of

told = {}
for name, path in (argument.split("=", 1) for argument in sys.argv[1:]):
    found = list(reader_of(name).read(Unit.of_path(Path(path))))
    told[Path(path).name] = [getattr(item, "reason", "text") for item in found]
# Not ru_maxrss: a child's begins at the peak of the process that started it.
peak = re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())
print(json.dumps({"told": told, "peak_mb": int(peak[1]) // 1024}))
"""


def read_apart(files, tmp_path):
    """What readers make of files, in one child process: {name of the file: reasons, `text` for a document} and its peak in MB.

    It works in an empty folder, which it must leave empty.
    """
    work = tmp_path / "work"
    work.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", READ, *(f"{reader}={path}" for path, reader in files.items())],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=work,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert list(work.iterdir()) == []
    found = json.loads(done.stdout)
    return found["told"], found["peak_mb"]


def gzip_of_zeros(gigabytes):
    """A gzip member that gives so many bytes, written without holding them: one compressed piece is repeated."""
    piece = zlib.compressobj(9, zlib.DEFLATED, -15)
    zeros = bytes(1 << 20)
    repeated = piece.compress(zeros) + piece.flush(zlib.Z_FULL_FLUSH)
    end = zlib.compressobj(9, zlib.DEFLATED, -15).flush()
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + repeated * (gigabytes << 10) + end + bytes(8)


def tar_of(entries):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in entries:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def zip_of(name, data, method):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def bzip2_of_zeros(gigabytes):
    """Streams of bzip2 in a row; each gives 64 MB from some sixty bytes."""
    return bz2.compress(bytes(64 << 20)) * (gigabytes * 16)


def test_bombs_of_gigabytes_are_told_once_in_bounded_memory(tmp_path):
    zeros = bytes(80 << 20)
    bombs = {
        "1911.00001.gz": gzip_of_zeros(8),
        "bzip2.tar.bz2": bzip2_of_zeros(4),
        "tar.tar.gz": gzip.compress(tar_of([("f.tex", zeros), ("after.tex", b"x")])),
        "deflated.zip": zip_of("ms.tex", zeros, zipfile.ZIP_DEFLATED),
        "bzip2.zip": zip_of("ms.tex", zeros, zipfile.ZIP_BZIP2),
        "arXiv_src_1911_001.tar": tar_of(
            [("1911/1911.00001.gz", gzip_of_zeros(4)), ("1911/1911.00002.gz", gzip.compress(b"x"))]
        ),
    }
    for name, data in bombs.items():
        (tmp_path / name).write_bytes(data)
    files = {tmp_path / name: "latex" for name in bombs}

    told, peak_mb = read_apart(files, tmp_path)

    for name, reasons in told.items():
        assert [reason for reason in reasons if reason in ("archive_bomb", "member_too_large")], name
        assert reasons.count("archive_bomb") <= 1, name
        assert "text" not in reasons, name
    assert peak_mb < MOST_MB


def test_lines_and_nodes_of_a_hundred_megabytes_are_told_in_bounded_memory(tmp_path):
    cases = {
        "s2orc.jsonl": (b'{"title": "', b'"}', "s2orc"),
        "papers.jsonl": (b'{"title": "', b'"}', "papers"),
        "jats.nxml": (b"<article><body><p>", b"</p></body></article>", "jats"),
        "papers.xml": (b"<papers><paper title='", b"'/></papers>", "papers"),
        "ms.tex": (b"\\documentclass{article}\\begin{document}", b"", "latex"),
    }
    for name, (before, after, _) in cases.items():
        with (tmp_path / name).open("wb") as stream:
            stream.write(before)
            for _number in range(100):
                stream.write(b"x" * (1 << 20))
            stream.write(after + b"\n")
    with (
        gzip.open(tmp_path / "1911.00003.gz", "wb", compresslevel=1) as packed,
        (tmp_path / "ms.tex").open("rb") as plain,
    ):
        packed.write(plain.read())
    (tmp_path / "ms.tex").unlink()
    files = {tmp_path / name: reader for name, (_, _, reader) in cases.items() if name != "ms.tex"} | {
        tmp_path / "1911.00003.gz": "latex"
    }

    told, peak_mb = read_apart(files, tmp_path)

    assert {name: reasons[0] for name, reasons in told.items()} == {
        "s2orc.jsonl": "line_too_long",
        "papers.jsonl": "line_too_long",
        "jats.nxml": "xml_bomb",
        "papers.xml": "xml_bomb",
        "1911.00003.gz": "member_too_large",
    }
    assert peak_mb < MOST_MB
