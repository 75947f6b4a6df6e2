"""Figures from commits, settings and recipes: what must balance across tables, and what people should be warned of.

A *balance* is two figures that are equal: what was read and what became of it. A *caution* is a figure that may be wrong although nothing is
broken. Each says how it is found from the facts of a partition.

Not here: which table has which (declared.py), comparison with other partitions (drift.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from corpus_platform.quality.expectation import Found, NotAsked
from corpus_platform.recipes.plan import rules_of
from corpus_platform.recipes.step import FilterStep
from corpus_platform.signals.environment import Environment
from corpus_platform.signals.registry import signals
from corpus_platform.stages.decisions import DECISIONS as DECISIONS_TABLE
from corpus_platform.stages.dedup import DEDUP_DOCUMENTS, DEDUP_EDGES, DEDUP_KEYS
from corpus_platform.stages.output import REJECTS as REJECTS_TABLE
from corpus_platform.stages.sft_duplicates import SFT_DEDUP_INDEX, SftDedupIndex
from corpus_platform.stages.texts import PAGES, read_table, text_partition, text_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from corpus_platform.quality.facts import Facts
    from corpus_platform.recipes.step import Step

BROKEN_SHARE = 0.002
"""More broken records than this deserve a look; the stage itself fails at its reject budget."""
UNSURE_SCORE = 0.5
"""CCNet keeps documents whose language has this score."""
UNSURE_SHARE = 0.2
"""Largest share of documents whose language is unknown or below CCNet's threshold."""
ONE_BUCKET_SHARE = 0.95
"""Cut-offs that put more documents of a language than this into one bucket were made for other texts."""
ENOUGH = 100
"""Documents, of a language say, below which shares mean little."""
ELSEWHERE = "elsewhere"
"""Counter of records that are rows of another table: preferences, where dialogues are kept."""
FORGOTTEN = "forgotten"
"""What the commit of a partition says whose rows were forgotten after a stage had made them (forgetting/)."""

_UNSURE, _BUCKETS, _WITHOUT = "unsure", "documents by language and bucket", "documents in bucket all by language"
_MODELS, _REASONS = "models", "reasons"


@dataclass(frozen=True)
class Balance:
    """Two figures that are equal, each under its name."""

    left: str
    right: str
    notes: str
    find: Callable[[Facts], Found | NotAsked]
    sql: Mapping[str, str] | None = None
    """Aggregates over the rows that it needs, by name."""


@dataclass(frozen=True)
class Caution:
    """A figure that is at most `most` and at least `least`."""

    figure: str
    check: str
    notes: str
    find: Callable[[Facts], Found | NotAsked]
    least: float | None = None
    most: float | None = None
    sql: Mapping[str, str] | None = None
    id: str = ""


# Balances


def gone(facts: Facts) -> int:
    """Records that were dropped or rejected, by the commit's counters."""
    return sum((*facts.counters("dropped:").values(), *facts.counters("rejects:").values()))


def _records(facts: Facts) -> Found:
    read, kept, lost = facts.counter("records"), facts.rows, gone(facts)
    more = {"read": read, "kept": kept, "dropped_or_rejected": lost}
    elsewhere = facts.counter(ELSEWHERE)
    more |= {ELSEWHERE: elsewhere} if elsewhere else {}
    return Found(read, kept + lost + elsewhere, _account(facts), more)


def _account(facts: Facts) -> tuple[dict[str, object], ...]:
    """What became of the records, as the commit counts it."""
    rows = [("read", facts.counter("records")), ("kept", facts.rows)]
    rows += [(ELSEWHERE, n)] if (n := facts.counter(ELSEWHERE)) else []
    rows += [
        (f"{kind}{name}", n) for kind in ("dropped:", "rejects:") for name, n in sorted(facts.counters(kind).items())
    ]
    return tuple({"what": what, "records": n} for what, n in rows)


def _rejects(facts: Facts) -> Found:
    listed = facts.side_rows(REJECTS_TABLE)
    return Found(listed, sum(facts.counters("rejects:").values()), _account(facts))


def _unless_forgotten(find: Callable[[Facts], Found | NotAsked]) -> Callable[[Facts], Found | NotAsked]:
    """The same, not asked where rows were forgotten: those of side tables and of earlier drops go without a count."""

    def unless(facts: Facts) -> Found | NotAsked:
        if facts.state is not None and FORGOTTEN in facts.state.extra:
            return NotAsked("some of its records were forgotten since it was made")
        return find(facts)

    return unless


