import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from slow_grams import slow_grams, slow_units
from texts import batches_of_pages

from corpus_platform.dedup.bff import NgramUnits, ParagraphGrams, remove_old_both
from corpus_platform.dedup.bloom import BloomFilter, filter_size, seen_documents, seen_units
from corpus_platform.dedup.keys import Keys, one_each
from corpus_platform.errors import SettingsError, SourceError
from corpus_platform.text.batch import TextBatch

MIB = 1 << 20
KEYS = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 5), max_size=30)
BATCHES = st.lists(st.lists(st.lists(st.integers(0, 9), max_size=5), max_size=4), max_size=4)
"""Keys by unit and document."""


def keys_of(documents):
    return Keys(np.array([k for own in documents for k in own], np.uint64), np.cumsum([0, *map(len, documents)]))


def random_keys(size, seed):
    return np.random.default_rng(seed).integers(0, 2**64, size, np.uint64)


def spread64(x):
    mask = 2**64 - 1
    x = x * 0xE7037ED1A0B428DB & mask
    x = (x ^ x >> 32) * 0x8EBC6AF09C88C6E3 & mask
    return x ^ x >> 29


def slow_places(key, bits, hashers, seed):
    first = spread64(key ^ spread64(seed + 0xA0761D6478BD642F))
    step = spread64(first ^ 0xE7037ED1A0B428DB) | 1
    return {(first + i * step) % 2**64 % bits for i in range(hashers)}


@settings(deadline=None, max_examples=50)
@given(st.lists(KEYS, max_size=4), st.integers(0, 2**32), st.sampled_from([1000, 500_000]))
@example([[7, 7], [7]], 42, 1000)
def test_bits_and_answers_are_those_of_a_set_of_places(calls, seed, items):
    known = BloomFilter.sized(items, 0.01, seed)
    places = set()

    for keys in calls:
        answers = known.add_all(np.array(keys, np.uint64))

        for key, answer in zip(keys, answers, strict=True):
            own = slow_places(key, 8 * known.bytes, known.hashers, seed)
            assert answer == (own <= places)
            places |= own
        assert known.contains(np.array(keys, np.uint64)).all()
    set_bits = np.flatnonzero(np.unpackbits(known.bits.astype("<u8").view(np.uint8), bitorder="little"))
    assert set_bits.tolist() == sorted(places)


@settings(deadline=None)
@given(KEYS, st.integers(1, 30))
def test_cuts_into_calls_change_nothing(keys, size):
    keys = np.array(keys, np.uint64)
    whole, cut = BloomFilter.sized(1000, 0.01), BloomFilter.sized(1000, 0.01)

    at_once = whole.add_all(keys)
    one_by_one = [cut.add_all(keys[i : i + size]) for i in range(0, keys.size, size)]

    assert at_once.tolist() == np.concatenate([np.zeros(0, bool), *one_by_one]).tolist()
    assert (whole.bits == cut.bits).all()
    assert whole.added == cut.added == len(set(keys.tolist()))


@pytest.mark.parametrize(("items", "rate"), [(800_000, 0.01), (500_000, 1e-3)])
def test_a_full_filter_forgets_nothing_and_errs_as_often_as_it_says(items, rate):
    known = BloomFilter.sized(items, rate, seed=1)
    keys = random_keys(items, seed=2)

    known.add_all(keys)
    wrong = known.contains(random_keys(1_000_000, seed=3)).mean()

    assert known.contains(keys).all()
    assert wrong == pytest.approx(known.expected_error(items), rel=0.2, abs=3e-5)
    assert known.expected_error() <= known.expected_error(items) <= rate


@pytest.mark.parametrize(
    ("items", "rate", "size"),
    [(60_000_000_000, 1e-6, 256 << 30), (1, 0.5, MIB), (873_000, 0.01, MIB), (876_000, 0.01, 2 * MIB)],
)
def test_the_size_is_the_least_power_of_two_of_mebibytes_that_errs_seldom_enough(items, rate, size):
    found = filter_size(items, rate)

    assert found.bytes == size
    assert found.hashers == min(math.ceil(8 * size / items * math.log(2)), 64)
    assert found.error <= rate


