"""docs/operations.md, followed to the letter: its console blocks are typed in their order, in a home with one snapshot made and another at the source."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_crawl import NEXT_SNAPSHOT, SNAPSHOT, make_home

from corpus_platform.home import Home

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

TEXT = Path(__file__).parents[2] / "docs" / "operations.md"
CORPUS = Path(sys.executable).with_name("corpus")
NEXT = {"variant": "resiliparse.ccnet", "snapshot": NEXT_SNAPSHOT}


def sections():
    """(heading, its console commands) in order."""
    for part in re.split(r"^## ", TEXT.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        blocks = re.findall(r"```console\n(.*?)```", part, re.DOTALL)
        yield part.partition("\n")[0], [line[2:] for block in blocks for line in block.splitlines() if line]


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    folder = make_home(
        tmp_path_factory.mktemp("operated"), variants=["resiliparse"], recipes={"enabled": ["ccnet", "fineweb"]}
    )
    corpus(folder, f"corpus run corpora/ccnet corpora/fineweb --snapshot {SNAPSHOT}")
    return Home.open(folder)


def corpus(folder, command, code=0):
    """Types a command; what it prints."""
    words = shlex.split(command)
    assert words[0] == "corpus"
    done = subprocess.run(
        [CORPUS, "--home", folder, *words[1:]],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def test_what_the_text_says_can_be_typed_and_does_what_it_says(home):
    told = {}
    for heading, commands in sections():
        before = BEFORE.get(heading)
        if before:
            before(home)
        told[heading] = [(command, corpus(home.path, command)) for command in commands]
        if heading in AFTER:
            AFTER[heading](home, dict(told[heading]))

    assert {*BEFORE, *AFTER} <= told.keys()
    assert sum(map(len, told.values())) >= 30


def _file(home, number):
    return next(home.path.glob(f"crawl/crawl-data/{NEXT_SNAPSHOT}/segments/1.0/warc/part-{number:05d}*"))


def _rows(home):
    return home.lake.scan("corpora.ccnet", **NEXT).collect()


def _a_shard_fails(home):
    """The second file of the crawl can't be read: a run fails, names it, and keeps the first. Then it is mended."""
    file = _file(home, 1)
    content = file.read_bytes()
    file.write_bytes(content[:200] + b"x" * 100)
    said = corpus(home.path, f"corpus run corpora/ccnet --snapshot {NEXT_SNAPSHOT}", code=1)
    assert "error:" in said
    file.write_bytes(content)


def _is_made(home, _told):
    assert home.status_of("corpora.ccnet", NEXT).state == "current"
    assert home.lake.state("corpora.ccnet", NEXT).rows > 0


def _pages_are_lost(home):
    """A file of the crawl has become one of the snapshot before: the corpus that is made of it is another one."""
    file = _file(home, 1)
    GOOD["rows"] = _rows(home)
    file.write_bytes(Path(str(file).replace(NEXT_SNAPSHOT, SNAPSHOT)).read_bytes())
    corpus(home.path, f"corpus run corpora/ccnet --snapshot {NEXT_SNAPSHOT}")
    assert not _rows(home).equals(GOOD["rows"])


def _went_back(home, told):
    (back,) = [text for command, text in told.items() if "rollback" in command]
    version = int(re.search(r"is version (\d+)", back).group(1))
    restored = home.lake.scan("corpora.ccnet", version=version, **NEXT).collect()
    assert restored.equals(GOOD["rows"])
    assert "held" in told["corpus status"]
    assert home.lake.holds() == []
    assert home.status_of("corpora.ccnet", NEXT).state == "current"
    # The file is as bad as before, and so is the corpus that the last command has made.
    assert not _rows(home).equals(GOOD["rows"])


def _has_new_threshold(home, told):
    shown = [text for command, text in told.items() if command.startswith("corpus review") and "--freeze" in command]
    assert shown
    assert "line_punct_ratio" in (home.path / "thresholds.yaml").read_text(encoding="utf-8")
    where = {"variant": home.variant_of("fineweb"), "snapshot": SNAPSHOT}
    assert Home.open(home.path).status_of("corpora.fineweb", where).state == "current"


def _is_out(home, told):
    assert any("first" in text for command, text in told.items() if command == "corpus release list")
    assert any(pin.reason for pin in home.lake.pins("corpora.ccnet"))


GOOD = {}
BEFORE = {"When a run fails": _a_shard_fails, "Going back": _pages_are_lost}
AFTER = {
    "A new snapshot": _is_made,
    "When a run fails": _is_made,
    "Going back": _went_back,
    "A threshold": _has_new_threshold,
    "Releases": _is_out,
}
