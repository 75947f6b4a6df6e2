"""Reddit: threads put together from any of its exports, deletions and scores, speakers as numbers, every record accounted for."""

import csv
import gzip

import orjson
import pytest

from corpus_platform.readers import thread_groups
from corpus_platform.readers.reader import SourceDocument, Unit, reader_of
from corpus_platform.readers.reddit import Reddit
from corpus_platform.sources.location import InputLocation

POST = {
    "id": "abc12",
    "title": "What is a hop?",
    "selftext": "I &amp; [you](http://x.org) ask.&#x200B;",
    "score": 10,
    "author": "ann",
    "created_utc": 1577836800,
    "subreddit": "beer",
    "permalink": "/r/beer/comments/abc12/what/",
}


def comment(number, parent, score=1, body=None, author="bob", **more):
    return {
        "id": number,
        "link_id": "t3_abc12",
        "parent_id": parent,
        "score": score,
        "body": body or f"say {number}",
        "author": author,
        **more,
    }


def write(path, records):
    path.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
    return path


def read(unit, **options):
    items = list(reader_of("reddit", options).read(unit))
    documents = [item for item in items if isinstance(item, SourceDocument)]
    return documents, sorted((item.position, item.reason) for item in items if not isinstance(item, SourceDocument))


def test_comments_stand_behind_what_they_answer_siblings_by_score(tmp_path):
    comments = [
        comment("a", "t3_abc12"),
        comment("b", "t3_abc12", 12),
        comment("c", "t1_a", 5, author="ann"),
        comment("d", "t1_a", 9),
    ]
    path = write(tmp_path / "beer.jsonl", [*comments, POST])

    [document], rejects = read(Unit.of_path(path))

    assert document.text == "What is a hop?\n\nI & you ask.\n\nsay b\n\nsay a\n\nsay d\n\nsay c"
    assert [(t["speaker"], t["depth"], t["score"]) for t in document.meta["turns"]] == [
        (0, 0, 10),
        (1, 1, 12),
        (1, 1, 1),
        (1, 2, 9),
        (0, 2, 5),
    ]
    assert document.meta["turns"][0]["text"] == "What is a hop?\n\nI & you ask."
    assert (document.identity, document.category, document.author) == ("reddit:abc12", "beer", None)
    assert document.url == "https://www.reddit.com/r/beer/comments/abc12/what/"
    assert str(document.date) == "2020-01-01 00:00:00+00:00"
    assert rejects == []


def test_deleted_texts_machines_low_scores_and_adult_posts_go_and_replies_to_them_stay(tmp_path):
    records = [
        POST,
        comment("a", "t3_abc12", body="[deleted]"),
        comment("b", "t1_a", 3),
        comment("c", "t3_abc12", author="AutoModerator"),
        comment("d", "t3_abc12", -4),
        {**POST, "id": "xyz99", "over_18": True},
        {**POST, "id": "gone1", "selftext": "[removed]"},
        {**POST, "id": "low01", "score": 1},
    ]

    [document], rejects = read(Unit.of_path(write(tmp_path / "x.jsonl", records)), min_comment_score=0, min_score=2)

    assert document.text.endswith("ask.\n\nsay b")
    assert rejects == [(1, "deleted"), (3, "machine"), (4, "low_score"), (5, "adult"), (6, "deleted"), (7, "low_score")]


def test_files_of_submissions_and_of_comments_are_one_unit(tmp_path):
    write(tmp_path / "beer_submissions.jsonl", [POST])
    (tmp_path / "beer_comments.jsonl.gz").write_bytes(gzip.compress(orjson.dumps(comment("a", "t3_abc12"))))
    write(tmp_path / "RS_2020-01.ndjson", [{**POST, "id": "other"}])
    location = InputLocation(str(tmp_path))

    units = reader_of("reddit").units(location, location.files())

    assert [(unit.name, len(unit.files)) for unit in units] == [("RS_2020-01.ndjson", 1), ("beer", 2)]
    [document], _ = read(units[1])
    assert document.text.endswith("say a")


