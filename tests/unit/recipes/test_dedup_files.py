"""Dedup of plain files: every preset over planted copies, sets before, forms of files, repeated ids, runs that were stopped, and recipes that run whole."""

import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
from made_copies import LINE, passage_of, read, rows, write

from corpus_platform.engine.serial import Serial
from corpus_platform.errors import CorpusError, SettingsError
from corpus_platform.recipes import dedup_files as module
from corpus_platform.recipes import file_verdicts
from corpus_platform.recipes.dedup_files import Outputs, Resources, dedup_files, preset_recipe, presets
from corpus_platform.recipes.file_verdicts import FileSet
from corpus_platform.recipes.files import apply_file, of_one_part
from corpus_platform.recipes.recipe import read_recipe, recipes
from corpus_platform.recipes.step import steps
from corpus_platform.recipes.steps.dedup import MinHash
from corpus_platform.signals.environment import Environment

NAMES = [preset.name for preset in presets()]
WHOLE = [name for name in NAMES if name.partition("/")[0] in {"exact", "url_dedup", "minhash", "simhash"}]
NEAR = [name for name in NAMES if name.partition("/")[0] in {"minhash", "simhash"}]


@dataclass
class Done:
    """What came out."""

    kept: dict
    dropped: list
    clusters: list
    made: object


def run(folder, preset, some=None, *, against=None, changes=None, files=None, suffix=".jsonl", **options):
    """Deduplicates rows, or files."""
    files = files or [write(folder / f"in{suffix}", rows() if some is None else some)]
    to = Outputs(folder / f"kept{suffix}", folder / "clusters.jsonl", folder / "dropped.jsonl")
    recipe = preset_recipe(preset, changes, against=against is not None)
    known = FileSet(tuple(against)) if against else None
    made = dedup_files(recipe, FileSet(tuple(files)), to, against=known, **options)
    kept = read(to.kept)
    read_rows = sum(len(read(file)) for file in files)
    assert made.applied.kept + made.applied.dropped + made.applied.rejects == read_rows
    assert len(kept) == made.applied.kept
    return Done({row["id"]: row for row in kept}, read(to.dropped), read(to.clusters), made)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """What a preset makes of the planted rows, made once for all tests that only look."""
    return cache(lambda name: run(tmp_path_factory.mktemp("planted"), name))


def gone(done):
    return {row["id"] for row in done.dropped}


def test_all_presets_are_listed_with_what_they_compare():
    by_kind = {kind for kind, step in steps().items() if step.kind == "dedup" and step.of == "texts"}

    assert {name.partition("/")[0] for name in NAMES} == by_kind
    assert len(set(NAMES)) == len(NAMES)
    assert all(preset.about for preset in presets())


@pytest.mark.parametrize("name", [name for name in WHOLE if "holdout" not in name])
def test_of_two_equal_documents_one_stays_and_what_is_like_no_other_stays(name, planted):
    done = planted(name)

    for language in ("en", "zh"):
        assert len({f"{language}-0", f"{language}-copy"} & done.kept.keys()) == 1
        assert {f"{language}-{i}" for i in (2, 3, 4)} <= done.kept.keys()
    assert {"line-en-0", "line-en-1"} <= done.kept.keys()
    assert all(row["mine"] == {"as": ["it", "is"]} for row in done.kept.values())


@pytest.mark.parametrize("name", [name for name in NEAR if not name.endswith("_1.0")])
def test_of_two_documents_that_differ_in_a_mark_one_stays(name, planted):
    done = planted(name)

    for language in ("en", "zh"):
        assert len({f"{language}-1", f"{language}-near"} & done.kept.keys()) == 1


@pytest.mark.parametrize("name", [name for name in WHOLE if name not in NEAR])
def test_documents_that_differ_in_a_mark_are_no_exact_copies(name, planted):
    done = planted(name)

    assert {"en-1", "en-near", "zh-1", "zh-near"} - gone(done) == done.kept.keys() & {
        "en-1",
        "en-near",
        "zh-1",
        "zh-near",
    }
    assert "holdout" in name or {"en-1", "en-near", "zh-1", "zh-near"} <= done.kept.keys()


def test_a_share_of_the_texts_is_held_out_with_all_that_are_equal_to_them(tmp_path):
    some = [{"id": f"{i}", "text": f"text {i // 2}"} for i in range(400)]

    done = run(tmp_path, "exact/slimpajama_holdout", some, changes={"holdout": 0.1})

    rules = {row["id"]: row["rule"] for row in done.dropped}
    assert {"held_out", "equal_to_held_out"} == set(rules.values())
    assert all(str(int(i) ^ 1) in rules for i in rules)
    assert 20 < len(rules) < 140


