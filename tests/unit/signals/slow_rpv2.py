"""Slow, obvious twins of RedPajama-V2's signals, straight from their definitions: the reference's, and the sane ones."""

import math
import re
import string
import unicodedata
from collections import Counter

BULLETS = tuple("\u2022\u2023\u25b6\u25c0\u25e6\u25a0\u25a1\u25aa\u25ab\u2013")
SANE_ENDS = ".!?…。！？｡．؟۔।॥։።"
JOINERS = "\u200c\u200d"
CIRCLED = [(0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)]
HAN = [(0x3005, 0x3005), (0x3007, 0x3007), (0x3021, 0x3029), (0x3038, 0x303B), (0x3400, 0x4DBF), (0x4E00, 0x9FFF)]
HAN += [(0xF900, 0xFAFF), (0x20000, 0x323AF)]
KANA = [(0x3041, 0x3096), (0x309D, 0x309F), (0x30A1, 0x30FA), (0x30FC, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F)]
KANA += [(0x1AFF0, 0x1B16F)]


def among(character, ranges):
    return any(low <= ord(character) <= high for low, high in ranges)


def is_cjk(character):
    return among(character, HAN + KANA)


def is_word_character(character):
    category = unicodedata.category(character)
    return category[0] in "LM" or category in {"Nd", "Nl", "Pc"} or character in JOINERS or among(character, CIRCLED)


def kind_of(character, *, reference):
    if character.isspace():
        return None
    if is_cjk(character) and not reference:
        return "alone"
    return "word" if is_word_character(character) else "other"


def raw_words(text, *, reference):
    words, before = [], None
    for character in text:
        kind = kind_of(character, reference=reference)
        if kind is not None:
            if kind == before and kind != "alone":
                words[-1] += character
            else:
                words.append(character)
        before = kind
    return words


def normalised(text):
    text = text.translate(str.maketrans("", "", string.punctuation)).lower().strip()
    return unicodedata.normalize("NFD", re.sub(r"\s+", " ", text))


def cut(word):
    """A word with a CJK character or full-width punctuation, in pieces; another word alone."""
    kinds = [cut_kind(character) for character in word]
    if not {"letter", "wide"} & set(kinds):
        return [word]
    pieces, piece = [], None
    for character, kind in zip(word, kinds, strict=True):
        if kind == "mark":
            if piece is not None:
                pieces[-1] += character
            continue
        if kind == "letter" or (kind == "other" and piece != "other"):
            pieces.append(character)
        elif kind == "other":
            pieces[-1] += character
        piece = kind if kind in {"letter", "other"} else None
    return pieces


def cut_kind(character):
    category = unicodedata.category(character)
    if is_cjk(character):
        return "letter"
    if category == "Mn":
        return "mark"
    if category[0] in "PS":
        return "wide" if among(character, [(0x3000, 0x303F), (0xFF00, 0xFFEF)]) else "punctuation"
    return "other"


def normalised_words(text, *, reference):
    words = normalised(text).split()
    return words if reference else [piece for word in words for piece in cut(word)]


def lines_of(text):
    return re.findall(r"[^\n]*\n|[^\n]+$", text)


def share(part, whole, empty=None):
    return part / whole if whole else empty


def sentences(text, *, reference):
    ends = ".!?" if reference else SANE_ENDS
    return len(re.findall(rf"\b[^{ends}]+[{ends}]*", text))


def symbols(text, *, reference):
    if reference:
        return text.count("#") + text.count("...") + text.count("…")
    return text.count("#") + text.count("...") + text.count("。。。") + len(re.findall(r"…+|⋯+", text))


def ends_with_ellipsis(line, *, reference):
    return line.rstrip().endswith(("...", "…") if reference else ("...", "…", "。。。", "⋯"))


def ngrams(words, n):
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def top_ngram(words, n):
    most = Counter(ngrams(words, n)).most_common(1)
    if not most or most[0][1] <= 1:
        return 0.0
    return sum(map(len, most[0][0])) * most[0][1] / sum(map(len, words))


