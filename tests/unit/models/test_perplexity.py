"""Cut-offs, buckets and the folder of a model."""

import gzip
import math

import kenlm
import numpy as np
import pytest
import sentencepiece

from corpus_platform.errors import ModelError, SettingsError
from corpus_platform.models.language_model import TrainingSettings, train_language_model
from corpus_platform.models.normalise import normalise
from corpus_platform.models.perplexity import Cutoffs, LanguageModel, Perplexity, perplexity_of, published_cutoffs

CUTOFFS = Cutoffs(head=123.3, tail=200.0)


@pytest.fixture(scope="module")
def folder(articles, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    settings = TrainingSettings(vocabulary=150, order=3, min_characters=0, cutoffs="explicit", head=20, tail=40)
    train_language_model("en", articles, folder, settings)
    return folder


@pytest.mark.parametrize(
    ("perplexity", "bucket"),
    [
        (0.0, "head"),
        (123.2, "head"),
        (float(np.float32(123.2)), "head"),
        (123.3, "middle"),
        (float(np.float32(123.3)), "middle"),
        (199.9, "middle"),
        (200.0, "tail"),
        (math.inf, "tail"),
        (math.nan, "all"),
        (-1.0, "all"),
    ],
)
def test_the_bucket_follows_from_the_cutoffs(perplexity, bucket):
    assert CUTOFFS.bucket(perplexity) == bucket


def test_cutoffs_are_the_30th_and_60th_percentile_of_what_has_a_perplexity():
    cutoffs = Cutoffs.of(np.array([*range(101), np.nan], np.float32), "CC-MAIN-2024-10")

    assert (cutoffs.head, cutoffs.tail, cutoffs.source) == (30.0, 60.0, "CC-MAIN-2024-10")


def test_cutoffs_of_nothing_are_an_error():
    with pytest.raises(ModelError, match=r"no cut-offs from `held_out`"):
        Cutoffs.of(np.array([np.nan], np.float32), "held_out")


def test_the_published_cutoffs_of_ccnet_are_known_for_48_languages():
    expected = {
        "en": (340, 520),
        "zh": (1460, 1950),
        "ja": (1110, 1450),
        "de": (370, 590),
        "hu": (80, 140),
        "ml": (2430, 3220),
    }

    found = {language: published_cutoffs(language) for language in expected}

    assert {language: (c.head, c.tail) for language, c in found.items() if c} == expected
    assert published_cutoffs("la") is None


def test_perplexity_is_ten_to_the_mean_surprise_rounded_to_one_decimal():
    assert perplexity_of(-6.0, 3) == 100.0
    assert perplexity_of(-2.0, 3) == 4.6
    assert np.isfinite(np.float32(perplexity_of(-5_000.0, 3)))


def test_a_documents_perplexity_is_ccnets_formula_over_one_line(folder):
    text = "The Baker sells\nrye flour at 7 o'clock.\n\nÉvery day"
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "spm.model")).encode_as_pieces(
        normalise(text)
    )
    line = " ".join(pieces)
    model = kenlm.Model(str(unpacked(folder)))

    (score,) = Perplexity(folder).score([text])

    expected = round(10.0 ** (-model.score(line) / (len(line.split()) + 1)), 1)
    assert score == np.float32(expected)


def unpacked(folder):
    path = folder / "unpacked.arpa"
    path.write_bytes(gzip.decompress((folder / "model.arpa.gz").read_bytes()))
    return path


def test_a_batch_scores_each_text_alone_and_nothing_as_nan(folder, articles):
    model = Perplexity(folder)
    texts = [*articles, "", "\n", "\u0301"] * 2

    scores = model.score(texts)

    assert scores.dtype == np.float32
    assert np.isnan(scores).nonzero()[0].tolist() == [60, 61, 62, 123, 124, 125]
    assert scores[5] == model.score([articles[5]])[0]
    assert model.score([]).shape == (0,)


def test_text_like_the_models_is_less_surprising_than_its_words_shuffled_and_than_another_language(folder):
    model = Perplexity(folder)

    prose, shuffled, chinese = model.score(
        [
            "The baker sells fresh bread at the market.",
            "Market the bread at fresh baker the sells.",
            "面包师在市场上卖新鲜的面包。",
        ]
    )

    assert prose < shuffled < chinese


def test_a_model_buckets_by_its_own_cutoffs(folder):
    model = Perplexity(folder)

    assert [model.bucket(value) for value in (19.9, np.float32(20), 40, np.nan)] == ["head", "middle", "tail", "all"]


def test_other_cutoffs_make_another_model_of_the_same_files(folder, tmp_path):
    model = LanguageModel.open(folder)

    other = model.with_cutoffs(Cutoffs(head=1, tail=2, source="CC-MAIN-2024-10")).save(tmp_path / "other")

    assert other.info.digests == model.info.digests
    assert other.info.digest != model.info.digest
    assert Perplexity(tmp_path / "other").bucket(1.5) == "middle"
    assert Perplexity(other.with_cutoffs(None)).bucket(1.5) == "all"


def test_a_model_may_be_saved_into_its_own_folder_with_other_cutoffs(folder, tmp_path):
    model = LanguageModel.open(folder).save(tmp_path)

    model.with_cutoffs(Cutoffs(head=1, tail=2)).save(tmp_path)

    again = LanguageModel.open(tmp_path)
    assert again.info.cutoffs == Cutoffs(head=1, tail=2)
    assert Perplexity(again).score(["the baker"]).size == 1


def test_a_published_model_is_read_from_its_two_files_with_the_published_cutoffs(folder, tmp_path, articles):
    (tmp_path / "de.sp.model").write_bytes((folder / "spm.model").read_bytes())
    (tmp_path / "de.arpa.bin").write_bytes(unpacked(folder).read_bytes())

    model = LanguageModel.from_location(tmp_path, "de")

    assert (model.info.cutoffs, model.info.origin) == (published_cutoffs("de"), str(tmp_path))
    assert Perplexity(model).score(articles[:3]).tolist() == Perplexity(folder).score(articles[:3]).tolist()
    saved = model.save(tmp_path / "saved")
    assert sorted(path.name for path in (tmp_path / "saved").iterdir()) == ["model.bin", "model.json", "spm.model"]
    assert Perplexity(saved).score(articles[:3]).tolist() == Perplexity(folder).score(articles[:3]).tolist()


def test_a_published_model_that_is_not_there_is_an_error_that_names_its_files(tmp_path):
    with pytest.raises(ModelError, match=r"zh.sp.model: not there; a published model is two files"):
        LanguageModel.from_location(tmp_path, "zh")
    with pytest.raises(SettingsError, match=r"copy them to a local folder first"):
        LanguageModel.from_location("s3://bucket/models", "zh")


def test_a_folder_that_is_not_all_there_is_an_error_that_says_what_is_missing(folder, tmp_path):
    with pytest.raises(ModelError, match=r"model.json is missing"):
        LanguageModel.open(tmp_path)
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(ModelError, match=r"not a language model of this version"):
        LanguageModel.open(tmp_path)
    (tmp_path / "model.json").write_bytes((folder / "model.json").read_bytes())
    with pytest.raises(ModelError, match=r"needs spm.model and one of model.bin"):
        LanguageModel.open(tmp_path)
