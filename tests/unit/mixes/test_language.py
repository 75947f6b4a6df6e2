"""A mix is read whole or not at all; what is wrong is told with file, line and the nearest right name."""

import pytest
import yaml

from corpus_platform.errors import SettingsError
from corpus_platform.mixes.licences import allowed, class_of, passes
from corpus_platform.mixes.mix import mix_of, mixes, read_mix
from corpus_platform.mixes.plan import Leaf, Size, plan


@pytest.fixture
def written(tmp_path):
    """Writes a mix and reads it."""

    def write(text="", **values):
        path = tmp_path / "own.yaml"
        path.write_text(
            text or yaml.safe_dump({"name": "own", "title": "T", "about": "A.", **values}), encoding="utf-8"
        )
        return read_mix(path)

    return write


HEAD = "name: own\ntitle: T\nabout: A.\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            HEAD + "budget: 5\nparts:\n  - {from: corpora/c4, shar: 1}\n",
            "own.yaml:6: there is no key `shar`, nearest is `share`; a part takes name, from,",
        ),
        (HEAD + "budgt: 5\nparts: [{from: corpora/c4}]\n", "own.yaml:4: there is no key `budgt`, nearest is `budget`"),
        (HEAD + "budget: 5\nparts: [{from: corpora/c4, share: 1, tokens: 3}]\n", "this one says share and tokens"),
        (HEAD + "budget: 5\nparts: [{from: c4}]\n", "is no table of documents"),
        (HEAD + "parts: [{from: corpora/c4, share: 1}]\n", "shares and temperatures divide a `budget`"),
        (HEAD + "budget: 5\nparts: [{from: corpora/c4, share: 0.5}]\n", "shares make 0.5, and no part takes the rest"),
        (HEAD + "budget: 5\nparts: [{from: corpora/c4, share: 1}, {from: corpora/c4}]\n", "two parts are called `c4`"),
        (
            HEAD + "budget: 5\nparts: [{from: corpora/c4, caps: {domains: 0.1}}]\n",
            "`domains` can't be capped, nearest is `domain`",
        ),
        (
            HEAD + "budget: 5\nparts: [{from: corpora/c4, languages: {en: 0.5, zh: 0.4}}]\n",
            "shares of `languages` make 0.9",
        ),
        (HEAD + "budget: 5\nstages: [{name: a, tokens: 3}]\nparts: [{from: corpora/c4}]\n", "a `budget` or `stages`"),
        (
            HEAD + "stages: [{name: a, tokens: 3, shares: {pages: 1}}]\nparts: [{from: corpora/c4, name: page}]\n",
            "there is no part `pages`, nearest is `page`",
        ),
        (
            HEAD
            + "budget: 5\nparts:\n  - {from: corpora/c4, quality: {by: perplexity, quantiles: [0.5], weights: [1]}}\n",
            "own.yaml:6: `quality`: 1 `quantiles` make 2 intervals, and there are 1 `weights`",
        ),
        ("[1]", "own.yaml:1: a mix is `name: value`"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(written, text, said):
    with pytest.raises(SettingsError) as error:
        written(text)

    assert said in str(error.value)


def test_an_unknown_mix_names_the_nearest_and_one_s_own_may_not_take_a_shipped_name(tmp_path):
    with pytest.raises(SettingsError, match="nearest is `llama`"):
        mix_of("lama", mixes())
    (tmp_path / "x.yaml").write_text("name: llama\ntitle: T\nabout: A.\nparts: [{from: corpora/c4}]\n")
    with pytest.raises(SettingsError, match="there is a mix `llama` already"):
        mixes(tmp_path)


def test_the_shipped_mixes_have_the_shares_of_their_sources():
    shares = {name: [part.share for part in mix.parts] for name, mix in mixes().items()}

    assert shares["llama"] == [0.67, 0.15, 0.045, 0.045, 0.045, 0.025, 0.02]
    web = sum(part.share for part in mixes()["redpajama"].parts if part.name in {"common_crawl", "c4"})
    assert web == pytest.approx(1053 / 1210, abs=1e-5)
    assert round(web, 2) == 0.87
    epochs = {part.name: part.epochs for part in mixes()["pile"].parts}
    assert {"wikipedia_en": 3.0, "pg_19": 2.5, "arxiv": 2.0, "pile_cc": 1.0}.items() <= epochs.items()
    for name in ("medical_increment", "finance_increment", "law_increment"):
        shares_of_domain = [stage.shares["domain"] for stage in mixes()[name].stages]
        assert shares_of_domain == sorted(shares_of_domain)
        assert sum(stage.tokens for stage in mixes()[name].stages) == 1_000_000_000


def sizes(mix, **tokens):
    return {
        Leaf(part.name): Size(10, tokens[part.name], int(mix.epochs_of(part) * tokens[part.name])) for part in mix.parts
    }


def test_temperatures_flatten_sizes_and_epochs_multiply_them(written):
    parts = [{"from": "corpora/aa", "temperature": 2}, {"from": "corpora/bb", "temperature": 2}]
    mix = written(budget=300, parts=parts)
    assert [row.given for row in plan(mix, sizes(mix, aa=10_000, bb=2_500))] == [200, 100]

    piled = written(parts=[{"from": "corpora/aa", "epochs": 1.5}, {"from": "corpora/bb"}])
    assert [(row.given, row.epochs) for row in plan(piled, sizes(piled, aa=1000, bb=500))] == [(1500, 1.5), (500, 1.0)]


def test_fixed_parts_come_first_and_shares_divide_what_they_leave(written):
    parts = [{"from": "corpora/aa", "tokens": 100}, {"from": "corpora/bb", "share": 0.75}, {"from": "corpora/cc"}]
    mix = written(budget=500, parts=parts)

    assert [row.given for row in plan(mix, sizes(mix, aa=1000, bb=1000, cc=1000))] == [100, 300, 100]
    small = written(budget=50, parts=parts)
    with pytest.raises(SettingsError, match="ask for 100 tokens, and the budget is 50"):
        plan(small, sizes(small, aa=1000, bb=1000, cc=1000))


def test_stages_go_on_where_the_one_before_has_stopped_and_end_with_what_there_is(written):
    stages = [
        {"name": "first", "tokens": 100, "shares": {"aa": 0.2, "bb": 0.8}},
        {"name": "then", "tokens": 100, "shares": {"aa": 0.6, "bb": 0.4}},
    ]
    mix = written(stages=stages, parts=[{"from": "corpora/aa"}, {"from": "corpora/bb"}])

    rows = plan(mix, sizes(mix, aa=50, bb=1000))

    assert [(r.stage, str(r.leaf), r.start, r.given) for r in rows] == [
        ("first", "aa", 0, 20),
        ("first", "bb", 0, 80),
        ("then", "aa", 20, 30),
        ("then", "bb", 80, 70),
    ]
    assert [row.wanted for row in rows] == [20, 80, 60, 40]


@pytest.mark.parametrize(
    ("licence", "kind"),
    [
        ("CC-BY-4.0", "permissive"),
        ("https://creativecommons.org/licenses/by-sa/4.0/", "share-alike"),
        ("http://creativecommons.org/publicdomain/zero/1.0/", "permissive"),
        ("CC-BY-NC-4.0", "restricted"),
        ("CC-BY-NC-SA-4.0", "restricted"),
        ("CC-BY-ND-4.0", "restricted"),
        ("MIT", "permissive"),
        ("Apache-2.0", "permissive"),
        ("MIT OR GPL-3.0-only", "permissive"),
        ("MIT AND GPL-3.0-only", "share-alike"),
        ("(MIT OR Apache-2.0) AND CC-BY-NC-4.0", "restricted"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "share-alike"),
        ("LGPL-2.1", "share-alike"),
        ("All rights reserved", "restricted"),
        ("https://example.org/terms", "unknown"),
        ("", "none"),
        (None, "none"),
        ("NOASSERTION", "none"),
    ],
)
def test_a_licence_has_a_class(licence, kind):
    assert class_of(licence) == kind


def test_a_gate_is_classes_or_licences_by_name():
    assert passes("MIT", allowed("permissive"))
    assert not passes(None, allowed("permissive"))
    assert passes(None, allowed("all"))
    assert passes("CC-BY-SA-4.0", allowed("permissive, CC-BY-SA-4.0"))
    assert not passes("CC-BY-SA-3.0", allowed("permissive, CC-BY-SA-4.0"))
    with pytest.raises(ValueError, match="name what licences may be"):
        allowed(" , ")