def test_comments_without_their_submission_are_a_thread_or_rejected(tmp_path):
    path = write(tmp_path / "c.jsonl", [comment("a", "t3_abc12"), comment("b", "t1_a")])

    [document], _ = read(Unit.of_path(path))
    none, rejects = read(Unit.of_path(path), orphans=False)

    assert (document.text, document.title) == ("say a\n\nsay b", None)
    assert none == []
    assert rejects == [(0, "orphan_comment"), (1, "orphan_comment")]


def test_a_table_with_titles_and_bodies_is_read_and_its_columns_can_be_named(tmp_path):
    path = tmp_path / "posts.csv"
    with path.open("w", newline="") as file:
        rows = [["title", "score", "id", "url", "comms_num", "created", "body", "timestamp"]]
        rows += [["A fact", "7", "q1w2e", "https://x.org/", "2", "1577836800.0", "It\nis so.", "2020-01-01 00:00:00"]]
        rows += [
            ["Comment", "3", "f8abc", "", "0", "1577836801.0", "u/ann is right, mail a@b.com", "2020-01-01 00:00:01"]
        ]
        csv.writer(file).writerows(rows)

    documents, rejects = read(Unit.of_path(path))
    named, _ = read(Unit.of_path(path), columns={"text": ["title"], "title": ["nothing"]})

    assert [d.text for d in documents] == ["A fact\n\nIt\nis so.", "<USER> is right, mail <EMAIL>"]
    assert rejects == []
    assert [d.text for d in named] == ["A fact", "Comment"]


def test_threads_come_out_the_same_in_groups_of_any_size(tmp_path, monkeypatch):
    posts = [{**POST, "id": f"p{n}"} for n in range(20)]
    comments = [{**comment(f"c{n}", f"t3_p{n % 20}"), "link_id": f"t3_p{n % 20}"} for n in range(60)]
    unit = Unit.of_path(write(tmp_path / "x.jsonl", [*comments, *posts]))
    whole = read(unit)

    monkeypatch.setattr(thread_groups.threads, "__kwdefaults__", {"group": 700})

    assert read(unit) == whole
    assert [d.meta["comments"] for d in whole[0]] == [3] * 20


def test_every_record_is_a_document_a_comment_or_a_reject(tmp_path):
    path = tmp_path / "x.jsonl"
    write(path, [POST, comment("a", "t1_a"), comment("b", "t1_c"), comment("c", "t1_b"), {**POST}])
    path.write_bytes(path.read_bytes() + b"{broken\n" + orjson.dumps({"id": "e", "body": ""}) + b"\n")

    documents, rejects = read(Unit.of_path(path))

    assert rejects == [(4, "repeated_record"), (5, "bad_json"), (6, "empty_post")]
    assert len(documents) + sum(d.meta["comments"] for d in documents) + len(rejects) == 7


def test_addresses_of_submissions_are_added_up_as_in_openwebtext2(tmp_path):
    links = [("https://a.org/1", 2), ("https://a.org/1", 2), ("https://b.org/", 2), ("https://www.reddit.com/r/x/", 9)]
    records = [{**POST, "id": f"u{n}", "url": url, "score": score} for n, (url, score) in enumerate(links)]

    found = Reddit().addresses(Unit.of_path(write(tmp_path / "x.jsonl", records)))

    assert found.rows() == [("https://a.org/1", 4, 2)]


@pytest.mark.parametrize("permalink", ["/user/ann/comments/abc12/x/", "/r/u_ann/comments/abc12/x/"])
def test_an_address_that_names_a_user_is_not_kept(tmp_path, permalink):
    [document], _ = read(
        Unit.of_path(write(tmp_path / "x.jsonl", [{**POST, "permalink": permalink, "subreddit": "u_ann"}]))
    )

    assert document.url == "https://www.reddit.com/comments/abc12/"
    assert document.category is None
