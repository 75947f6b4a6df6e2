"""Stack Exchange's dumps: answers by score, every row accounted for, layouts of three systems, nobody named, nothing fetched, memory bounded."""

import io
import zipfile
from xml.sax.saxutils import quoteattr

import numpy as np
import polars as pl
import pytest

from corpus_platform.clean.social_pii import private_patterns_left
from corpus_platform.errors import SettingsError
from corpus_platform.readers import dump_rows, stackexchange_dump
from corpus_platform.readers.reader import SourceDocument, Unit, reader_of

HEAD = '\ufeff<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE posts SYSTEM \'http://127.0.0.1:9/posts.dtd\'>\n'


def row(**values):
    return f"  <row {' '.join(f'{name}={quoteattr(str(value))}' for name, value in values.items())} />\n"


def question(number, title="Why?", body="<p>Since when?</p>", **more):
    return row(
        Id=number,
        PostTypeId=1,
        CreationDate="2014-01-21T20:26:05.383",
        Score=more.pop("Score", 5),
        Body=body,
        Title=title,
        Tags="<a><b-c>",
        **more,
    )


def answer(number, to, score, body=None, **more):
    return row(
        Id=number,
        PostTypeId=2,
        ParentId=to,
        CreationDate="2012-01-01T00:00:00",
        Score=score,
        Body=body or f"<p>answer {number}</p>",
        **more,
    )


def dump(folder, *rows, **files):
    folder.mkdir(exist_ok=True)
    (folder / "Posts.xml").write_text(HEAD + "<posts>\n" + "".join(rows) + "</posts>\n", encoding="utf-8")
    for name, lines in files.items():
        text = HEAD.replace("posts", name) + f"<{name}>\n" + "".join(lines) + f"</{name}>\n"
        (folder / f"{name.title()}.xml").write_text(text, encoding="utf-8")
    return folder


def read(path, **options):
    items = list(reader_of("stackexchange", options).read(Unit.of_path(path)))
    documents = [item for item in items if isinstance(item, SourceDocument)]
    return documents, [(item.position, item.reason) for item in items if not isinstance(item, SourceDocument)]


def test_answers_come_by_falling_score_as_numbers_and_the_accepted_one_is_marked(tmp_path):
    site = dump(
        tmp_path / "beer",
        question(1, AcceptedAnswerId=3),
        answer(2, 1, 9),
        answer(3, 1, -2),
        answer(4, 1, 10),
        answer(5, 1, 9),
    )

    [document], rejects = read(site)

    assert document.text == "# Why?\n\nSince when?" + "".join(f"\n\n## Answer\n\nanswer {n}" for n in (4, 2, 5, 3))
    assert document.meta["answer_scores"] == [10, 9, 9, -2]
    assert document.meta["accepted"] == 3
    assert document.meta["tags"] == ["a", "b-c"]
    assert [document.text[s.start :].splitlines()[0] for s in document.sections] == ["# Why?", *["## Answer"] * 4]
    assert rejects == []


def test_what_is_known_of_a_question_is_in_its_columns(tmp_path):
    site = dump(tmp_path / "beer", question(7), answer(8, 7, 1))

    [document], _ = read(site, permission="research")

    assert document.identity == "beer.stackexchange.com:7"
    assert document.url == "https://beer.stackexchange.com/questions/7"
    assert (document.category, document.author) == ("beer.stackexchange.com", None)
    assert str(document.date) == "2014-01-21 20:26:05.383000+00:00"
    assert document.licence == "CC-BY-SA-3.0"
    assert document.meta["permission"] == "research"
    assert reader_of("stackexchange").part_of("beer") == "beer.stackexchange.com"
    assert reader_of("stackexchange").part_of("beer.stackexchange.com.7z") == "beer.stackexchange.com"


