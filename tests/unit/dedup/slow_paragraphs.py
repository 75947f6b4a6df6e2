"""The slow, obvious form of CCNet's paragraph deduplication: plain Python over a list of sets of documents."""

from collections import Counter

from slow import slow_paragraph_hash


def slow_set(documents):
    """Distinct hashes of the documents of one set: hash -> in two documents."""
    counts = Counter(h for text in documents for h in {slow_paragraph_hash(line) for line in text.split("\n")})
    return {h: count > 1 for h, count in counts.items()}


def slow_repeated(sets):
    """Hashes that are flagged or in two sets."""
    counts = Counter(h for one in sets for h in one)
    return {h for h, count in counts.items() if count > 1 or any(one.get(h) for one in sets)}


def slow_keep(text, repeated):
    """Line ids that stay, and the text that they make."""
    seen, kept = set(), []
    for i, line in enumerate(text.split("\n")):
        h = slow_paragraph_hash(line)
        if h not in repeated and h not in seen:
            kept.append(i)
        seen.add(h)
    return kept, "\n".join(text.split("\n")[i] for i in kept)
