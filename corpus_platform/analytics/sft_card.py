"""The data card of an exported mix of dialogues: Markdown as Hugging Face reads it, and the same as one HTML page.

Not here: the numbers (sft_report.py), how the page looks (card_page.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from corpus_platform.analytics import sft_report, svg
from corpus_platform.analytics.card_page import page
from corpus_platform.analytics.card_text import code, joined, plain
from corpus_platform.documents import NOBODY_SAYS
from corpus_platform.mixes.licences import class_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_OF_A_LANGUAGE = 0.001
_BARS = 15
_PLOTS = {
    "set": "Tokens that are learnt, by data set",
    "language": "Tokens that are learnt, by language",
    "task_type": "Tokens that are learnt, by task",
}


def files(told: Mapping[str, Any], formats: tuple[str, ...]) -> dict[str, str]:
    """`card.md`, `card.html` and `plots/*.svg` by path."""
    plots = {f"plots/{name}.svg": f"{drawn}\n" for name, drawn in _plots(told).items()}
    body = _body(told, formats)
    title = told["mix"]["title"]
    return {"card.md": f"---\n{front_matter(told)}---\n\n{body}", "card.html": page(body, plots, title), **plots}


def front_matter(told: Mapping[str, Any]) -> str:
    """The YAML that the Hub reads."""
    tokens = {name: own["trained"] for name, own in told["by"]["language"].items() if name != NOBODY_SAYS}
    whole = max(sum(tokens.values()), 1)
    values = {
        "pretty_name": told["mix"]["title"],
        "language": sorted(name for name, n in tokens.items() if n >= _OF_A_LANGUAGE * whole),
        "license": "other",
        "task_categories": ["text-generation"],
        "tags": ["sft", "instruction-tuning", *(["synthetic"] if _has_models(told) else [])],
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": "messages.parquet"}]}],
    }
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


def _body(told: Mapping[str, Any], formats: tuple[str, ...]) -> str:
    mix = told["mix"]
    return (
        joined(
            f"# {plain(mix['title'])}",
            plain(mix["about"]),
            *(f"![{title}](plots/{name}.svg)" for name, title in _PLOTS.items()),
            _use(told, formats),
            _licences(told),
            *sft_report.sections(told),
            _limits(told),
        )
        + "\n"
    )


def _use(told: Mapping[str, Any], formats: tuple[str, ...]) -> str:
    name = f"mix_{told['mix']['name']}"
    ways = {
        "messages": "- Hugging Face `datasets`: `messages.parquet` or `messages.jsonl`; `tools` is JSON text, `trained` says which messages are learnt.",
        "trl": "- TRL: `trl_messages.parquet`, or `trl_prompt_completion.parquet` with a record for each answer that is learnt (`datasets` 5).",
        "llama_factory": f"- LLaMA-Factory: `dataset_dir` is this folder, `dataset: {name}` (sharegpt) or `dataset: {name}_alpaca`.",
        "axolotl": "- Axolotl: put `axolotl.yaml` into the configuration; `path` is relative to where it runs.",
        "ms_swift": "- ms-swift: `--dataset ms_swift.jsonl`.",
        "firefly": "- Firefly: `firefly.jsonl` as `train_file`.",
        "data_juicer": "- Data-Juicer, post-tuning: `data_juicer.jsonl`.",
        "nemo": "- NeMo: `nemo.jsonl`, dialogues of one question.",
    }
    order = "Files are shuffled by a hash of seed and content; `manifest.json` has the SHA-256 of each. The same mix gives the same bytes."
    return joined("## How to read it", "\n".join(ways[form] for form in formats), order)


def _licences(told: Mapping[str, Any]) -> str:
    gate = told["mix"].get("licences", {})
    asked = f"Rows had to allow commercial use: {gate.get('commercial', 'any')}." + (
        f" Allowed were {', '.join(map(code, gate['allowed']))}." if gate.get("allowed") else ""
    )
    doubtful = [row["set"] for row in told["sets"] if class_of(row["licence"]) in {"restricted", "unknown", "none"}]
    said = (
        f" Licences that are restricted, unknown or not seen: {', '.join(map(code, doubtful))}. Whoever gives this data on looks at them first."
        if doubtful
        else ""
    )
    return joined(
        "## Licences",
        f"{asked}{said} Each set keeps the licence that it came under; a set's stated licence may be wrong.",
    )


def _limits(told: Mapping[str, Any]) -> str:
    lines = [
        "- Answers may be wrong: nobody has checked them unless a set's own page says so.",
        "- Filters are rules that make mistakes; languages and tasks are what sets or detectors say.",
        "- A licence is that of the data set as it was seen; what models wrote may be under terms of their makers.",
    ]
    if _has_models(told):
        lines.append("- Answers that models wrote are in it; `origin` tells which.")
    repeated = [row["set"] for row in told["sets"] if row["epochs"] > 1]
    if repeated:
        lines.append(f"- Rows that come more than once: of {', '.join(map(code, repeated))}.")
    return joined("## Limits", "\n".join(lines), f"Made by {told['code']}.")


def _has_models(told: Mapping[str, Any]) -> bool:
    return bool({"model", "mixed"} & set(told["by"]["origin"]))


def _plots(told: Mapping[str, Any]) -> dict[str, str]:
    by_set = {row["set"]: row["trained"] for row in told["sets"]}
    found = {
        "set": by_set,
        **{fact: {v: own["trained"] for v, own in told["by"][fact].items()} for fact in ("language", "task_type")},
    }
    return {
        name: svg.bars(
            [
                (label, 0, n, svg.NEUTRAL)
                for label, n in sorted(values.items(), key=lambda one: (-one[1], one[0]))[:_BARS]
            ],
            _PLOTS[name],
        )
        for name, values in found.items()
    }
