"""The ledger whole or as a sample, and what a row of it costs."""

import polars as pl
import pyarrow.parquet as pq
from making import ENVIRONMENT, recipe_of, step

from corpus_platform.documents import document_id
from corpus_platform.recipes.apply import apply
from corpus_platform.recipes.ledger import sample_of

DOCUMENTS = pl.DataFrame(
    {"doc_id": [document_id("test", str(i)) for i in range(600)], "text": ["a" * (i % 7) for i in range(600)]}
)
APPLIED = apply(recipe_of(step("length", min=2, max=4)), DOCUMENTS, ENVIRONMENT)


def test_a_sample_has_so_many_documents_of_each_rule():
    kept = sample_of(APPLIED.decisions, 5)

    assert kept["rule"].value_counts()["count"].to_list() == [5, 5]
    assert set(kept.rows()) < set(APPLIED.decisions.rows())


def test_a_rule_with_fewer_documents_than_the_sample_has_all_of_them():
    assert sample_of(APPLIED.decisions, 10_000).rows() == APPLIED.decisions.rows()


def test_the_sample_of_two_samples_is_that_of_all_their_documents():
    first, second = APPLIED.decisions[::2], APPLIED.decisions[1::2]

    put_together = sample_of(pl.concat([sample_of(first, 5), sample_of(second, 5)]), 5)

    assert set(put_together.rows()) == set(sample_of(APPLIED.decisions, 5).rows())


def test_a_row_without_address_costs_little_more_than_the_documents_id(tmp_path):
    rows = APPLIED.decisions.with_columns(recipe=pl.lit("fineweb"), stage=pl.lit("corpora.fineweb"))
    many = pl.concat([rows] * 100).with_columns(
        doc_id=pl.Series([document_id("test", str(i)) for i in range(100 * rows.height)])
    )

    def bytes_per_row(frame):
        table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
        pq.write_table(table, tmp_path / "rows.parquet", compression="zstd")
        return (tmp_path / "rows.parquet").stat().st_size / frame.height

    assert bytes_per_row(many) < 24
    assert bytes_per_row(many.select("recipe", "stage", "step", "rule", "threshold")) < 1
