"""Dedups as their systems define them: what is compared, how, which copy stays, among which documents.

`preset` names the parameter card of a system; what is written beside it counts more. A step makes the *family* that gives the keys of a text, and
says how documents that share keys are matched: as whole documents, by their units, by a filter that has seen them, or by weights.

Not here: the cards (dedup_cards.py), who takes part (recipes/population.py), the looking for copies (dedup/), test sets (contamination.py).
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from corpus_platform.dedup.bff import NgramUnits
from corpus_platform.dedup.cluster_rows import ByExpression
from corpus_platform.dedup.commonness import NgramKeys
from corpus_platform.dedup.exact import DigestKeys, TextKeys, UrlKeys
from corpus_platform.dedup.lsh import optimal_bands
from corpus_platform.dedup.matching import Equal, Near, Rule
from corpus_platform.dedup.minhash import MinHashKeys
from corpus_platform.dedup.simhash import SimHashKeys
from corpus_platform.dedup.substrings import WindowUnits
from corpus_platform.dedup.units import LineUnits, SentenceUnits
from corpus_platform.recipes.step import DedupStep, register_step
from corpus_platform.recipes.steps.dedup_cards import CARDS
from corpus_platform.yaml_file import nearest

Normal = Literal[
    "raw",
    "norm_cc",
    "norm_rp",
    "norm_dt",
    "norm_slim",
    "lower",
    "stripped_lower",
    "letters",
    "words",
    "code_words",
    "unpunctuated",
    "source_side",
    "target_side",
]
"""Forms of a text that are compared: the named normal forms, `letters` only, `words`: word characters only, `code_words`: those with spaces
between, lower case `unpunctuated`; of a text in
two languages one side in lower case."""

UnitForm = Literal["raw", "stripped", "lower", "stripped_lower", "norm_cc", "norm_rp", "norm_dt", "norm_slim"]
"""Forms of a line or sentence that are compared."""

Hash = Literal["sha1_32", "sha1_64", "md5", "md5_64", "xx64", "murmur_32", "sha256"]

Survivor = Literal["none", "first", "newest", "lowest_id", "smallest_url_hash", "longest", "best", "one"]
"""Which copy stays: none at all, the first in order, one of the newest snapshot, the lowest id, the smallest MD5 of the address, the longest text,
the one with the best score (`by`), any one (the first). What an earlier snapshot has published stays, whatever is chosen among new documents."""

Scope = Literal["shard", "group", "snapshot", "snapshots", "language", "corpus"]
"""Documents that are compared: of a shard, of a group of files, of a snapshot, of several snapshots, of a language, of all sources together."""


Matching = Literal["documents", "units", "filter", "weights"]
"""How a dedup acts: on clusters of documents; on pieces that others have too; by a filter that has seen keys before, in order; on sampling weights."""


class Dedup(DedupStep):
    """What all dedups take."""

    matching: ClassVar[Matching] = "documents"

    preset: str | None = Field(default=None, description="Parameter card of a system, by name")
    survivor: Survivor = Field(default="first", description="Which copy stays")
    scope: Scope = Field(default="snapshot", description="Documents that are compared with each other")
    by: str | None = Field(default=None, description="Signal that is the score of survivor `best`; the highest stays")
    snapshots: tuple[str, ...] = Field(
        default=(), description="Earlier snapshots that are compared with, where the scope has several; all by default"
    )

    @model_validator(mode="after")
    def _has_a_score(self) -> Self:
        if (self.survivor == "best") != (self.by is not None):
            raise ValueError("survivor `best` and the signal `by` that it goes by are given together")
        return self

    @property
    def sees_earlier(self) -> bool:
        """Whether documents are compared with those of earlier snapshots."""
        return self.scope in {"snapshots", "language", "corpus"}

    def needs(self) -> tuple[str, ...]:
        """The language where each is compared for itself, and the signal that the survivor is chosen by."""
        return (*(("language",) if self.scope == "language" else ()), *((self.by,) if self.by else ()))

    def family(self, *, reference: bool) -> Any:
        """What makes the keys of texts; see dedup/keys.py."""
        raise NotImplementedError

    def remover(self, *, reference: bool) -> Any:
        """What takes units out of texts: the family that has made their keys."""
        return self.family(reference=reference)

    def rule(self) -> Rule:
        """Which holders of a key match."""
        return Equal()

    def measure(self) -> ByExpression:
        """How alike two matched documents are."""
        return ByExpression("1.0")

    @property
    def verified(self) -> float | None:
        """Least true Jaccard similarity of a pair; None where pairs are not looked at again."""
        return getattr(self, "verify", None)

    @property
    def limit(self) -> float | None:
        """What the ledger names as threshold: the similarity that is looked for."""
        return self.verified

    @model_validator(mode="before")
    @classmethod
    def _take_preset(cls, values: Any) -> Any:
        name = values.get("preset") if isinstance(values, dict) else None
        if name is None:
            return values
        cards = CARDS.get(cls.step, {})
        if name not in cards:
            known = ", ".join(cards) or "none"
            raise ValueError(
                f"there is no preset `{name}` of `{cls.step}`{nearest(str(name), cards)}; there are {known}"
            )
        return {**cards[name], **values}


@register_step
class Exact(Dedup):
    """Documents whose key is equal: the text in a normal form, or the digest of the record."""

    step = "exact"

    key: Literal["text", "digest"] = Field(default="text", description="What is compared")
    normal: Normal = Field(default="raw", description="Form of the text that is compared")
    hash: Hash = Field(default="sha1_64", description="Hash of the key")
    holdout: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Share of documents that are held out, by a draw that is the same for ever: they go, and with them all whose key is equal",
    )

    def family(self, *, reference: bool) -> Any:
        """A key is 128 bits of the text's or the digest's hash."""
        del reference
        return DigestKeys() if self.key == "digest" else TextKeys(self.normal)


@register_step
class UrlDedup(Dedup):
    """Documents of one address."""

    step = "url_dedup"

    key: Literal["url", "url_without_query", "url_without_scheme"] = Field(
        default="url", description="Part of the address that is compared"
    )

    def family(self, *, reference: bool) -> Any:
        """A key is 128 bits of the address' hash."""
        del reference
        return UrlKeys(self.key)


