"""Slow, obvious twins of NeMo Curator's scores, straight from their definitions."""

import re
from collections import Counter

URL = re.compile(r"https?://(?:[A-Za-z0-9$\-_@.&+/:=?#~]|[!*\(\),]|(?:%[0-9A-Fa-f]{2}))+")


def slow_urls(text):
    return sum(map(len, URL.findall(text)))


def slow_top(text, n):
    """Of draws the n-gram that came first."""
    words = text.split()
    if len(words) < n:
        return 1.0
    top = " ".join(Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1)).most_common(1)[0][0])
    return (len(text) - len(text.replace(top, ""))) / len(text)


def slow_duplicates(text, n):
    words = text.split()
    if len(words) < n:
        return 1.0
    seen, characters, known = set(), 0, 0
    for i in range(len(words) - n + 1):
        gram = tuple(words[i : i + n])
        if gram in seen:
            characters += sum(map(len, gram[known:])) + min(n - known, n - 1)
            known = n
        seen.add(gram)
        known = max(known - 1, 0)
    return characters / len(text)


def slow_sentences(text):
    return [line for line in text.split("\n") if line.strip()]


def slow_distinct(parts, by_characters):
    size = (lambda some: len("".join(some))) if by_characters else len
    return size(set(parts)) / size(parts) if size(parts) else None


def slow_symbols(text):
    words = text.split()
    ellipses = {"...", "[...]", "…", "(...)", "[…]", "-»", "read more..", "read more"}
    if not words:
        return None
    return sum(word in ellipses or len(re.findall("#+", word)) / len(word) > 0.5 for word in words) / len(words)