LINES = [
    "line_dedup",
    "line_dedup/c4",
    "line_dedup/oscar_2019",
    "paragraph_dedup",
    "bloom/dolma_paragraph",
    "bloom/dclm",
]


@pytest.mark.parametrize("name", LINES)
def test_a_line_that_two_documents_have_stays_in_one_of_them(name, planted):
    done = planted(name)

    lines = [LINE in done.kept[f"line-en-{i}"]["text"] for i in (0, 1)]
    assert sorted(lines) == [False, True]
    assert done.kept["en-2"]["text"] == next(row["text"] for row in rows() if row["id"] == "en-2")
    assert {"removed": 1} | {"id": f"line-en-{lines.index(False)}"} in [
        {"removed": row["removed"], "id": row["id"]} for row in done.clusters
    ]


def test_a_line_that_two_documents_have_stays_in_none_as_ccnet_does(tmp_path):
    done = run(tmp_path, "paragraph_dedup/ccnet")

    assert not any(LINE in done.kept[f"line-en-{i}"]["text"] for i in (0, 1))
    assert {"en-0", "en-copy", "zh-0", "zh-copy"} <= gone(done)


def test_three_lines_in_a_row_that_two_documents_have_stay_in_the_first_and_two_do_not_go(tmp_path):
    texts = ["one\na\nb\nc\ntwo", "three\nA\nb \nc\nfour", "five\na\nb\nsix"]
    some = [{"id": str(i), "text": text} for i, text in enumerate(texts)]

    done = run(tmp_path, "line_dedup/c4_spans", some)

    assert [done.kept[str(i)]["text"] for i in range(3)] == [texts[0], "three\nfour", texts[2]]


PASSAGES = [
    "line_dedup/c4_sentences",
    "line_dedup/datatrove_sentences",
    *(n for n in NAMES if n.startswith("substring")),
]