@register_step
class MinHash(Dedup):
    """Near-duplicates: documents whose signatures agree in one whole band, joined to clusters."""

    step = "minhash"

    normal: Normal = Field(default="norm_rp", description="Form of the text whose shingles are taken")
    unit: Literal["word", "character", "token"] = Field(default="word", description="What a shingle is made of")
    n: int = Field(default=13, ge=1, description="Units of a shingle")
    hash: Hash = Field(default="sha1_32", description="Hash of a shingle")
    permutations: int = Field(default=128, ge=1, description="Values of a signature")
    seed: int = Field(default=42, description="Seed of the permutations")
    bands: int | None = Field(default=None, ge=1, description="Bands of a signature")
    rows: int | None = Field(default=None, ge=1, description="Values of a band")
    threshold: float | None = Field(
        default=None, gt=0, le=1, description="Similarity that is looked for; bands and rows are chosen by it"
    )
    verify: float | None = Field(
        default=None, gt=0, le=1, description="Least Jaccard similarity of a pair that is looked at again; none is"
    )

    @model_validator(mode="after")
    def _has_bands(self) -> Self:
        if (self.bands is None) != (self.rows is None):
            raise ValueError("`bands` and `rows` go together")
        if self.bands is None and self.threshold is None and not self.unverified:
            raise ValueError("give `bands` and `rows`, or a `threshold`, or say in `unverified` why they are not known")
        if self.bands and self.rows and self.bands * self.rows > self.permutations:
            raise ValueError(
                f"{self.bands} bands of {self.rows} rows need {self.bands * self.rows} permutations, "
                f"and there are {self.permutations}"
            )
        return self

    @property
    def banding(self) -> tuple[int, int]:
        """Bands and rows: as given, or those that suit the threshold (0.8 where nothing is known)."""
        if self.bands and self.rows:
            return self.bands, self.rows
        return optimal_bands(self.threshold or 0.8, self.permutations)

    @property
    def limit(self) -> float | None:
        """The similarity that pairs are verified by, or that bands and rows are made for."""
        return self.verify or self.threshold

    def family(self, *, reference: bool) -> Any:
        """A key for each band."""
        bands, rows = self.banding
        return MinHashKeys(
            form=self.normal,
            unit=self.unit,
            n=self.n,
            hash=self.hash,
            permutations=self.permutations,
            seed=self.seed,
            bands=bands,
            rows=rows,
            reference=reference,
        )

    def rule(self) -> Rule:
        """Documents that agree in a band are candidates."""
        return Equal(chained=self.verify is not None)

    def measure(self) -> ByExpression:
        """Estimated from how many bands agree."""
        bands, rows = self.banding
        return ByExpression(f"power(least(keys / {float(bands)}, 1.0), {1 / rows})")


