"""N-grams of texts in plain Python: units as strings, n-grams as tuples."""

import unicodedata

from slow import slow_norm_dt, slow_norm_rp

from corpus_platform.text import unicode


def _is_chinese(character):
    return bool(unicode.facts()[ord(character)] & (unicode.HAN | unicode.KANA))


def _is_of_a_word(character):
    return character.isalnum() or character == "_" or unicodedata.category(character)[0] in "LM"


def slow_form(text, form):
    if form == "raw":
        return text
    return {"norm_rp": slow_norm_rp, "norm_dt": slow_norm_dt}.get(form, str.lower)(text)


def slow_units(text, unit, form):
    text = "".join(c for c in slow_form(text, form) if unicodedata.category(c) != "Cf")
    if form == "words":
        text = "".join(c if _is_of_a_word(c) else " " for c in text)
    if unit == "character":
        return [c for c in text if not c.isspace()]
    alone = "".join(c if _is_of_a_word(c) and not _is_chinese(c) else f" {c} " for c in text)
    return alone.split()


def slow_grams(units, n, least):
    if len(units) >= n:
        return [tuple(units[i : i + n]) for i in range(len(units) - n + 1)]
    return [tuple(units)] if len(units) >= max(least, 1) else []


class SameAs:
    """Hashes stand for the same things, one to one, in all that it is shown."""

    def __init__(self):
        self.hash_of, self.thing_of = {}, {}

    def __call__(self, hashes, things):
        assert len(hashes) == len(things)
        for h, thing in zip(map(int, hashes), things, strict=True):
            assert self.hash_of.setdefault(thing, h) == h
            assert self.thing_of.setdefault(h, thing) == thing
        return True
