"""Slow, obvious twins of BigScience's quantities, straight from their definitions."""

import math
import string
from collections import Counter
from itertools import pairwise

SPECIAL = set(string.punctuation + string.digits + string.whitespace)


def slow_character_repetition(text, n):
    counts = sorted(Counter(text[i : i + n] for i in range(len(text) - n + 1)).values(), reverse=True)
    if not counts:
        return 0.0
    top = min(math.isqrt(len(counts)), sum(count > 1 for count in counts))
    return sum(counts[:top]) / sum(counts)


def slow_word_repetition(words, n):
    counts = Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1)).values()
    return sum(count for count in counts if count > 1) / sum(counts) if counts else 0.0


def slow_words(text, special):
    """Lower case, cut at space, tab and newline, stripped of special characters."""
    words = text.lower().replace("\n", " ").replace("\t", " ").split(" ")
    return [word for word in (slow_strip(word, special) for word in words) if word]


def slow_strip(word, special):
    while word and word[0] in special:
        word = word[1:]
    while word and word[-1] in special:
        word = word[:-1]
    return word


def slow_listed(words, entries, join=None):
    if not words:
        return 0.0
    pairs = [] if join is None else [join.join(pair) for pair in pairwise(words)]
    return min(sum(word in entries for word in words + pairs) / len(words), 1.0)
