"""What is new at the sources: snapshots by name, archives and dumps by their files, and only when uploads have come to rest."""

import pytest

from corpus_platform.automation.arrivals import Memory, Place, new_snapshots, places
from corpus_platform.stages.encyclopedia import Articles, EncyclopediaSettings
from corpus_platform.stages.pages import SourceSettings

CRAWLS = ["CC-MAIN-2024-10", "CC-MAIN-2024-18", "CC-MAIN-2024-22", "CC-MAIN-2024-26"]


@pytest.mark.parametrize(
    ("which", "known", "new"),
    [
        ("newest", [], CRAWLS[3:]),
        ("newest", CRAWLS[1:2], CRAWLS[2:]),
        ("newest", CRAWLS[3:], []),
        ("newest", ["archive"], CRAWLS[3:]),
        ("all", CRAWLS[1:2], [CRAWLS[0], *CRAWLS[2:]]),
        ("CC-MAIN-2024-18", [], CRAWLS[1:]),
        ("CC-MAIN-2024-18", CRAWLS[2:3], [CRAWLS[1], CRAWLS[3]]),
        ("CC-MAIN-2025-01", [], []),
    ],
)
def test_new_snapshots_are_the_newest_all_or_those_from_a_name_on(which, known, new):
    assert new_snapshots(CRAWLS[::-1], known, which) == new


def place(digest: str, name: str = "mine") -> Place:
    return Place("archive", {"snapshot": name}, digest, files=1, bytes=10)


def look(memory: Memory, *now: Place, refuse: bool = False) -> tuple[list[Place], Memory]:
    """What a look starts, and what it leaves for the next; the memory goes through its cursor."""
    started = [] if refuse else memory.settled(now)
    return started, Memory.read(memory.after(now, started).cursor())


def test_a_place_is_started_once_when_two_looks_saw_the_same_files():
    growing, whole = place("a"), place("b")

    first, memory = look(Memory({}), growing)
    second, memory = look(memory, whole)
    third, memory = look(memory, whole)
    fourth, memory = look(memory, whole)

    assert [first, second, third, fourth] == [[], [], [whole], []]


def test_a_place_whose_files_change_is_started_again_and_one_that_waits_is_offered_again():
    old, new = place("a"), place("b")
    _, memory = look(Memory({}), old)

    refused, memory = look(memory, old, refuse=True)
    started, memory = look(memory, old)
    _, memory = look(memory, new)
    again, memory = look(memory, new)

    assert [refused, started, again] == [[], [old], [new]]


def test_places_that_a_look_could_not_list_are_remembered_when_asked():
    here, away = place("a"), place("z", "away")
    memory = Memory({}).after([here, away], [away])

    assert set(memory.after([here], []).places) == {here.name}
    assert memory.after([here], [], keep=True).places[away.name] == ("z", "z")


@pytest.mark.parametrize("cursor", [None, "", "{", "[]", '{"archive mine": 3, "dump x": ["a"]}'])
def test_a_cursor_that_can_t_be_read_is_an_empty_memory(cursor):
    assert Memory.read(cursor).places == {}


def test_places_are_archives_and_dumps_with_the_digest_of_their_lists(tmp_path):
    for name, data in {"own/a.warc.gz": b"12", "dumps/enwiki-20250101-pages-articles.xml": b"345"}.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(data)
    source = SourceSettings(archives={"mine": str(tmp_path / "own")})
    articles = Articles(EncyclopediaSettings(location=str(tmp_path / "dumps")))

    before, troubles = places(source, articles)
    (tmp_path / "own" / "b.warc.gz").write_bytes(b"6")
    after, _ = places(source, articles)

    assert troubles == []
    assert [(found.name, found.files, found.bytes) for found in before] == [
        ("archive mine", 1, 2),
        ("dump en-20250101", 1, 3),
    ]
    assert before[0].digest != after[0].digest
    assert before[1] == after[1]


def test_a_place_that_can_t_be_listed_is_told_and_hides_no_other(tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "a.warc.gz").write_bytes(b"12")
    source = SourceSettings(archives={"gone": str(tmp_path / "none"), "mine": str(tmp_path / "own")})
    articles = Articles(EncyclopediaSettings(location="https://dumps.example"))

    found, troubles = places(source, articles)

    assert [place.name for place in found] == ["archive mine"]
    assert [line.partition(":")[0] for line in troubles] == ["archive gone", "dumps"]