@pytest.mark.parametrize(("items", "rate"), [(0, 0.01), (10, 0.0), (10, 1.0), (10, math.nan)])
def test_a_filter_for_nothing_or_without_an_error_rate_is_refused(items, rate):
    with pytest.raises(SettingsError, match="at least 1 key and an error rate between 0 and 1"):
        filter_size(items, rate)


def test_a_saved_filter_is_the_same_filter_and_small_while_it_is_empty(tmp_path):
    known = BloomFilter.sized(6_000_000, 0.01, seed=2**63)
    known.add_all(random_keys(50, seed=4))

    known.save(tmp_path / "a.bloom")
    known.save(tmp_path / "b.bloom")
    loaded = BloomFilter.load(tmp_path / "a.bloom")

    assert (tmp_path / "a.bloom").read_bytes() == (tmp_path / "b.bloom").read_bytes()
    assert (tmp_path / "a.bloom").stat().st_size < known.bytes // 100
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.bloom", "b.bloom"]
    assert (loaded.hashers, loaded.seed, loaded.added) == (known.hashers, known.seed, 50)
    assert (loaded.bits == known.bits).all()
    assert not loaded.add_all(random_keys(50, seed=5)).any()
    assert loaded.add_all(random_keys(50, seed=4)).all()


@pytest.mark.parametrize("at", [0, 9, 17, 45, 52, 60, 64, 70, 100, -1])
def test_a_flipped_bit_anywhere_is_noticed(tmp_path, at):
    path = tmp_path / "known.bloom"
    BloomFilter.sized(10, 0.01).save(path)
    content = bytearray(path.read_bytes())
    content[at] ^= 0x10
    path.write_bytes(content)

    with pytest.raises(SourceError, match=r"known\.bloom: this"):
        BloomFilter.load(path)


@pytest.mark.parametrize("size", [0, 5, 30, 60, 63, 100])
def test_a_file_that_is_cut_off_is_noticed(tmp_path, size):
    path = tmp_path / "known.bloom"
    BloomFilter.sized(10, 0.01).save(path)
    path.write_bytes(path.read_bytes()[:size])

    with pytest.raises(SourceError, match=r"known\.bloom: this"):
        BloomFilter.load(path)


def test_a_file_with_something_behind_it_or_none_at_all_is_noticed(tmp_path):
    path = tmp_path / "known.bloom"
    BloomFilter.sized(10, 0.01).save(path)
    path.write_bytes(path.read_bytes() + b"x")

    with pytest.raises(SourceError, match="its bits are not those that were written"):
        BloomFilter.load(path)
    with pytest.raises(SourceError, match=r"none\.bloom: can't read this Bloom filter: No such file"):
        BloomFilter.load(tmp_path / "none.bloom")


def test_the_first_of_equal_documents_stays_and_one_without_a_key_is_never_seen():
    known = BloomFilter.sized(100, 1e-6)
    keys = one_each(np.array([1, 2, 0, 1, 0, 2], np.uint64), has=np.array([True, True, False, True, False, True]))

    seen = seen_documents(known, keys), seen_documents(known, keys)

    assert seen[0].tolist() == [False, False, False, True, False, True]
    assert seen[1].tolist() == [True, True, False, True, False, True]


def test_documents_of_many_keys_are_no_documents_of_one():
    with pytest.raises(ValueError, match="more than one key"):
        seen_documents(BloomFilter.sized(100, 0.01), keys_of([[1], [2, 3]]))


@settings(deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=5), max_size=4))
def test_units_that_came_before_are_told_and_the_first_stays(documents):
    keys = keys_of([[key for key, _ in own] for own in documents])
    use = np.array([used for own in documents for _, used in own], bool)

    found = seen_units(BloomFilter.sized(100, 1e-9), keys, use)

    seen, expected = set(), []
    for d, own in enumerate(documents):
        for ordinal, (key, used) in enumerate(own):
            if used and key in seen:
                expected.append((d, ordinal))
            if used:
                seen.add(key)
    assert list(zip(*found, strict=True)) == expected


def slow_old_both(documents, threshold, seen, *, learn=True):
    """BFF's rule over a set, which never errs: removed paragraphs, dropped documents, known and all n-grams of each document."""
    removed, dropped, counts = [], [], []
    for d, paragraphs in enumerate(documents):
        known = every = 0
        for ordinal, grams in enumerate(paragraphs):
            own = sum(gram in seen for gram in grams)
            known, every = known + own, every + len(grams)
            if grams and own / len(grams) > threshold:
                removed.append((d, ordinal))
            elif learn:
                seen.update(grams)
        if every and known / every > threshold:
            dropped.append(d)
        counts.append((known, every))
    return removed, dropped, counts


