"""A home to look at: recipes of its own over two texts of a tiny crawl that is gone by the time they run."""

import shutil
from pathlib import Path

import yaml
from tiny_crawl import NEXT_SNAPSHOT, SNAPSHOT, make_crawl, write_settings

from corpus_platform.home import Home
from corpus_platform.recipes.population import methods_of
from corpus_platform.stages.dedup import OF_METHOD

THIRD = "CC-MAIN-2025-13"
"""Has the pages of the first snapshot again."""
WET = {"variant": "wet", "snapshot": SNAPSHOT}
FAMILIES = ["sizes", "rpv2", "rpv2_lines", "signatures", "c4"]
LONG = {"signal": {"label": "size", "signal": "text_characters", "min": 100, "rule": "too_short"}}
STEPS = {
    "plain": ("wet", [LONG, {"language": {"keep": ["en"]}}]),
    "chinese": ("wet", [{"language": {"keep": ["zh"]}}, LONG]),
    "edited": ("wet", [{"c4": {"min_words_per_line": 16, "min_sentences": 2, "bad_words": None}}, "language_en"]),
    "masked": (
        "wet",
        [{"mask_digits": {"min_digits": 1, "replacement": "#"}}, LONG, {"minhash": {"preset": "redpajama_v2_1.0"}}],
    ),
    "trimmed": ("wet", [{"oscar_trim": {}}, LONG, {"pii": {"style": "fineweb"}}]),
    "after": (
        "wet.ccnet",
        [{"signal": {"label": "size", "signal": "text_characters", "min": 250, "rule": "too_short"}}],
    ),
    "extracted": ("resiliparse", [LONG]),
}
EDITS = ("edited", "masked", "trimmed")


def recipe(name: str) -> dict:
    """One of the home's own recipes."""
    variant, steps = STEPS[name]
    listed = [{"language": {"keep": ["en"]}} if step == "language_en" else step for step in steps]
    about = {"title": f"Our own {name}", "reference": "nobody's", "about": "For tests."}
    return {"name": name, "variant": variant, "steps": listed, **about}


_MADE: dict[Path, Home] = {}


def looked(built: Path, folder: Path) -> Home:
    """The home over a built one, made once for all tests that only look."""
    if built not in _MADE:
        _MADE[built] = _make(built, folder)
    return _MADE[built]


def _make(built: Path, folder: Path) -> Home:
    """The home: signals and corpora of the first snapshot, corpora of one recipe of the second, pages of the third; no crawl."""
    shutil.copytree(built, folder)
    make_crawl(folder / "crawl", THIRD)
    write_settings(folder, recipes={"enabled": ["ccnet"]}, signals={"families": FAMILIES})
    (folder / "recipes").mkdir()
    for name in STEPS:
        (folder / "recipes" / f"{name}.yaml").write_text(yaml.safe_dump(recipe(name)))
    home = Home.open(folder)
    home.run("web.pages", {"variant": "wet", "snapshot": THIRD})
    home.run("web.pages", {"variant": "resiliparse", "snapshot": SNAPSHOT})
    for variant in ("wet", "wet.ccnet", "resiliparse"):
        home.run("web.signals", {"variant": variant, "snapshot": SNAPSHOT})
    home.run("web.signals", {"variant": "wet", "snapshot": NEXT_SNAPSHOT})
    shutil.rmtree(folder / "crawl")
    for name, (variant, _) in STEPS.items():
        partition = {"variant": variant, "snapshot": SNAPSHOT}
        for method in methods_of(home.recipe(name)):
            for table in OF_METHOD:
                home.run(table, {"method": method.name, **partition})
        home.run(f"corpora.{name}", partition)
    home.run("corpora.plain", {"variant": "wet", "snapshot": NEXT_SNAPSHOT})
    return Home.open(folder)