def test_the_licence_follows_the_day_and_what_the_dump_says(tmp_path):
    early = answer(2, 1, 1).replace("2012", "2010")
    site = dump(tmp_path / "a", question(1), early, answer(3, 1, 0, ContentLicense="CC BY-SA 4.0"))

    [document], _ = read(site)

    assert document.licence == "CC-BY-SA-4.0"
    assert document.meta["licences"] == ["CC-BY-SA-2.5", "CC-BY-SA-3.0", "CC-BY-SA-4.0"]


def test_every_row_is_a_question_an_answer_or_a_reject(tmp_path):
    rows = [
        answer(9, 99, 1),
        question(1),
        row(Id=2, PostTypeId=5, Body="wiki"),
        answer(3, 1, 1),
        question(4),
        row(Title="nothing"),
        question(1),
        answer(5, 1, 3, body=" "),
    ]

    documents, rejects = read(dump(tmp_path / "s", *rows))

    assert sorted(rejects) == [
        (0, "orphan_answer"),
        (2, "other_post"),
        (4, "unanswered"),
        (5, "bad_row"),
        (6, "bad_row"),
        (7, "empty_post"),
    ]
    assert len(documents) + sum(d.meta["answers"] for d in documents) + len(rejects) == len(rows)


def test_answers_far_behind_their_question_are_found_in_groups_of_any_size(tmp_path, monkeypatch):
    rows = [question(n, title=f"Q{n}") for n in range(1, 40)] + [answer(100 + n, n, n) for n in range(39, 0, -1)]
    site = dump(tmp_path / "s", *rows)
    whole, _ = read(site)

    monkeypatch.setattr(stackexchange_dump, "_GROUP", 300)
    pieces, _ = read(site)

    assert pieces == whole
    assert [d.title for d in pieces] == [f"Q{n}" for n in range(1, 40)]
    assert all(f"answer {100 + n}" in d.text for n, d in enumerate(pieces, 1))


def test_a_zip_of_a_site_gives_what_its_folder_gives(tmp_path, monkeypatch):
    site = dump(tmp_path / "beer", question(1), answer(2, 1, 1), question(3), answer(4, 3, 2))
    with zipfile.ZipFile(tmp_path / "beer.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(site / "Posts.xml", "Posts.xml")
    monkeypatch.setattr(stackexchange_dump, "_GROUP", 10)

    assert read(tmp_path / "beer.zip") == read(site)


def test_a_dump_of_7_zip_is_rejected_with_what_to_do(tmp_path):
    (tmp_path / "beer.7z").write_bytes(b"7z\xbc\xaf'\x1c")

    assert read(tmp_path / "beer.7z") == ([], [(0, "seven_zip")])


def test_a_broken_dump_gives_what_comes_before_the_break(tmp_path):
    site = dump(tmp_path / "s", question(1), answer(2, 1, 1), question(3), answer(4, 3, 1))
    text = (site / "Posts.xml").read_text(encoding="utf-8")
    (site / "Posts.xml").write_text(text[: text.index('Id="4"') + 30], encoding="utf-8")

    documents, rejects = read(site)

    assert [d.meta["question"] for d in documents] == [1]
    assert (3, "broken_xml") in rejects
    assert (2, "unanswered") in rejects


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('<!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><posts><row Id="1" Body="&b;"/></posts>', "xml_bomb"),
        ('<posts><!-- <row Id="1"/> --><row Id="2" PostTypeId="1" Title="t" Body="b"/></posts>', "not_a_dump"),
        ("", "broken_xml"),
    ],
)
def test_hostile_xml_is_rejected_with_a_reason(tmp_path, content, reason):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "Posts.xml").write_text(content)

    documents, rejects = read(tmp_path / "s")

    assert documents == []
    assert [why for _, why in rejects] == [reason]