def told(result):
    return (
        list(zip(result.document, result.ordinal, strict=True)),
        np.flatnonzero(result.dropped).tolist(),
        list(zip(result.known, result.grams, strict=True)),
    )


@settings(deadline=None, max_examples=200)
@given(st.lists(BATCHES, max_size=3), st.sampled_from([0.0, 0.5, 0.8, 1.0]), st.booleans())
@example([[[[1, 2]], [[1, 2], [3]]], [[[], [3, 3, 4]]]], 0.5, True)
def test_bff_does_by_a_filter_what_its_rule_does_by_a_set(batches, threshold, learn):
    known, seen = BloomFilter.sized(100, 1e-9), set()

    for documents in batches:
        paragraphs = [grams for own in documents for grams in own]
        flat = keys_of(paragraphs)
        found = ParagraphGrams(flat.key, flat.offset, np.cumsum([0, *map(len, documents)]))
        result = remove_old_both(known, found, threshold, learn=learn)

        assert told(result) == slow_old_both(documents, threshold, seen, learn=learn)
    assert known.added == len(seen)


@settings(deadline=None, max_examples=60)
@given(batches_of_pages(), st.sampled_from([("word", "raw"), ("character", "words")]), st.integers(1, 4))
@example(["a b c\na b c\n\nx", "a b c\r\n\x00中文中文", "", "😀 😀 😀"], ("word", "raw"), 2)
def test_bff_over_texts_is_its_slow_twin(texts, cut, least):
    n = 3
    rule = NgramUnits(n, least, *cut)

    result = remove_old_both(BloomFilter.sized(10_000, 1e-9), rule.of(TextBatch.of(texts)), 0.5)

    documents = [[slow_grams(slow_units(line, *cut), n, least) for line in text.split("\n")] for text in texts]
    assert told(result) == slow_old_both(documents, 0.5, set())


def test_a_paragraph_of_fewer_words_than_an_n_gram_stays_however_often_it_comes():
    text = "Read more about it\n" * 3 + " ".join(map(str, range(13)))
    rule = NgramUnits()

    first, second = (
        remove_old_both(KNOWN, rule.of(TextBatch.of([text]))) for KNOWN in [BloomFilter.sized(9, 0.01)] * 2
    )

    assert told(first) == ([], [], [(0, 1)])
    assert told(second) == ([(0, 3)], [0], [(1, 1)])
    assert second.ratio.tolist() == [1.0]


def test_what_a_dropped_document_added_is_known_to_the_next_one():
    known, rule = BloomFilter.sized(1000, 1e-6), NgramUnits(2, 2)
    remove_old_both(known, rule.of(TextBatch.of(["a b c d e f g h i j"])))

    dropped = remove_old_both(known, rule.of(TextBatch.of(["a b c d e f g h i j\nx y"])), 0.8)
    after = remove_old_both(known, rule.of(TextBatch.of(["x y"])), 0.8)

    assert told(dropped) == ([(0, 0)], [0], [(9, 10)])
    assert told(after) == ([(0, 0)], [0], [(1, 1)])


def test_the_reference_cuts_words_where_unicode_breaks_them():
    texts = TextBatch.of(["can't stop", "3.14 is pi", "カタカナ", "中文", "a, b"])

    counts = [
        np.diff(NgramUnits(1, 1, reference=reference).of(texts).paragraph_gram).tolist() for reference in (True, False)
    ]

    assert counts == [[2, 3, 1, 2, 3], [4, 5, 4, 2, 3]]


def test_both_cuts_find_a_copied_chinese_paragraph():
    line = "今天的天气很好，我们去公园散步，然后回家吃饭。"
    texts = TextBatch.of([line, f"另一页的第一段文字\n{line}"])

    found = [
        told(remove_old_both(BloomFilter.sized(1000, 1e-6), NgramUnits(reference=reference).of(texts)))
        for reference in (True, False)
    ]

    assert found[0][:2] == found[1][:2] == ([(1, 1)], [1])
