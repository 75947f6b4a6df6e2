"""Statements of analysts only read, however they are dressed."""

import pytest

from corpus_platform.analytics.statements import SqlError, checked

READS = [
    "select 1",
    "(select 1)",
    "from web.pages limit 3",
    "values (1)",
    "with a as (select 1), b as materialized (select 2) select * from a, b",
    "with recursive a(n) as (select 1 union all select n + 1 from a where n < 3) select * from a",
    "select 1 union all by name select 2",
    "describe web.pages",
    "summarize web.pages",
    "show all tables",
    "pivot web.pages on language in ('en', 'zh') using count(*)",
    "unpivot web.pages on language",
    "pragma table_info('web.pages')",
    "explain select 1",
    "EXPLAIN ANALYZE select 1",
    "explain (analyze, format json) select 1",
    "select 'copy (select 1) to ''x''' as said, \"update\" from web.pages",
    "/* delete from web.pages */ select 1 -- drop table x",
]


@pytest.mark.parametrize("sql", READS)
def test_queries_are_let_pass(sql):
    assert len(checked(sql)) == 1


@pytest.mark.parametrize(
    "sql",
    [
        *(
            "drop view web.pages",
            "create table t as select 1",
            "insert into t values (1)",
            "update t set a = 1",
            "delete from t",
        ),
        *("copy (select 1) to 'x.csv'", "copy t from '/etc/passwd'", "export database 'x'", "import database 'x'"),
        *("attach 'x.db'", "detach memory", "use web", "install httpfs", "load httpfs", "create secret (type s3)"),
        *(
            "set threads = 1",
            "reset threads",
            "set variable a = 1",
            "pragma enable_profiling",
            "pragma memory_limit = '1MB'",
        ),
        *(
            "pragma import_database('x')",
            "call enable_logging()",
            "checkpoint",
            "vacuum",
            "begin",
            "prepare a as select 1",
            "execute a",
        ),
        "create macro f() as 1",
    ],
)
def test_a_statement_that_writes_or_changes_the_session_is_refused(sql):
    with pytest.raises(SqlError, match=r"is not a query: this session only reads"):
        checked(sql)


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("with a as (copy (select 1) to 'x.parquet') select * from a", "COPY"),
        ("with a as (insert into t values (1) returning *) select * from a", "INSERT"),
        ("select * from (with a as (delete from t returning *) select * from a)", "DELETE"),
        ("with z as (select 1), a as (update t set b = 1 returning *) select * from z", "UPDATE"),
        ("explain analyze with a as (copy (select 1) to 'x.parquet') select * from a", "COPY"),
    ],
)
def test_a_query_that_holds_a_statement_that_writes_is_refused(sql, what):
    with pytest.raises(SqlError, match=f"holds {what}: this session only reads"):
        checked(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "explain analyze copy (select 1) to 'x.parquet'",
        "explain analyze create table t as select 1",
        "explain (analyze) copy (select 1) to 'x.parquet'",
        "/* x */ explain analyze copy (select 1) to 'x.parquet'",
        # What a pattern would take for a query, for it misreads where the comment ends.
        "explain (analyze /*) select 1 -- */ ) copy (select 1) to 'x.parquet'",
    ],
)
def test_explain_runs_nothing_that_writes(sql):
    with pytest.raises(SqlError):
        checked(sql)


@pytest.mark.parametrize(
    "call",
    [
        "query('copy (select 1) to ''x''')",
        "QUERY_TABLE('t')",
        "main.\"query\"('select 1')",
        "json_execute_serialized_sql('{}')",
        "arrow_scan(1, 2, 3)",
        "enable_logging(storage = 'file', storage_path = 'x')",
        "force_checkpoint()",
    ],
)
def test_functions_that_run_unseen_sql_or_change_the_session_are_refused(call):
    with pytest.raises(SqlError, match="this session only reads"):
        checked(f"select * from {call}")


def test_every_statement_of_a_text_is_checked():
    with pytest.raises(SqlError, match="`drop view"):
        checked("select 1; drop view web.pages; select 2")


def test_what_is_run_is_what_was_checked():
    assert [text.strip(" ;") for text in checked("explain analyze\n select 1; from t")] == [
        "EXPLAIN analyze\n\n select 1",
        "from t",
    ]


def test_a_pivot_without_its_values_is_told_how_to_write_it():
    with pytest.raises(SqlError, match=r"name a PIVOT's values: PIVOT ... ON column IN"):
        checked("pivot web.pages on language using count(*)")
