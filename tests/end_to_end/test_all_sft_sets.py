"""Every folder of real dialogues as data sets: read by the catalogue's layouts, measured, compared and filtered, with nothing lost and suites green.

All layouts of all folders are read; of each folder one set, and what is built, goes on to the end. The table of what was read, kept, rejected and dropped is printed (`pytest -s`).
"""

import re
from collections import Counter

import pytest
from test_sft_catalogue import FILES
from typer.testing import CliRunner

from corpus_platform.catalogue.sft import layout_of
from corpus_platform.cli import app
from corpus_platform.home import Home
from corpus_platform.quality.declared import reasons
from corpus_platform.quality.run import run_suite
from corpus_platform.recipes.recipe import dialogue_recipe
from corpus_platform.settings import CorpusSettings, write_settings

pytestmark = [pytest.mark.e2e, pytest.mark.samples, pytest.mark.timeout(1200)]

MODELS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")
SOLUTIONS = {
    "kind": "verifiable",
    "map": {"columns": {"question": "question", "solution": "ground_truth", "samples": MODELS}},
    "options": {"wrong": "label", "reference": True},
    "task_type": "maths",
}
"""Solutions of several models to questions of GSM8K's test, as a data set of one's own."""
BUILT = {
    "gsm8k_backwards": {"construct": "fobar", "from": ["gsm8k_train"]},
    "iepile_batches": {"construct": "iepile", "from": ["iepile_default"]},
    "paths": {"construct": "rft", "from": ["solutions"]},
}
AFTER = ("sft.signals", "sft.dedup_index", "sft.duplicates", "sft.selected", "sft.filtered")
WITH_EVERY_SUITE = ("moss_v003", "lccc_default", "oasst_threads", "gsm8k_backwards", "magpie_responses")
"""Sets whose every table is checked; of the others those that say what became of records: a suite asks the same of every set."""
ASSETS = ["sft/filtered", "sft/preferences"]


def to_the_end(sets):
    """The sets that are filtered: the first of each folder that gives dialogues, and those of our own."""
    first = {}
    for name, one in sets.items():
        about = layout_of(one.like) if one.like else None
        if about and about.kind not in {"prompts_only", "compare"} and about.role == "training":
            first.setdefault(one.location, name)
    return {
        *first.values(),
        *(name for name, one in sets.items() if not one.like),
        "magpie_responses",
        "moss_prompts_prompts",
    }


def named(*words):
    return re.sub(r"[^a-z0-9]+", "_", "_".join(words).lower()).strip("_")


def places(samples):
    """Settings of data sets by name, and files of evaluation sets by name."""
    sets, evals = dict[str, dict](), dict[str, str]()
    for pattern, layout in FILES:
        folder, _, files = pattern.partition("/")
        if layout_of(layout).role == "evaluation":
            paths = sorted((samples / "sft").glob(pattern))
            evals |= {named(folder, path.stem): str(path) for path in paths}
            continue
        one = {"location": str(samples / "sft" / folder), "like": layout, "files": [files]}
        if one | {"like": ""} not in [other | {"like": ""} for other in sets.values()]:
            name = named(folder, layout.partition(".")[2] or "default")
            sets[name if name not in sets else named(name, files)] = one
    return sets, evals


