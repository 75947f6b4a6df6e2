"""What is measured of texts in two languages: pairs, lengths, languages and copies. For texts in the layout of readers/parallel.py only.

Lengths are compared in *widths*: a character counts 1, a Han character, kana or Hangul syllable 3, which is about how many letters say as much.
Languages are identified side by side, all lines of a side together in lower case; a side of Han characters without kana is Chinese, for classical
Chinese looks like Japanese to the model. Languages that a model can hardly tell apart (Serbian, Croatian, Bosnian; Norwegian Bokmål and Nynorsk;
Indonesian and Malay) count as one.

Not here: which pairs are dropped (recipes/cleaning/parallel.yaml), pairs themselves (readers/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from corpus_platform.models.language_id import language_id_model
from corpus_platform.signals.language import opened
from corpus_platform.signals.registry import Family, Signal, register
from corpus_platform.text.sides import side_lines, side_texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from corpus_platform.signals.subject import Subject

_WIDE = r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]|[\U00020000-\U0003ffff]"
_HAN, _KANA = r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[\U00020000-\U0003ffff]", r"[\u3040-\u30ff\uac00-\ud7af]"
_WIDTH = 3
_PAIR = r"^([a-z]{2,3})-([a-z]{2,3})$"
_SURE = 0.5
_JUDGED_WIDTH = 30
"""A side that is shorter has no language that can be told."""
_ALIKE = {
    **dict.fromkeys(("lzh", "wuu", "yue", "gan", "nan", "hak"), "zh"),
    **dict.fromkeys(("hr", "bs", "sh"), "sr"),
    **dict.fromkeys(("nb", "nn"), "no"),
    **dict.fromkeys(("ms", "min", "jv", "su"), "id"),
}


def compute(subject: Subject, wanted: frozenset[str]) -> Mapping[str, Any]:
    """Columns of the texts whose `category` is a pair of languages; null for all others."""
    pair = subject.column("category").cast(pl.String).str.extract_groups(_PAIR)
    stated = [pair.struct.field(str(number)).rename("") for number in (1, 2)]
    is_pair = stated[0].is_not_null() & stated[1].is_not_null()
    texts = subject.batch.texts.rename("")
    sides = [side_texts(texts, "source"), side_texts(texts, "target")]
    widths = [width(side) for side in sides]
    found: dict[str, pl.Series] = {
        "parallel_pairs": side_lines(texts, "source").list.len().cast(pl.Int32),
        "parallel_length_ratio": _ratio(*widths),
    }
    if "parallel_copied" in wanted:
        found["parallel_copied"] = _copied(texts)
    if wanted & {"parallel_source_language", "parallel_target_language", "parallel_wrong_languages"}:
        found |= _languages(subject, sides, widths, stated)
    return {name: _only(values, is_pair) for name, values in found.items()}


def width(texts: pl.Series) -> pl.Series:
    """How wide each text is, int64: see the module's words."""
    wide = texts.str.count_matches(_WIDE).cast(pl.Int64)
    return texts.str.len_chars().cast(pl.Int64) + (_WIDTH - 1) * wide


def _ratio(source: pl.Series, target: pl.Series) -> pl.Series:
    """The wider side by the narrower one, 1 or more; null where a side is empty."""
    widths = pl.DataFrame({"s": source, "t": target}).select(
        pl.when(pl.min_horizontal("s", "t") > 0).then(pl.max_horizontal("s", "t") / pl.min_horizontal("s", "t"))
    )
    return widths.to_series().cast(pl.Float64)