def _decisions(facts: Facts) -> Found | NotAsked:
    stage = facts.home.stage(facts.spec.name)
    if getattr(stage, "kept_decisions", None) is not None or _is_other_settings(facts):
        return NotAsked("the ledger has a sample only, or other settings hold now")
    return Found(facts.side_rows(DECISIONS_TABLE), sum(facts.counters("dropped:").values()), _account(facts))


def _is_other_settings(facts: Facts) -> bool:
    made = facts.state.settings if facts.state else None
    return bool(made) and made != facts.home.stage(facts.spec.name).settings_hash()


def _kept(facts: Facts) -> Found:
    return Found(facts.rows, facts.counter("kept"))


def _addresses(facts: Facts) -> Found:
    told = int(facts.figures["pages of addresses"] or 0)
    return Found(facts.counter("records"), told + facts.counter("dropped:no_address"))


def _read_of(where: Callable[[Facts], tuple[str, dict[str, str]]]) -> Callable[[Facts], Found | NotAsked]:
    """Records read against the rows of the table that they are read from, at the version that the commit names."""

    def find(facts: Facts) -> Found | NotAsked:
        name, partition = where(facts)
        lake = facts.home.lake
        now = lake.state(name, partition)
        made_of = (facts.state.inputs or {}).get(name) if facts.state else None
        if now is None:
            return NotAsked(f"{name} is not there any more")
        is_newer = facts.state is not None and now.time > facts.state.time
        if is_newer or (isinstance(made_of, int) and made_of != now.version):
            return NotAsked(f"{name} was made anew since: this table is stale")
        rows = sum(file.rows for file in lake.files(name, partition))
        read = facts.counter("records")
        return Found(rows, read, ({"what": f"rows of {name}", "records": rows}, {"what": "read", "records": read}))

    return find


def _pages(facts: Facts) -> tuple[str, dict[str, str]]:
    return PAGES, facts.partition


def _texts(facts: Facts) -> tuple[str, dict[str, str]]:
    of = {name: value for name, value in facts.partition.items() if name != "method"}
    return text_table(of["variant"]), text_partition(of)


def _read(facts: Facts) -> tuple[str, dict[str, str]]:
    return read_table(facts.spec.layer), facts.partition


def _dialogues(facts: Facts) -> tuple[str, dict[str, str]]:
    return facts.home.dialogues.sft.table_of(facts.partition["set"]), facts.partition


def _of_dialogues(facts: Facts) -> Found | NotAsked:
    stage = facts.home.stage(facts.spec.name)
    if isinstance(stage, SftDedupIndex) and stage.step_of(facts.partition["set"]) is None:
        return NotAsked("the recipe of the data set has no dedup")
    return _read_of(_dialogues)(facts)


def _chats(facts: Facts) -> tuple[str, dict[str, str]]:
    return "sft.collected_users", facts.partition


def _parents(facts: Facts) -> Found:
    return Found(facts.counter("records"), facts.counter("parents"))


def _outcomes(facts: Facts) -> Found:
    return Found(facts.counter("outcomes"), facts.rows + sum(facts.counters("rejects:").values()), _account(facts))


def _compared(facts: Facts) -> tuple[str, dict[str, str]]:
    return DEDUP_DOCUMENTS, facts.partition


def _keys(facts: Facts) -> Found | NotAsked:
    listed = facts.side_rows(DEDUP_KEYS)
    if not listed and (facts.figures["documents with keys of their own"] or 0):
        return NotAsked("a filter's keys are with its documents")
    return Found(listed, facts.counter("keys"))


def _keys_read(facts: Facts) -> Found | NotAsked:
    state = facts.home.lake.state(DEDUP_DOCUMENTS, facts.partition)
    if state is None or (facts.state and state.time > facts.state.time):
        return NotAsked(f"{DEDUP_DOCUMENTS} was made anew since: this table is stale")
    return Found(state.counters.get("keys", 0), facts.counter("keys"))


def _edges(facts: Facts) -> Found | NotAsked:
    if facts.state is None or "edges" not in facts.state.counters:
        return NotAsked("its findings are not counted one by one")
    return Found(facts.side_rows(DEDUP_EDGES), facts.counter("edges"))


def _copies(facts: Facts) -> Found:
    return Found(int(facts.figures["documents that go"] or 0), facts.counter("dropped:copy"))


def _gone(facts: Facts) -> Found:
    return Found(int(facts.figures["documents that go"] or 0), sum(facts.counters("dropped:").values()))


def _compared_dialogues(facts: Facts) -> tuple[str, dict[str, str]]:
    return SFT_DEDUP_INDEX, facts.partition