@pytest.mark.parametrize("name", PASSAGES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_passage_that_two_documents_have_stays_in_the_first(name, language, planted):
    passage = passage_of(language)

    done = planted(name)

    first, second = (done.kept[f"passage-{language}-{i}"]["text"] for i in (0, 1))
    assert passage in first
    assert passage[20:80] not in second
    assert second.split("\n")[0] in next(row["text"] for row in rows() if row["id"] == f"passage-{language}-1")


@pytest.mark.parametrize("name", ["bloom", "bloom/redpajama_v2", "bloom/dolma_url", "bloom/dolma_document"])
def test_a_filter_drops_what_it_has_seen(name, planted):
    done = planted(name)

    assert gone(done) == {"en-copy", "zh-copy"}
    assert {row["rule"] for row in done.dropped} == {"seen"}
    assert {row["id"]: row["kept"] for row in done.clusters} == {"en-copy": False, "zh-copy": False}


def test_common_documents_get_a_lower_weight_and_none_goes(tmp_path):
    some = [*rows(), *({"id": f"c{i}", "text": rows()[0]["text"] + f" {i}"} for i in range(12))]

    done = run(tmp_path, "soft_dedup", some, changes={"keep_one_in": 1})

    weight = {row["id"]: row["weight"] for row in done.clusters}
    assert len(done.kept) == len(some) == len(weight)
    assert weight["c1"] < weight["en-3"]
    assert done.kept["c1"]["weight"] == pytest.approx(weight["c1"], abs=1e-5)


def test_every_preset_is_in_one_of_these_tests():
    weights = {"soft_dedup", "soft_dedup/tigerbot"}
    filters = {"bloom", "bloom/redpajama_v2", "bloom/dolma_url", "bloom/dolma_document"}

    assert {*WHOLE, *LINES, "paragraph_dedup/ccnet", "line_dedup/c4_spans", *PASSAGES, *filters, *weights} == set(NAMES)


AGAINST = [
    "exact",
    "minhash/fineweb",
    "simhash/mnbvc",
    "bloom/redpajama_v2",
    "bloom/dclm",
    "line_dedup/c4",
    "substring/lee_bytes",
]


@pytest.mark.parametrize("name", AGAINST)
def test_what_an_earlier_set_has_goes_from_the_new_side_only(name, tmp_path):
    old = [row for row in rows() if row["id"] in {"en-0", "en-3", "zh-2", "line-en-0", "passage-en-0"}]
    earlier = write(tmp_path / "old.jsonl", old)
    before = earlier.read_bytes()
    new = [
        row | {"url": f"{row['url']}/new"}
        for row in rows()
        if row["id"] not in {"en-copy", "zh-copy", "en-near", "zh-near"}
    ]

    done = run(tmp_path, name, new, against=[earlier])

    assert earlier.read_bytes() == before
    assert {"en-0", "en-3", "zh-2"} <= gone(done)
    assert {"en-1", "en-2", "en-4", "zh-0", "zh-1"} <= done.kept.keys()
    if name in {"exact", "minhash/fineweb", "simhash/mnbvc"}:
        assert {(row["id"], row["canonical"], row["size"]) for row in done.clusters if not row["kept"]} == {
            (row["id"], row["id"], 2) for row in old
        }


def test_weights_see_an_earlier_set(tmp_path):
    earlier = write(tmp_path / "old.jsonl", [{"id": f"c{i}", "text": rows()[0]["text"] + f" {i}"} for i in range(12)])

    done = run(tmp_path, "soft_dedup", against=[earlier], changes={"keep_one_in": 1})

    weight = {row["id"]: row["weight"] for row in done.clusters}
    assert weight["en-0"] < weight["en-3"]
    assert len(weight) == len(rows())


@pytest.mark.parametrize("suffix", [".jsonl.gz", ".jsonl.zst", ".parquet"])
@pytest.mark.parametrize("name", ["minhash/fineweb", "line_dedup"])
def test_compressed_files_and_parquet_give_what_plain_ones_give(name, suffix, tmp_path, planted):
    one = planted(name)

    other = run(tmp_path, name, suffix=suffix)

    # A row whose text is shorter has lost its signals: a file with columns has nulls there.
    other_kept = [{name: value for name, value in row.items() if value is not None} for row in other.kept.values()]
    assert list(one.kept.values()) == other_kept
    assert one.clusters == other.clusters


def test_rows_of_one_id_are_judged_each_and_clusters_name_the_rows_own_ids(tmp_path):
    texts = [row["text"] for row in rows()]
    first = write(tmp_path / "a.jsonl", [{"id": "same", "text": texts[0]}, {"id": "same", "text": texts[1]}])
    second = write(
        tmp_path / "b.jsonl",
        [{"id": "same", "text": texts[0]}, {"id": "same", "text": texts[2]}, {"id": "same", "text": texts[0]}],
    )

    done = run(tmp_path, "exact", files=[first, second])

    assert [row["text"] for row in read(tmp_path / "kept.jsonl")] == texts[:3]
    assert [(row["id"], row["canonical"], row["size"], row["kept"]) for row in done.clusters] == [
        ("same", "same", 3, True),
        ("same", "same", 3, False),
        ("same", "same", 3, False),
    ]
    assert [(row["id"], row["seen"], Path(row["file"]).name) for row in done.dropped] == [
        ("same", "same", "b.jsonl")
    ] * 2


def test_rows_without_an_id_are_told_apart(tmp_path):
    some = [{"text": row["text"]} for row in rows()]
    path = write(tmp_path / "in.jsonl", some)

    made = dedup_files(preset_recipe("exact"), FileSet((path,)), Outputs(tmp_path / "kept.jsonl"))

    assert (made.applied.kept, made.applied.dropped) == (len(some) - 2, 2)


@pytest.mark.parametrize(
    ("name", "changes"), [("exact", {}), ("minhash/fineweb", {"survivor": "longest"}), ("line_dedup", {})]
)
def test_the_order_of_files_does_not_change_which_texts_are_kept(name, changes, tmp_path):
    parts = rows()
    random.Random(3).shuffle(parts)
    files = [write(tmp_path / f"{i}.jsonl", parts[i::3]) for i in range(3)]

    found = []
    for i, order in enumerate([(0, 1, 2), (2, 0, 1), (1, 2, 0)]):
        run(tmp_path / str(i), name, changes=changes, files=[files[n] for n in order])
        texts = [row["text"] for row in read(tmp_path / str(i) / "kept.jsonl")]
        found.append(sorted(texts) if name != "line_dedup" else sorted("\n".join(texts).split("\n")))

    assert found[0] == found[1] == found[2]


def test_parts_ranges_and_stripes_change_nothing(tmp_path, planted, monkeypatch):
    one = [planted(name) for name in AGAINST]
    monkeypatch.setattr("corpus_platform.sources.plain._BATCH_ROWS", 3)
    monkeypatch.setattr(file_verdicts, "_BATCHES_OF_A_PART", 1)
    monkeypatch.setattr("corpus_platform.dedup.local_set.KEYS_OF_A_FILE", 50)
    monkeypatch.setattr(file_verdicts, "_LEAST_RANGE", 1)
    monkeypatch.setattr(file_verdicts, "BYTES_OF_A_KEY", 10_000_000)

    class Two(Serial):
        workers = 2

    many = [run(tmp_path / f"many-{i}", name, resources=Resources(Two())) for i, name in enumerate(AGAINST)]

    assert [(a.kept, a.dropped, a.clusters) for a in one] == [
        (b.kept, [row | {"file": a_row["file"]} for row, a_row in zip(b.dropped, a.dropped, strict=True)], b.clusters)
        for a, b in zip(one, many, strict=True)
    ]


STOPS = ("make_keys", "match_sets", "filter_set", "_write_verdicts", "apply_files")
KINDS = {
    "minhash/fineweb": STOPS,
    "bloom/dclm": ["filter_set"],
    "substring/lee_bytes": ["match_sets"],
    "soft_dedup": ["_write_verdicts"],
}
"""A dedup of each kind, and where it is stopped; the other places are among the long tests."""


@pytest.mark.parametrize(
    ("name", "stopped"),
    [
        pytest.param(name, stopped, marks=() if stopped in short else pytest.mark.e2e)
        for name, short in KINDS.items()
        for stopped in STOPS
    ],
)
def test_a_run_that_was_stopped_goes_on_in_its_scratch_folder(name, stopped, tmp_path, monkeypatch):
    path = write(tmp_path / "in.jsonl", rows())
    whole = run(tmp_path / "whole", name, files=[path])
    monkeypatch.setattr("corpus_platform.sources.plain._BATCH_ROWS", 3)
    monkeypatch.setattr(file_verdicts, "_BATCHES_OF_A_PART", 1)
    place = module if stopped == "apply_files" else file_verdicts
    scratch = Resources(scratch=tmp_path / "scratch")
    true_part = file_verdicts._make_part

    def stop(*_, **__):
        raise KeyboardInterrupt

    def some_parts(keying, part, batches):
        return true_part(keying, part, batches) if part < 2 else stop()

    with monkeypatch.context() as patch:
        patch.setattr(
            *((file_verdicts, "_make_part", some_parts) if stopped == "make_keys" else (place, stopped, stop))
        )
        try:
            run(tmp_path / "again", name, files=[path], resources=scratch)
        except KeyboardInterrupt:
            assert not (tmp_path / "again" / "kept.jsonl").exists()
    made = []
    monkeypatch.setattr(file_verdicts, "_make_part", lambda *given: made.append(given[1]) or true_part(*given))

    again = run(tmp_path / "again", name, files=[path], resources=scratch)

    assert (again.kept, again.dropped, again.clusters) == (whole.kept, whole.dropped, whole.clusters)
    assert 0 not in made


def test_a_scratch_folder_of_another_run_is_refused(tmp_path):
    scratch = Resources(scratch=tmp_path / "scratch")
    run(tmp_path, "exact", resources=scratch)

    with pytest.raises(SettingsError, match="another run"):
        run(tmp_path, "url_dedup", resources=scratch)


def test_nothing_is_left_beside_the_output(tmp_path):
    run(tmp_path, "minhash/fineweb")

    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl", "kept.jsonl", "clusters.jsonl", "dropped.jsonl"}


def test_too_little_room_is_refused_with_the_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=0))

    with pytest.raises(
        CorpusError, match=r"needs about .* MB of disk for .* keys of .* documents, and there are 0.0 MB free"
    ):
        run(tmp_path, "minhash/fineweb")


