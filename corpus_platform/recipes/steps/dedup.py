"""Dedups as their systems define them: what is compared, how, which copy stays, among which documents.

They are declared: the parameters are checked, and a run reports the step as pending. `preset` names the parameter card of a system; what
is written beside it counts more.

Not here: the cards (dedup_cards.py), the looking for copies (dedup/).
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from corpus_platform.recipes.step import DedupStep, register_step
from corpus_platform.recipes.steps.dedup_cards import CARDS
from corpus_platform.yaml_file import nearest

Normal = Literal["raw", "norm_cc", "norm_rp", "norm_dt", "norm_slim", "lower", "stripped_lower", "letters", "words"]
"""Forms of a text that are compared: the named normal forms, `letters` only, or `words`: word characters only."""

Hash = Literal["sha1_32", "sha1_64", "md5", "md5_64", "xx64", "murmur_32", "sha256"]

Survivor = Literal["none", "first", "newest", "lowest_id", "smallest_url_hash", "one"]
"""Which copy stays: none at all, the first in order, the one of the newest snapshot, the lowest id, the smallest MD5 of the address, any one."""

Scope = Literal["shard", "group", "snapshot", "snapshots", "language", "corpus"]
"""Documents that are compared: of a shard, of a group of files, of a snapshot, of several snapshots, of a language, of all sources together."""


class Dedup(DedupStep):
    """What all dedups take."""

    preset: str | None = Field(default=None, description="Parameter card of a system, by name")
    survivor: Survivor = Field(default="first", description="Which copy stays")
    scope: Scope = Field(default="snapshot", description="Documents that are compared with each other")

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


@register_step
class UrlDedup(Dedup):
    """Documents of one address."""

    step = "url_dedup"

    key: Literal["url", "url_without_query", "url_without_scheme"] = Field(
        default="url", description="Part of the address that is compared"
    )


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
        return self


@register_step
class LineDedup(Dedup):
    """Lines, or rows of sentences, that came before are taken out of their documents."""

    step = "line_dedup"

    unit: Literal["line", "sentence"] = Field(default="line", description="What is compared")
    n: int = Field(default=1, ge=1, description="Units that follow each other and are compared as one")
    normal: Normal = Field(default="raw", description="Form of the text that is compared")
    hash: Hash = Field(default="sha1_64", description="Hash of it")
    min_words: int | None = Field(default=None, ge=0, description="Words that must be left of a document")
    min_sentences: int | None = Field(default=None, ge=0, description="Sentences that must be left of a document")


@register_step
class ParagraphDedup(Dedup):
    """Paragraphs that other documents have too are taken out, and documents that nothing is left of.

    A text variant `.ccnet` has been through CCNet's own: `within: variant` says so, and nothing is left to be done.
    """

    step = "paragraph_dedup"

    normal: Normal = Field(default="raw", description="Form of the paragraph that is compared")
    hash: Hash = Field(default="sha1_64", description="Hash of it")
    min_characters: int | None = Field(default=None, ge=0, description="Characters of a document that takes part")
    within: Literal["variant"] | None = Field(default=None, description="Who has done it already")

    @property
    def is_pending(self) -> bool:
        """Whether it is still to be done."""
        return self.pending and self.within is None


@register_step
class Substring(Dedup):
    """Passages of a certain length that occur twice, anywhere in the texts."""

    step = "substring"

    unit: Literal["token", "word", "character", "byte"] = Field(default="token", description="What is counted")
    n: int = Field(default=50, ge=2, description="Units of a passage")
    action: Literal["cut", "drop"] = Field(default="cut", description="Whether the passage goes, or the document")


@register_step
class Bloom(Dedup):
    """Keys that a Bloom filter has seen: whole documents, addresses, paragraphs or n-grams."""

    step = "bloom"

    key: Literal["text", "digest", "url", "paragraph", "ngram"] = Field(default="text", description="What is looked up")
    unit: Literal["word", "token"] = Field(default="token", description="What an n-gram is made of")
    n: int = Field(default=13, ge=1, description="Units of an n-gram")
    error_rate: float = Field(default=1e-6, gt=0, lt=1, description="Share of new keys that are taken for seen ones")
    ratio: float | None = Field(
        default=None, gt=0, le=1, description="Share of seen n-grams from which a paragraph or document goes"
    )
    seed: int = Field(default=42, description="Seed of the hashes")


@register_step
class SoftDedup(Dedup):
    """Nothing is dropped: documents of common n-grams get a lower weight."""

    step = "soft_dedup"

    unit: Literal["word", "token"] = Field(default="word", description="What an n-gram is made of")
    n: int = Field(default=4, ge=1, description="Units of an n-gram")
    classes: int = Field(default=3, ge=2, description="Classes of commonness, each with one weight")


@register_step
class Decontaminate(Dedup):
    """Documents that share n-grams with test sets go, or lose what they share."""

    step = "decontaminate"

    against: tuple[str, ...] = Field(default=(), description="Test sets, by name or location")
    unit: Literal["word", "token", "character"] = Field(default="word", description="What an n-gram is made of")
    n: int = Field(default=13, ge=1, description="Units of an n-gram")
    normal: Normal = Field(default="norm_rp", description="Form of the text that is compared")
    ratio: float | None = Field(
        default=None, gt=0, le=1, description="Share of a test item's n-grams that must be found; one is enough"
    )
    action: Literal["cut", "drop"] = Field(default="drop", description="Whether the passage goes, or the document")