def _learnt(facts: Facts) -> Found:
    return Found(int(facts.figures["tokens learnt"] or 0), facts.counter("tokens:trained"))


_ACCOUNTED = "rows kept, dropped or rejected"
RECORDS = Balance(
    "records read",
    _ACCOUNTED,
    "Every record that was read is a row, or was dropped or rejected with a reason",
    _records,
)
REJECTS = Balance(
    "rows in ops.rejects", "records rejected", "Every record that was rejected is listed with its reason", _rejects
)
DECISIONS = Balance(
    "rows in ops.decisions",
    "documents dropped",
    "Every document that was dropped is listed with its rule",
    _unless_forgotten(_decisions),
)
KEPT = Balance("rows", "rows written", "There are as many rows as the stage has written", _unless_forgotten(_kept))
ADDRESSES = Balance(
    "records read",
    "records with an address here, or without any",
    "Every record of the pages has its address here, or had none",
    _unless_forgotten(_addresses),
    {"pages of addresses": "sum(pages)"},
)
FROM_PAGES = Balance("rows of web.pages", "records read", "Every page was read", _read_of(_pages))
FROM_TEXTS = Balance("rows of the texts", "records read", "Every text was read", _read_of(_texts))
FROM_READ = Balance("rows of the documents", "records read", "Every document of the source was read", _read_of(_read))
FROM_DIALOGUES = Balance("rows of the dialogues", "records read", "Every dialogue was read", _of_dialogues)
FROM_CHATS = Balance("rows of the chats", "records read", "Every chat was read", _read_of(_chats))
PARENTS = Balance(
    "rows read",
    "rows that something was made of, or that have a reason",
    "Every row that was read is the parent of a dialogue, or has a reason in ops.rejects",
    _parents,
)
OUTCOMES = Balance("outcomes", "rows kept or rejected", "Every outcome is a dialogue or a reject", _outcomes)
LEARNT = Balance(
    "tokens learnt of the rows",
    "tokens drawn",
    "Every token that was drawn is one of a row",
    _unless_forgotten(_learnt),
    {"tokens learnt": "sum(trained)"},
)
FROM_COMPARED = Balance(
    "rows of web.dedup_documents", "records read", "Every document that was compared was read", _read_of(_compared)
)
KEYS = Balance(
    "rows in web.dedup_keys",
    "keys of documents",
    "Every key of a document is listed",
    _unless_forgotten(_keys),
    {"documents with keys of their own": "count_if(len(keys) > 0)"},
)
KEYS_READ = Balance("keys of documents", "keys read", "Every key of a document was matched", _keys_read)
EDGES = Balance("rows in web.dedup_edges", "findings", "Every finding is listed", _unless_forgotten(_edges))
FROM_COMPARED_DIALOGUES = Balance(
    "rows of sft.dedup_index",
    "records read",
    "Every dialogue that was compared was read",
    _read_of(_compared_dialogues),
)
GONE = Balance(
    "rows that are not kept",
    "dialogues dropped",
    "Every dialogue that goes has a row that says so",
    _unless_forgotten(_gone),
    {"documents that go": "count_if(NOT kept)"},
)
COPIES = Balance(
    "rows that are not kept",
    "documents dropped as copies",
    "Every document that goes has a row that says so",
    _unless_forgotten(_copies),
    {"documents that go": "count_if(NOT kept)"},
)


# Cautions


def _broken(facts: Facts) -> Found:
    broken, seen = facts.counter("broken"), facts.counter("records")
    reasons = facts.counters("rejects:")
    rows = ({"reason": reason, "records": n} for reason, n in sorted(reasons.items(), key=lambda item: -item[1]))
    more = {"broken_records": broken, "records": seen, "rejects_by_reason": listed(reasons)}
    return Found(round(broken / seen, 6) if seen else 0.0, None, tuple(rows), more)


def _unsure(facts: Facts) -> Found:
    unsure = facts.figures[_UNSURE] or 0
    share = round(unsure / facts.rows, 6) if facts.rows else 0.0
    return Found(share, None, (), {"documents": facts.rows, "unsure": unsure, "threshold": str(UNSURE_SCORE)})


def _without_models(facts: Facts) -> Found:
    wanted = facts.home.settings.scored_languages
    known = facts.figures[_WITHOUT] or {}
    without = {language: n for language, n in sorted(known.items()) if language in wanted}
    rows = tuple({"language": language, "documents": n} for language, n in without.items())
    return Found(sum(without.values()), None, rows, {"by_language": listed(without)})


