r"""Tags of requests that rules can tell: the first verb with its object, and what is demanded of the answer. In English and Chinese.

    verb_objects(requests)                # verb, object: write, story; 写, 诗
    tags_of(requests, abilities)          # ability:writing, verb:write, object:story, does:write story, demand:length ...

A verb counts where a sentence or clause begins with it, behind words of politeness too, if our list has it. The object in English is the last word before
a preposition, a mark or the end; in Chinese, whose nouns come last, the last listed noun of the clause. There is no parser and no guess: where
the rules find nothing there is nothing.
Source: Wang et al. 2022 (Self-Instruct), whose picture counts root verbs with their direct objects by a parser; OFA-Sys/InsTag for tags as such.

Not here: the words (tag_words.yaml), abilities (models/abilities.py), what is counted (sft/measures.py), what is chosen by tags (selection.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import polars as pl
import yaml

_WORD = r"[\p{L}\p{N}][\p{L}\p{N}'’_-]*"
_CLAUSE_END = r"。！？；，、：,.!?;:\n"
_HAN = r"\p{Han}"
_HEAD, _TAIL = 400, 200
"""Characters of a long request that are looked at: texts that it is about stand in its middle."""


@dataclass(frozen=True)
class _Patterns:
    """What `tag_words.yaml` says, as patterns. Groups of `english`: verb, phrase; of `chinese`: verb, verb behind what is done with, noun."""

    english: str
    no_object: str
    chinese: str
    demands: dict[str, str]


@cache
def _patterns() -> _Patterns:
    words = yaml.safe_load(files("corpus_platform.sft").joinpath("tag_words.yaml").read_bytes())
    before, skipped, stops, polite = (
        "|".join(words[key]) for key in ("before_en", "skipped_en", "stops_en", "before_zh")
    )
    verbs_en, verbs_zh, nouns_zh = (
        sorted(words[key].split(), key=len, reverse=True) for key in ("verbs_en", "verbs_zh", "nouns_zh")
    )
    # Behind what is done with only verbs of two characters count, for others are parts of words.
    whole = "|".join(verb for verb in verbs_zh if len(verb) > 1)
    return _Patterns(
        rf"(?i)(?:^|[.!?:;,\n\"“(]\s*|[-*]\s+)(?:(?:{before}),?\s+)*({'|'.join(verbs_en)})\b(?:\s+(?:{skipped})\b)*"
        rf"(?:\s+((?:{_WORD}\s+){{0,5}}?{_WORD})(?:\s+(?:{stops})\b|[^\p{{L}}\p{{N}}'’_\s-]|\s*$|\s*\n))?",
        rf"^(?:{stops})\b|\b(?:{skipped}|\d+)$",
        rf"(?:^|[{_CLAUSE_END}\s“\"（(】\]]|(?:{polite}))\s*(?:({'|'.join(verbs_zh)})|[将把为给对从用按在以向][^{_CLAUSE_END}]{{1,25}}?({whole}))"
        rf"(?:[^{_CLAUSE_END}]{{0,30}}({'|'.join(nouns_zh)}))?",
        {name: "(?i)" + "|".join(told) for name, told in words["demands"].items()},
    )


def verb_objects(requests: pl.Series) -> pl.DataFrame:
    """The first verb of each of n requests and its object, `verb` and `object` (String); null where there is none.

    They are in small letters, the object in the singular.
    """
    said = pl.DataFrame({"said": looked_at(requests)})
    chinese = pl.col("said").str.contains(_HAN)
    found = said.with_columns(
        english=pl.when(~chinese).then("said").str.extract_groups(_patterns().english),
        chinese=pl.when(chinese).then("said").str.extract_groups(_patterns().chinese),
    )
    phrase = pl.col("english").struct[1].str.to_lowercase()
    word = phrase.str.extract(rf"({_WORD})$", 1)
    is_none = phrase.str.contains(_patterns().no_object)
    return found.select(
        verb=pl.coalesce(
            pl.col("english").struct[0].str.to_lowercase(), pl.col("chinese").struct[0], pl.col("chinese").struct[1]
        ),
        object=pl.coalesce(_singular(pl.when(~is_none).then(word)), pl.col("chinese").struct[2]),
    )


def demands(requests: pl.Series) -> pl.Series:
    """Demands of each of n requests, List(String): their names."""
    said = pl.DataFrame({"said": looked_at(requests)})
    told = [
        pl.when(pl.col("said").str.contains(pattern)).then(pl.lit(name))
        for name, pattern in _patterns().demands.items()
    ]
    return said.select(demands=pl.concat_list(told).list.drop_nulls())["demands"]


def tags_of(requests: pl.Series, abilities: pl.Series) -> pl.Series:
    """Tags of each of n requests, List(String): `ability:`, `verb:`, `object:`, `does:` (verb and object), `demand:`, each with its word."""
    found = verb_objects(requests).with_columns(demands(requests), abilities.cast(pl.String).alias("ability"))
    named = [pl.lit(f"{name}:") + pl.col(name) for name in ("ability", "verb", "object")]
    does = pl.lit("does:") + pl.col("verb") + " " + pl.col("object")
    asked = pl.col("demands").list.eval(pl.lit("demand:") + pl.element())
    return found.select(tags=pl.concat_list(*named, does, asked).list.drop_nulls())["tags"]


def looked_at(requests: pl.Series) -> pl.Series:
    """What is looked at of each request: all of it, or where it is long its beginning and its end."""
    text = pl.col("text")
    parts = pl.concat_str(text.str.slice(0, _HEAD), text.str.tail(_TAIL), separator="\n")
    frame = pl.DataFrame({"text": requests.cast(pl.String).fill_null("").str.strip_chars()})
    return frame.select(pl.when(text.str.len_chars() > _HEAD + _TAIL).then(parts).otherwise(text))["text"]


def _singular(word: pl.Expr) -> pl.Expr:
    """The word without the s of a plural."""
    plain = word.str.replace(r"ies$", "y").str.replace(r"(ss|sh|ch|x)es$", "$1")
    return pl.when(plain.str.contains(r"[^siu]s$")).then(plain.str.strip_suffix("s")).otherwise(plain)