def test_a_row_that_is_too_long_is_not_held_and_the_others_are_read(tmp_path, monkeypatch):
    site = dump(
        tmp_path / "s",
        question(1),
        answer(2, 1, 9, body="x" * 5_000),
        answer(3, 1, 1),
        question(4, body="y" * 5_000),
        answer(5, 4, 1),
    )
    monkeypatch.setattr(dump_rows, "LONGEST", 2_000)

    [document], rejects = read(site)

    assert document.text == "# Why?\n\nSince when?\n\n## Answer\n\nanswer 3"
    assert sorted(rejects) == [(1, "bad_row"), (3, "bad_row"), (4, "question_rejected")]


def test_a_folder_without_posts_is_a_reject(tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "Tags.xml").write_text("<tags/>")

    assert read(tmp_path / "s") == ([], [(0, "not_a_dump")])


BODY = "<p>Do:</p><ol><li>a &amp; b</li><li>c</li></ol>"


def test_the_layout_of_redpajama_is_questions_and_answers_on_lines(tmp_path):
    site = dump(tmp_path / "s", question(1, body=BODY), answer(2, 1, 9), answer(3, 1, 10), question(4))

    first, second = read(site, layout="redpajama")[0]

    assert first.text == "Q: Why? Do:\n*\n*a & b\n*c\nA: answer 3\nA: answer 2"
    assert second.text == "Q: Why? Since when?"


def test_scores_are_texts_to_redpajama_in_compat_reference_only(tmp_path):
    site = dump(tmp_path / "s", question(1, title="A <b>"), answer(2, 1, 9), answer(3, 1, 10))

    [reference] = read(site, layout="redpajama", compat="reference")[0]
    [sane] = read(site, layout="redpajama")[0]

    assert reference.text == "Q: A  Since when?\nA: answer 2\nA: answer 3"
    assert sane.text == "Q: A <b> Since when?\nA: answer 3\nA: answer 2"


def test_the_layout_of_the_pile_takes_three_answers_of_score_3_or_accepted(tmp_path):
    answers = [answer(10 + n, 1, score) for n, score in enumerate((2, 3, 30, 4, 5, 1))]
    site = dump(
        tmp_path / "s", question(1, AcceptedAnswerId=15), *answers, question(2), answer(20, 2, 2), answer(21, 2, 1)
    )

    [document], rejects = read(site, layout="pile")

    assert document.text == "Q:\n\nWhy?\n\nSince when?\n\nA:\n\nanswer 12\n\nA:\n\nanswer 14\n\nA:\n\nanswer 13"
    assert sorted(why for _, why in rejects) == ["low_score"] * 3 + ["too_many_answers"] * 2 + ["unanswered"]


def test_scores_numbers_of_answers_and_unanswered_questions_are_options(tmp_path):
    rows = [
        question(1, Score=0),
        answer(2, 1, 5),
        question(3),
        answer(4, 3, 1),
        answer(5, 3, 7),
        answer(6, 3, 8),
        question(7),
    ]
    site = dump(tmp_path / "s", *rows)

    documents, rejects = read(site, min_question_score=1, min_answer_score=2, max_answers=1, unanswered=True)

    assert [(d.meta["question"], d.meta["answer_scores"]) for d in documents] == [(3, [8]), (7, [])]
    assert sorted(rejects) == [(0, "low_score"), (1, "question_rejected"), (3, "low_score"), (4, "too_many_answers")]


USERS = [
    row(Id=1, DisplayName="Geoff Dalgas"),
    row(Id=2, DisplayName="Paul"),
    row(Id=3, DisplayName="user39"),
    row(Id=4, DisplayName="T.E.D."),
    row(Id=5, DisplayName="Julius Caesar"),
    row(Id=6, DisplayName="beer"),
]