def _lopsided(facts: Facts) -> Found:
    spread: dict[str, dict[str, int]] = {}
    for name, n in sorted((facts.figures[_BUCKETS] or {}).items()):
        language, _, bucket = name.rpartition("/")
        if bucket != "all":
            spread.setdefault(language, {})[bucket] = n
    over = [
        language
        for language, buckets in spread.items()
        if (total := sum(buckets.values())) >= ENOUGH and max(buckets.values()) > ONE_BUCKET_SHARE * total
    ]
    rows = tuple({"language": language, "documents": listed(spread[language])} for language in over)
    by_language = {language: listed(buckets) for language, buckets in spread.items()}
    return Found(
        len(over), None, rows, {**by_language, "lopsided": ", ".join(over), "allowed": f"{ONE_BUCKET_SHARE:.0%}"}
    )


def _part_kept(facts: Facts) -> Found:
    read, kept = facts.counter("records"), facts.rows
    is_fine = (kept > 0 or read == 0) and (kept < read or read < ENOUGH)
    return Found(0 if is_fine else 1, None, _account(facts), {"read": read, "kept": kept})


def _blind_rules(facts: Facts) -> Found:
    left, blind = facts.counter("records"), []
    for step in facts.home.recipe(facts.spec.short).steps:
        scored = _rules_over_scores(step)
        unknown = {rule: n for rule, n in facts.counters(f"unknown:{step.name}:").items() if n >= left > 0}
        blind += [f"{step.name}: {rule}" for rule in unknown if rule in scored]
        left -= sum(facts.counters(f"dropped:{step.name}:").values())
    return Found(len(blind), None, tuple({"rule": rule} for rule in blind), {"rules_without_values": ", ".join(blind)})


def _rules_over_scores(step: Step) -> set[str]:
    """Rules of a step that ask about what a model measures; to others no value says that there is nothing to measure."""
    if not isinstance(step, FilterStep):
        return set()
    known = signals()
    rules = rules_of(step, Environment())
    return {r.name for r in rules if r.signal.endswith("perplexity") or (r.signal in known and known[r.signal].models)}


def _made(facts: Facts) -> Found:
    made = facts.figures[_MODELS] or 0
    reason = facts.figures[_REASONS] or ("" if made else "there is no row")
    more = {} if made else {"reason": reason}
    return Found(made, None, ({"reason": reason},) if reason else (), more)


def listed(counts: Mapping[str, int]) -> str:
    """`truncated 2, not_html 1`, the largest first."""
    return ", ".join(f"{name} {n:,}" for name, n in sorted(counts.items(), key=lambda item: -item[1]))


FEW_BROKEN = Caution(
    "share of broken records",
    "few_broken_records",
    "Of the records that were read",
    _broken,
    most=BROKEN_SHARE,
    id="share",
)
LANGUAGES_ARE_SURE = Caution(
    "share of documents in an unsure language",
    "languages_are_sure",
    f"The language is unknown, or its score is below {UNSURE_SCORE}",
    _unsure,
    most=UNSURE_SHARE,
    sql={_UNSURE: f"count_if(language IS NULL OR coalesce(language_score, 0) < {UNSURE_SCORE})"},
    id="share",
)
LANGUAGES_HAVE_MODELS = Caution(
    "documents without a perplexity that is wanted",
    "languages_have_models",
    "In the languages of `documents.languages` or `language_model.languages`",
    _without_models,
    most=0,
    sql={_WITHOUT: "histogram(language) FILTER (bucket = 'all' AND language IS NOT NULL)"},
    id="documents_without_perplexity",
)
BUCKETS_ARE_SPREAD = Caution(
    "languages that are nearly all in one bucket",
    "buckets_are_spread",
    f"More than {ONE_BUCKET_SHARE:.0%} of at least {ENOUGH} documents",
    _lopsided,
    most=0,
    sql={_BUCKETS: "histogram(language || '/' || bucket) FILTER (language IS NOT NULL AND bucket IS NOT NULL)"},
    id="lopsided_languages",
)
A_PART_IS_KEPT = Caution(
    "whether all or nothing is kept", "a_part_is_kept", "1: all or nothing", _part_kept, most=0, id="all_or_nothing"
)
RULES_SEE_VALUES = Caution(
    "rules without values",
    "rules_see_values",
    "Rules over scores of models that found no score in any document",
    _blind_rules,
    most=0,
    id="blind_rules",
)
MODEL_WAS_MADE = Caution(
    "models",
    "model_was_made",
    "Rows with a model",
    _made,
    least=1,
    sql={_MODELS: "count(digest)", _REASONS: "max(reason)"},
    id="models",
)
