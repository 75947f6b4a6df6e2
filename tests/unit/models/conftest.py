"""Small made-up articles to train models from."""

import random

import pytest

SUBJECTS = ("the baker", "a miller", "our neighbour", "the old farmer", "a young cook", "the brewer", "her brother")
VERBS = ("bakes", "grinds", "carries", "sells", "weighs", "tastes", "keeps", "counts")
OBJECTS = ("fresh bread", "rye flour", "a sack of grain", "warm rolls", "two loaves", "the dough", "a small cake")
PLACES = (
    "in the morning",
    "at the market",
    "behind the mill",
    "near the river",
    "every day",
    "before noon",
    "in winter",
)


def made_up_article(number: int, sentences: int = 12) -> str:
    """Some sentences of a small grammar, each with a made-up name, in lines of three."""
    rng = random.Random(number)
    text = []
    for i in range(sentences):
        name = "".join(rng.choice("bdgklmnrst") + rng.choice("aeiou") for _ in range(4))
        parts = (rng.choice(SUBJECTS), name, rng.choice(VERBS), rng.choice(OBJECTS), rng.choice(PLACES))
        text.append(" ".join(parts).capitalize() + (".\n" if i % 3 == 2 else ". "))
    return "".join(text)


@pytest.fixture(scope="session")
def articles() -> list[str]:
    return [made_up_article(number) for number in range(60)]