def test_users_are_not_named_where_they_are_meant_and_words_stay(tmp_path):
    body = (
        "<p>@Geoff Dalgas and @T.E.D.'s point; as Paul said, Paul's answer. user39 is right about Paul the apostle and beer. "
        "Julius Caesar and <a href='/users/4/t-e-d'>that one</a>.</p><pre><code>@Geoff Dalgas user39</code></pre><p>Cheers,<br>Geoff Dalgas</p>"
    )
    rows = [
        question(1, title="Was Julius Caesar real?", OwnerUserId=5),
        answer(2, 1, 1, body=body, OwnerUserId=2),
        answer(3, 1, 0, OwnerUserId=3),
    ]
    rows.append(answer(4, 1, 0, OwnerUserId=6))

    [document], _ = read(dump(tmp_path / "s", *rows, users=USERS))

    assert document.text.split("## Answer\n\n")[1] == (
        "<USER> and <USER>'s point; as <USER> said, <USER>'s answer. <USER> is right about Paul the apostle and beer. "
        "Julius Caesar and <USER>.\n\n```\n@Geoff Dalgas user39\n```\n\nCheers,\n<USER>\n\n"
    )
    assert document.title == "Was Julius Caesar real?"


def test_posters_are_not_named_where_only_a_user_can_be_meant(tmp_path):
    body = "<p>See AlkonMikko's comment. Moderator T.E.D. said so, user Paul too; Darwin's answer, a user beer 300-600 years ago.<br>– Paul, Geoff Dalgas, user39, Nobody<br>– Somebody Else♦ 2 hours ago</p>"
    rows = [question(1, body=body), answer(2, 1, 1, body=body)]

    [known], _ = read(dump(tmp_path / "s", *rows, users=[*USERS, row(Id=9, DisplayName="AlkonMikko")]))
    [unknown], _ = read(dump(tmp_path / "t", *rows))

    said = "See <USER>'s comment. Moderator <USER> said so, user <USER> too; Darwin's answer, a user beer 300-600 years ago.\n– <USER>, <USER>, <USER>, Nobody\n– <USER>♦ 2 hours ago"
    assert known.text.split("\n\n")[1] == said
    assert unknown.text.split("\n\n")[1].startswith("See <USER>'s comment. Moderator T.E.D. said so")


def test_comments_are_appended_and_turns_have_numbers_for_speakers(tmp_path):
    comments = [
        row(Id=1, PostId=2, Text="See [this](http://x.org) @Paul", UserId=1),
        row(Id=2, PostId=9, Text="lost"),
        row(Id=3, PostId=1, Text="Hm a@b.com", UserId=2),
    ]
    site = dump(
        tmp_path / "s", question(1, OwnerUserId=2), answer(2, 1, 1, OwnerUserId=3), comments=comments, users=USERS
    )

    [document], _ = read(site, comments=True, turns=True)

    assert document.text == (
        "# Why?\n\nSince when?\n\n### Comments\n\n- Hm <EMAIL>\n\n## Answer\n\nanswer 2\n\n### Comments\n\n- See this <USER>"
    )
    assert [(turn["speaker"], turn["kind"]) for turn in document.meta["turns"]] == [
        (0, "question"),
        (0, "comment"),
        (1, "answer"),
        (2, "comment"),
    ]
    assert document.meta["turns"][0]["text"] == "Why?\n\nSince when?"
    assert document.meta["private"] == {"email": 1}
    assert private_patterns_left(pl.Series([document.text, str(document.meta)])).height == 0


def test_a_permission_is_a_scope_or_an_address():
    with pytest.raises(SettingsError, match="neither `open`, `research` nor an address"):
        reader_of("stackexchange", {"permission": "mine"})


def test_rows_are_fetched_from_streams_that_cannot_seek(tmp_path):
    site = dump(tmp_path / "s", question(1), answer(2, 1, 1))
    data = (site / "Posts.xml").read_bytes()

    class Forward(io.BytesIO):
        def seekable(self):
            return False

        def seek(self, *_):
            raise AssertionError

    seen = []
    places = stackexchange_dump.survey(io.BytesIO(data), "x", lambda element: seen.append(element.get("Id")))
    [(number, found)] = stackexchange_dump.fetch(Forward(data), places, np.array([1]), "x")

    assert seen == ["1", "2"]
    assert found is not None
    assert (number, found["Id"]) == (1, "2")
