"""Results of queries as CSV and JSON lines."""

import csv
import io
import json

import pytest

from corpus_platform.analytics.rows import csv_of, json_lines
from corpus_platform.analytics.sql import connect, query
from corpus_platform.lake import Lake


@pytest.fixture
def ask(tmp_path):
    connection = connect(Lake(tmp_path / "lake"))
    return lambda sql: query(connection, sql)


def test_every_kind_of_value_has_a_text(ask):
    rows = ask(
        "select [1, null] as list, {'a': 'ä', 'b': [date '2024-02-20']} as struct, map {'k': 2} as map, null as nothing, '手,\"\n' as text, "
        "timestamptz '2024-02-20 21:00:00+08' as at, interval 36 hour as span, '\\xFF'::blob as bytes, 1.25::decimal(4,2) as exact, "
        "'nan'::float as nan, true as yes"
    )

    (line,) = [json.loads(line) for line in json_lines(rows)]
    (fields,) = csv.DictReader(io.StringIO(csv_of(rows).decode(), newline=""))

    assert line == {
        "list": [1, None],
        "struct": {"a": "ä", "b": ["2024-02-20"]},
        "map": [["k", 2]],
        "nothing": None,
        "text": '手,"\n',
        "at": "2024-02-20T13:00:00+00:00",
        "span": "36:00:00",
        "bytes": "\\xFF",
        "exact": 1.25,
        "nan": None,
        "yes": True,
    }
    assert {name: json.loads(fields[name]) for name in ("list", "struct", "map")} == {
        name: line[name] for name in ("list", "struct", "map")
    }
    assert (fields["nothing"], fields["text"], fields["at"], fields["span"]) == (
        "", '手,"\n', "2024-02-20 13:00:00.000000Z", "36:00:00",
    )  # fmt: skip


def test_a_sum_of_whole_numbers_is_a_number(ask):
    rows = ask("select sum(n) as total, sum(n)::hugeint * 1000 as large from (values (9223372036854775807)) t(n)")

    (line,) = list(json_lines(rows))

    assert line.startswith(b'{"total":9223372036854775807,"large":9.22')


def test_columns_of_one_name_are_told_apart(ask):
    rows = ask('select 1 as n, 2 as n, 3 as n_1, 4 as n, 5 as "a""b" order by 1')

    assert rows.to_pylist() == [{"n": 1, "n_1": 2, "n_1_1": 3, "n_2": 4, 'a"b': 5}]


def test_an_empty_result_has_its_header(ask):
    rows = ask("select file, reason from ops.rejects")

    assert csv_of(rows) == b'"file","reason"\n'
    assert list(json_lines(rows)) == []