def test_a_filter_that_does_not_fit_is_refused_with_the_numbers(tmp_path):
    with pytest.raises(SettingsError, match="takes 64 MB, and 1 MB are allowed"):
        run(tmp_path, "bloom", resources=Resources(memory=1 << 20))


def test_files_of_no_documents_give_files_of_no_documents(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"{broken\n")

    made = dedup_files(
        preset_recipe("minhash/fineweb"), FileSet((path,)), Outputs(tmp_path / "kept.jsonl", tmp_path / "c.parquet")
    )

    assert (made.applied.kept, made.applied.dropped, made.applied.rejects) == (0, 0, 1)
    assert read(tmp_path / "kept.jsonl") == []


def test_a_file_is_not_read_and_written_at_once(tmp_path):
    path = write(tmp_path / "in.jsonl", rows())

    with pytest.raises(SettingsError, match="is read"):
        dedup_files(preset_recipe("exact"), FileSet((path,)), Outputs(path))


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("minhash/finweb", {}, "fineweb"),
        ("minhas", {}, "soft_dedup"),
        ("exact", {"verify": 0.5}, "it takes preset"),
        ("exact", {"survivor": "nearest"}, "smallest_url_hash"),
    ],
)
def test_a_wrong_preset_or_parameter_is_told(name, changes, told):
    with pytest.raises(SettingsError, match=told):
        preset_recipe(name, changes)


