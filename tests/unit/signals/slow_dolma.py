"""Slow, obvious twins of Dolma's taggers, straight from their definitions."""

import re
from collections import Counter
from statistics import median

REQUIRED = {"the", "be", "to", "of", "and", "that", "have", "with"}


def slow_gopher(text, version):
    words = text.split()
    lines = text.split("\n") if version == 1 else re.split(r"\n+", text)
    count, characters = max(len(words), 1), max(sum(map(len, words)), 1)
    copies = Counter(lines)
    return {
        "character_count": len(text),
        "word_count": len(words),
        "median_word_length": median(map(len, words)) if words else 0.0,
        "symbol_to_word_ratio": sum("#" in word or "…" in word for word in words) / count,
        "fraction_of_words_with_alpha_character": sum(any(c.isalpha() for c in word) for word in words) / count,
        "required_word_count": sum(word in REQUIRED for word in words),
        "fraction_of_lines_starting_with_bullet_point": sum(line.startswith(("*", "-")) for line in lines) / len(lines),
        "fraction_of_lines_ending_with_ellipsis": sum(line.endswith("…") for line in lines) / len(lines),
        "fraction_of_duplicate_lines": sum(n for n in copies.values() if n > 1) / len(lines),
        "fraction_of_characters_in_duplicate_lines": sum(len(line) * n for line, n in copies.items() if n > 1)
        / characters,
        **{f"fraction_of_characters_in_most_common_{n}grams": slow_top(words, n) for n in (2, 3, 4)},
        **{f"fraction_of_characters_in_duplicate_{n}grams": slow_repeated(words, n) for n in range(5, 11)},
    }


def grams(words, n):
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def slow_top(words, n):
    if len(words) < n:
        return None
    gram, count = grams(words, n).most_common(1)[0]
    return count * len("".join(gram)) / max(sum(map(len, words)), 1)


def slow_repeated(words, n):
    if len(words) < n:
        return None
    counted = grams(words, n)
    every = sum(count * len("".join(gram)) for gram, count in counted.items())
    return sum(count * len("".join(gram)) for gram, count in counted.items() if count > 1) / every


def slow_c4(text):
    lines = text.split("\n")
    return {
        "line_count": len(lines),
        "lines_with_no_ending_punctuation": sum(not line.strip().endswith((".", "?", "!", '"')) for line in lines),
        "lines_with_too_few_words": sum(len(line.split()) < 3 for line in lines),
        "has_curly_brace": "{" in text,
        "has_lorem_ipsum": "lorem ipsum" in text.lower(),
    }
