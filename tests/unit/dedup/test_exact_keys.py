import re
import string
import unicodedata
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from slow import slow_norm_cc, slow_norm_dt, slow_norm_rp, slow_norm_slim
from texts import EVERY_CHARACTER, batches_of_pages, batches_of_texts

from corpus_platform.dedup.exact import DigestKeys, TextKeys, UrlKeys, second_hash
from corpus_platform.dedup.forms import FORMS, in_form
from corpus_platform.errors import SchemaError, SettingsError
from corpus_platform.text.batch import TextBatch
from corpus_platform.text.hashing import hash_texts

EVERY_PUNCTUATION = re.compile(
    "[" + re.escape("".join(c for c in EVERY_CHARACTER if unicodedata.category(c)[0] == "P")) + "]"
)


def slow_letters(text):
    return re.sub(r"[^\w]+", "", text.lower())


def slow_words(text):
    return "".join(re.findall("[\\w\u4e00-\u9fcc]+", text.lower()))


def slow_unpunctuated(text):
    return EVERY_PUNCTUATION.sub("", text.lower())


def slow_code_words(text):
    is_part = [re.match(r"\w", c) or unicodedata.category(c) == "Mn" for c in text]
    return " ".join("".join(c if part else " " for c, part in zip(text, is_part, strict=True)).split())


def slow_side(text, first):
    return ("\n".join(text.split("\n")[first::3]) or text).lower()


SLOW = {
    "raw": str,
    "norm_cc": lambda text: "\n".join(map(slow_norm_cc, text.split("\n"))),
    "norm_rp": slow_norm_rp,
    "norm_dt": slow_norm_dt,
    "norm_slim": slow_norm_slim,
    "lower": str.lower,
    "stripped_lower": lambda text: text.strip().lower(),
    "letters": slow_letters,
    "words": slow_words,
    "code_words": slow_code_words,
    "unpunctuated": slow_unpunctuated,
    "source_side": lambda text: slow_side(text, 0),
    "target_side": lambda text: slow_side(text, 1),
}
NO_COLUMNS = pl.DataFrame()


@pytest.mark.parametrize("form", SLOW)
@settings(deadline=None, max_examples=60)
@given(texts=batches_of_pages())
@example(texts=[])
@example(texts=["", "\0", "İΣ, ΣΑΣ. İ", "中文。２０２４年\r\n\n b!", "👩\u200d🔬"])
def test_a_form_is_that_of_the_slow_twin(form, texts):
    assert in_form(TextBatch.of(texts), form).texts.to_list() == [SLOW[form](text) for text in texts]


@pytest.mark.parametrize("form", ["letters", "words", "unpunctuated", "stripped_lower"])
def test_every_character_has_its_form(form):
    around = [f"A{c}Σ{c}b" for c in EVERY_CHARACTER]

    found = in_form(TextBatch.of(around), form).texts.to_list()

    assert found == [SLOW[form](text) for text in around]


def test_every_form_has_a_slow_twin():
    assert FORMS.keys() == SLOW.keys()


def test_an_unknown_form_is_refused_with_the_known_ones():
    with pytest.raises(SettingsError, match="no form of a text called `upper`; there are raw, norm_cc"):
        in_form(TextBatch.of(["a"]), "upper")


def keys_of(family, texts, **columns):
    """Both halves of each document's key; None without one."""
    found = family.keys(TextBatch.of(texts), pl.DataFrame(columns))
    assert len(found) == len(texts)
    ends = found.offset.tolist()
    pairs = list(zip(found.key.tolist(), found.value.tolist(), strict=True))
    return [pairs[a] if b > a else None for a, b in pairwise(ends)]


@settings(deadline=None)
@given(batches_of_texts())
@example(["", "", "\0", "\0\0", "a", "a\0", "abcdefgh", "abcdefgh\0", "abcdefghi"])
def test_texts_have_equal_keys_if_and_only_if_they_are_equal(texts):
    found = keys_of(TextKeys(), texts)

    assert len(set(found)) == len(set(texts))
    assert len({first for first, _ in found}) == len({second for _, second in found}) == len(set(texts))
    assert [first for first, _ in found] == hash_texts(texts).tolist()


