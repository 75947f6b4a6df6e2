"""RedPajama-1T's own cleaning of LaTeX: every row of its output on the sample papers, and what our default keeps that it loses."""

import gzip
import hashlib
import io
import tarfile

import orjson
import pytest

from corpus_platform.clean.latex_reference import reference_macros, reference_text

pytestmark = pytest.mark.samples


@pytest.fixture(scope="module")
def rows(samples):
    found = [orjson.loads(line) for line in (samples / "expected" / "rpv1_arxiv.jsonl").read_bytes().splitlines()]
    assert len(found) == 119
    return found


def files_of(samples, row):
    """The .tex files of a row, decoded as the reference does it."""
    academic = samples / "academic"
    if row["kind"] == "file":
        return [(academic / "latex" / row["name"]).read_bytes().decode()]
    if row["kind"] == "project":
        return [path.read_bytes().decode() for path in sorted((academic / "latex" / row["name"]).rglob("*.tex"))]
    with tarfile.open(
        fileobj=io.BytesIO(gzip.decompress((academic / "latex_eprint" / row["name"]).read_bytes()))
    ) as tar:
        return [tar.extractfile(member).read().decode() for member in tar if member.name.endswith(".tex")]  # pyright: ignore[reportOptionalMemberAccess]


def test_every_row_of_redpajamas_output_is_equal(samples, rows):
    differing = []
    for row in rows:
        files = files_of(samples, row)
        text = reference_text(files)
        if (hashlib.sha1(text.encode()).hexdigest(), len(text), len(reference_macros(files))) != (
            row["clean_sha1"],
            row["clean_chars"],
            row["n_macros"],
        ):
            differing.append(row["name"])

    assert differing == []