def _copied(texts: pl.Series) -> pl.Series:
    """Share of the pairs whose sides say the same, but for case and marks."""
    lines = pl.DataFrame(
        {"s": side_lines(texts, "source"), "t": side_lines(texts, "target"), "row": np.arange(len(texts))}
    ).with_columns(pl.col("t").list.head(pl.col("s").list.len()))
    short = lines.filter(pl.col("s").list.len() == pl.col("t").list.len()).explode("s", "t")
    plain = short.with_columns(pl.col("s", "t").str.to_lowercase().str.replace_all(r"[^\w]+", ""))
    share = plain.group_by("row").agg((pl.col("s") == pl.col("t")).mean().alias("share"))
    return lines.join(share, on="row", how="left", maintain_order="left")["share"].fill_null(0.0)


def _languages(
    subject: Subject, sides: list[pl.Series], widths: list[pl.Series], stated: list[pl.Series]
) -> dict[str, pl.Series]:
    model = opened(str(language_id_model(subject.environment.settings.language_id)))
    known = {_alike(code) for code in model.languages}
    wrong = np.zeros(len(subject), np.int8)
    codes: list[list[str | None]] = []
    for texts, wide, says in zip(sides, widths, stated, strict=True):
        found, scores = model.predict(texts.str.to_lowercase().to_list())
        chinese = _is_han(texts) | (
            _has_han(texts) & (pl.Series(found, dtype=pl.String) == "ja").fill_null(value=False)
        )
        found = ["zh" if han and _alike(code or "") != "zh" else code for code, han in zip(found, chinese, strict=True)]
        codes.append(found)
        judged = (wide.to_numpy() >= _JUDGED_WIDTH) & (scores >= _SURE)
        differ = [
            bool(code and said and _alike(said) in known and _alike(code) != _alike(said))
            for code, said in zip(found, says, strict=True)
        ]
        wrong += (judged & np.array(differ, np.bool_)).astype(np.int8)
    return {
        "parallel_source_language": pl.Series(codes[0], dtype=pl.String),
        "parallel_target_language": pl.Series(codes[1], dtype=pl.String),
        "parallel_wrong_languages": pl.Series(wrong),
    }


def _is_han(texts: pl.Series) -> pl.Series:
    """Whether most of each text is Han characters, without kana: to the model short classical Chinese is often Japanese, or anything."""
    return (texts.str.count_matches(_HAN) * 2 > texts.str.len_chars()) & _has_han(texts)


def _has_han(texts: pl.Series) -> pl.Series:
    return texts.str.contains(_HAN) & ~texts.str.contains(_KANA)


def _alike(code: str) -> str:
    return _ALIKE.get(code, code)


def _only(values: pl.Series, where: pl.Series) -> pl.Series:
    return pl.select(pl.when(where).then(values)).to_series()


def _signal(name: str, definition: str, **more: Any) -> Signal:
    return Signal(name, definition, "corpus_platform", empty="null where `category` is no pair of languages", **more)


register(
    Family(
        "parallel",
        "1",
        (
            _signal("parallel_pairs", "Pairs of lines in the text", dtype=pl.Int32, range="1.."),
            _signal(
                "parallel_length_ratio",
                "Width of the wider side by that of the narrower one: a Han character, kana or Hangul syllable is 3 wide, any other character 1",
                range="1..",
            ),
            _signal(
                "parallel_copied",
                "Share of the pairs whose two lines are equal in lower case and without anything but word characters",
            ),
            _signal(
                "parallel_source_language",
                "fastText's language of the sources, their lines joined by spaces; zh for Han characters without kana",
                dtype=pl.String,
                range="ISO 639-1 code where there is one",
                models=("language_id",),
            ),
            _signal(
                "parallel_target_language",
                "fastText's language of the targets, their lines joined by spaces; zh for Han characters without kana",
                dtype=pl.String,
                range="ISO 639-1 code where there is one",
                models=("language_id",),
            ),
            _signal(
                "parallel_wrong_languages",
                "Sides whose language is another than `category` says, with a score of at least 0.5, and a width of at least 30; classical Chinese is Chinese",
                dtype=pl.Int8,
                range="0..2",
                models=("language_id",),
            ),
        ),
        compute,
        reads=("category",),
        default=False,
    )
)
