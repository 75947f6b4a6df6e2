import gzip
import stat
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_ngram import SlowModel, read_arpa, slow_score

from corpus_platform.errors import ModelError, SettingsError, SourceError
from corpus_platform.models.ngram import estimate, lm_score, load
from corpus_platform.models.ngram_estimation import counting, sorting, text

# Few words, so that they meet again; one of them Chinese, one that looks like a number, one with a back-slash.
WORDS = ["a", "b", "的", "0", "\\", "longer-word"]
CORPORA = st.lists(st.lists(st.sampled_from(WORDS), max_size=7), min_size=1, max_size=12)
PRUNING = st.lists(st.integers(0, 2), max_size=3).map(sorted)

LINES = ["the cat sat on the mat .", "", "the dog sat on the cat .", "a dog , a cat , a mat ."]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("ngram")


def own(sentences, path, **options):
    return estimate(sentences, path, program="own", memory=1 << 20, **options)


def written(sentences, path, **options):
    own(sentences, path, **options)
    return path.read_bytes()


@settings(deadline=None, max_examples=60)
@given(corpus=CORPORA, order=st.integers(1, 5), prune=PRUNING)
def test_the_model_is_that_of_the_slow_estimator(folder, corpus, order, prune):
    slow = SlowModel(corpus, order, prune=prune[:order])

    report = own([" ".join(words) for words in corpus], folder / "m.arpa", order=order, prune=prune[:order])

    found, counts = read_arpa(folder / "m.arpa")
    assert list(report.counts) == counts == [len(entries) for entries in found]
    assert np.array(report.discounts) == pytest.approx(np.array(slow.discounts))
    for entries, expected in zip(found, slow.entries(), strict=True):
        assert entries.keys() == expected.keys()
        for gram, values in expected.items():
            assert entries[gram] == pytest.approx(values, abs=2e-6), gram


@settings(deadline=None, max_examples=40)
@given(corpus=CORPORA, order=st.integers(2, 5), prune=PRUNING)
def test_the_probabilities_after_each_context_sum_to_one(folder, corpus, order, prune):
    own([" ".join(words) for words in corpus], folder / "s.arpa", order=order, prune=prune[:order])

    orders, _ = read_arpa(folder / "s.arpa")
    words = [word for (word,) in orders[0] if word != "<s>"]
    for context in [g for grams in orders[:-1] for g in grams if g[-1] != "</s>"]:
        total = sum(10 ** slow_score(orders, context, word) for word in words)
        assert total == pytest.approx(1, abs=1e-5), context


def test_the_file_is_in_suffix_order_of_words_by_first_appearance(folder):
    own(["b a", "a b b"], folder / "o.arpa", order=2)

    orders, _ = read_arpa(folder / "o.arpa")
    assert [" ".join(g) for g in orders[0]] == ["<unk>", "<s>", "</s>", "b", "a"]
    assert [" ".join(g) for g in orders[1]] == ["b </s>", "a </s>", "<s> b", "b b", "a b", "<s> a", "b a"]


def test_memory_and_block_sizes_change_no_byte(folder, monkeypatch):
    lines = [" ".join(f"w{(i * i + 7 * j) % (3 + i % 50)}" for j in range(i % 17)) for i in range(600)]
    expected = written(lines, folder / "a.arpa", order=4)

    for module in (sorting, counting):
        monkeypatch.setattr(module, "BLOCK_ROWS", 37)
    monkeypatch.setattr(sorting, "_FEWEST_ROWS", 64)
    monkeypatch.setattr(sorting, "FAN_IN", 3)
    monkeypatch.setattr(text, "BLOCK", 100)
    init = sorting.Sorter.__init__
    monkeypatch.setattr(
        sorting.Sorter,
        "__init__",
        lambda self, folder, name, width, memory, **o: init(self, folder, name, width, 1, **o),
    )

    assert written(lines, folder / "b.arpa", order=4) == expected


def test_sentences_a_file_and_packed_files_give_the_same_model(folder):
    plain, packed, rest = folder / "lines.txt", folder / "lines.gz", folder / "rest.txt"
    plain.write_text("\n".join(LINES), encoding="utf-8")
    packed.write_bytes(gzip.compress("".join(f"{line}\n" for line in LINES[:2]).encode()))
    rest.write_bytes("\n".join(LINES[2:]).encode() + b"\n")

    models = [
        written(given, folder / "x.arpa", order=3)
        for given in (
            LINES,
            iter(LINES),
            ["\n".join(LINES)],
            [f"{line}\n" for line in LINES],
            plain,
            str(plain),
            [packed, rest],
        )
    ]

    assert len(set(models)) == 1


def test_words_end_at_spaces_tabs_returns_and_nul_only(folder):
    report = own(["a\tb\r\0c d", "e\u00a0f\u3000g\x0bh  "], folder / "w.arpa", order=2)

    orders, _ = read_arpa(folder / "w.arpa")
    assert {word for (word,) in orders[0]} == {"<unk>", "<s>", "</s>", "a", "b", "c", "d", "e\u00a0f\u3000g\x0bh"}
    assert (report.sentences, report.tokens, report.types) == (2, 5, 8)


