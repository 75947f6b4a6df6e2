"""Real posts: every row of four sites is accounted for, answers are in score order, nobody's address is left; and one that is planted stops the run."""

import re
import uuid
from html import unescape

import dagster as dg
import orjson
import polars as pl
import pytest

from corpus_platform.clean.social_pii import private_patterns_left
from corpus_platform.definitions import make
from corpus_platform.errors import CheckFailed
from corpus_platform.home import Home
from corpus_platform.readers.reader import SourceDocument, Unit, reader_of
from corpus_platform.recipes.apply import apply
from corpus_platform.recipes.recipe import SYSTEMS, read_recipe
from corpus_platform.signals.environment import Environment

pytestmark = [pytest.mark.e2e, pytest.mark.samples]
SITES = {"beer": (2354, 644), "datascience": (247, 87), "genai": (474, 142), "history": (1657, 492)}
"""Rows and documents of each site."""
LEFT = r"</?(?:p|li|ul|ol|blockquote|strong|em|code|pre)>|&lt;|&amp;|&#\d|enter image description|Possible Duplicate:"


def read(path, reader, **options):
    items = list(reader_of(reader, options).read(Unit.of_path(path)))
    return [item for item in items if isinstance(item, SourceDocument)], [
        i for i in items if not isinstance(i, SourceDocument)
    ]


def frame_of(documents):
    return pl.DataFrame([document.row("social", "x") for document in documents], infer_schema_length=None)


@pytest.mark.parametrize("layout", ["markdown", "redpajama", "pile"])
def test_every_post_of_four_sites_is_a_question_an_answer_or_a_reject(samples, layout):
    for site, (rows, kept) in SITES.items():
        documents, rejects = read(samples / "social" / "stackexchange" / site, "stackexchange", layout=layout)

        assert len(documents) + sum(d.meta["answers"] for d in documents) + len(rejects) == rows
        assert [r for r in rejects if r.broken] == []
        for document in documents:
            scores = document.meta["answer_scores"]
            assert scores == sorted(scores, reverse=True)
        if layout == "markdown":
            assert len(documents) == kept


def test_no_markup_and_no_address_is_left_in_questions_comments_and_turns(samples):
    options = {"comments": True, "turns": True, "unanswered": True}
    for site in SITES:
        frame = frame_of(read(samples / "social" / "stackexchange" / site, "stackexchange", **options)[0])

        prose = frame["text"].str.replace_all(r"(?s)```.*?```|`[^`\n]*`", "")
        assert frame.filter(prose.str.contains(LEFT))["text"].str.slice(0, 60).to_list() == []
        assert sum(private_patterns_left(frame[name]).height for name in ("text", "title")) == 0
        turns = [turn["text"] for meta in frame["meta"] for turn in orjson.loads(meta)["turns"]]
        assert private_patterns_left(pl.Series("text", turns)).height == 0


def test_users_of_a_site_are_named_nowhere_behind_an_at(samples):
    documents, _ = read(samples / "social" / "stackexchange" / "history", "stackexchange", comments=True)

    users = (samples / "social/stackexchange/history/Users.xml").read_text("utf-8-sig")
    names = sorted({unescape(name) for name in re.findall(r' DisplayName="([^"]{5,})"', users)})
    text = "\n".join(document.text for document in documents)
    assert len(names) > 1_000
    assert [name for name in names if f"@{name}" in text or f"@{name.replace(' ', '')}" in text] == []


def test_dialogues_and_reviews_are_read_cleaned_and_without_addresses(samples):
    recipe = read_recipe(SYSTEMS.parent / "cleaning" / "social.yaml")
    for path, reader, rows in (
        ("zh_dialogue/toy_train.txt", "dialogues", 10_000),
        ("zh_reviews/waimai_10k.csv", "reviews", 11_987),
    ):
        documents, rejects = read(samples / "social" / path, reader, permission="research")

        assert (len(documents), rejects) == (rows, [])
        applied = apply(recipe, frame_of(documents).with_columns(language=pl.lit("zh")), Environment())
        assert applied.kept.height > 0.99 * rows
        assert private_patterns_left(applied.kept["text"]).height == 0
        assert (
            applied.kept["text"].str.contains("[\u4e00-\u9fff] [\u4e00-\u9fff] [\u4e00-\u9fff] [\u4e00-\u9fff]").sum()
            < 0.001 * rows
        )


def test_one_planted_address_stops_the_run_and_without_it_the_run_is_green(tmp_path):
    folder = tmp_path / "dumps" / "beer"
    folder.mkdir(parents=True)
    rows = [
        '<row Id="1" PostTypeId="1" Score="2" Title="Which hops?" Body="&lt;p&gt;I asked @ann at a@b.com.&lt;/p&gt;"/>',
        '<row Id="2" PostTypeId="2" ParentId="1" Score="1" Body="&lt;p&gt;Any of them will do.&lt;/p&gt;"/>',
    ]
    (folder / "Posts.xml").write_text("<posts>\n" + "\n".join(rows) + "\n</posts>")
    settings = {"sources": {"social": {"dumps": {"location": "dumps", "format": "stackexchange"}}}}
    (tmp_path / "corpus.yaml").write_bytes(orjson.dumps(settings))
    home = Home.open(tmp_path)
    [*_, batch] = home.batches(["social/cleaned"], [])

    with dg.DagsterInstance.ephemeral() as instance:
        make(home, instance, batch)
        assert home.lake.scan("social.cleaned", site="beer.stackexchange.com").collect()["text"].to_list() == [
            "# Which hops?\n\nI asked <USER> at <EMAIL>.\n\n## Answer\n\nAny of them will do."
        ]
        plant(home, "social.cleaned", {"site": "beer.stackexchange.com"})

        with pytest.raises(CheckFailed, match=r"no_personal_data: .*found_email 1"):
            make(home, instance, batch)


def plant(home, name, where):
    """Commits a partition anew with one address in it, as if its stage had written it."""
    state, fence, run = home.lake.state(name, where), home.lake.fence(name, where), uuid.uuid4().hex
    writer = home.lake.writer(name, where, 99, run)
    rows = home.lake.scan(name, version=None, **where).collect().drop("site")
    writer.write(rows.with_columns(text=pl.col("text") + " Mail me: somebody@somewhere.org"), None)
    metadata = {"fingerprint": state.fingerprint, "stage": name, "counters": state.counters}
    home.lake.commit(name, where, writer.close().get(name, []), fence, run=run, metadata=metadata, mode="overwrite")
