"""Plain Python of datatrove's Gopher and FineWeb measures, as their definitions read."""

import re
from collections import Counter

from corpus_platform.clean.marks import SYMBOLS, TERMINAL

STOP_WORDS = {"the", "be", "to", "of", "and", "that", "have", "with"}


def words_of(text):
    return re.findall(r"\w+|[^\w\s]", text)


def repeats(parts):
    seen, again = set(), []
    for part in parts:
        again += [part] if part in seen else []
        seen.add(part)
    return len(again), sum(map(len, again))


def fraction(above, below):
    return above / below if below else None


def repetition(text):
    found = {}
    for name, parts in (("para", re.split("\n{2,}", text.strip())), ("line", re.split("\n+", text))):
        count, characters = repeats(parts)
        found[f"dup_{name}_fraction"] = count / len(parts) if text else None
        found[f"dup_{name}_char_fraction"] = fraction(characters, len(text))
    words = words_of(text)
    for n in (2, 3, 4):
        grams = Counter(" ".join(words[i : i + n]) for i in range(len(words) - n + 1))
        best, count = grams.most_common(1)[0] if grams else ("", 0)
        found[f"top_{n}gram_char_fraction"] = fraction(len(best) * count, len(text))
    for n in range(5, 11):
        seen, characters, i = set(), 0, 0
        while i + n <= len(words):
            gram = "".join(words[i : i + n])
            if gram in seen:
                characters += len(gram)
                i += n
            else:
                seen.add(gram)
                i += 1
        found[f"dup_{n}gram_char_fraction"] = fraction(characters, len(text))
    return found


def quality(text):
    words, lines = words_of(text), text.splitlines()
    real = [word for word in words if any(c not in SYMBOLS for c in word)]
    return {
        "words": len(real),
        "mean_word_length": fraction(sum(map(len, real)), len(real)),
        "hash_ratio": fraction(text.count("#"), len(words)),
        "ellipsis_ratio": fraction(text.count("...") + text.count("…"), len(words)),
        "bullet_line_fraction": fraction(sum(line.lstrip().startswith(("•", "-")) for line in lines), len(lines)),
        "ellipsis_line_fraction": fraction(sum(line.rstrip().endswith(("...", "…")) for line in lines), len(lines)),
        "alpha_word_fraction": fraction(sum(any(c.isalpha() for c in word) for word in words), len(words)),
        "stop_words": len(STOP_WORDS & set(words)),
    }


def fineweb(text):
    lines = [line for line in text.split("\n") if line.strip()]
    return {
        "lines": len(lines),
        "terminal_line_fraction": fraction(sum(line.endswith(tuple(TERMINAL)) for line in lines), len(lines)),
        "short_line_fraction": fraction(sum(len(line) <= 30 for line in lines), len(lines)),
        "duplicate_line_char_fraction": fraction(repeats(lines)[1], len(text.replace("\n", ""))) if lines else None,
        "newline_word_ratio": fraction(text.count("\n"), len(words_of(text))),
    }