def duplicates(words, n):
    grams = ngrams(words, n)
    count = Counter(grams)
    covered = {i + k for i, gram in enumerate(grams) if count[gram] > 1 for k in range(n)}
    return share(sum(len(words[i]) for i in covered), sum(map(len, words)), 0.0)


def entropy(words):
    if not words:
        return None
    return -sum(n / len(words) * math.log(n / len(words)) for n in Counter(words).values())


def has_letter(word, *, reference):
    return any(c in string.ascii_letters if reference else c.isalpha() for c in word)


def document_signals(text, *, reference):
    raw, lines = raw_words(text, reference=reference), lines_of(text)
    words, normal = normalised_words(text, reference=reference), normalised(text)
    found = {
        "rps_doc_word_count": len(words),
        "rps_doc_mean_word_length": share(sum(map(len, words)), len(words)),
        "rps_doc_num_sentences": sentences(text, reference=reference),
        "rps_doc_symbol_to_word_ratio": share(symbols(text, reference=reference), len(raw)),
        "rps_doc_frac_lines_end_with_ellipsis": share(
            sum(ends_with_ellipsis(line, reference=reference) for line in lines), len(lines)
        ),
        "rps_doc_frac_no_alph_words": share(sum(not has_letter(w, reference=reference) for w in raw), len(raw)),
        "rps_doc_frac_unique_words": share(len(set(words)), len(words)),
        "rps_doc_unigram_entropy": entropy(words),
        "rps_doc_frac_all_caps_words": share(sum(map(str.isupper, raw)), len(raw)),
        "rps_doc_curly_bracket": share(text.count("{") + text.count("}"), len(text), 0.0),
        "rps_doc_lorem_ipsum": share(normal.count("lorem ipsum"), len(normal), 0.0),
    }
    found |= {f"rps_doc_frac_chars_top_{n}gram": top_ngram(words, n) for n in (2, 3, 4)}
    return found | {f"rps_doc_frac_chars_dupe_{n}grams": duplicates(words, n) for n in range(5, 11)}


def numeric(line, *, reference):
    normal = normalised(line)
    counted = [c for c in normal if c.isnumeric() and (reference or not among(c, HAN))]
    return share(len(counted), len(normal), 0.0)


def line_signals(text, *, reference):
    lines = lines_of(text)
    marks = (*".!?", "”") if reference else (*SANE_ENDS, *'"”’»」』')
    ends = [sum(map(len, lines[: i + 1])) for i in range(len(lines))]
    return {
        "line_ends": ends,
        "rps_lines_ending_with_terminal_punctution_mark": [line.rstrip().endswith(marks) for line in lines],
        "rps_lines_javascript_counts": [normalised(line).split().count("javascript") for line in lines],
        "rps_lines_num_words": [len(normalised_words(line, reference=reference)) for line in lines],
        "rps_lines_numerical_chars_fraction": [numeric(line, reference=reference) for line in lines],
        "rps_lines_start_with_bulletpoint": [line.lstrip().startswith(BULLETS) for line in lines],
        "rps_lines_uppercase_letter_fraction": [sum(map(str.isupper, line)) / len(line) for line in lines],
    }


def stop_word_fraction(text, stop_words, *, reference):
    if reference:
        raw = raw_words(text, reference=True)
        return share(sum(word in stop_words for word in raw), len(raw), 0.0)
    raw = [fold(word) for word in raw_words(text, reference=False)]
    phrases = [tuple(map(fold, raw_words(entry, reference=False))) for entry in stop_words]
    covered = {i + k for p in phrases for i in starts(raw, p) for k in range(len(p))}
    return share(len(covered), len(raw), 0.0)


def fold(word):
    return "".join("i" if c == "İ" else c.lower() for c in word).replace("ς", "σ")


def starts(words, phrase):
    return [i for i in range(len(words)) if phrase and tuple(words[i : i + len(phrase)]) == phrase]


def block_list_words(text, entries, *, reference):
    words = normalised_words(text, reference=reference)
    phrases = {tuple(e.split(" ") if reference else normalised_words(e, reference=False)) for e in entries}
    return sum(len(starts(words, phrase)) for phrase in phrases)