@pytest.fixture(scope="module")
def home(samples, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dialogues")
    sets, evals = places(samples)
    settings = {
        "sft": {
            "sets": sets | {"solutions": SOLUTIONS | {"location": str(samples / "sft/gsm8k-samples")}} | BUILT,
            "priority": ["paths"],
        },
        "recipes": {"test_sets": evals},
        "language_model": {"languages": []},
        # A partition takes a second or less: starting workers would cost more.
        "engine": {"kind": "serial"},
    }
    write_settings(folder / "corpus.yaml", CorpusSettings.model_validate(settings))
    made = Home.open(folder)
    for name, partition in wanted(made):
        made.run(name, partition)
    return made


def wanted(home):
    """(table, partition) of all that is made, in order."""
    whole = to_the_end(home.dialogues.sft.sets)
    parts = [part for batch in home.batches(ASSETS, []) for part in batch.tables]
    return [(name, where) for name, where in parts if name not in AFTER or where["set"] in whole]


def by_reason(counted, kind):
    return {name.removeprefix(f"{kind}:"): n for name, n in counted.items() if name.startswith(f"{kind}:")}


def test_every_folder_with_training_data_is_a_data_set(home, samples):
    used = {one.location.rpartition("/")[2] for one in home.dialogues.sft.read.values()}
    evaluated = {path.split("/")[-2] for path in home.settings.recipes.test_sets.values()}

    assert used | evaluated | {"hc3-words"} == {path.name for path in (samples / "sft").iterdir() if path.is_dir()}
    assert len(used) >= 40
    assert len(to_the_end(home.dialogues.sft.sets)) >= 40


def test_every_record_is_a_dialogue_a_preference_or_a_reject_with_a_known_reason(home):
    lost = []
    for name, one in home.dialogues.sft.read.items():
        state = home.lake.state("sft.messages", {"set": name})
        gone = by_reason(state.counters, "rejects")
        preferred = home.lake.state("sft.preferences", {"set": name}) if one.compares else None
        elsewhere = state.counters.get("elsewhere", 0)
        if state.rows + elsewhere + sum(gone.values()) != state.counters["records"] or not state.counters["rows"]:
            lost.append((name, dict(state.counters)))
        if elsewhere != (preferred.rows if preferred else 0) or set(gone) - set(reasons()):
            lost.append((name, elsewhere, preferred and preferred.rows, gone))
    assert lost == []


def test_every_dialogue_stays_or_is_dropped_by_a_rule_of_its_recipe(home):
    steps = {step.name for step in dialogue_recipe("sft", home.path).steps}
    total, lost = Counter(), []
    for name in home.dialogues.sft.ranked:
        read = home.lake.state(home.dialogues.sft.table_of(name), {"set": name})
        filtered = home.lake.state("sft.filtered", {"set": name})
        dropped = by_reason(filtered.counters, "dropped") if filtered else {}
        told(home, name, dropped)
        if filtered is None:
            continue
        if filtered.rows + sum(dropped.values()) != read.rows or {rule.partition(":")[0] for rule in dropped} - steps:
            lost.append((name, read.rows, filtered.rows, dropped))
        total.update(kept=filtered.rows, read=read.rows)
    assert lost == []
    assert total["kept"] > 0.8 * total["read"]


def test_solutions_of_a_test_are_built_on_and_found_out(home):
    built = home.lake.state("sft.constructed_rft", {"set": "paths"}).rows
    filtered = home.lake.state("sft.filtered", {"set": "paths"})

    assert built > 100
    assert filtered.counters["dropped:sft_decontaminate:contaminated"] > 0.5 * built
    assert filtered.rows <= 0.02 * built


def told(home, name, dropped):
    """Prints a line of the table: what a set has, what became of it."""
    table = home.dialogues.sft.table_of(name)
    state, filtered = (home.lake.state(one, {"set": name}) for one in (table, "sft.filtered"))
    pairs = home.lake.state("sft.preferences", {"set": name})
    seen = state.counters.get("rows", state.counters.get("records", 0))
    gone = by_reason(state.counters, "rejects")
    print(  # noqa: T201
        f"{name} | {seen} | {state.rows} | {pairs.rows if pairs else 0} | {gone or '-'} | {filtered.rows if filtered else '-'} | {dropped or '-'}"
    )


def test_the_suites_of_all_sets_are_green(home):
    broken = []
    for name, one in home.dialogues.sft.sets.items():
        tables = [home.dialogues.sft.table_of(name), *(["sft.preferences"] if one.location and one.compares else [])]
        tables += [*(["sft.raw"] if one.location else []), *AFTER] if name in WITH_EVERY_SUITE else []
        for table in (one for one in tables if home.lake.state(one, {"set": name})):
            outcomes = run_suite(home, table, {"set": name}).outcomes
            broken += [(table, name, o.figure, o.rows) for o in outcomes if o.is_broken and o.blocks]
    assert broken == []


def test_nothing_is_left_to_be_made_and_dagster_makes_what_a_setting_changes(home):
    before = [part for part in wanted(home) if not home.status_of(*part).is_settled]
    was = home.lake.state("sft.filtered", {"set": "oig_chip2"})
    steps = {step.name for step in dialogue_recipe("lima", home.path).steps}
    settings = home.settings.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    settings["sft"]["sets"]["oig_chip2"]["recipe"] = "lima"
    write_settings(home.path / "corpus.yaml", CorpusSettings.model_validate(settings))

    result = CliRunner().invoke(
        app, ["--home", str(home.path), "run", "sft/filtered", "--partition", "oig_chip2"], catch_exceptions=False
    )

    assert before == []
    assert "1 made" in result.output, result.output
    again = Home.open(home.path).lake.state("sft.filtered", {"set": "oig_chip2"})
    assert again.version > was.version
    assert {name.partition(":")[2].partition(":")[0] for name in again.counters if name.startswith("dropped:")} <= steps
