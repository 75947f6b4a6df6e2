"""What the spec of a table does not say of it: which values columns may have, how columns of a row agree, what must balance, what warns.

`COLUMNS` goes by the name of a column, for the same quantity has the same name everywhere; so a new table has most of its suite without a word
here. `DECLARED` adds what is special to a table, and takes precedence. `web.signals` has the ranges that its registry gives (`of_signals`).

To add a table: nothing, where its columns are known here. Else a line in `COLUMNS`, or an entry in `DECLARED`.

Not here: types, nulls and keys (they are the spec's), how figures are found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

from corpus_platform.documents import NOBODY_SAYS, ORIGINS, SOURCES, TEXT_BASES
from corpus_platform.extract.charset import Source
from corpus_platform.extract.outcome import Unusable
from corpus_platform.quality import counted, mixed
from corpus_platform.quality.counted import FORGOTTEN
from corpus_platform.quality.values import Values, at_least, between, like, one_of
from corpus_platform.readers.reader import readers
from corpus_platform.recipes.ccnet import Bucket
from corpus_platform.sft.collected import human, users
from corpus_platform.sft.construct.way import REASONS as WAY_REASONS
from corpus_platform.sft.construct.way import ways
from corpus_platform.sft.containers import CONTAINER_REASONS
from corpus_platform.sft.kinds.kind import MODULES as KINDS
from corpus_platform.sft.kinds.kind import REASONS as KIND_REASONS
from corpus_platform.sft.kinds.kind import kinds
from corpus_platform.sft_tables import CONSTRUCTIONS, TASK_TYPES, VOTES, WAYS, WAYS_OF_COLLECTING
from corpus_platform.signals.registry import signals
from corpus_platform.sources.mediawiki import MEDIAWIKI_REASONS
from corpus_platform.sources.records import REASONS
from corpus_platform.stages.sketches import NAMES, PRECISION
from corpus_platform.stages.texts import AFTER_DEDUP, CLEANED, cleaned_table, read_table
from corpus_platform.stages.url_history import STATUSES, VANISHED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.quality.counted import Balance, Caution
    from corpus_platform.signals.registry import Signal

DOCUMENT_ID = like("[0-9a-f]{32}")
COUNT = at_least(0)
_BASE = "|".join(TEXT_BASES)

COLUMNS: Mapping[str, Values] = {
    "doc_id": DOCUMENT_ID,
    "cluster": DOCUMENT_ID,
    "canonical": DOCUMENT_ID,
    "neighbour": DOCUMENT_ID,
    "merged": DOCUMENT_ID,
    "source": like("[a-z][a-z0-9_]*"),
    "shard": COUNT,
    "file_index": COUNT,
    "position": COUNT,
    "place": COUNT,
    "first_place": COUNT,
    "other": COUNT,
    "ordinal": COUNT,
    "paragraph_group": COUNT,
    "language": like("[A-Za-z]{1,8}([-_][A-Za-z0-9]{1,8})*"),
    "language_score": between(0, 1),
    "perplexity": at_least(1),
    "bucket": one_of(tuple(bucket.value for bucket in Bucket)),
    "similarity": between(0, 1),
    "weight": COUNT,
    "size": at_least(1),
    "http_status": between(100, 999),
    "charset_source": one_of(get_args(Source)),
    "bytes": COUNT,
    "length": COUNT,
    "nlines": COUNT,
    "original_length": COUNT,
    "original_nlines": COUNT,
    "line_ids": COUNT,
    "times_seen": at_least(1),
    "pages": COUNT,
    "variant": like(f"({_BASE})({re.escape(AFTER_DEDUP)})?|({'|'.join(SOURCES)})({re.escape(CLEANED)})?"),
}
"""What the values of a column may be, in whichever table it is; of a list, its items."""


@dataclass(frozen=True)
class Agreement:
    """Something that holds in every row, over several columns, of tables that have them. `breaks` is SQL that is true where it does not."""

    name: str
    breaks: str
    shows: tuple[str, ...]
    notes: str


@dataclass(frozen=True)
class Declared:
    """What is special to a table."""

    values: Mapping[str, Values] = field(default_factory=dict)
    agree: tuple[Agreement, ...] = ()
    balances: tuple[Balance, ...] = ()
    cautions: tuple[Caution, ...] = ()
    may_be_empty: bool = False
    has_unique_keys: bool = True
    has_alike_sizes: bool = True
    """Whether partitions that follow each other should have about as many rows."""
    shares: tuple[str, ...] = ("language", "bucket")
    """Columns of few values whose shares are compared with those of the snapshot before, where the table has them."""


def declared(name: str) -> Declared:
    """What is special to a table: its own entry, else that of its layer."""
    layer = name.partition(".")[0]
    return DECLARED.get(name) or DECLARED.get(f"{layer}.*") or Declared()


def values_of(name: str, column: str) -> Values | None:
    """What the values of a column may be; None where every value is allowed."""
    special = declared(name).values.get(column)
    return special if special is not None else COLUMNS.get(column)


@cache
def of_signals() -> dict[str, Values]:
    """What the registry says of the range of each signal."""
    found = {name: _of_signal(signal) for name, signal in signals().items()}
    return {name: values for name, values in found.items() if values is not None}


def _of_signal(signal: Signal) -> Values | None:
    told = signal.range
    if match := re.fullmatch(r"(-?\d+)\.\.(-?\d+)(, without \2)?", told):
        least, most = float(match[1]), float(match[2])
        return Values(least=least, below=most) if match[3] else between(least, most)
    if match := re.fullmatch(r"(-?\d+)\.\.|>= (-?\d+)", told):
        return at_least(float(match[1] or match[2]))
    if match := re.fullmatch(r"(\d+) x (\d+) bytes", told):
        return Values(items=int(match[1]), bytes_each=int(match[2]))
    if re.fullmatch(r"\d+(, \d+)+", told):
        return one_of(tuple(map(int, told.split(", "))))
    if re.fullmatch(r"[a-z]+(, [a-z]+)+", told) and told != "true, false":
        return one_of(tuple(told.split(", ")))
    return None


def reasons() -> tuple[str, ...]:
    """Every reason for which a record is rejected."""
    of_readers = {reason for reader in readers().values() for reason in reader.reasons}
    of_kinds = {reason for kind in kinds().values() for reason in kind.reasons}
    of_ways = {reason for way in ways().values() for reason in way.reasons}
    of_people = {*human.REASONS, *users.REASONS}
    of_dialogues = {*CONTAINER_REASONS, *KIND_REASONS, *WAY_REASONS, *of_kinds, *of_ways, *of_people}
    of_web = {*REASONS, *MEDIAWIKI_REASONS, *_of_pages(Unusable), "repeated_record"}
    return tuple(sorted({*of_web, *of_readers, *of_dialogues, "unreadable", FORGOTTEN}))


def _of_pages(kind: type[Unusable]) -> set[str]:
    """Reasons of the errors of extraction, whose classes carry them."""
    return {kind.reason}.union(*(_of_pages(one) for one in kind.__subclasses__()))


_MADE_OR_WHY = Agreement(
    "a model or a reason",
    "(digest IS NULL) = (reason IS NULL) OR (digest IS NULL) <> (path IS NULL)",
    ("digest", "path", "reason"),
    "Where a model was made it has files and a digest; where none was, there is a reason",
)
_CCNET = (
    Agreement(
        "lines that are left", "nlines <> len(line_ids)", ("nlines", "line_ids"), "Every line that is left has a number"
    ),
    Agreement(
        "not more than before",
        "length > original_length OR nlines > original_nlines",
        ("length", "original_length", "nlines", "original_nlines"),
        "Paragraph dedup adds nothing to a text",
    ),
    Agreement(
        "bucket by perplexity",
        "(perplexity IS NULL) <> (bucket = 'all')",
        ("perplexity", "bucket"),
        "A document has a bucket other than `all` where it has a perplexity",
    ),
)
_RATIO = between(0, 1)

_WRITTEN_BY = {"origin": one_of(ORIGINS)}
_READ = Declared(
    values=_WRITTEN_BY,
    balances=(counted.RECORDS, counted.REJECTS),
    cautions=(counted.FEW_BROKEN,),
    may_be_empty=True,  # a unit may hold nothing but what is not wanted: a site's users
    has_alike_sizes=False,  # collections are no snapshots of one thing
)
_CLEANED = Declared(
    values=_WRITTEN_BY,
    agree=_CCNET,
    balances=(counted.RECORDS, counted.FROM_READ, counted.DECISIONS),
    may_be_empty=True,
    has_alike_sizes=False,
)

_SPOKEN = {
    **_WRITTEN_BY,
    "construction": one_of(CONSTRUCTIONS),
    "task_type": one_of(TASK_TYPES),
    "content_id": DOCUMENT_ID,
    "kind": one_of((*KINDS, *WAYS)),
    "ordinal": COUNT,
    "parents": DOCUMENT_ID,
}
_SPEAKS = Agreement(
    "somebody speaks",
    "len(messages) = 0",
    ("messages",),
    "A dialogue has a message at least, in the order of the source",
)


_FAILS = Agreement(
    "why it fails",
    "failed <> (refused OR list_has_any(votes, ['down', 'regenerate', 'edit']))",
    ("failed", "refused", "votes"),
    "A request fails where its answer refuses, or was voted down, generated again or edited",
)


def _of_dialogues(*balances: Balance, **more: Any) -> Declared:
    """What is special to a table of dialogues."""
    defaults = {"values": _SPOKEN, "may_be_empty": True, "has_alike_sizes": False, "shares": ("language", "task_type")}
    return Declared(balances=balances, **(defaults | more))


DECLARED: Mapping[str, Declared] = {
    "sft.raw": Declared(
        values={"sniffed_kind": one_of(KINDS)}, balances=(counted.RECORDS, counted.KEPT), has_alike_sizes=False
    ),
    "sft.messages": _of_dialogues(counted.RECORDS, counted.REJECTS, agree=(_SPEAKS,), cautions=(counted.FEW_BROKEN,)),
    "sft.preferences": _of_dialogues(counted.RECORDS, counted.REJECTS, cautions=(counted.FEW_BROKEN,)),
    **{
        f"sft.constructed_{way}": _of_dialogues(counted.PARENTS, counted.OUTCOMES, counted.REJECTS, agree=(_SPEAKS,))
        for way in WAYS
    },
    **{
        f"sft.collected_{way}": _of_dialogues(
            counted.RECORDS, counted.REJECTS, agree=(_SPEAKS,), cautions=(counted.FEW_BROKEN,)
        )
        for way in WAYS_OF_COLLECTING
    },
    "sft.agreement": Declared(
        values={
            "task_type": one_of(TASK_TYPES),
            **dict.fromkeys(("answers", "taken", "reviewed", "reviewers"), COUNT),
            "percent": _RATIO,
            "kappa": between(-1, 1),
            "alpha": between(-1, 1),
        },
        balances=(counted.RECORDS,),
        may_be_empty=True,
        has_alike_sizes=False,
    ),
    "sft.feedback": Declared(
        values={"ordinal": COUNT, "turn": COUNT, "votes": one_of(VOTES)},
        agree=(_FAILS,),
        balances=(counted.KEPT, counted.FROM_CHATS),
        may_be_empty=True,
        has_alike_sizes=False,
        shares=("language",),
    ),
    "sft.failing": Declared(
        values={
            **dict.fromkeys(("rank", "turn", "down", "regenerated", "edited", "refusals"), COUNT),
            "requests": at_least(1),
            "failures": at_least(1),
            "share": _RATIO,
        },
        balances=(counted.KEPT,),
        may_be_empty=True,
        has_alike_sizes=False,
        shares=(),
    ),
    "sft.signals": Declared(
        values={"ordinal": COUNT},
        balances=(counted.RECORDS, counted.FROM_DIALOGUES),
        may_be_empty=True,
        has_alike_sizes=False,
    ),
    "sft.dedup_index": Declared(
        values={"ordinal": COUNT, "answer_characters": COUNT, "turns": COUNT},
        balances=(counted.RECORDS, counted.FROM_DIALOGUES),
        may_be_empty=True,
        has_alike_sizes=False,
    ),
    "sft.duplicates": Declared(
        values={"ordinal": COUNT},
        balances=(counted.GONE, counted.FROM_COMPARED_DIALOGUES),
        may_be_empty=True,
        has_alike_sizes=False,
    ),
    "sft.mixes": Declared(
        values={
            **dict.fromkeys(("rank", "file_shard", "epoch", "tokens"), COUNT),
            "trained": at_least(1),
            "content_id": DOCUMENT_ID,
            "construction": one_of(CONSTRUCTIONS),
            "task_type": one_of(TASK_TYPES),
            **_WRITTEN_BY,
        },
        balances=(counted.KEPT, counted.LEARNT),
        has_alike_sizes=False,
        shares=(),
    ),
    "sft.selected": Declared(values={"ordinal": COUNT}, may_be_empty=True, has_alike_sizes=False),
    "sft.filtered": _of_dialogues(counted.RECORDS, counted.FROM_DIALOGUES, counted.DECISIONS, agree=(_SPEAKS,)),
    **{read_table(source): _READ for source in SOURCES if source != "encyclopedia"},
    **{cleaned_table(source): _CLEANED for source in SOURCES},
    "web.pages": Declared(
        balances=(counted.RECORDS, counted.REJECTS),
        cautions=(counted.FEW_BROKEN,),
    ),
    "web.url_history": Declared(
        values={"status": one_of(STATUSES)},
        agree=(
            Agreement(
                "snapshots in order",
                "first_seen > last_seen OR last_seen > snapshot",
                ("first_seen", "last_seen"),
                "An address is first seen, then last seen, up to this snapshot",
            ),
            Agreement(
                "vanished without pages",
                f"(status = '{VANISHED}') <> (pages = 0)",
                ("status", "pages"),
                "What has vanished has no page here, and all others have one",
            ),
        ),
        balances=(counted.ADDRESSES, counted.FROM_PAGES),
    ),
    "web.sketches": Declared(
        values={
            "name": one_of(NAMES),
            "estimate": COUNT,
            "exact_rows": COUNT,
            "precision": one_of((PRECISION,)),
            "registers": Values(bytes_each=1 << PRECISION),
        },
        balances=(counted.KEPT, counted.FROM_PAGES),
    ),
    "web.paragraph_hashes": Declared(balances=(counted.FROM_PAGES,), may_be_empty=True),
    "web.paragraphs": Declared(balances=(counted.KEPT,), may_be_empty=True),
    "web.documents": Declared(
        agree=_CCNET,
        balances=(counted.RECORDS, counted.FROM_PAGES, counted.DECISIONS),
        cautions=(counted.LANGUAGES_ARE_SURE, counted.LANGUAGES_HAVE_MODELS, counted.BUCKETS_ARE_SPREAD),
    ),
    "web.signals": Declared(balances=(counted.RECORDS, counted.FROM_TEXTS)),
    "web.dedup_documents": Declared(
        values={"units": COUNT},
        balances=(counted.RECORDS, counted.FROM_TEXTS, counted.KEYS),
        may_be_empty=True,
    ),
    "web.dedup_index": Declared(balances=(counted.EDGES, counted.KEYS_READ), may_be_empty=True),
    "web.dedup_keys": Declared(may_be_empty=True),
    # A pair of documents has a row for each range of keys in which it shares some.
    "web.dedup_edges": Declared(values={"keys": COUNT, "apart": COUNT}, may_be_empty=True, has_unique_keys=False),
    "web.duplicates": Declared(
        values={"units": COUNT},
        balances=(counted.COPIES, counted.FROM_COMPARED),
        may_be_empty=True,
        has_alike_sizes=False,  # the first snapshot has no earlier ones to have copies in
    ),
    "encyclopedia.articles": Declared(
        values=_WRITTEN_BY,
        balances=(counted.RECORDS, counted.REJECTS),
        cautions=(counted.FEW_BROKEN,),
    ),
    "models.language_model": Declared(
        values={
            "cutoff_head": at_least(1),
            "cutoff_middle": at_least(1),
            "articles": COUNT,
            "characters": COUNT,
            "tokens": COUNT,
            "ngrams": COUNT,
        },
        agree=(
            _MADE_OR_WHY,
            Agreement(
                "cut-offs in order",
                "cutoff_head > cutoff_middle",
                ("cutoff_head", "cutoff_middle"),
                "Head ends before middle does",
            ),
        ),
        cautions=(counted.MODEL_WAS_MADE,),
    ),
    "models.classifier": Declared(
        values={"precision": _RATIO, "recall": _RATIO, "training_rows": COUNT, "held_back_rows": COUNT},
        agree=(_MADE_OR_WHY,),
        cautions=(counted.MODEL_WAS_MADE,),
    ),
    "models.importance": Declared(
        values={"buckets": at_least(1), "target_documents": COUNT, "source_documents": COUNT, "target_words": COUNT},
        agree=(_MADE_OR_WHY,),
        cautions=(counted.MODEL_WAS_MADE,),
    ),
    "models.tokenizer": Declared(values={"vocabulary": at_least(1), "texts": COUNT, "characters": COUNT}),
    "mixes.token_counts": Declared(values={"tokens": COUNT}, balances=(counted.RECORDS,), may_be_empty=True),
    "mixes.documents": Declared(
        values={
            "tokens": at_least(1),
            "stage": COUNT,
            "epoch": COUNT,
            "rank": COUNT,
            "draw_key": COUNT,
            "draw_weight": COUNT,
            "table_shard": COUNT,
            "origin": one_of((*ORIGINS, NOBODY_SAYS)),
        },
        balances=(counted.KEPT, mixed.TOKENS_ARE_COUNTED, mixed.PARTS_ARE_FILLED),
        cautions=(mixed.SHARES_ARE_KEPT,),
        has_alike_sizes=False,
        shares=(),
    ),
    # An empty corpus is no broken one: there may be no document in the recipe's languages.
    "corpora.*": Declared(
        values={**_WRITTEN_BY, "part": like("[a-z][a-z0-9_]*")},
        agree=_CCNET,
        balances=(counted.RECORDS, counted.FROM_TEXTS, counted.DECISIONS),
        cautions=(counted.A_PART_IS_KEPT, counted.RULES_SEE_VALUES),
        may_be_empty=True,
    ),
    "ops.rejects": Declared(
        values={"reason": one_of(reasons())},
        may_be_empty=True,
    ),
    "ops.decisions": Declared(may_be_empty=True),
    "ops.reviews": Declared(values={"verdict": one_of(("good", "bad"))}),
}
"""By table; `<layer>.*` is every table of an open layer that has no entry of its own."""
