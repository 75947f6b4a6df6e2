"""The Chinese signals in plain Python, one text at a time."""

import math
import re
import string
from collections import Counter

TERMINALS = set("。！？…；.!?;”’」』）)】》~～")
CLAUSES = set("。！？…；，、!?;,")
SEPARATORS = set(",，、|｜_/·;；\t \u3000\u00a0-－—>»:：")


HAN = r"[\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]"


def is_han(c):
    return re.fullmatch(HAN, c) is not None


def filled(line):
    return [c for c in line if not c.isspace()]


def kind(line):
    """`prose`, `keywords` or nothing."""
    own = filled(line)
    han = sum(map(is_han, own))
    pieces = len([1 for i, c in enumerate(line) if c not in SEPARATORS and (i == 0 or line[i - 1] in SEPARATORS)])
    ends = any(c in "。！？" for c in own)
    if pieces >= 5 and len(own) <= 8 * pieces and not ends and 2 * han >= len(own):
        return "keywords"
    long = len(own) >= 20 and any(c in CLAUSES for c in own)
    short = len(own) >= 5 and ends and own[-1] in TERMINALS
    return "prose" if han and (long or short) else None


def characters_of(text, which):
    return sum(len(filled(line)) for line in text.split("\n") if filled(line) and kind(line) == which)


def repetition(text, *, reference):
    lower = "".join(c if c in "ΣİẞϴΩKÅ" or len(c.lower()) > 1 else c.lower() for c in text)
    if reference:
        kept = re.sub("[ \n\t]", "", lower.strip())
        windows = [kept[i : i + 13] for i in range(len(kept) - 13)]
    else:
        kept = "".join(lower.split())
        windows = [kept[i : i + 13] for i in range(len(kept) - 12)]
    counts = Counter(windows)
    return sum(n for n in counts.values() if n > 1) / len(windows) if windows else 0.0


def entropy(text):
    counts = Counter(filled(text))
    total = counts.total()
    return -sum(n / total * math.log2(n / total) for n in counts.values())


def longest_run(text, keep):
    best = run = 0
    last = None
    for c in text:
        run = (run + 1 if c == last or keep == "digits" else 1) if counts(c, keep) else 0
        best, last = max(best, run), c
    return best


def counts(c, keep):
    return c.isdecimal() if keep == "digits" else not c.isspace()


LETTERS = set(string.ascii_letters + string.digits + "-.")


def domains(text, file_endings):
    found = []
    for match in re.finditer(r"[A-Za-z0-9.-]+", text):
        if match.start() and text[match.start() - 1] == "@":
            continue
        run = match.group().rstrip(".")
        body, point, ending = run.rpartition(".")
        good = bool(point) and re.fullmatch("[A-Za-z]{2,12}", ending) is not None and body and body[-1] not in "-."
        if good and ending.lower() not in file_endings:
            found.append(run)
    return found


def is_of_digits(domain):
    labels = domain.split(".")[:-1]
    return any(
        sum(c.isdigit() for c in label) >= 3 and 2 * sum(c.isdigit() for c in label) >= len(label.replace(".", ""))
        for label in labels
    )


def title_phrase(text):
    title = next((line for line in text.split("\n") if filled(line)), "")
    for run in re.findall(r"[^\W_]+", title):
        if len(run) >= 5 or (len(run) == 4 and not run.isdecimal()):
            return title, run[:40]
    return title, ""


def title_repeats(text):
    title, phrase = title_phrase(text)
    if not phrase:
        return 0
    return text[text.index(title) + len(title) :].count(phrase)