def slow_second_hash(data):
    state = 0x243F6A8885A308D3 ^ (len(data) * 0x9FB21C651E98DF25 % 2**64)
    for i in range(0, len(data), 8):
        state = (state ^ int.from_bytes(data[i : i + 8], "little")) * 0xD6E8FEB86659FD93 % 2**64
        state ^= state >> 32
    state = state * 0xC2B2AE3D27D4EB4F % 2**64
    return state ^ state >> 29


@settings(deadline=None)
@given(batches_of_texts())
@example(["a" * n for n in range(20)])
@example(["a"])
def test_the_second_half_is_that_of_the_slow_twin(texts):
    found = second_hash(TextBatch.of(texts).documents)

    assert found.tolist() == [slow_second_hash(text.encode()) for text in texts]


def test_the_form_decides_what_is_equal():
    texts = ["Hello, World", "hello world", "HELLOWORLD"]

    assert [len(set(keys_of(TextKeys(form), texts))) for form in ("raw", "norm_rp", "letters")] == [3, 2, 1]


def test_documents_without_a_digest_have_no_key():
    found = keys_of(DigestKeys(), ["a", "b", "c", "d"], digest=["sha1:X", None, "sha1:X", ""])

    assert found[0] == found[2]
    assert found[1] is None
    assert found[3] is None


def slow_c4_url(url):
    url = re.sub(r"https?:\/\/(www\.)?", "", url)
    return re.sub(r"\?(utm_|ref|feed).*", "", url).rstrip("/")


URLS = [
    "http://www.example.org/a/",
    "https://example.org/a",
    "https://example.org/a//?utm_source=x&y=1",
    "http://www.example.org/a?ref=7",
    "http://example.org/a?feedback=1",
    "http://example.org/a?page=2",
    "http://example.org/a?page=2&utm_x=1",
    "http://example.org/a?page=2?ref=1",
    "http://web.example/http://www.example.org/a",
    "HTTP://example.org/a",
    "http://例子.example/路径/?utm_中=文",
    "//",
    "",
    None,
]


@pytest.mark.parametrize(
    ("part", "slow"),
    [("url", str), ("url_without_query", lambda u: re.split(r"[?#]", u)[0]), ("url_without_scheme", slow_c4_url)],
)
def test_addresses_are_compared_by_the_part_that_is_named(part, slow):
    found = keys_of(UrlKeys(part), ["x"] * len(URLS), url=URLS)

    parts = [slow(url) if url else None for url in URLS]
    expected = [None if p is None else tuple(keys_of(TextKeys(), [p])[0]) for p in parts]
    assert found == expected


PIECES_OF_URLS = [*"htps:/w.?_mrefdu\n#", "http://", "https://", "www.", "utm_", "?feed", "é"]


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(PIECES_OF_URLS), max_size=12).map("".join), max_size=8))
def test_an_address_without_scheme_is_c4s(urls):
    found = keys_of(UrlKeys("url_without_scheme"), urls, url=urls) if urls else []

    assert found == [keys_of(TextKeys(), [slow_c4_url(url)])[0] if url else None for url in urls]


@pytest.mark.parametrize(("family", "name"), [(DigestKeys(), "digest"), (UrlKeys(), "url")])
def test_a_column_that_is_missing_is_named(family, name):
    with pytest.raises(SchemaError, match=f"no column `{name}`"):
        family.keys(TextBatch.of(["a"]), NO_COLUMNS)


def test_no_documents_have_no_keys():
    assert len(TextKeys().keys(TextBatch.of([]), NO_COLUMNS)) == 0
    assert keys_of(UrlKeys(), [], url=pl.Series([], dtype=pl.String)) == []


def test_punctuation_of_ascii_is_punctuation_but_for_symbols():
    kept = in_form(TextBatch.of([string.punctuation]), "unpunctuated").texts[0]

    assert kept == "$+<=>^`|~"
