"""A language model of real articles tells prose from word salad, and knows no Chinese."""

import random

import pytest

from corpus_platform.models.language_model import TrainingSettings, train_language_model
from corpus_platform.models.perplexity import Perplexity
from corpus_platform.sources.mediawiki import Article, read_dump

pytestmark = pytest.mark.samples
SETTINGS = TrainingSettings(vocabulary=6_000, order=3, min_held_out=10)


def articles(path):
    with path.open("rb") as stream:
        return [item.text for item in read_dump(stream, path.name) if isinstance(item, Article)]


@pytest.fixture(scope="module")
def english(samples, tmp_path_factory):
    (path,) = (samples / "encyclopedia").glob("enwiki-latest-pages-articles1*.bz2")
    folder = tmp_path_factory.mktemp("en")
    train_language_model("en", [text[:10_000] for text in articles(path)[:60]], folder, SETTINGS)
    return Perplexity(folder)


@pytest.fixture(scope="module")
def chinese_article(samples):
    (text,) = articles(samples / "encyclopedia" / "minidumps" / "zhwiki.xml.bz2")
    return text


def test_prose_is_less_surprising_than_its_words_shuffled_and_far_less_than_chinese(samples, english, chinese_article):
    prose = " ".join((samples / "models" / "ngram" / "heldout.txt").read_text("utf-8").splitlines()[:60])
    words = prose.split()
    random.Random(0).shuffle(words)

    of_prose, of_salad, of_chinese = english.score([prose, " ".join(words), chinese_article])

    assert of_prose * 1.25 < of_salad
    assert of_salad * 3 < of_chinese


def test_the_cutoffs_part_articles_that_were_held_out(english):
    info = english.info

    assert info.articles + info.held_out_articles == 60
    assert info.cutoffs is not None
    assert 10 < info.cutoffs.head < info.cutoffs.tail < 2_000


def test_one_chinese_article_is_too_little_for_a_model(chinese_article, tmp_path):
    info = train_language_model("zh", [chinese_article], tmp_path / "zh")

    assert info.model is None
    assert info.reason is not None
    assert "`zh` has 1 article of" in info.reason