@register_step
class SimHash(Dedup):
    """Near-duplicates: documents whose SimHashes differ in few bits."""

    step = "simhash"

    normal: Normal = Field(default="raw", description="Form of the text whose shingles are taken")
    unit: Literal["word", "character"] = Field(default="character", description="What a shingle is made of")
    n: int = Field(default=6, ge=1, description="Units of a shingle")
    hash: Hash = Field(default="md5_64", description="Hash of a shingle")
    bits: int = Field(default=64, ge=8, description="Bits of a SimHash")
    distance: int = Field(default=3, ge=0, description="Bits that may differ")
    blocks: int | None = Field(default=None, ge=1, description="Blocks that candidates are looked for by")
    verify: float | None = Field(
        default=None, gt=0, le=1, description="Least Jaccard similarity of the paragraphs of a pair"
    )

    @model_validator(mode="after")
    def _has_blocks(self) -> Self:
        if self.distance >= self.bits:
            raise ValueError(f"a `distance` of {self.distance} needs more than {self.bits} bits")
        if self.blocks is not None and self.blocks <= self.distance:
            raise ValueError(
                f"`blocks` must be more than the `distance`: {self.blocks} blocks miss pairs of {self.distance} bits"
            )
        if self.bits != 64:
            raise ValueError(f"a SimHash has 64 bits here, not {self.bits}")
        return self

    def family(self, *, reference: bool) -> Any:
        """A key for each choice of blocks; the value is the SimHash."""
        return SimHashKeys(
            form=self.normal,
            unit=self.unit,
            n=self.n,
            hash=self.hash,
            distance=self.distance,
            blocks=self.blocks,
            reference=reference,
        )

    def rule(self) -> Rule:
        """SimHashes that share blocks are compared bit by bit."""
        return Near(self.distance, every=self.verify is not None)

    def measure(self) -> ByExpression:
        """Share of the bits that agree."""
        return ByExpression(f"1.0 - apart / {float(self.bits)}")


@register_step
class LineDedup(Dedup):
    """Lines, or rows of sentences, that came before are taken out of their documents."""

    step = "line_dedup"
    matching = "units"

    unit: Literal["line", "sentence"] = Field(default="line", description="What is compared")
    n: int = Field(default=1, ge=1, description="Units that follow each other and are compared as one")
    normal: UnitForm = Field(default="raw", description="Form of the text that is compared")
    hash: Hash = Field(default="sha1_64", description="Hash of it")
    min_words: int | None = Field(default=None, ge=0, description="Words that must be left of a document")
    min_sentences: int | None = Field(default=None, ge=0, description="Sentences that must be left of a document")

    def family(self, *, reference: bool) -> Any:
        """A key for each line, or span of lines or sentences."""
        del reference
        single = self.unit == "line" and self.n == 1
        return LineUnits(self.normal) if single else SentenceUnits(self.n, self.normal, self.unit)


