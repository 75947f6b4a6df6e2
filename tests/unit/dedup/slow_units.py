"""Slow, obvious twins of the dedups of pieces: strings, tuples and counters, no hashes."""

import re
from collections import Counter
from itertools import pairwise

from slow import CJK, slow_norm_cc, slow_norm_dt, slow_norm_rp, slow_norm_slim

from corpus_platform.text.batch import TextBatch
from corpus_platform.text.pieces import sentence_pieces

FORMS = {
    "raw": lambda text: text,
    "stripped": str.strip,
    "lower": str.lower,
    "stripped_lower": lambda text: text.strip().lower(),
    "norm_cc": slow_norm_cc,
    "norm_rp": slow_norm_rp,
    "norm_dt": slow_norm_dt,
    "norm_slim": slow_norm_slim,
}


def slow_repeated(units, policy, at_least=2):
    """(document, ordinal) of what goes; `units` has a list of comparable things for each document."""
    count = Counter(unit for own in units for unit in own)
    seen, gone = set(), []
    for d, own in enumerate(units):
        for i, unit in enumerate(own):
            if count[unit] >= at_least and (policy == "none" or unit in seen):
                gone.append((d, i))
            seen.add(unit)
    return gone


def slow_line_units(text, form, shortest=0, blank=False):
    """Index and form of each line that is a unit."""
    forms = [FORMS[form](line) for line in text.split("\n")]
    return [(i, f) for i, f in enumerate(forms) if (blank or f.strip()) and len(f) >= shortest]


def slow_without_lines(text, removed, blank=False):
    if not removed:
        return text
    kept = [line for i, line in enumerate(text.split("\n")) if i not in removed]
    return "\n".join(kept) if blank or any(line.strip() for line in kept) else ""


def slow_sentences(text):
    """Start and end of each sentence without the white space around it, in characters."""
    pieces = sentence_pieces(TextBatch.of([text]))
    found, at = [], 0
    for i in range(len(pieces)):
        piece = pieces.spans.bytes(i).decode()
        if piece.strip():
            start = at + len(piece) - len(piece.lstrip())
            found.append((start, start + len(piece.strip())))
        at += len(piece)
    return found


def slow_sentence_units(text, n, form):
    """First sentence and joined forms of each span of n that is a unit."""
    forms = [FORMS[form](text[start:end]) for start, end in slow_sentences(text)]
    spans = [(i, " ".join(forms[i : i + n])) for i in range(len(forms) - n + 1)]
    return [(i, joined) for i, joined in spans if joined.strip()]


def slow_without_sentences(text, removed):
    """What is left between the first and the last sentence that stay, each with the white space behind it."""
    if not removed:
        return text
    sentences = slow_sentences(text)
    kept = [i for i in range(len(sentences)) if i not in removed]
    if not kept:
        return ""
    starts = [start for start, _ in sentences] + [len(text)]
    left = "".join(text[starts[i] : starts[i + 1]] for i in kept)
    left = left if kept[0] > 0 else text[: starts[0]] + left
    return left if kept[-1] == len(sentences) - 1 else left.rstrip()


def slow_items(text, unit):
    """What windows are made of, with start and end in bytes."""
    data = text.encode()
    if unit == "byte":
        return [(data[i], i, i + 1) for i in range(len(data))]
    pattern = {"character": r"(?s).", "word": r"\w+|[^\w\s]", "token": rf"{CJK}|(?:(?!{CJK})\w)+|[^\w\s]"}[unit]
    ends = [len(text[:i].encode()) for i in range(len(text) + 1)]
    return [(m[0], ends[m.start()], ends[m.end()]) for m in re.finditer(pattern, text)]


def slow_windows(text, n, unit):
    values = [value for value, _, _ in slow_items(text, unit)]
    return [tuple(values[i : i + n]) for i in range(len(values) - n + 1)]


def slow_maximal_repeats(texts, n, unit):
    """For each document the items that some substring of at least n items covers which occurs twice: by sorted suffixes and their common prefixes."""
    values = [[value for value, _, _ in slow_items(text, unit)] for text in texts]
    suffixes = sorted(
        ((own[i:], d, i) for d, own in enumerate(values) for i in range(len(own))), key=lambda suffix: suffix[0]
    )
    covered = [set() for _ in texts]
    for (one, d, i), (two, e, k) in pairwise(suffixes):
        common = 0
        while common < min(len(one), len(two)) and one[common] == two[common]:
            common += 1
        if common >= n:
            covered[d].update(range(i, i + common))
            covered[e].update(range(k, k + common))
    return covered


def slow_cover(gone, n, documents):
    """The items that windows cover."""
    covered = [set() for _ in range(documents)]
    for d, i in gone:
        covered[d].update(range(i, i + n))
    return covered


def slow_cuts(text, covered, unit):
    """Start and end in bytes of each run of covered items, whole characters only, and the text without them."""
    data, items, cuts = text.encode(), slow_items(text, unit), []
    for i in sorted(covered):
        if i - 1 in covered:
            cuts[-1][1] = items[i][2]
        else:
            cuts.append([items[i][1], items[i][2]])
    for cut in cuts:
        while cut[0] < cut[1] and data[cut[0]] & 0xC0 == 0x80:
            cut[0] += 1
        while cut[0] < cut[1] < len(data) and data[cut[1]] & 0xC0 == 0x80:
            cut[1] -= 1
    cuts = [(start, end) for start, end in cuts if start < end]
    gone = {at for start, end in cuts for at in range(start, end)}
    return cuts, bytes(byte for at, byte in enumerate(data) if at not in gone).decode()
