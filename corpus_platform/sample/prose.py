"""Articles put together by a grammar, sentence by sentence, for volume in a language in which little else is at hand.

The grammar is a text file (`pages/grammar-zh.txt`, whose head explains its form): kinds of article, each a list of parts, each part a choice of lines with
gaps for words and numbers. Every title is used once; every line reads well by itself; together they describe a province that does not exist.

Not here: articles that people wrote (articles.py, wikitext.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from corpus_platform.sample.articles import data_folder
from corpus_platform.sample.chance import dice

if TYPE_CHECKING:
    import random

GAP = re.compile(r"\{([^{}]+)\}")
OPTIONAL_SHARE = 0.75


@dataclass
class Kind:
    """A kind of article: the pattern of its titles, how many to make, and its parts, each a list of lines to choose from."""

    title: str
    count: int
    parts: list[list[str]] = field(default_factory=lambda: [[]])


@dataclass
class Grammar:
    """Lists of words by name, the lists of which an article uses one word only, and kinds of article."""

    words: dict[str, list[str]] = field(default_factory=dict)
    constant: set[str] = field(default_factory=set)
    kinds: list[Kind] = field(default_factory=list)


def made_articles(language: str, seed: int) -> list[tuple[str, str]]:
    """(title, wikitext) of every article that the grammar of a language makes."""
    grammar = read_grammar(language)
    chance = dice("prose", language, seed)
    plan = [(title, kind) for kind in grammar.kinds for title in _titles(kind, grammar, chance)]
    everything = [title for title, _ in plan]
    return [(title, _text(title, kind, grammar, chance, everything)) for title, kind in plan]


def read_grammar(language: str) -> Grammar:
    """The grammar of a language, from `pages/grammar-<language>.txt`."""
    grammar = Grammar()
    for line in (data_folder() / f"grammar-{language}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(("$ ", "$! ")):
            mark, _, rest = line.partition(" ")
            name, _, words = rest.partition(" = ")
            grammar.words[name] = words.split()
            grammar.constant |= {name} if mark == "$!" else set()
        elif line.startswith("@@ "):
            title, _, count = line[3:].partition(" | ")
            grammar.kinds.append(Kind(title, int(count)))
        elif line == "--":
            grammar.kinds[-1].parts.append([])
        elif line and not line.startswith("#"):
            grammar.kinds[-1].parts[-1].append(line)
    return grammar


def _titles(kind: Kind, grammar: Grammar, chance: random.Random) -> list[str]:
    titles: dict[str, None] = {}
    while len(titles) < kind.count:
        title = GAP.sub(lambda gap: chance.choice(grammar.words[gap[1]]), kind.title)
        if all(one != two for one, two in pairwise(title)):
            titles[title] = None
    return list(titles)


def _text(title: str, kind: Kind, grammar: Grammar, chance: random.Random, everything: list[str]) -> str:
    constant = {name: chance.choice(grammar.words[name]) for name in sorted(grammar.constant)}
    paragraphs: list[str] = []
    for part in kind.parts:
        line = chance.choice(part)
        if line.startswith("?") and chance.random() > OPTIONAL_SHARE:
            continue
        said = _filled(line.removeprefix("?"), {"自": title, **constant}, grammar, chance, everything)
        if said.startswith(("==", "[[")) or not paragraphs or paragraphs[-1].startswith("=="):
            paragraphs.append(said)
        else:
            paragraphs[-1] += said
    return "\n\n".join(paragraphs)


def _filled(line: str, constant: dict[str, str], grammar: Grammar, chance: random.Random, everything: list[str]) -> str:
    used = set(constant.values())

    def fill(gap: re.Match[str]) -> str:
        name = gap[1]
        if name in constant:
            return constant[name]
        if name.startswith("另"):
            others = [title for title in everything if title.endswith(name[1:]) and title not in used]
            return f"[[{chance.choice(others)}]]"
        if re.fullmatch(r"\d+-\d+", name):
            low, _, high = name.partition("-")
            return str(chance.randint(int(low), int(high)))
        word = chance.choice([word for word in grammar.words[name] if word not in used])
        used.add(word)
        return word

    return GAP.sub(fill, line)