@register_step
class ParagraphDedup(Dedup):
    """Paragraphs that other documents have too are taken out, and documents that nothing is left of.

    A text variant `.ccnet` has been through CCNet's own: `within: variant` says so, and nothing is left to be done.
    """

    step = "paragraph_dedup"
    matching = "units"

    normal: UnitForm = Field(default="raw", description="Form of the paragraph that is compared")
    hash: Hash = Field(default="sha1_64", description="Hash of it")
    min_characters: int | None = Field(default=None, ge=0, description="Characters of a document that takes part")
    within: Literal["variant"] | None = Field(default=None, description="Who has done it already")

    @property
    def is_done_before(self) -> bool:
        """Whether the variant of the texts has it behind it."""
        return self.within is not None

    def family(self, *, reference: bool) -> Any:
        """A key for each line."""
        del reference
        return LineUnits(self.normal)


@register_step
class Substring(Dedup):
    """Passages of a certain length that occur twice, anywhere in the texts."""

    step = "substring"
    matching = "units"

    unit: Literal["token", "word", "character", "byte"] = Field(default="token", description="What is counted")
    n: int = Field(default=50, ge=2, description="Units of a passage")
    action: Literal["cut", "drop"] = Field(default="cut", description="Whether the passage goes, or the document")

    def family(self, *, reference: bool) -> Any:
        """A key for each window of n units."""
        del reference
        return WindowUnits(self.n, self.unit)


@register_step
class Bloom(Dedup):
    """Keys that a Bloom filter has seen: whole documents, addresses, paragraphs or n-grams.

    A filter takes bounded memory, and takes a share of new keys for seen ones. Documents are asked in their order, and the first seen stays.
    """

    step = "bloom"
    matching = "filter"

    key: Literal["text", "digest", "url", "paragraph", "ngram"] = Field(default="text", description="What is looked up")
    unit: Literal["word", "token"] = Field(default="token", description="What an n-gram is made of")
    n: int = Field(default=13, ge=1, description="Units of an n-gram")
    error_rate: float = Field(default=1e-6, gt=0, lt=1, description="Share of new keys that are taken for seen ones")
    ratio: float | None = Field(
        default=None, gt=0, le=1, description="Share of seen n-grams from which a paragraph or document goes"
    )
    seed: int = Field(default=42, description="Seed of the hashes")
    items: int = Field(
        default=10_000_000,
        ge=1,
        description="Keys that the filter is made for; of a shard's own filter those of the shard",
    )

    @model_validator(mode="after")
    def _first_stays(self) -> Self:
        if self.survivor not in {"first", "newest", "one"}:
            raise ValueError(
                f"a Bloom filter knows what it has seen first: survivor `{self.survivor}` can't be found with it"
            )
        return self

    def family(self, *, reference: bool) -> Any:
        """A key for each document, paragraph or n-gram."""
        match self.key:
            case "text":
                return TextKeys("raw")
            case "digest":
                return DigestKeys()
            case "url":
                return UrlKeys("url")
            case "paragraph":
                return LineUnits("raw")
        return NgramUnits(self.n, self.n, "word", reference=reference)

    def remover(self, *, reference: bool) -> Any:
        """Paragraphs of n-grams are all lines."""
        return LineUnits("raw", blank=True) if self.key == "ngram" else super().remover(reference=reference)

    @property
    def limit(self) -> float | None:
        """Share of seen n-grams."""
        return self.ratio


@register_step
class SoftDedup(Dedup):
    """Nothing is dropped: documents of common n-grams get a lower weight."""

    step = "soft_dedup"
    matching = "weights"

    unit: Literal["word", "token"] = Field(default="word", description="What an n-gram is made of")
    n: int = Field(default=4, ge=1, description="Units of an n-gram")
    classes: int = Field(default=3, ge=2, description="Classes of commonness, each with one weight")
    quality: str | None = Field(
        default=None, description="Signal by which the better half of a class weighs as the class above"
    )
    least: float = Field(default=0.1, gt=0, le=1, description="Weight of the class of the most common documents")
    keep_one_in: int = Field(default=16, ge=1, description="N-grams are sampled by hash, one in so many")

    def family(self, *, reference: bool) -> Any:
        """A key for each distinct n-gram of the sample."""
        del reference
        return NgramKeys(n=self.n, keep_one_in=self.keep_one_in)

    def needs(self) -> tuple[str, ...]:
        """The quality too."""
        return (*super().needs(), *((self.quality,) if self.quality else ()))