def test_a_threshold_chooses_its_own_bands():
    [step] = preset_recipe("minhash/fineweb", {"threshold": 0.5}).steps

    assert isinstance(step, MinHash)
    assert step.banding != (14, 8)
    assert step.banding[0] * step.banding[1] <= 112


def _without_models(recipe):
    """The recipe without the steps' models where they are not there."""
    chosen = [
        step.model_copy(update={"optional": True}) if "optional" in type(step).model_fields else step
        for step in recipe.steps
    ]
    return recipe.model_copy(update={"steps": tuple(chosen)})


@pytest.mark.parametrize("name", [name for name, made in recipes().items() if not made.parts])
def test_every_recipe_runs_whole_over_a_file(name, tmp_path):
    path = write(tmp_path / "in.jsonl", rows())
    chosen = _without_models(recipes()[name])

    done = apply_file(chosen, path, tmp_path / "kept.jsonl", tmp_path / "dropped.jsonl", Environment())

    assert not [row.step for row in done.funnel if row.pending]
    assert done.kept + done.dropped == len(rows())
    assert [row.step for row in done.funnel] == [step.name for step in chosen.steps]
    assert len(read(tmp_path / "kept.jsonl")) == done.kept
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl", "kept.jsonl", "dropped.jsonl"}


def test_a_recipe_of_several_parts_runs_over_a_file_as_one_of_them(tmp_path):
    path, several = write(tmp_path / "in.jsonl", rows()), recipes()["redpajama_1t"]

    done = apply_file(
        of_one_part(several, "arxiv"), path, tmp_path / "kept.jsonl", tmp_path / "dropped.jsonl", Environment()
    )

    assert [row.step for row in done.funnel] == ["across_sources"]
    assert 0 < done.kept < len(rows())
    with pytest.raises(
        SettingsError, match=r"is made of parts, and a file is of one of them; the parts .* are wikipedia, books"
    ):
        apply_file(several, path, tmp_path / "kept.jsonl", tmp_path / "dropped.jsonl", Environment())
    with pytest.raises(SettingsError, match="there is no part `arxiw`, nearest is `arxiv`"):
        of_one_part(several, "arxiw")
    with pytest.raises(SettingsError, match=r"nothing reads `books3` \(copies of books"):
        of_one_part(recipes()["the_pile"], "books3")
    with pytest.raises(SettingsError, match="there is no part `arxiv`; the parts of `c4` are none"):
        of_one_part(recipes()["c4"], "arxiv")


def test_a_dedup_of_a_recipe_acts_on_what_its_earlier_steps_left_and_on_texts_as_edited(tmp_path):
    long, short = "word " * 40, "word " * 9
    some = [
        {"id": "short", "text": short},
        {"id": "a", "text": f"{long}\nfirst"},
        {"id": "b", "text": f"{long}\nsecond"},
        {"id": "b-again", "text": f"{long}\nsecond"},
        {"id": "c", "text": "second"},
    ]
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\ntitle: Mine\nreference: none\nvariant: wet\nabout: Lines, then documents.\nsteps:\n"
        "  - signal: {label: words, signal: rps_doc_word_count, min: 30, rule: too_few_words}\n"
        "  - line_dedup: {}\n"
        "  - exact: {}\n"
    )

    kept, dropped = tmp_path / "kept.jsonl", tmp_path / "dropped.jsonl"
    apply_file(read_recipe(path), write(tmp_path / "in.jsonl", some), kept, dropped, Environment())

    assert [(row["id"], row["text"]) for row in read(kept)] == [("a", f"{long}\nfirst"), ("b", "second")]
    assert [(row["id"], row["step"], row["rule"]) for row in read(dropped)] == [
        ("short", "words", "too_few_words"),
        ("b-again", "line_dedup", "nothing_left"),
        ("c", "words", "too_few_words"),
    ]
