"""The data card of a release: `README.md` as Hugging Face reads it, its pictures, and the same as one HTML page.

The front matter has language, licence, size, tasks and configurations; the text says what is in it, from where, what was taken out, what is not known.
Every number is of the manifest. What comes from outside (names of hosts, licences, categories) is shown as code and can't become markup.

Not here: the manifest (mix_release.py), how the page looks (card_page.py).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import yaml

from corpus_platform.analytics import svg
from corpus_platform.analytics.card_page import page
from corpus_platform.analytics.card_text import code, joined, markdown_table, plain
from corpus_platform.analytics.mix_export import NOT_STATED, RECORD
from corpus_platform.analytics.plots import largest, steps_of
from corpus_platform.analytics.report.markup import share
from corpus_platform.mixes.licences import class_of
from corpus_platform.stages.texts import cleaned_table, source_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from corpus_platform.home import Home
    from corpus_platform.recipes.recipe import Recipe

_SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000)
_NAMES = ("1K", "10K", "100K", "1M", "10M", "100M", "1B")
_HUB_LICENCES = frozenset(
    (
        "cc0-1.0",
        "cc-by-3.0",
        "cc-by-4.0",
        "cc-by-sa-3.0",
        "cc-by-sa-4.0",
        "cc-by-nc-4.0",
        "cc-by-nd-4.0",
        "cc-by-nc-sa-4.0",
        "mit",
        "apache-2.0",
    )
)
"""Licences that the Hub has an id for, of those that a whole release may have."""
_ROWS = 15
_OF_A_LANGUAGE = 0.001
"""Share of tokens from which on a language is named to the Hub."""


def files(home: Home, told: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The card's files by path: `README.md`, `card.html`, `plots/*.svg`."""
    pictures = {**_pictures(told), **_funnels(home, entries)}
    text = f"---\n{front_matter(told)}---\n\n{_body(home, told, pictures)}"
    plots = {f"plots/{name}.svg": f"{drawn}\n" for name, (_, drawn) in pictures.items()}
    made = page(_body(home, told, pictures), plots, told["mix"]["title"])
    return {"README.md": text, "card.html": made, **plots}


