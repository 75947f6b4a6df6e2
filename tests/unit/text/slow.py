"""Slow, obvious twins of the text kernels, straight from their definitions."""

import hashlib
import math
import re
import string
import unicodedata
from collections import Counter

CC_DELETED = re.compile("[，。、„”“«»１」「《》´∶：？！（）；–—．～’…━〈〉【】％►\x00-\x1f\x7f-\x9f]")


def slow_norm_cc(line):
    line = line.strip()
    line = line.lower()
    line = re.sub(r"\d", "0", line)
    return CC_DELETED.sub("", line)


def slow_sha1_prefix(data):
    return int.from_bytes(hashlib.sha1(data).digest()[:8], "little")


def slow_paragraph_hash(line):
    return slow_sha1_prefix(slow_norm_cc(line).encode())


def slow_universal_lines(text):
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def slow_wordpunct(text):
    return re.findall(r"\w+|[^\w\s]+", text)


def slow_simple_words(text):
    return re.findall(r"\w+|[^\w\s]", text)


CJK = r"[\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f\U0001aff0-\U0001b16f]"


def slow_cjk_words(text):
    return re.findall(rf"{CJK}|(?:(?!{CJK})\w)+|[^\w\s]", text)


ASCII_PUNCTUATION = str.maketrans("", "", string.punctuation)


def slow_norm_rp(text):
    text = text.translate(ASCII_PUNCTUATION).lower().strip()
    return unicodedata.normalize("NFD", re.sub(r"\s+", " ", text))


def slow_norm_slim(text):
    return re.sub(r"\s+", " ", text.lower().translate(ASCII_PUNCTUATION).strip())


DATATROVE_MARKS = "!/—”:％１〈&(、━\\【#%「」，】；+^]~“《„';’{|∶´[=-`*．（–？！：$～«〉,><》)?）。…@_.\"}►»"
DATATROVE_CONTROLS = [*range(9), 11, 12, *range(13, 32), *range(127, 160)]
DATATROVE_SPACES = dict.fromkeys([*map(ord, DATATROVE_MARKS), *DATATROVE_CONTROLS], " ")


def slow_norm_dt(text):
    text = re.sub(r"\d+([.,،٫⎖⎗⎘]\d+)?", "0", text.lower()).translate(DATATROVE_SPACES)
    text = unicodedata.normalize("NFD", re.sub(r"\s+", " ", text.strip()))
    return "".join(c for c in text if unicodedata.category(c) != "Mn").strip()


def slow_kept_lines(text):
    return [match.group() for match in re.finditer(r"([^\n]*\n|[^\n]+$)", text)]


def slow_ngrams(words, n):
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def size_of(words):
    return sum(map(len, words))


def slow_top_ngram(words, n):
    grams = Counter(slow_ngrams(words, n)).most_common(1)
    return (grams[0][1], size_of(grams[0][0])) if grams else (0, 0)


def slow_covered_characters(words, n):
    grams = slow_ngrams(words, n)
    times = Counter(grams)
    covered = {i + k for i, gram in enumerate(grams) if times[gram] > 1 for k in range(n)}
    return size_of(words[i] for i in covered)


def slow_duplicate_ngram_characters(words, n):
    times = Counter(slow_ngrams(words, n))
    every = sum(count * size_of(gram) for gram, count in times.items())
    return sum(count * size_of(gram) for gram, count in times.items() if count > 1), every


def slow_repeated_characters(words, n):
    seen, repeated, i = set(), 0, 0
    while i < len(words) - n + 1:
        joined = "".join(words[i : i + n])
        if joined in seen:
            repeated += len(joined)
            i += n
        else:
            seen.add(joined)
            i += 1
    return repeated


def slow_entropy(words):
    return -sum(count / len(words) * math.log(count / len(words)) for count in Counter(words).values())


def slow_hash(data):
    bits = (1 << 64) - 1
    state = 0x9E3779B97F4A7C15 ^ (len(data) * 0xA0761D6478BD642F & bits)
    for i in range(0, len(data), 8):
        state = (state ^ int.from_bytes(data[i : i + 8].ljust(8, b"\0"), "little")) * 0xE7037ED1A0B428DB & bits
        state ^= state >> 32
    state = state * 0x8EBC6AF09C88C6E3 & bits
    return state ^ state >> 29


def slow_minhash(shingles, permutations):
    hashes = {int.from_bytes(hashlib.sha1(shingle.encode()).digest()[:4], "little") for shingle in shingles}
    moved = [[(a * x + b) % 2**64 % (2**61 - 1) % 2**32 for x in hashes] for a, b in permutations]
    return [min(values, default=2**32 - 1) for values in moved]
