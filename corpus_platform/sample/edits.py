"""Near duplicates of a text: what editors, other papers and tidy-minded people do to it.

Not here: other ways to show the same text (the print and AMP templates of render.py).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from corpus_platform.sample.articles import Article, Block
from corpus_platform.sample.sites import labels

if TYPE_CHECKING:
    import random

END_OF_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=\S)|(?<=[。！？؟])(?=[^”」』）\s])")


def sentences(text: str) -> list[str]:
    """The sentences of a text. A rough cut, good enough to change one of them."""
    return END_OF_SENTENCE.split(text)


def without_a_sentence(article: Article, rng: random.Random, language: str) -> Article:
    """The article one sentence shorter, with an editor's note at its end. `language` names the labels."""
    long_ones = [index for index, block in enumerate(article.blocks) if len(sentences(block.text)) > 2]
    blocks = list(article.blocks)
    if long_ones:
        index = rng.choice(long_ones)
        kept = sentences(blocks[index].text)
        del kept[rng.randrange(1, len(kept))]
        blocks[index] = replace(blocks[index], text=_joined(kept))
    return replace(article, blocks=(*blocks, Block("paragraph", labels(language)["updated"])))


def syndicated(article: Article, host: str, language: str) -> Article:
    """The article as another site reprints it: without its last block, with a note, at another address."""
    blocks = article.blocks[:-1] if len(article.blocks) > 3 else article.blocks
    note = Block("paragraph", labels(language)["syndicated"])
    return replace(article, host=host, path="/reprints" + article.path, blocks=(*blocks, note))


def other_numbers(article: Article, rng: random.Random) -> Article:
    """The article with each number of two or more digits a little larger, as a page that is kept up to date has it."""
    blocks = [
        replace(
            block,
            text=re.sub(r"(?<![\d.,])\d{2,3}(?![\d.,])", lambda m: str(int(m[0]) + rng.randrange(1, 5)), block.text),
        )
        for block in article.blocks
    ]
    return replace(article, blocks=tuple(blocks))


def remixed(pool: list[Article], rng: random.Random, number: int) -> Article:
    """A page for volume: paragraphs of several articles of one language under one title. Documents differ, paragraphs repeat."""
    first = rng.choice(pool)
    paragraphs = [
        block
        for article in rng.sample(pool, min(5, len(pool)))
        for block in article.blocks
        if block.kind == "paragraph"
    ]
    chosen = rng.sample(paragraphs, min(len(paragraphs), rng.randrange(4, 9)))
    return replace(first, path=f"/digest/{number}{first.path}", blocks=tuple(chosen))


def _joined(parts: list[str]) -> str:
    spaced = all(ord(character) < 0x2E80 for part in parts for character in part[-1:])
    return (" " if spaced else "").join(parts)