def front_matter(told: Mapping[str, Any]) -> str:
    """The YAML that the Hub reads."""
    documents = told["totals"]["documents"]
    tokens = told["tokens_by"]["language"]
    # A few short texts whose language was taken for another one make no data set of that language.
    languages = [
        name for name, n in tokens.items() if name != NOT_STATED and n >= _OF_A_LANGUAGE * sum(tokens.values())
    ]
    ending = told["form"]
    values = {
        "pretty_name": told["mix"]["title"],
        "language": sorted(languages),
        "license": _licence(told["documents_by"]["licence"]),
        "size_categories": [_size(documents)],
        "task_categories": list(told["mix"].get("tasks", ["text-generation"])),
        "tags": ["pretraining", "text-corpus"],
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": f"data/*.{ending}"}]}],
    }
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


def _licence(documents: Mapping[str, int]) -> str:
    """The one licence of all documents, by its name at the Hub; `unknown` where none is stated, else `other`."""
    if set(documents) <= {NOT_STATED}:
        return "unknown"
    [only] = documents if len(documents) == 1 else [""]
    return only.lower() if only.lower() in _HUB_LICENCES else "other"


def _size(documents: int) -> str:
    for i, most in enumerate(_SIZES):
        if documents < most:
            return f"n<{_NAMES[0]}" if i == 0 else f"{_NAMES[i - 1]}<n<{_NAMES[i]}"
    return "1B<n<10B"


def _pictures(told: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """(title, SVG) by name: tokens by part, language, licence class, category."""
    found = {}
    for name, title in (
        ("part", "Tokens by part"),
        ("language", "Tokens by language"),
        ("licence_class", "Tokens by class of licence"),
        ("category", "Tokens by category"),
    ):
        values = sorted(told["tokens_by"][name].items(), key=lambda one: (-one[1], one[0]))
        if values and not (name == "category" and set(told["tokens_by"][name]) == {NOT_STATED}):
            rows = [(label, 0, n, svg.NEUTRAL) for label, n in largest(values, _ROWS)]
            found[name] = (title, svg.bars(rows, title))
    return found


def _funnels(home: Home, entries: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    """A funnel for each table that documents were drawn from: what was read, what each step took out, what it kept."""
    counted: dict[str, Counter[str]] = {}
    for entry in entries[1:]:
        state = home.lake.state(entry["table"], entry["partition"], entry["version"])
        if state is not None:
            counted.setdefault(entry["table"], Counter()).update(state.counters)
    found = {}
    for name, counters in sorted(counted.items()):
        title = f"From documents read to documents kept: {name}"
        if rows := steps_of(dict(counters)):
            found[f"funnel_{name.replace('.', '_')}"] = (title, svg.bars(rows, title))
    return found


def _body(home: Home, told: Mapping[str, Any], pictures: Mapping[str, tuple[str, str]]) -> str:
    mix, totals, tokenizer = told["mix"], told["totals"], told["tokenizer"]
    counted = (
        f"**{totals['documents']:,} documents, {totals['tokens']:,} tokens, {totals['characters']:,} characters.** "
        f"Tokens are those of the tokenizer {code(tokenizer['tokenizer'])} ({tokenizer['kind']}, {tokenizer['vocabulary']:,} pieces, "
        f"digest {code(tokenizer['digest'])})."
    )
    parts = [
        f"# {plain(mix['title'])}",
        plain(mix["about"]),
        counted,
        f"Proportions: {plain(mix['reference'])}." if mix.get("reference") else "",
        _composition(told, pictures),
        _use(told),
        _fields(),
        _provenance(home, told, pictures),
        _taken_out(home, told),
        _licences(told),
        _limits(told),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _composition(told: Mapping[str, Any], pictures: Mapping[str, tuple[str, str]]) -> str:
    total = max(told["totals"]["tokens"], 1)
    rows = []
    staged = ["stretch"] if len({row["stage"] for row in told["plan"]}) > 1 else []
    for row in told["plan"]:
        epochs = f"{row['drawn'] / row['available']:.2f}" if row["available"] else "–"
        numbers = (f"{row[key]:,}" for key in ("wanted", "available", "most", "given", "drawn"))
        stretch = [code(row["stage"])] if staged else []
        rows.append((code(row["part"]), *stretch, *numbers, epochs, share(row["drawn"], total)))
    head = ["part", *staged, "tokens wanted", "there once", "may give", "given", "drawn", "epochs", "share"]
    said = (
        "What a part may give is bounded by how often its documents may come, and by caps. One that may give less than it is asked for gives that, and the "
        "others the rest, by their weights. The last document of a part is taken whole, so that it draws a little more than it gives. What the licence gate "
        "leaves out is drawn and not released."
    )
    plots = [_picture(name, pictures) for name in ("part", "language", "category", "licence_class")]
    listed = [
        _by(told, name, label)
        for name, label in (("language", "Languages"), ("origin", "Who wrote it"), ("bucket", "Quality"))
    ]
    return joined(
        "## What is in it", markdown_table(head, rows, numbers=range(1 + len(staged), len(head))), said, *plots, *listed
    )


def _by(told: Mapping[str, Any], name: str, label: str) -> str:
    tokens, documents = told["tokens_by"][name], told["documents_by"][name]
    ordered = sorted(tokens, key=lambda value: (-tokens[value], value))
    rows = [
        (code(value), f"{documents[value]:,}", f"{tokens[value]:,}", share(tokens[value], told["totals"]["tokens"]))
        for value in ordered[:_ROWS]
    ]
    more = f"… and {len(ordered) - _ROWS} more, in `manifest.json`." if len(ordered) > _ROWS else ""
    return joined(
        f"### {label}", markdown_table([name, "documents", "tokens", "share of tokens"], rows, numbers=(1, 2, 3)), more
    )


def _use(told: Mapping[str, Any]) -> str:
    form = "parquet" if told["form"] == "parquet" else "json"
    lines = [
        "## How to read it",
        f'```python\nfrom datasets import load_dataset\n\ndata = load_dataset("{form}", data_files="data/*", split="train")\n```',
        "Shards are in the order of training: by stretch, and shuffled by a hash within it. `manifest.json` has the SHA-256 of every file.",
    ]
    return joined(*lines)


def _fields() -> str:
    rows = [
        (code(field.name), str(field.type), (field.metadata or {}).get(b"description", b"").decode())
        for field in RECORD
    ]
    return joined("## Fields", markdown_table(["field", "type", "what it is"], rows))


def _provenance(home: Home, told: Mapping[str, Any], pictures: Mapping[str, tuple[str, str]]) -> str:
    rows = [
        (
            code(one["table"]),
            code(",".join(one["partition"].values())),
            str(one["version"]),
            f"{one['rows']:,}",
            code(one["fingerprint"]),
        )
        for one in told["tables"]
    ]
    recipes = []
    for name, known in told["recipes"].items():
        recipe = home.recipe(name)
        steps = ", ".join(code(step.name) for step in recipe.steps)
        after = "" if recipe.reference == "ours" else f" {plain(recipe.reference)}."
        recipes.append(f"- {code(name)}: {plain(recipe.title)}.{after} Steps: {steps}. Digest {code(known['digest'])}.")
    funnels = [_picture(name, pictures) for name in pictures if name.startswith("funnel_")]
    said = "Every record names its source: `corpus explain ID` in the home that made it tells the table, the partition, the input file and the place in it."
    table = markdown_table(["table", "partition", "version", "rows", "fingerprint"], rows, numbers=(2, 3))
    return joined("## Where it is from", said, table, "### Recipes" if recipes else "", "\n".join(recipes), *funnels)


def _taken_out(home: Home, told: Mapping[str, Any]) -> str:
    found = told["decontamination"]
    if found is None:
        tests = "No test set was looked for: this data may hold items of benchmarks."
    else:
        sets = ", ".join(map(code, found["against"])) or "all that the home's settings name"
        tests = (
            f"Test sets ({sets}) were looked for by {found['n']}-grams of words, of Chinese by characters, before anything was drawn: of "
            f"{found['documents_looked_at']:,} documents {found['documents_left_out']:,} shared some and were left out, with item and place in "
            f"`ops.decisions`. A planted item was looked for in each part before its silence was trusted, and was found {found['planted_items_found']} times."
        )
    return joined("## What was taken out", "### Items of test sets", tests, "### Personal data", _personal(home, told))


def _personal(home: Home, told: Mapping[str, Any]) -> str:
    """Which steps mask or drop personal data: of the recipes, and of the cleaning of the sources that they start from."""
    found: dict[str, list[str]] = {}
    without = []
    for name in dict.fromkeys(_made_by(one) for one in told["tables"][1:]):
        steps = {label: [step.name for step in _recipe(home, label).steps if _is_about_people(step)] for label in name}
        found |= {label: own for label, own in steps.items() if own}
        if not any(steps.values()):
            without += [name[0]] if name else []
    if not found:
        return "No recipe of this mix has a step that masks personal data: names, addresses and numbers that pages show are in it."
    masked = "; ".join(f"{code(label)}: {', '.join(map(code, own))}" for label, own in sorted(found.items()))
    said = " Readers of posts replace names, addresses and numbers of people before anything is stored."
    social = said if "social.cleaned" in found else ""
    left = f" No such step: {', '.join(map(code, dict.fromkeys(without)))}." if without else ""
    return f"Steps that mask or drop personal data: {masked}.{left}{social}"


def _made_by(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """What has made a table of texts: its recipe, and the cleaning of its source."""
    layer, _, short = entry["table"].partition(".")
    recipe = (short,) if layer == "corpora" else ()
    source = source_of(entry["partition"]["variant"] if layer == "corpora" else layer)
    is_cleaned = source is not None and (layer == "corpora" or entry["table"] == cleaned_table(source))
    return (*recipe, cleaned_table(source)) if is_cleaned and source else recipe


def _recipe(home: Home, label: str) -> Recipe:
    return home.stage(label).recipe if "." in label else home.recipe(label)  # pyright: ignore[reportAttributeAccessIssue]


def _is_about_people(step: Any) -> bool:
    return type(step).__module__.endswith(".pii") or any(word in step.step for word in ("pii", "deidentif", "secrets"))


def _licences(told: Mapping[str, Any]) -> str:
    tokens, documents = told["tokens_by"]["licence"], told["documents_by"]["licence"]
    ordered = sorted(tokens, key=lambda value: (-tokens[value], value))
    rows = [
        (code(value), class_of(None if value == NOT_STATED else value), f"{documents[value]:,}", f"{tokens[value]:,}")
        for value in ordered[:_ROWS]
    ]
    gate = told["licences"]
    classes = ", ".join(f"{name} {n:,}" for name, n in gate["left_out_by_class"].items())
    left = f" It left out {gate['left_out']:,} documents ({classes})." if gate["left_out"] else " It left out none."
    said = (
        f"Released are documents under {code(gate['gate'])}.{left} A licence is what the document itself states, which may be wrong; most pages of the web "
        "state none, and are their authors' then."
    )
    return joined(
        "## Licences", said, markdown_table(["licence", "class", "documents", "tokens"], rows, numbers=(2, 3))
    )


def _limits(told: Mapping[str, Any]) -> str:
    lines = [
        "- Filters are rules and models that make mistakes, more of them in languages and kinds of text that are rare.",
        "- Languages, qualities and categories are those of models and of sources; where a source says nothing the field is null, and `origin` is `unknown`.",
        "- Tokens are counted by the tokenizer that is named above; another one gives other shares.",
    ]
    if any(row["wanted"] > row["given"] for row in told["plan"]):
        short_ = [code(row["part"]) for row in told["plan"] if row["wanted"] > row["given"]]
        lines.append(
            f"- Parts that had less than they were asked for: {', '.join(dict.fromkeys(short_))}. Their share went to the others."
        )
    repeated = [row for row in told["plan"] if row["available"] and row["drawn"] > row["available"]]
    if repeated:
        lines.append(
            f"- Documents that come more than once: those of {', '.join(dict.fromkeys(code(row['part']) for row in repeated))}."
        )
    return joined("## Limits", "\n".join(lines), f"Made by {told['code']}.")


def _picture(name: str, pictures: Mapping[str, tuple[str, str]]) -> str:
    if name not in pictures:
        return ""
    return f"![{pictures[name][0]}](plots/{name}.svg)"