@pytest.mark.parametrize("word", ["<s>", "</s>", "<unk>", "<UNK>"])
def test_a_reserved_word_is_refused_with_its_line_or_skipped(folder, word):
    lines = [*LINES, f"{word} a {word} {word}"]

    with pytest.raises(ModelError, match=f"sentence 5 holds the reserved word {word}"):
        own(lines, folder / "r.arpa", order=2)

    expected = written([*LINES, "a"], folder / "e.arpa", order=2)
    assert written(lines, folder / "r.arpa", order=2, skip_reserved=True) == expected


def test_a_word_that_only_holds_a_reserved_one_is_a_word(folder):
    report = own(["x<s> <s>x (<unk>)"], folder / "h.arpa", order=2)

    assert report.tokens == 3


def test_too_small_a_text_needs_fallback_discounts(folder):
    report = own(LINES, folder / "f.arpa", order=3, fallback_discounts=(0.25, 0.5, 0.75))

    assert report.fallback_orders == (1, 2, 3)
    assert report.discounts[2] == (0.25, 0.5, 0.75)
    with pytest.raises(ModelError, match=r"order 1: no 1-gram has adjusted count \d\..*allow fallback"):
        own(LINES, folder / "n.arpa", order=3, fallback_discounts=False)
    assert not list(folder.glob("n.arpa*"))


def test_no_text_is_no_model(folder):
    with pytest.raises(ModelError, match="the text is empty"):
        own([], folder / "none.arpa")


def test_a_missing_or_broken_file_is_named(folder):
    (folder / "broken.gz").write_bytes(gzip.compress(b"a b c\n" * 100)[:-9])

    for name in ("missing.txt", "broken.gz"):
        with pytest.raises(SourceError, match=name):
            own(folder / name, folder / "none.arpa")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": 0}, "order 0"),
        ({"order": 2, "prune": [1, 0]}, "prune"),
        ({"order": 2, "prune": [0, 0, 0]}, "at most 2"),
        ({"fallback_discounts": (0.5, 2.5, 1.5)}, "fallback_discounts"),
        ({"program": "other"}, "program"),
        ({"memory": 1000}, "memory"),
    ],
)
def test_a_wrong_setting_is_refused(folder, options, message):
    with pytest.raises(SettingsError, match=message):
        estimate(LINES, folder / "none.arpa", **options)


def test_a_model_is_read_plain_and_packed_and_scores_as_its_file_says(folder):
    own(LINES, folder / "l.arpa", order=3)
    own(LINES, folder / "l.arpa.gz", order=3)
    orders, _ = read_arpa(folder / "l.arpa")

    words = ["the", "dog", "</s>"]
    expected = sum(slow_score(orders, ("<s>", *words[:i])[-2:], word) for i, word in enumerate(words))

    for name in ("l.arpa", "l.arpa.gz"):
        assert lm_score(load(folder / name), "the\0dog") == pytest.approx(expected, abs=1e-5)


def test_what_is_no_model_is_not_loaded(folder):
    (folder / "no.arpa").write_text("no model\n")

    with pytest.raises(ModelError, match=r"no\.arpa: kenlm cannot read it"):
        load(folder / "no.arpa")
    with pytest.raises(ModelError, match="no language model there"):
        load(folder / "absent.arpa")


FAKE = """#!{python}
import pathlib, sys
text = sys.stdin.buffer.read()
if b"fail" in text:
    sys.exit("cannot do it")
arguments = sys.argv[1:]
pathlib.Path(arguments[arguments.index("--arpa") + 1]).write_bytes(text)
pathlib.Path({log!r}).write_text(" ".join(a for a in arguments if "/" not in a))
print("Unigram tokens 6 types 5\\nSubstituting fallback discounts for order 1: D1=0.5\\nStatistics:\\n"
      "1 5 D1=0.5 D2=1 D3+=1.5\\n2 6/7 D1=0.25 D2=1 D3+=1.5", file=sys.stderr)
"""


@pytest.fixture
def lmplz(tmp_path, monkeypatch):
    """A folder on PATH with a program `lmplz` that gives back its text as the model and logs its arguments."""
    program = tmp_path / "lmplz"
    program.write_text(FAKE.format(python=sys.executable, log=str(tmp_path / "log")))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return tmp_path


def test_lmplz_is_used_where_it_is_on_path(lmplz):
    report = estimate(["a b", "c"], lmplz / "m.arpa.gz", order=2, memory=1 << 30, prune=[0, 1])

    assert (report.program, report.counts, report.fallback_orders) == ("lmplz", (5, 6), (2,))
    assert (report.sentences, report.tokens, report.types) == (2, 6, 5)
    assert report.discounts == ((0.5, 1.0, 1.5), (0.25, 1.0, 1.5))
    assert gzip.decompress((lmplz / "m.arpa.gz").read_bytes()) == b"a b\nc\n"
    arguments = (lmplz / "log").read_text()
    assert arguments == "-o 2 -S 1073741824b -T --arpa --discount_fallback 0.5 1 1.5 --prune 0 1"


def test_what_lmplz_says_when_it_fails_is_passed_on(lmplz):
    with pytest.raises(ModelError, match=r"status 1.*cannot do it"):
        estimate(["fail"], lmplz / "m.arpa", order=2)

    assert not list(lmplz.glob("m.arpa*"))


def test_lmplz_is_asked_for_where_it_is_not(folder, monkeypatch):
    monkeypatch.setenv("PATH", str(folder))

    with pytest.raises(ModelError, match="lmplz is not on PATH"):
        estimate(LINES, folder / "none.arpa", program="lmplz")
