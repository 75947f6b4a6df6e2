"""The plan of a mix: what each part is asked for, has, and gives, in every stretch of the training.

A *leaf* is a part, or one language of it where the part says shares of languages. A leaf gives a beginning of its order: tokens 0 to n over all stretches
together, so that a stretch goes on where the one before has stopped.

Not here: how many tokens there are (stages/mix_candidates.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from corpus_platform.errors import SettingsError
from corpus_platform.mixes.allocate import allocate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from corpus_platform.mixes.mix import Mix, Part, Stage

WHOLE = "all"
"""Name of the one stretch of a mix without stages."""
_ENDLESS = 1 << 60


@dataclass(frozen=True)
class Leaf:
    """A part, or one language of it."""

    part: str
    language: str | None = None

    def __str__(self) -> str:
        return self.part if self.language is None else f"{self.part}/{self.language}"


@dataclass(frozen=True)
class Size:
    """What a leaf has: documents and tokens once, and the most that it can give over its epochs (fewer where caps hold some back)."""

    documents: int
    tokens: int
    most: int
    fixed: int | None = None
    """Tokens of the documents of a part that asks for a `count` of them."""


@dataclass(frozen=True)
class Row:
    """What a leaf gives in one stretch: `given` tokens, from `start` to `end` of its order."""

    stage: str
    leaf: Leaf
    wanted: int
    """Without regard to what there is."""
    available: int
    """Tokens of its documents, each once."""
    most: int
    """What it may give over all stretches: by its epochs, and by caps that hold documents back."""
    given: int
    start: int

    @property
    def end(self) -> int:
        """Where the next stretch goes on."""
        return self.start + self.given

    @property
    def epochs(self) -> float:
        """How often its documents have come at the end of the stretch."""
        return self.end / self.available if self.available else 0.0


def leaves(mix: Mix) -> list[Leaf]:
    """The leaves of a mix, in the order of its parts."""
    return [leaf for part in mix.parts for leaf in leaves_of(part)]


def leaves_of(part: Part) -> list[Leaf]:
    """Those of one part."""
    return [Leaf(part.name, language) for language in part.languages] or [Leaf(part.name)]


def plan(mix: Mix, sizes: Mapping[Leaf, Size]) -> list[Row]:
    """What every leaf gives, stretch by stretch. Raises SettingsError where parts of fixed size are more than the budget."""
    given = dict.fromkeys(leaves(mix), 0)
    rows = []
    for stage, amounts, wanted in _stretches(mix, sizes):
        for part, amount, asked in zip(mix.parts, amounts(given), wanted, strict=True):
            own = leaves_of(part)
            shares = _shares_within(part)
            left = [sizes[leaf].most - given[leaf] for leaf in own]
            for leaf, n, share in zip(own, allocate(amount, shares, left), shares, strict=True):
                rows.append(
                    Row(stage, leaf, round(asked * share), sizes[leaf].tokens, sizes[leaf].most, n, given[leaf])
                )
                given[leaf] += n
    return rows


Stretch = tuple[str, "Callable[[Mapping[Leaf, int]], list[int]]", list[int]]


def _stretches(mix: Mix, sizes: Mapping[Leaf, Size]) -> Iterator[Stretch]:
    """(name, amounts by part for what was given before, amounts that are asked for) of each stretch."""
    whole = [_size(part, sizes) for part in mix.parts]
    for stage in mix.stages:
        weights = _weights_of_stage(mix, stage, whole)
        asked = allocate(stage.tokens, weights, [_ENDLESS] * len(weights))

        def amounts(
            given: Mapping[Leaf, int], weights: list[Fraction] = weights, tokens: int = stage.tokens
        ) -> list[int]:
            left = [
                size.most - sum(given[leaf] for leaf in leaves_of(part))
                for part, size in zip(mix.parts, whole, strict=True)
            ]
            return allocate(tokens, weights, left)

        yield stage.name, amounts, asked
    if not mix.stages:
        asked = _asked(mix, whole)
        fixed = _fixed(mix, whole, asked)
        yield WHOLE, (lambda _: fixed), asked


def _size(part: Part, sizes: Mapping[Leaf, Size]) -> Size:
    own = [sizes[leaf] for leaf in leaves_of(part)]
    fixed = own[0].fixed if len(own) == 1 else None
    return Size(sum(s.documents for s in own), sum(s.tokens for s in own), sum(s.most for s in own), fixed)


def _shares_within(part: Part) -> list[Fraction]:
    return [Fraction(str(share)) for share in part.languages.values()] or [Fraction(1)]


def _asked(mix: Mix, whole: Sequence[Size]) -> list[int]:
    """What each part asks for, whatever it has."""
    own = [_own(part, size) for part, size in zip(mix.parts, whole, strict=True)]
    if mix.budget is None:
        return [
            amount if amount is not None else _epochs(part, size)
            for part, amount, size in zip(mix.parts, own, whole, strict=True)
        ]
    rest = _rest(mix, own)
    shared = allocate(rest, _weights(mix, whole), [_ENDLESS if o is None else 0 for o in own])
    return [n if o is None else o for n, o in zip(shared, own, strict=True)]


def _fixed(mix: Mix, whole: Sequence[Size], asked: Sequence[int]) -> list[int]:
    """What each part gives in a mix without stages."""
    if mix.budget is None:
        return [min(amount, size.most) for amount, size in zip(asked, whole, strict=True)]
    own = [_own(part, size) for part, size in zip(mix.parts, whole, strict=True)]
    fixed = [None if o is None else min(o, size.most) for o, size in zip(own, whole, strict=True)]
    most = [size.most if o is None else 0 for o, size in zip(own, whole, strict=True)]
    shared = allocate(mix.budget - sum(o or 0 for o in fixed), _weights(mix, whole), most)
    return [n if o is None else o for n, o in zip(shared, fixed, strict=True)]


def _rest(mix: Mix, own: Sequence[int | None]) -> int:
    """What parts of fixed size leave of the budget."""
    assert mix.budget is not None
    rest = mix.budget - sum(amount or 0 for amount in own)
    if rest < 0:
        raise SettingsError(
            f"mix {mix.name}: parts with `tokens` or `count` ask for {mix.budget - rest:,} tokens, and the budget is {mix.budget:,}"
        )
    return rest


def _own(part: Part, size: Size) -> int | None:
    """Tokens of a part of fixed size; None for others."""
    return part.tokens if part.amount == "tokens" else size.fixed if part.amount == "count" else None


def _epochs(part: Part, size: Size) -> int:
    return int(Fraction(str(part.epochs or 1.0)) * size.tokens)


def _weights(mix: Mix, whole: Sequence[Size]) -> list[Fraction]:
    """Weights of the parts that share what is left: shares as they are, the others by their sizes, of what shares leave."""
    shares = sum((Fraction(str(part.share)) for part in mix.parts if part.share), Fraction(0))
    sized = [_sized(part, size) for part, size in zip(mix.parts, whole, strict=True)]
    total = sum(sized, Fraction(0))
    left = max(1 - shares, Fraction(0))
    return [
        Fraction(str(part.share)) if part.share else (left * one / total if total else Fraction(0))
        for part, one in zip(mix.parts, sized, strict=True)
    ]


def _sized(part: Part, size: Size) -> Fraction:
    match part.amount:
        case "temperature":
            assert part.temperature is not None
            return Fraction(size.tokens ** (1 / part.temperature))
        case "epochs" | "all":
            return Fraction(_epochs(part, size))
    return Fraction(0)


def _weights_of_stage(mix: Mix, stage: Stage, whole: Sequence[Size]) -> list[Fraction]:
    if not stage.shares:
        return _weights(mix, whole)
    return [Fraction(str(stage.shares.get(part.name, 0.0))) for part in mix.parts]
