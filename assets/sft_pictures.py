"""Pictures of dialogues for a materialisation: how many turns they have, how long their answers are, what they ask for."""

from collections.abc import Sequence

import polars as pl

from corpus_platform.analytics.plots import bars

_TURNS = ((1, "1"), (2, "2"), (4, "3-4"), (8, "5-8"), (16, "9-16"))
_LENGTHS = ((50, "to 50"), (200, "51-200"), (800, "201-800"), (3_200, "801-3,200"), (12_800, "3,201-12,800"))
_MORE = "more"


def pictures_of(frame: pl.LazyFrame, where: str) -> list[str | None]:
    """Bars of user turns, of characters of all that the assistant says, and of task types; none of a table without messages."""
    if "messages" not in frame.collect_schema().names():
        return []
    said = pl.col("messages").list.eval(pl.element().struct.field("role"))
    content = pl.when(pl.element().struct.field("role") == "assistant").then(pl.element().struct.field("content"))
    lengths = pl.col("messages").list.eval(content.str.len_chars()).list.sum()
    counted = frame.select(
        said.list.count_matches("user").alias("turns"),
        lengths.alias("characters"),
        pl.col("task_type").fill_null("not said"),
    ).collect()
    tasks = counted["task_type"].value_counts(sort=True, name="n").iter_rows()
    return [
        bars(_binned(counted["turns"], _TURNS), f"{where}: dialogues by turns of the user", in_order=True),
        bars(
            _binned(counted["characters"], _LENGTHS), f"{where}: dialogues by characters of the answers", in_order=True
        ),
        bars(list(tasks), f"{where}: dialogues by what they ask for"),
    ]


def _binned(values: pl.Series, edges: Sequence[tuple[int, str]]) -> list[tuple[str, int]]:
    """(name, values) of each bin that has some, in order; a bin ends with its edge."""
    names = [*(name for _, name in edges), _MORE]
    places = pl.Series([edge for edge, _ in edges]).search_sorted(values.cast(pl.Int64).fill_null(0), side="left")
    found = dict(places.value_counts(name="n").iter_rows())
    return [(name, found[place]) for place, name in enumerate(names) if place in found]
