"""The catalogue as Markdown, and its rows as tables for SQL.

Not here: the entries (entries.py), the page of data sets for fine-tuning (sft_reference.py).
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from corpus_platform.catalogue.entries import Corpus, Source, corpora, sources
from corpus_platform.catalogue.sft_reference import TABLE as SFT
from corpus_platform.catalogue.sft_reference import sft_descriptions, sft_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_INTRO = """# Catalogue

Made from `corpus_platform/catalogue/*.yaml` by `corpus catalogue list --markdown`; a test fails when this page is stale.
`corpus catalogue show NAME` tells all that is known of an entry; `catalogue.sources` and `catalogue.pretraining` are views of `corpus sql`.

*Known by* says what an entry rests on: `code` (the system's own, read), `card` (data card or README, read), `paper` (read), `survey` (the list of
Liu et al. 2024, "Datasets for Large Language Models", read), `memory` (general knowledge that nobody has checked here). Sizes are as stated
there; a dash is not known. Terms are summed up and are no advice: read the site's own.
"""
_OF_SOURCES = """## Sources of text

*open*: a dump, an interface or a licence for everybody. *permission*: ask, pay or agree first. *refused*: nothing here reads or fetches it; a
location of it is an error wherever it is named.
"""
_OF_CORPORA = """## Corpora for pretraining

*full*: its texts can be had; *part*: some of them; *closed*: none. A recipe that is named stands for the corpus or for a part of it.
"""
_KINDS = {
    "web": "Web", "language": "Language texts", "books": "Books", "academic": "Academic", "code": "Code", "social": "Social media",
    "encyclopedia": "Encyclopedias", "parallel": "Parallel corpora", "subtitles": "Subtitles and speech", "law": "Law",
    "government": "Government", "finance": "Finance", "medicine": "Medicine", "exam": "Exams and textbooks", "hub": "Collections",
    "webpages": "Webpages", "language_texts": "Language texts", "social_media": "Social media",
    "multi": "Several kinds", "financial": "Finance", "medical": "Medicine", "other": "Other domains",
}  # fmt: skip


def catalogue_markdown() -> str:
    """The page of all entries, by kind."""
    parts = [_INTRO, _OF_SOURCES]
    for kind, found in groupby(sources().values(), key=lambda one: one.kind):
        head = ("source", "access", "terms", "licence", "risk", "reader", "recipe", "known by")
        parts += [f"### {_KINDS[kind]}\n", _table(head, map(_row_of_source, found))]
    parts.append(_OF_CORPORA)
    for group, found in groupby(corpora().values(), key=lambda one: one.group):
        head = ("corpus", "publisher", "year", "size", "open", "licence", "languages", "recipes", "known by")
        parts += [f"### {_KINDS[group]}: corpora\n", _table(head, map(_row_of_corpus, found))]
    return "\n".join(parts).rstrip() + "\n"


def rows(name: str) -> pa.Table:
    """The entries of `catalogue.sources`, `catalogue.pretraining` or `sft.catalogue` as a table: what SQL shows by that name."""
    if name == SFT:
        return sft_rows()
    if name == "catalogue.sources":
        return _arrow(Source, sources().values(), {})
    computed = {one.name: {"gigabytes": one.gigabytes, "tokens": one.tokens} for one in corpora().values()}
    return _arrow(Corpus, corpora().values(), computed, ("gigabytes", "tokens"))


def descriptions(name: str) -> dict[str, str]:
    """What each column of `rows` is."""
    if name == SFT:
        return sft_descriptions()
    model = Source if name == "catalogue.sources" else Corpus
    own = {field: info.description or "" for field, info in model.model_fields.items()}
    computed = {} if model is Source else {"gigabytes": "Its size in GB", "tokens": "Its size in tokens"}
    return own | computed


def facts(entry: Source | Corpus) -> dict[str, Any]:
    """All that is known of an entry, as plain values."""
    return {"kind of entry": "source" if isinstance(entry, Source) else "corpus", **entry.model_dump(mode="json")}


def _arrow(
    model: type[Source | Corpus],
    entries: Iterable[Source | Corpus],
    computed: dict[str, dict[str, float | None]],
    numbers: Sequence[str] = (),
) -> pa.Table:
    dumped = [{**entry.model_dump(mode="json"), **computed.get(entry.name, {})} for entry in entries]
    fields = [pa.field(name, _type(dumped, name)) for name in model.model_fields]
    return pa.Table.from_pylist(dumped, pa.schema([*fields, *(pa.field(name, pa.float64()) for name in numbers)]))


def _type(dumped: list[dict[str, Any]], name: str) -> pa.DataType:
    kinds = {type(values[name]) for values in dumped} - {type(None)}
    if list in kinds:
        return pa.list_(pa.string())
    return pa.int64() if int in kinds else pa.string()


def _row_of_source(one: Source) -> Sequence[str]:
    title = f"[{one.title}]({one.address})" if one.address and one.risk != "refused" else one.title
    terms = f"{one.terms}. {_capital(one.why)}" if one.why else one.terms
    return (
        f"{title} `{one.name}`", one.access, terms, one.licence or "", one.risk, one.reader or "", _recipe(one.recipe), one.evidence,
    )  # fmt: skip


def _row_of_corpus(one: Corpus) -> Sequence[str]:
    title = f"[{one.title}]({one.homepage})" if one.homepage else one.title
    recipes = ", ".join(map(_recipe, one.recipes)) or f"none: {one.without}"
    unchecked = f" ({', '.join(one.from_memory)} from memory)" if one.from_memory else ""
    return (
        f"{title} `{one.name}`", one.publisher, str(one.year), one.size or "", one.openness, one.licence or "", ", ".join(one.languages),
        recipes, f"{one.evidence}{unchecked}",
    )  # fmt: skip


def _recipe(name: str | None) -> str:
    return f"[{name}](recipes.md#{name})" if name else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    made = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    made += [f"| {' | '.join(cell.replace('|', '/') or '-' for cell in line)} |" for line in lines]
    return "\n".join(made) + "\n"
